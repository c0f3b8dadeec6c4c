//! A host with a table of connections, without a network: TIME-WAIT and its reopening, successful or not; payload that
//! arrives in any order. The table and its sockets are those of the TUN example.

#[allow(dead_code, reason = "what the example shows on its command line")]
mod cases;
#[path = "../examples/tun/reassembly.rs"]
mod reassembly;
#[allow(dead_code, reason = "what the example shows on its command line")]
#[path = "../examples/tun/socket.rs"]
mod socket;
#[allow(dead_code, reason = "what the example shows on its command line")]
#[path = "../examples/tun/table.rs"]
mod table;
#[allow(dead_code, reason = "what the example shows on its command line")]
#[path = "../examples/tun/time_waits.rs"]
mod time_waits;

#[path = "reopening/any_order.rs"]
mod any_order;
#[path = "reopening/by_hand.rs"]
mod by_hand;
#[path = "reopening/cookies.rs"]
mod cookies;
#[path = "reopening/faulty.rs"]
mod faulty;
#[path = "reopening/holes.rs"]
mod holes;
#[path = "reopening/host.rs"]
mod host;
#[path = "reopening/in_the_table.rs"]
mod in_the_table;
#[path = "reopening/old_duplicate.rs"]
mod old_duplicate;
