//! What the page shows, as JSON.

use core::time::Duration;

use serde_json::{Value, json};
use tcp_lifecycle::diagram::{ARCS, is_in_figure};
use tcp_lifecycle::sim::{Event, Flight, LESSONS, Pair, Side, Text, What};
use tcp_lifecycle::{CallError, Open, Refusal, Segment, SeqNumber, State, Status};

use crate::citation;
use crate::explorer::{Explorer, Mistake};

/// The lessons: name, title, explanation and steps.
#[must_use]
pub fn lessons() -> Value {
    let steps = |lesson: &tcp_lifecycle::sim::Lesson| -> Vec<Value> {
        lesson.steps.iter().map(|step| json!({ "lines": step.lines, "caption": text(step.caption) })).collect()
    };
    LESSONS
        .iter()
        .map(|lesson| {
            json!({
                "name": lesson.name,
                "title": text(lesson.title),
                "about": text(lesson.about),
                "steps": steps(lesson),
            })
        })
        .collect()
}

fn text(text: Text) -> Value {
    json!([text.english, text.chinese])
}

/// The states, and the arcs of Figure 5.
#[must_use]
pub fn figure() -> Value {
    let arcs = ARCS.iter().filter(|arc| is_in_figure(arc));
    let arcs = arcs.map(|arc| json!([arc.from.name(), arc.to.name(), arc.to_string()]));
    json!({ "states": State::ALL.map(State::name), "arcs": arcs.collect::<Value>() })
}

/// The two ends, the segments in flight, the events, and the history.
#[must_use]
pub fn view(explorer: &Explorer) -> Value {
    let pair = explorer.scenario().pair();
    let next = pair.next_event().map(|next| next.saturating_duration_since(pair.now()));
    let events = pair.trace().events();
    json!({
        "now": micros(pair.now().saturating_duration_since(tcp_lifecycle::Instant::ZERO)),
        "next": next.map(micros),
        "ends": Side::BOTH.map(|side| end(explorer, pair, side)),
        "flights": flights(pair),
        "events": events.iter().filter_map(event).collect::<Vec<_>>(),
        "entries": explorer.entries(),
        "at": explorer.at(),
        "lesson": explorer.lesson().map(|lesson| lesson.name),
        "step": explorer.step(),
        "mistake": explorer.mistake().map(mistake),
    })
}

fn mistake(mistake: &Mistake) -> Value {
    let Mistake { line, column, text, why, scenario } = mistake;
    json!({ "line": line, "column": column, "text": text, "why": why, "scenario": scenario })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn end(explorer: &Explorer, pair: &Pair, side: Side) -> Value {
    let (connection, status, now) = (pair.connection(side), pair.status(side), pair.now());
    let left = |at: tcp_lifecycle::Instant| micros(at.saturating_duration_since(now));
    let deadline = connection.deadline();
    let delayed = deadline.filter(|deadline| status.timer.is_none_or(|timer| *deadline < timer));
    let timers = [delayed.map(|at| ("delayed ACK", at)), status.timer.map(|at| (timer(&status), at))];
    let timers = timers.into_iter().flatten().map(|(name, at)| json!([name, left(at)]));
    let here = pair.trace().events().iter().filter(|event| event.side == side);
    let last_arc = here.rev().find_map(|event| {
        let crashed = (event.what == What::Crashed).then_some(Value::Null);
        let What::Transition(transition) = &event.what else { return crashed };
        Some(json!([transition.from.name(), transition.to.name()]))
    });
    json!({
        "state": status.state.name(),
        "arc": last_arc,
        "variables": variables(&status),
        "timers": timers.collect::<Vec<_>>(),
        "sent": pair.sent(side).len(),
        "received": pair.received(side).len(),
        "unread": status.unread,
        "detached": status.detached,
        "reads": reads(explorer, side),
        "calls": calls(pair, side),
    })
}

fn variables(status: &Status) -> Value {
    let seq = |seq: Option<SeqNumber>| seq.map(|seq| seq.0);
    let ms = |time: Option<Duration>| time.map(|time| format!("{time:?}"));
    json!([
        ["SND.UNA", seq(status.snd_una)],
        ["SND.NXT", seq(status.snd_nxt)],
        ["SND.WND", status.snd_wnd],
        ["ISS", seq(status.iss)],
        ["RCV.NXT", seq(status.rcv_nxt)],
        ["RCV.WND", status.rcv_wnd],
        ["IRS", seq(status.irs)],
        ["RTO", ms(status.rto)],
    ])
}

/// The name of the timer that runs. In each state at most one does.
fn timer(status: &Status) -> &'static str {
    if status.state == State::TimeWait {
        "2 MSL"
    } else if status.in_flight > 0 {
        "retransmission"
    } else if status.state == State::FinWait2 {
        "FIN-WAIT-2"
    } else if status.unsent > 0 {
        "persist"
    } else {
        "keep-alive"
    }
}

/// Whether the user reads at once. The last line about it decides.
fn reads(explorer: &Explorer, side: Side) -> bool {
    let said = |line: &String, what: &str| line.trim().strip_prefix(&format!("{side}:")).map(str::trim) == Some(what);
    let lines = explorer.scenario().lines();
    lines.iter().rev().find_map(|line| {
        if said(line, "stop reading") {
            return Some(false);
        }
        said(line, "start reading").then_some(true)
    }) != Some(false)
}

/// Whether each call is allowed now, or why not.
fn calls(pair: &Pair, side: Side) -> Value {
    let (connection, now) = (pair.connection(side), pair.now());
    let why = |outcome: Result<(), CallError>| outcome.err().map(|error| error.to_string());
    json!({
        "open passive": why(connection.clone().open(Open::Passive, now)),
        "open active": why(connection.clone().open(Open::Active, now)),
        "send": why(connection.clone().send(1, now)),
        "receive": why(connection.clone().receive(1)),
        "close": why(connection.clone().close(now)),
        "detach": why(connection.clone().detach(now)),
        "abort": why(connection.clone().abort()),
    })
}

fn flights(pair: &Pair) -> Vec<Value> {
    let all = pair.in_flight();
    let behind = |index: usize, from: Side| all.iter().skip(index + 1).any(|other| other.from == from);
    let is_copy = |index: usize, flight: &Flight| {
        let events = pair.trace().events().iter();
        let arrived = events.filter(|event| matches!(&event.what, What::Arrived(n, ..) if *n == flight.number));
        arrived.count() > 0 || all.iter().take(index).any(|other| other.number == flight.number)
    };
    let is_injected = |flight: &Flight| {
        pair.trace().events().iter().any(|event| matches!(event.what, What::Injected(n, _) if n == flight.number))
    };
    let flight = |(index, flight): (usize, &Flight)| {
        json!({
            "from": flight.from.to_string(),
            "number": flight.number,
            "segment": short(&flight.segment),
            "whole": flight.segment.to_string(),
            "control": flight.segment.control().to_string(),
            "copy": is_copy(index, flight),
            "injected": is_injected(flight),
            "may_delay": behind(index, flight.from),
        })
    };
    all.iter().enumerate().map(flight).collect()
}

/// A segment as in the RFC's figures: SEQ, ACK, CTL and DATA.
fn short(segment: &Segment) -> String {
    let ack = segment.ack().unwrap_or_default();
    Segment::new(segment.seq(), ack, segment.control()).with_payload(segment.payload_len()).to_string()
}

fn event(event: &Event) -> Option<Value> {
    let refused = |refusal: &Refusal| {
        let citation = refusal.citation();
        json!({
            "name": format!("{refusal:?}"),
            "text": refusal.to_string(),
            "citation": citation,
            "link": citation::link(citation),
        })
    };
    let mut refusal = Value::Null;
    let (kind, text) = match &event.what {
        What::Call(call) => ("call", call.clone()),
        What::Sent(_, segment) => ("sent", short(segment)),
        What::Injected(_, segment) => ("injected", short(segment)),
        What::Lost(_, segment) | What::Swallowed(_, segment) => ("lost", short(segment)),
        What::Duplicated(_, segment) => ("doubled", short(segment)),
        What::HeldBack(_, segment) => ("delayed", short(segment)),
        What::Corrupted(_, segment) => ("corrupted", short(segment)),
        What::Arrived(_, segment, outcome) | What::Reassembled(_, segment, outcome) => {
            refusal = outcome.as_ref().err().map_or(Value::Null, refused);
            (if refusal.is_null() { "arrived" } else { "refused" }, short(segment))
        }
        What::Timeout(state) => ("timeout", state.name().to_string()),
        What::Transition(transition) => ("transition", transition.to_string()),
        What::Signal(signal) => ("signal", format!("{signal:?}")),
        What::Crashed => ("crash", String::new()),
        What::Note(note) => ("note", note.clone()),
        What::Start | What::Marked(..) | _ => return None,
    };
    Some(json!({
        "at": event.at.as_micros(),
        "side": event.side.to_string(),
        "state": event.state.name(),
        "kind": kind,
        "text": text,
        "refusal": refusal,
    }))
}
