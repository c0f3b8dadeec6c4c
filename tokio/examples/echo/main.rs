//! The echo server of README over a TUN device.
//!
//! ```text
//! cargo build -p tcp-lifecycle-tokio --example echo
//! sudo ip netns add tcp
//! sudo ip -n tcp tuntap add dev tun9 mode tun
//! sudo ip -n tcp address add 10.9.0.1/24 dev tun9
//! sudo ip -n tcp link set tun9 up
//! sudo ip netns exec tcp target/debug/examples/echo
//!
//! sudo ip netns exec tcp nc 10.9.0.2 7        # in another terminal: a line that is typed comes back
//! sudo ip netns delete tcp
//! ```

#[cfg(target_os = "linux")]
include!("serve.rs");

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> std::io::Result<()> {
    serve(tun_rs::DeviceBuilder::new().name("tun9").inherit_enable_state().build_async()?).await
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("This example needs the TUN device of Linux.");
}
