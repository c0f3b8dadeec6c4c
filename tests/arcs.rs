//! The arcs of RFC 9293 Figure 5 and its notes: each is walked, no other is ever taken, and the drawings are true.

#[path = "arcs/at_random.rs"]
mod at_random;
#[path = "arcs/drawing.rs"]
mod drawing;
#[path = "arcs/table.rs"]
mod table;
