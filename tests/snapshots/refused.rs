//! What no event can have led to is refused, each for its reason.

use serde_json::{Value, json};
use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection};

/// The snapshot of a connection after a script.
fn after(script: &str) -> Value {
    let connection = Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap();
    serde_json::to_value(connection).unwrap()
}

/// The reason why the snapshot is refused with another value at this place.
#[track_caller]
fn refused(snapshot: &Value, place: &str, value: Value) -> String {
    let mut snapshot = snapshot.clone();
    *snapshot.pointer_mut(place).expect(place) = value;
    serde_json::from_value::<Connection>(snapshot).expect_err(place).to_string()
}

#[test]
fn each_variable_fits_the_others() {
    let snapshot = after("ESTABLISHED\nsend 100\n--> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=100>\n");
    serde_json::from_value::<Connection>(snapshot.clone()).unwrap();
    let (snd, rcv, context) = ("/tcb/Synchronized/snd", "/tcb/Synchronized/rcv", "/context");
    let window = "the receive window is too large";
    let table = [
        ("/tcb/Synchronized", "/phase", json!("FinWait2"), "no send sequence space of this state"),
        (snd, "/flags", json!("0x10000"), "invalid hex flag"),
        (snd, "/flags", json!("KEEPS_ALIVE"), "the flags are not those of the policies"),
        (snd, "/flags", json!("DETACHED"), "the user is gone, and has not closed"),
        (snd, "/flags", json!("URGENT"), "SND.UP is outside of the queue"),
        (snd, "/flags", json!("SYN"), "the SYN is unacknowledged, and not the first"),
        (snd, "/flags", json!("FIN"), "no send sequence space of this state"),
        (snd, "/mss", json!(0), "segments without room for payload"),
        (snd, "/scale", json!(15), "a shift count above 14"),
        (snd, "/wnd", json!(u32::MAX), "SND.WND is too large"),
        (snd, "/max_wnd", json!(u32::MAX), "SND.WND is too large"),
        (snd, "/una", json!(201), "the send queue is too long"),
        (snd, "/end", json!((1_u32 << 30) + 103), "the send queue is too long"),
        (snd, "/nxt", json!(201), "SND.NXT is neither in the queue nor at its end"),
        (
            snd,
            "/recovery",
            json!({ "Timed": { "end": 100, "sent_at": 0 } }),
            "the recovery is not about what is in flight",
        ),
        (
            snd,
            "/recovery",
            json!({ "GoBackN": { "recover": 200, "cursor": 201, "credit": 0 } }),
            "the recovery is not about what is in flight",
        ),
        (
            snd,
            "/recovery",
            json!({ "Requested": { "cursor": 180, "until": 150 } }),
            "the recovery is not about what is in flight",
        ),
        // A hundred bytes are in flight, and a probe is one.
        (snd, "/recovery", json!("Refused"), "the recovery is not about what is in flight"),
        (
            snd,
            "/rto",
            json!({ "Measured": { "srtt": 5, "rttvar": u32::MAX } }),
            "a round-trip time of more than four and a half minutes",
        ),
        (rcv, "/scale", json!(15), "a shift count above 14"),
        (rcv, "/edge", json!(299), window),
        (rcv, "/read", json!((1_u32 << 31) + 5), window),
        (rcv, "/nxt", json!(299), "RCV.NXT is outside of the receive buffer"),
        (rcv, "/up", json!(299), "RCV.UP is out of reach"),
        // RCV.NXT, the window, the number behind it, and the largest pointer.
        (rcv, "/up", json!(300 + 65_535 + 1 + 65_535 + 1), "RCV.UP is out of reach"),
        (snd, "/flags", json!("GAP"), "the end of what has arrived ahead of a gap lies outside of the window"),
        (context, "/reserved", json!(29), "more is reserved than a header has room for"),
        (context, "/duplicate_acks", json!(1), "the number of duplicate ACKs is not that of the outbox"),
        (context, "/outbox/pending", json!("TRANSITIONS"), "no such output can be due"),
        (context, "/outbox/pending", json!("SIGNALS"), "no such output can be due"),
        (context, "/outbox/pending", json!("RESET_HAS_ACK"), "no such output can be due"),
        (context, "/outbox/pending", json!("0x8000"), "no such output can be due"),
        (context, "/outbox/signals", json!("CLOSING"), "no such output can be due"),
        (context, "/outbox/signals", json!("ERROR"), "no such output can be due"),
        (context, "/outbox/transitions", json!(0x5001), "no such output can be due"),
        (context, "/outbox/acknowledged", json!(1), "no such output can be due"),
    ];
    for (part, field, value, reason) in table {
        let told = refused(&snapshot, &format!("{part}{field}"), value.clone());
        assert!(told.contains(reason), "{part}{field} {value}: {told}");
    }
}

#[test]
fn without_a_tcb_no_timer_runs_and_no_segment_is_due() {
    let snapshot = serde_json::to_value(Connection::new(&Config::DEFAULT, 100)).unwrap();
    for (place, value) in [("/context/timer", json!(5)), ("/context/outbox/pending", json!("ACK"))] {
        assert_eq!(refused(&snapshot, place, value), "a timer or a segment without a TCB");
    }
}

#[test]
fn a_syn_that_was_sent_has_no_acknowledgment() {
    let snapshot = after("CLOSED\nopen active\nSYN-SENT\n--> <SEQ=100><CTL=SYN>\n");
    let reason = refused(&snapshot, "/tcb/SynSent/snd/flags", json!(""));
    assert_eq!(reason, "no send sequence space of SYN-SENT");
    let reason = refused(&snapshot, "/tcb/SynSent/offer/options/window_scale", json!(15));
    assert_eq!(reason, "a shift count above 14");
}

#[test]
fn a_pending_icmp_error_is_one_that_exists() {
    let mut snapshot = after("ESTABLISHED\n");
    let errors = (1_u16..16).filter(|error| {
        let signals = format!("SOFT_ERROR | {:#x}", error << 12);
        let outbox = snapshot.pointer_mut("/context/outbox").unwrap();
        (outbox["pending"], outbox["signals"]) = (json!("SIGNALS"), json!(signals));
        serde_json::from_value::<Connection>(snapshot.clone()).is_ok()
    });
    assert_eq!(errors.count() + 1, 10, "`IcmpError` has ten variants");
    // No signal has an error here.
    let outbox = snapshot.pointer_mut("/context/outbox").unwrap();
    (outbox["pending"], outbox["signals"]) = (json!("SIGNALS"), json!("URGENT | 0x1000"));
    assert!(serde_json::from_value::<Connection>(snapshot.clone()).is_err());
}

#[test]
fn each_state_has_its_send_sequence_space() {
    let established = "ESTABLISHED\n";
    let closed = "ESTABLISHED\nclose\nFIN-WAIT-1\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\n";
    let acknowledged = format!("{closed}<-- <SEQ=300><ACK=101><CTL=ACK>\nFIN-WAIT-2\n");
    let opened = "CLOSED\nopen passive\nLISTEN\n<-- <SEQ=300><CTL=SYN>\nSYN-RECEIVED\n\
                  --> <SEQ=100><ACK=301><CTL=SYN,ACK>\n";
    let closed_early = format!("{opened}close\nFIN-WAIT-1\n--> <SEQ=101><ACK=301><CTL=FIN,ACK>\n");
    let table: [(&str, &[&str]); 5] = [
        (opened, &["SynReceived"]),
        (&closed_early, &["SynReceived", "FinWait1"]),
        (established, &["Established", "CloseWait"]),
        (closed, &["CloseWait", "FinWait1", "Closing", "LastAck"]),
        (&acknowledged, &["FinWait2", "TimeWait"]),
    ];
    let phases = [
        json!({ "SynReceived": "Passive" }),
        json!("Established"),
        json!("CloseWait"),
        json!("FinWait1"),
        json!("Closing"),
        json!("LastAck"),
        json!("FinWait2"),
        json!({ "TimeWait": { "challenged": false } }),
    ];
    for (script, allowed) in table {
        let mut snapshot = after(script);
        let fitting = phases.iter().filter(|phase| {
            *snapshot.pointer_mut("/tcb/Synchronized/phase").unwrap() = (*phase).clone();
            serde_json::from_value::<Connection>(snapshot.clone()).is_ok()
        });
        let names: Vec<String> = fitting.map(|phase| phase.to_string()).collect();
        assert_eq!(names.len(), allowed.len(), "{script}{names:?}");
        assert!(names.iter().zip(allowed).all(|(name, allowed)| name.contains(allowed)), "{script}{names:?}");
    }
}
