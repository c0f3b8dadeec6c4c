//! SEGMENT ARRIVES, RFC 9293 section 3.10.7, as truth tables: `segment => answer`, in the order of the RFC.
//!
//! Each row starts from a new connection in the state named above its table, reached by events.

#[path = "truth_tables/ack.rs"]
mod ack;
#[path = "truth_tables/batch.rs"]
mod batch;
#[path = "truth_tables/every_control.rs"]
mod every_control;
#[path = "truth_tables/fin.rs"]
mod fin;
#[path = "truth_tables/opening.rs"]
mod opening;
#[path = "truth_tables/refusals.rs"]
mod refusals;
#[path = "truth_tables/reset.rs"]
mod reset;
#[path = "truth_tables/sequence.rs"]
mod sequence;
#[path = "truth_tables/syn.rs"]
mod syn;
#[path = "truth_tables/syn_received.rs"]
mod syn_received;
#[path = "truth_tables/table.rs"]
mod table;
#[path = "truth_tables/text.rs"]
mod text;
#[path = "truth_tables/window.rs"]
mod window;
