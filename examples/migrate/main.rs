//! Live migration: a connection begins in one process and goes on in another. The peer, an ordinary socket of the
//! kernel behind a TUN device, notices nothing. `host.rs` connects a stream to the device and to a file.

#[cfg(target_os = "linux")]
mod host;

const HELP: &str = "\
A connection that begins in one process and goes on in another, by a checkpoint.

    migrate [OPTIONS] begin HOST PORT FILE CHECKPOINT   connects, sends the first half of FILE, writes the checkpoint
    migrate [OPTIONS] resume FILE CHECKPOINT            reads the checkpoint, sends the rest, closes

What the peer sends goes to stdout.

    -d, --device NAME      the TUN device [tun9]
    -a, --address ADDRESS  the address of this host, in the network of the device [10.9.0.2]
    -h, --help

The device has to exist. A network namespace keeps it apart from the rest of the machine:

    cargo build --example migrate
    sudo ip netns add tcp
    sudo ip -n tcp tuntap add dev tun9 mode tun
    sudo ip -n tcp address add 10.9.0.1/24 dev tun9
    sudo ip -n tcp link set tun9 up

    sudo ip netns exec tcp nc -l -p 7000 >received                    # in another terminal
    head -c 8000000 /dev/urandom >file
    sudo ip netns exec tcp target/debug/examples/migrate begin 10.9.0.1 7000 file checkpoint
    sudo ip netns exec tcp target/debug/examples/migrate resume file checkpoint
    cmp file received
    sudo ip netns delete tcp                                          # removes all of this
";

#[cfg(target_os = "linux")]
fn main() {
    if let Err(error) = host::run() {
        eprintln!("migrate: {error}");
        std::process::exit(1);
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("{HELP}\nThis example needs the TUN device of Linux.");
}
