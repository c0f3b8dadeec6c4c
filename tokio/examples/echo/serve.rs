use tcp_lifecycle_tokio::{Device, Stack, StackConfig, TcpListener};
use tokio::io::{AsyncWriteExt, copy, split};

async fn serve(device: impl Device) -> std::io::Result<()> {
    let stack = Stack::new(device, StackConfig::new("10.9.0.2".parse().unwrap()));
    let mut listener = TcpListener::bind(&stack, "10.9.0.2:7".parse().unwrap())?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        tokio::spawn(async move {
            let (mut reader, mut writer) = split(stream);
            copy(&mut reader, &mut writer).await?; // to the end of the stream
            writer.shutdown().await // a half-close
        });
    }
}
