//! Builds the explorer: compiles the engine to WebAssembly, and writes it with the page into one HTML file.

mod page;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cargo run -p tcp-lifecycle-web [-- [--open] [FILE]]

Builds the explorer of TCP, one HTML file that works from a disk or from any web server. FILE is
target/tcp-lifecycle.html if it is not given; --open opens it in the browser.
Needs the target: rustup target add wasm32-unknown-unknown";

fn main() -> ExitCode {
    let (mut opens, mut file) = (false, None);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--open" => opens = true,
            other if other.starts_with('-') || file.is_some() => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
            path => file = Some(PathBuf::from(path)),
        }
    }
    match page::build(file) {
        Ok((path, size)) => {
            println!("{} ({} kB)", path.display(), size.div_ceil(1_000));
            if opens && !open(&path) {
                eprintln!("no browser could be started: open the file by hand");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens a file with the program that the system chooses for it.
fn open(path: &std::path::Path) -> bool {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    match cfg!(windows) {
        true => Command::new("cmd").args(["/C", "start", ""]).arg(path).spawn().is_ok(),
        false => Command::new(opener).arg(path).spawn().is_ok(),
    }
}
