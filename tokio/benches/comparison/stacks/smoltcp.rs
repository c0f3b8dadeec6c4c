//! smoltcp, by netstack-smoltcp: it accepts connections to every address and port.

use std::io;
use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use netstack_smoltcp::StackBuilder;
use tokio::net::UnixDatagram;

use crate::comparison::conversation::answer;

const MTU: usize = 1_500;

pub(crate) async fn serve(device: UnixDatagram) -> io::Result<()> {
    // Each socket has its buffers in full, and a second pair of the same size beside them.
    let (stack, runner, _, listener) = StackBuilder::default()
        .enable_tcp(true)
        .mtu(MTU)
        .tcp_recv_buffer_size(6 << 20)
        .tcp_send_buffer_size(4 << 20)
        .build()?;
    let (Some(runner), Some(mut listener)) = (runner, listener) else { return Err(io::ErrorKind::Unsupported.into()) };
    tokio::spawn(runner);

    let device = Arc::new(device);
    let (mut to_stack, mut from_stack) = stack.split();
    let input = device.clone();
    tokio::spawn(async move {
        let mut buffer = [0; MTU];
        loop {
            let length = input.recv(&mut buffer).await?;
            to_stack.send(buffer[..length].to_vec()).await?;
        }
        #[expect(unreachable_code, reason = "it tells the type of the error")]
        io::Result::Ok(())
    });
    tokio::spawn(async move {
        while let Some(packet) = from_stack.next().await {
            device.send(&packet?).await?;
        }
        io::Result::Ok(())
    });

    while let Some((stream, _, _)) = listener.next().await {
        tokio::spawn(answer(stream));
    }
    Ok(())
}
