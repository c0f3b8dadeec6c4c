//! A web server over a TUN device, by hyper.
//!
//! ```text
//! cargo build -p tcp-lifecycle-tokio --example web
//! sudo ip netns add tcp
//! sudo ip -n tcp tuntap add dev tun9 mode tun
//! sudo ip -n tcp address add 10.9.0.1/24 dev tun9
//! sudo ip -n tcp link set tun9 up
//! sudo ip netns exec tcp target/debug/examples/web
//!
//! sudo ip netns exec tcp curl http://10.9.0.2/                           # in another terminal: a page
//! sudo ip netns exec tcp curl -o file http://10.9.0.2/8000000            # that many bytes
//! sudo ip netns exec tcp curl --data-binary @file http://10.9.0.2/       # an upload: the answer is its length
//! sudo ip netns delete tcp
//! ```

#[cfg(target_os = "linux")]
mod server {
    use std::error::Error;
    use std::net::{Ipv4Addr, SocketAddr};

    use http_body_util::{BodyExt, Full};
    use hyper::body::{Bytes, Incoming};
    use hyper::{Method, Request, Response, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use tcp_lifecycle_tokio::{Stack, StackConfig, TcpListener};
    use tun_rs::DeviceBuilder;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
    const LARGEST: usize = 100_000_000;

    pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
        let device = DeviceBuilder::new().name("tun9").inherit_enable_state().build_async()?;
        let stack = Stack::new(device, StackConfig::new(ADDRESS.into()));
        let mut listener = TcpListener::bind(&stack, SocketAddr::from((ADDRESS, 80)))?;
        loop {
            let (stream, peer) = listener.accept().await?;
            tokio::spawn(async move {
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
                connection.await.unwrap_or_else(|error| eprintln!("{peer}: {error}"));
            });
        }
    }

    async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let length = request.uri().path().trim_start_matches('/').parse().unwrap_or(0);
        let body = if request.method() == Method::POST {
            format!("{}\n", length_of(request.into_body()).await?).into()
        } else if length > 0 {
            Bytes::from(vec![b'.'; length.min(LARGEST)])
        } else {
            Bytes::from("This page came over tcp-lifecycle.\n")
        };
        Ok(Response::new(Full::new(body)))
    }

    async fn length_of(mut body: Incoming) -> Result<usize, hyper::Error> {
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            length += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(length)
    }
}

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    server::run().await
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("This example needs the TUN device of Linux.");
}
