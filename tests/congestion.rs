//! Congestion control outside of the connection, by `limit`, `retransmit` and `Status`. The controller is that of the
//! example `congestion`.

mod cases;
#[path = "congestion/delivery.rs"]
mod delivery;
#[path = "congestion/growth.rs"]
mod growth;
#[path = "../examples/congestion/host.rs"]
mod host;
#[path = "congestion/loss.rs"]
mod loss;
#[path = "../examples/congestion/network.rs"]
mod network;
#[path = "../examples/congestion/reno.rs"]
mod reno;
#[path = "congestion/sender.rs"]
mod sender;
#[path = "congestion/throughput.rs"]
mod throughput;
