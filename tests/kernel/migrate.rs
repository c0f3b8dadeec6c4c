//! The example `migrate`: a connection to the kernel goes on in another process.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::device::{ip, own_network};
use crate::harness::{OURS, THEIR_ADDRESS, THEIRS, bytes, with};

/// What we send, and what the kernel's user sends.
const FILE: usize = 3_000_000;
const ANSWER: usize = 1_000_000;

/// Builds the example, with the profile of this test. Returns the path of the program.
fn program() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("the directory of the profile");
    let name = if profile.ends_with("debug") { "dev" } else { "release" };
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--example", "migrate", "--profile", name]);
    build.arg("--target-dir").arg(profile.parent().expect("the target directory"));
    assert!(build.status().expect("cargo").success());
    profile.join("examples/migrate")
}

/// A TUN device that stays while no process has it.
fn lasting_device() -> Result<PathBuf, String> {
    if !Path::new("/dev/net/tun").exists() {
        return Err("there is no /dev/net/tun".to_owned());
    }
    let program = program();
    own_network()?;
    ip("tuntap add dev tun9 mode tun")?;
    ip(&format!("address add {THEIR_ADDRESS}/24 dev tun9"))?;
    ip("link set tun9 up")?;
    Ok(program)
}

/// Runs a process; returns what the peer has sent to it.
#[track_caller]
fn run(program: &Path, arguments: &[&str]) -> Vec<u8> {
    let ours = OURS.ip().to_string();
    let output = Command::new(program).args(["--address", &ours]).args(arguments).output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_connection_goes_on_in_another_process() {
    with(lasting_device, |program| {
        let directory = env::temp_dir().join(format!("tcp-lifecycle-migrate-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let path = |name: &str| directory.join(name).to_str().expect("UTF-8").to_owned();
        let (file, checkpoint) = (path("file"), path("checkpoint"));
        fs::write(&file, bytes(FILE)).expect("a file");

        let listener = TcpListener::bind(THEIRS).expect("a listener");
        let kernel = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a connection");
            let mut writer = socket.try_clone().expect("a socket");
            let writes = thread::spawn(move || writer.write_all(&bytes(ANSWER)).expect("a connection that goes on"));
            let mut received = Vec::new();
            socket.read_to_end(&mut received).expect("a connection that goes on");
            writes.join().expect("the writer");
            received
        });

        let (host, port) = (THEIRS.ip().to_string(), THEIRS.port().to_string());
        let mut answer = run(&program, &["begin", &host, &port, &file, &checkpoint]);
        assert!(!kernel.is_finished(), "the connection has ended with the first process");
        // The kernel sends into a device that nobody reads.
        thread::sleep(Duration::from_millis(300));
        answer.extend(run(&program, &["resume", &file, &checkpoint]));

        assert!(kernel.join().expect("the kernel's user") == bytes(FILE));
        assert!(answer == bytes(ANSWER), "{} bytes of {ANSWER}", answer.len());
        fs::remove_dir_all(&directory).expect("the directory");
    });
}
