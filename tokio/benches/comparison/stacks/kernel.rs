//! The Linux kernel, in the namespace of this thread.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::comparison::conversation::answer;
use crate::comparison::trial::use_cubic;

pub(crate) async fn serve(address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    use_cubic(&listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream));
    }
}
