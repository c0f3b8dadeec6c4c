//! The arcs of RFC 9293 Figure 5 and its notes: each is taken, no other is ever taken, and the drawings show exactly
//! these.

#[path = "arcs/at_random.rs"]
mod at_random;
#[path = "arcs/drawing.rs"]
mod drawing;
#[path = "arcs/table.rs"]
mod table;
#[path = "arcs/walks.rs"]
mod walks;
