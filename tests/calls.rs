//! The user calls of RFC 9293 section 3.10.1 to 3.10.6, in each of the eleven states.

#[path = "calls/abort.rs"]
mod abort;
#[path = "calls/beside.rs"]
mod beside;
#[path = "calls/close.rs"]
mod close;
#[path = "calls/detach.rs"]
mod detach;
#[path = "calls/detached.rs"]
mod detached;
#[path = "calls/errors.rs"]
mod errors;
#[path = "calls/open.rs"]
mod open;
#[path = "calls/receive.rs"]
mod receive;
#[path = "calls/send.rs"]
mod send;
#[path = "calls/status.rs"]
mod status;
#[path = "calls/table.rs"]
mod table;
