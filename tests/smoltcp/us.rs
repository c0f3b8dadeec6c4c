//! Our end: a connection, and the bytes that its caller keeps.

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Refusal, Segment, Signal, State, Transition};

pub(crate) struct Us {
    pub(crate) connection: Connection,
    /// All signals except the acknowledgments.
    pub(crate) signals: Vec<Signal>,
    pub(crate) refusals: Vec<Refusal>,
    transitions: Vec<Transition>,
    queue: Vec<u8>,
    unread: Vec<u8>,
    /// Segments ahead of RCV.NXT with their payload, if they are kept.
    ahead: Vec<(Segment, Vec<u8>)>,
    keeps: bool,
    outgoing: Vec<(Segment, Vec<u8>)>,
}

impl Us {
    pub(crate) fn new(config: &Config, isn_offset: u32, keeps: bool) -> Us {
        Us {
            connection: Connection::new(config, isn_offset),
            signals: Vec::new(),
            refusals: Vec::new(),
            transitions: Vec::new(),
            queue: Vec::new(),
            unread: Vec::new(),
            ahead: Vec::new(),
            keeps,
            outgoing: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    /// The states that we have entered, in order.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        let mut state = State::Closed;
        let mut names = Vec::new();
        for transition in &self.transitions {
            assert_eq!(transition.from, state, "a transition is missing before {transition}");
            state = transition.to;
            names.push(state.name());
        }
        assert_eq!(state, self.state(), "a transition is missing at the end");
        names.join(" ")
    }

    pub(crate) fn open(&mut self, open: Open, now: Instant) {
        self.connection.open(open, now).expect("OPEN in CLOSED");
        self.drain(now);
    }

    /// SYN-SENT and beyond, before CLOSE.
    pub(crate) fn may_send(&self) -> bool {
        matches!(self.state(), State::SynSent | State::SynReceived | State::Established | State::CloseWait)
    }

    /// A CLOSE in SYN-SENT would end the connection.
    pub(crate) fn may_close(&self, eager: bool) -> bool {
        matches!(self.state(), State::Established | State::CloseWait) || (eager && self.state() == State::SynReceived)
    }

    pub(crate) fn send(&mut self, bytes: &[u8], now: Instant) {
        self.queue.extend_from_slice(bytes);
        self.connection.send(bytes.len(), now).expect("SEND");
        self.drain(now);
    }

    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }

    pub(crate) fn receive(&mut self, most: usize, now: Instant) -> Vec<u8> {
        let bytes: Vec<u8> = self.unread.drain(..most.min(self.unread.len())).collect();
        if self.state() != State::Closed {
            self.connection.receive(bytes.len()).expect("RECEIVE of what has been delivered");
        }
        self.drain(now);
        bytes
    }

    /// Whether the peer's FIN has arrived, and everything before it has been read.
    pub(crate) fn has_read_all(&self) -> bool {
        self.signals.contains(&Signal::Closing) && self.unread.is_empty()
    }

    pub(crate) fn close(&mut self, now: Instant) {
        self.connection.close(now).expect("CLOSE");
        self.drain(now);
    }

    /// There may be no connection left to abort.
    pub(crate) fn abort(&mut self, now: Instant) {
        _ = self.connection.abort();
        self.drain(now);
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        self.connection.timeout(now);
        self.drain(now);
    }

    pub(crate) fn arrives(&mut self, segment: &Segment, payload: Vec<u8>, now: Instant) {
        match self.connection.segment_arrives(segment, now) {
            Ok(range) if range.is_empty() => self.keep(segment, payload),
            Ok(range) => {
                self.unread.extend_from_slice(&payload[range]);
                self.hand_in_again(segment, now);
            }
            Err(refusal) => self.refusals.push(refusal),
        }
        self.drain(now);
    }

    fn keep(&mut self, segment: &Segment, payload: Vec<u8>) {
        let nxt = self.connection.status().rcv_nxt;
        if self.keeps && segment.len() > 0 && nxt.is_some_and(|nxt| segment.seq().gt(nxt)) {
            self.ahead.push((*segment, payload));
        }
    }

    /// Hands in payload that was ahead of the gap, with the acknowledgment, window and options of the segment that has
    /// filled the gap.
    fn hand_in_again(&mut self, filler: &Segment, now: Instant) {
        while let Some(nxt) = self.connection.status().rcv_nxt {
            let Some(place) = self.ahead.iter().position(|(kept, _)| kept.seq().le(nxt)) else { return };
            let (kept, payload) = self.ahead.swap_remove(place);
            let bits = kept.control().intersection(Control::FIN | Control::PSH);
            let segment = Segment::new(kept.seq(), filler.ack().expect("payload has an ACK"), Control::ACK | bits)
                .with_window(filler.window())
                .with_options(filler.options())
                .with_payload(kept.payload_len());
            if let Ok(range) = self.connection.segment_arrives(&segment, now) {
                self.unread.extend_from_slice(&payload[range]);
            }
        }
    }

    /// Segments to be sent, with their payload.
    pub(crate) fn outgoing(&mut self) -> Vec<(Segment, Vec<u8>)> {
        std::mem::take(&mut self.outgoing)
    }

    fn drain(&mut self, now: Instant) {
        loop {
            match self.connection.poll(now) {
                Output::Transition(transition) => self.transitions.push(transition),
                Output::Signal(Signal::Acknowledged(bytes)) => drop(self.queue.drain(..bytes)),
                Output::Signal(signal) => self.signals.push(signal),
                Output::Transmit(ref transmit) => {
                    let payload = match transmit.segment.payload_len() {
                        // The octet of a keep-alive probe is not from the queue.
                        1 if transmit.payload.is_empty() => vec![0],
                        _ => self.queue[transmit.payload.clone()].to_vec(),
                    };
                    self.outgoing.push((transmit.segment, payload));
                }
                Output::Wait(_) => return,
            }
        }
    }
}
