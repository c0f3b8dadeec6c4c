//! A client over a TUN device: what stdin has goes to the peer, what the peer sends goes to stdout.
//!
//! ```text
//! cargo build -p tcp-lifecycle-tokio --example connect
//! sudo ip netns add tcp
//! sudo ip -n tcp tuntap add dev tun9 mode tun
//! sudo ip -n tcp address add 10.9.0.1/24 dev tun9
//! sudo ip -n tcp link set tun9 up
//! sudo ip netns exec tcp nc -l 10.9.0.1 7000                              # in another terminal: a server
//! sudo ip netns exec tcp target/debug/examples/connect 10.9.0.1:7000
//! sudo ip netns delete tcp
//! ```

#[cfg(target_os = "linux")]
mod client {
    use std::error::Error;
    use std::net::Ipv4Addr;

    use tcp_lifecycle_tokio::{Stack, StackConfig, TcpStream};
    use tokio::io::{AsyncWriteExt, copy, split, stdin, stdout};
    use tun_rs::DeviceBuilder;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

    pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
        let peer = std::env::args().nth(1).ok_or("the address and port of the peer are missing")?.parse()?;
        let device = DeviceBuilder::new().name("tun9").inherit_enable_state().build_async()?;
        let stack = Stack::new(device, StackConfig::new(ADDRESS.into()));
        let (mut reader, mut writer) = split(TcpStream::connect(&stack, peer).await?);
        let upload = async {
            copy(&mut stdin(), &mut writer).await?;
            writer.shutdown().await // a half-close: the peer may go on
        };
        let download = async {
            copy(&mut reader, &mut stdout()).await?;
            stdout().flush().await
        };
        tokio::try_join!(upload, download)?;
        stack.wait_idle().await; // the last ACK
        Ok(())
    }
}

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    client::run().await
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("This example needs the TUN device of Linux.");
}
