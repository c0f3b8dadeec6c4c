//! The truth tables of RFC 9293 section 3.10.7.

#[path = "../../truth_tables/ack.rs"]
mod ack;
#[path = "../../truth_tables/fin.rs"]
mod fin;
#[path = "../../truth_tables/opening.rs"]
mod opening;
#[path = "../../truth_tables/table.rs"]
#[allow(dead_code, reason = "this crate's connection is not under test here")]
mod original;
#[path = "../../truth_tables/reset.rs"]
mod reset;
#[path = "../../truth_tables/sequence.rs"]
mod sequence;
#[path = "../../truth_tables/syn.rs"]
mod syn;
#[path = "../../truth_tables/syn_received.rs"]
mod syn_received;
#[path = "table.rs"]
mod table;
#[path = "../../truth_tables/text.rs"]
mod text;
#[path = "../../truth_tables/window.rs"]
mod window;
