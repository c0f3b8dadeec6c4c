//! The arcs of RFC 9293 Figure 5 and its notes: each is walked, and no other is ever taken.

#[path = "arcs/at_random.rs"]
mod at_random;
#[path = "arcs/table.rs"]
mod table;
