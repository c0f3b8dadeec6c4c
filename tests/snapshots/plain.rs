//! Events for a connection about which nothing is known.

use tcp_lifecycle::{Connection, Instant, Output, Segment};

use crate::events::Event;

/// A queue of this many bytes takes long to drain.
const MUCH: u32 = 20_000;

/// Hands an event to the connection, and polls it until `Wait`. Returns `false` for a connection with too much to send.
pub(crate) fn survives(
    connection: &mut Connection,
    event: Event,
    now: &mut Instant,
    arrived: &mut Vec<Segment>,
) -> bool {
    happens(connection, event, now, arrived);
    _ = connection.time_wait();
    _ = connection.reopens(&"<SEQ=7><CTL=SYN>".parse().unwrap(), *now);
    drain(connection, *now).is_some()
}

/// Hands an event to the connection.
pub(crate) fn happens(connection: &mut Connection, event: Event, now: &mut Instant, arrived: &mut Vec<Segment>) {
    let status = connection.status();
    match event {
        Event::Open(open) => _ = connection.open(open, *now),
        Event::Send(bytes) => _ = connection.send(bytes, *now),
        Event::SendUrgent(bytes) => _ = connection.send_urgent(bytes, *now),
        Event::Receive(part, more) => {
            let unread = u64::from(status.unread) * u64::from(part) / 8;
            _ = connection.receive((unread as usize).saturating_add(more));
        }
        Event::Close => _ = connection.close(*now),
        Event::Detach => _ = connection.detach(*now),
        Event::Abort => _ = connection.abort(),
        Event::Acknowledge => connection.acknowledge_now(),
        Event::Limit(in_flight) => connection.limit(in_flight),
        Event::Offset(offset) => connection.set_isn_offset(offset),
        Event::TimestampOffset(offset) => connection.set_timestamp_offset(offset),
        Event::Retransmit(from, count, more) => {
            let eighth = status.in_flight as usize / 8;
            let from = eighth * from as usize;
            _ = connection.retransmit(from..(from + eighth * count as usize).saturating_add(more));
        }
        Event::Configure(config) => connection.configure(&config),
        Event::Icmp(error, quoted) => _ = connection.icmp(error, quoted.of(&status)),
        Event::Marked => connection.congestion_experienced(),
        Event::Reduced => connection.congestion_window_reduced(),
        Event::Segment(shape) => {
            let segment = shape.of(&status, *now);
            arrived.push(segment);
            _ = connection.segment_arrives(&segment, *now);
        }
        Event::Again(which) => {
            if let Some(segment) = arrived.get(which % arrived.len().max(1)) {
                _ = connection.segment_arrives(segment, *now);
            }
        }
        Event::Timeout => connection.timeout(*now),
        Event::Expire => {
            if let Some(deadline) = connection.deadline() {
                *now = deadline.max(*now);
                connection.timeout(*now);
            }
        }
        Event::Pass(time) => *now = *now + time,
    }
}

/// Polls until `Wait`; returns the outputs. A connection with too much to send is not polled. A drain that takes longer
/// than what is queued is a failure.
pub(crate) fn drain(connection: &mut Connection, now: Instant) -> Option<Vec<Output>> {
    let status = connection.status();
    let queued = status.unsent.saturating_add(status.in_flight);
    let mut outputs = Vec::new();
    if queued > MUCH {
        return None;
    }
    // Each number of the queue may go out twice, and duplicate ACKs and signals beside them.
    for _ in 0..600 + 2 * queued {
        match connection.poll(now) {
            Output::Wait(deadline) => {
                assert_eq!(deadline, connection.deadline());
                return Some(outputs);
            }
            output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) => outputs.push(output),
        }
    }
    panic!("a drain that does not end: {connection:?}");
}
