//! Each arc is walked.

use tcp_lifecycle::State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};
use tcp_lifecycle::diagram::{ARCS, is_in_figure};
use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Control, State};

use super::walks::{WALKS, script, split};

#[test]
fn every_arc_can_be_walked() {
    for (walk, arc) in WALKS.into_iter().zip(ARCS) {
        let (from, to, label, _) = walk;
        assert_eq!((from, to, label), (arc.from, arc.to, arc.to_string().as_str()));
        check(&script(walk));
    }
}

/// "SYN,ACK out" is a segment with these bits, and ACK wherever there is something to acknowledge.
#[test]
fn each_sends_what_its_label_says() {
    for ((_, _, label, lines), arc) in WALKS.into_iter().zip(ARCS) {
        let sent = split(lines).1.iter().filter_map(|line| line.strip_prefix("--> "));
        let sent: Vec<Control> = sent.map(|text| text.parse::<tcp_lifecycle::Segment>().unwrap().control()).collect();
        let said: Vec<Control> = arc.sends.iter().map(|bits| control(bits)).collect();
        let but_ack = |bits: &[Control]| bits.iter().map(|bits| bits.difference(Control::ACK)).collect::<Vec<_>>();
        assert_eq!(but_ack(&sent), but_ack(&said), "{label}");
        assert!(sent.iter().zip(&said).all(|(sent, said)| sent.contains(*said)), "{label}");
    }
}

fn control(names: &str) -> Control {
    names.split(',').map(|name| Control::from_name(name).unwrap()).collect()
}

/// The arcs that Figure 5 draws, and its note 2.
#[test]
fn the_figure_is_that_of_the_rfc() {
    let of_the_rfc = [
        (Closed, Listen),
        (Closed, SynSent),
        (Listen, Closed),
        (Listen, SynReceived),
        (Listen, SynSent),
        (SynSent, Closed),
        (SynSent, SynReceived),
        (SynSent, Established),
        (SynReceived, Listen),
        (SynReceived, Established),
        (SynReceived, FinWait1),
        (Established, FinWait1),
        (Established, CloseWait),
        (FinWait1, FinWait2),
        (FinWait1, Closing),
        (FinWait1, TimeWait),
        (FinWait2, TimeWait),
        (CloseWait, LastAck),
        (Closing, TimeWait),
        (LastAck, Closed),
        (TimeWait, Closed),
    ];
    let mut drawn: Vec<(State, State)> =
        ARCS.iter().filter(|arc| is_in_figure(arc)).map(|arc| (arc.from, arc.to)).collect();
    assert_eq!(drawn.len(), of_the_rfc.len(), "each once");
    drawn.retain(|arc| !of_the_rfc.contains(arc));
    assert_eq!(drawn, []);
    for arc in ARCS {
        assert!(of_the_rfc.contains(&(arc.from, arc.to)) || arc.to == Closed, "{} -> {} by {arc}", arc.from, arc.to);
    }
}
