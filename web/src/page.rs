//! Assembles the page from its parts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// The page, with marks for the parts.
const PAGE: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/style.css");
const SCRIPTS: [&str; 4] = [
    include_str!("../page/inflate.js"),
    include_str!("../page/texts.js"),
    include_str!("../page/figure.js"),
    include_str!("../page/app.js"),
];

/// Builds the page. Returns its path and its size in bytes.
pub(crate) fn build(file: Option<PathBuf>) -> io::Result<(PathBuf, usize)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    compile(&root, &target)?;
    let engine = fs::read(target.join(TARGET).join("web/tcp_lifecycle_web.wasm"))?;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&engine)?;
    let page = assemble(&BASE64_STANDARD.encode(packed.finish()?), engine.len());
    let path = file.unwrap_or_else(|| target.join("tcp-lifecycle.html"));
    fs::write(&path, &page)?;
    Ok((path.canonicalize()?, page.len()))
}

/// Compiles the engine. Cargo does nothing if it is there already.
fn compile(root: &Path, target: &Path) -> io::Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--package", "tcp-lifecycle-web", "--lib", "--profile", "web", "--target", TARGET])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("the engine was not built. Is the target there? rustup target add {TARGET}")))
}

/// Puts the parts in their places. Blanks at the beginning of lines go: they are a twentieth of the page.
fn assemble(engine: &str, size: usize) -> String {
    let trimmed = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let scripts = SCRIPTS.map(trimmed).join("\n");
    trimmed(PAGE)
        .replace("{{STYLE}}", &trimmed(STYLE))
        .replace("{{SCRIPT}}", &scripts)
        .replace("{{SIZE}}", &size.to_string())
        .replace("{{ENGINE}}", engine)
}
