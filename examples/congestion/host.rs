//! One host: a connection, the limit on its sending, the buffers of its user, and reassembly.

use std::ops::Range;

use tcp_lifecycle::{Config, Connection, Instant, Output, Segment, Signal, State, Transmit};

use crate::reno::Reno;

/// The limit on the bytes in flight, in addition to the peer's window.
#[derive(Clone, Debug)]
pub(crate) enum Control {
    /// A constant number of segments. A lost segment waits for the retransmission timeout.
    Fixed(u32),
    /// RFC 5681.
    Reno(Reno),
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) connection: Connection,
    control: Control,
    /// Every byte that the user has sent so far. The send queue is the part that is not acknowledged yet.
    pub(crate) sent: Vec<u8>,
    acknowledged: usize,
    /// Every byte that the user has received so far.
    pub(crate) received: Vec<u8>,
    /// Payload ahead of RCV.NXT, kept until the gap before it is filled.
    kept: Vec<(Segment, Vec<u8>)>,
    /// How often a timer has fired.
    pub(crate) timeouts: u32,
}

impl Host {
    pub(crate) fn new(config: &Config, isn_offset: u32, control: Control) -> Host {
        let mut connection = Connection::new(config, isn_offset);
        if let Control::Fixed(bytes) = control {
            connection.limit(bytes);
        }
        let (sent, received, kept) = (Vec::new(), Vec::new(), Vec::new());
        Host { connection, control, sent, acknowledged: 0, received, kept, timeouts: 0 }
    }

    /// Hands in the segment, and then each kept segment that has become the next in order. A kept segment is handed in
    /// with the acknowledgment, the window and the options of the segment that filled the gap.
    pub(crate) fn segment_arrives(&mut self, segment: Segment, payload: Vec<u8>, now: Instant) {
        let Ok(range) = self.connection.segment_arrives(&segment, now) else { return };
        if segment.len() > 0 && self.connection.status().rcv_nxt.is_some_and(|rcv_nxt| segment.seq().gt(rcv_nxt)) {
            return self.kept.push((segment, payload));
        }
        self.deliver(&payload, range);
        while let Some((kept, payload)) = self.next_kept() {
            let again = Segment::new(kept.seq(), segment.ack().unwrap_or(kept.seq()), kept.control())
                .with_payload(kept.payload_len())
                .with_window(segment.window())
                .with_options(segment.options());
            if let Ok(range) = self.connection.segment_arrives(&again, now) {
                self.deliver(&payload, range);
            }
        }
    }

    fn next_kept(&mut self) -> Option<(Segment, Vec<u8>)> {
        if self.kept.is_empty() {
            return None;
        }
        let rcv_nxt = self.connection.status().rcv_nxt?;
        let next = self.kept.iter().position(|(segment, _)| segment.seq().le(rcv_nxt))?;
        Some(self.kept.swap_remove(next))
    }

    /// Delivers the bytes; the user consumes them at once.
    fn deliver(&mut self, payload: &[u8], range: Range<usize>) {
        let bytes = &payload[range];
        self.received.extend_from_slice(bytes);
        let _ = self.connection.receive(bytes.len());
    }

    /// Runs after each event: first congestion control, then the polling that returns the segments to send.
    pub(crate) fn after_event(&mut self, now: Instant) -> Vec<(Segment, Vec<u8>)> {
        if let Control::Reno(reno) = &mut self.control {
            reno.after_event(&mut self.connection, now);
        }
        let mut segments = Vec::new();
        loop {
            match self.connection.poll(now) {
                Output::Signal(Signal::Acknowledged(bytes)) => self.acknowledged += bytes,
                Output::Signal(_) | Output::Transition(_) => {}
                Output::Transmit(Transmit { segment, payload }) => {
                    segments.push((segment, self.sent[self.acknowledged..][payload].to_vec()));
                }
                Output::Wait(_) => return segments,
            }
        }
    }

    /// Tells whether the peer's FIN and everything before it have been received.
    pub(crate) fn has_received_fin(&self) -> bool {
        use State::{CloseWait, Closed, Closing, LastAck, TimeWait};
        matches!(self.connection.state(), CloseWait | Closing | LastAck | TimeWait | Closed)
    }
}
