//! A host behind a TUN device: a web server for curl. An endpoint is its TCP; `host.rs` connects the endpoint to the
//! device and to the clock.

#[cfg(target_os = "linux")]
mod host;

const HELP: &str = "\
A host of its own behind a TUN device, whose TCP is the crate tcp-lifecycle. It serves a page, in HTTP/1.0.

    -d, --device NAME      the TUN device [tun9]
    -a, --address ADDRESS  the address of this host, in the network of the device [10.9.0.2]
    -p, --port PORT        where it listens [80]
    -v, --verbose          print the segments too
    -h, --help

The device has to exist. A network namespace keeps it apart from the rest of the machine:

    cargo build --example tun
    sudo ip netns add tcp
    sudo ip -n tcp tuntap add dev tun9 mode tun
    sudo ip -n tcp address add 10.9.0.1/24 dev tun9
    sudo ip -n tcp link set tun9 up
    sudo ip netns exec tcp target/debug/examples/tun

    sudo ip netns exec tcp curl http://10.9.0.2/                      # in another terminal
    sudo ip netns exec tcp curl --local-port 50000 http://10.9.0.2/   # twice: the second SYN reopens TIME-WAIT
    sudo ip netns delete tcp                                          # removes all of this
";

#[cfg(target_os = "linux")]
fn main() {
    if let Err(error) = host::run() {
        eprintln!("tun: {error}");
        std::process::exit(1);
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("{HELP}\nThis example needs the TUN device of Linux.");
}
