//! The command line.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use lexopt::prelude::*;

const HELP: &str = "\
A host of its own behind a TUN device, whose TCP is the crate tcp-lifecycle.

    tun [OPTIONS] serve                a web page, in HTTP/1.0
    tun [OPTIONS] connect HOST PORT    stdin goes to the peer, what the peer sends to stdout

    -d, --device NAME      the TUN device [tun9]
    -a, --address ADDRESS  the address of this host, in the network of the device [10.9.0.2]
    -p, --port PORT        where `serve` listens [80]
    -v, --verbose          print the segments too
    -h, --help

The device has to be there, and to make one takes root. In a network namespace it is in nobody's way:

    cargo build --example tun
    sudo ip netns add tcp
    sudo ip -n tcp tuntap add dev tun9 mode tun
    sudo ip -n tcp address add 10.9.0.1/24 dev tun9
    sudo ip -n tcp link set tun9 up

    sudo ip netns exec tcp target/debug/examples/tun serve
    sudo ip netns exec tcp curl http://10.9.0.2/                 # in another terminal
    sudo ip netns exec tcp curl --local-port 50000 10.9.0.2      # twice: the second SYN reopens TIME-WAIT

    sudo ip netns exec tcp python3 -m http.server 8000           # in another terminal
    printf 'GET / HTTP/1.0\\r\\n\\r\\n' |
        sudo ip netns exec tcp target/debug/examples/tun connect 10.9.0.1 8000

    sudo ip netns delete tcp                                     # and all is as it was

Without a namespace, `sudo ip tuntap add dev tun9 mode tun user $USER` makes a device that you can use without root.
";

pub(crate) enum Command {
    Serve,
    Connect(SocketAddr),
}

pub(crate) struct Arguments {
    pub(crate) command: Command,
    pub(crate) device: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) verbose: bool,
}

pub(crate) fn parse() -> Result<Arguments, lexopt::Error> {
    let (mut device, mut address, mut port, mut verbose) = ("tun9".to_owned(), Ipv4Addr::new(10, 9, 0, 2), 80, false);
    let mut command = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('d') | Long("device") => device = parser.value()?.string()?,
            Short('a') | Long("address") => address = parser.value()?.parse()?,
            Short('p') | Long("port") => port = parser.value()?.parse()?,
            Short('v') | Long("verbose") => verbose = true,
            Short('h') | Long("help") => {
                print!("{HELP}");
                std::process::exit(0);
            }
            Value(word) if command.is_none() && word == "serve" => command = Some(Command::Serve),
            Value(word) if command.is_none() && word == "connect" => {
                let (host, port) = (parser.value()?.string()?, parser.value()?.parse()?);
                command = Some(Command::Connect(resolve(&host, port)?));
            }
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected()),
        }
    }
    let command = command.ok_or("serve, or connect HOST PORT? See --help")?;
    Ok(Arguments { command, device, address, port, verbose })
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, lexopt::Error> {
    let mut addresses = (host, port).to_socket_addrs().map_err(|error| format!("{host}: {error}"))?;
    addresses.find(SocketAddr::is_ipv4).ok_or_else(|| format!("{host} has no IPv4 address").into())
}
