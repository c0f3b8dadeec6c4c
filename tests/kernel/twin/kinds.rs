//! The kinds of differences: the arrival and the answers, without the numbers.

use tcp_lifecycle::{Control, Segment};

use super::life::{Ack, Piece, Seq, Stamp};

/// The control bits of each answer, and how many in a row had them.
pub(crate) fn shape(answers: &[Segment]) -> String {
    let mut shape: Vec<String> = Vec::new();
    for answer in answers {
        let payload = if answer.payload_len() > 0 { "+payload" } else { "" };
        let name = format!("{}{payload}", answer.control() - Control::PSH);
        if shape.last() != Some(&name) {
            shape.push(name);
        }
    }
    shape.join(" ")
}

/// The arrival, described so roughly that similar arrivals are equal.
pub(crate) fn described(piece: &Piece) -> String {
    let seq = match piece.seq {
        Seq::Nxt(0) => "next",
        Seq::Nxt(i32::MIN..=-60_000) => "far left",
        Seq::Nxt(..0) => "left",
        Seq::Nxt(100_000..) => "far right",
        Seq::Nxt(_) => "ahead",
        Seq::Edge(..0) => "within the edge",
        Seq::Edge(_) => "at the edge",
    };
    let ack = match piece.ack {
        Ack::Nothing => "no ack",
        Ack::Una(0) => "una",
        Ack::Una(1..) => "una+",
        Ack::Una(_) => "old ack",
        Ack::Nxt(0) => "nxt",
        Ack::Nxt(1..) => "future ack",
        Ack::Nxt(_) => "nxt-",
    };
    let payload = if piece.payload > 0 { "payload" } else { "" };
    let stamp = match piece.stamp {
        Stamp::Missing => "unstamped",
        Stamp::Fresh => "",
        Stamp::Older(_) => "old stamp",
    };
    let control = piece.control - Control::ACK - Control::PSH;
    format!("{seq} {ack} {control} {payload} {stamp} wnd={}", if piece.window == 0 { 0 } else { 1 })
}
