//! One stream, watched: after each call the invariants hold that no peer and no user may break.

use std::time::Duration;

use tcp_lifecycle::stream::{Event, Output, ReadError, Stream, StreamConfig, WriteError};
use tcp_lifecycle::{Config, Control, Ecn, IcmpError, Instant, Open, SackBlock, SackBlocks, Segment, SeqNumber, State};

/// The byte at `position` of a stream. A gap that was never filled holds zeros, so no byte is zero.
pub(crate) fn byte(position: u32) -> u8 {
    (position.wrapping_mul(2_654_435_761) >> 24) as u8 % 255 + 1
}

/// The payload of a segment whose first byte has this position.
pub(crate) fn bytes(position: u32, len: usize) -> Vec<u8> {
    (0..len as u32).map(|offset| byte(position.wrapping_add(offset))).collect()
}

/// A segment that the stream has sent, with its SACK blocks and its payload.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) segment: Segment,
    pub(crate) sack: SackBlocks,
    pub(crate) ecn: Ecn,
    pub(crate) payload: Vec<u8>,
}

/// Sorted ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default)]
struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    fn insert(&mut self, mut start: u32, mut end: u32) {
        self.0.retain(|&(from, to)| {
            let joins = from <= end && start <= to;
            if joins {
                (start, end) = (start.min(from), end.max(to));
            }
            !joins
        });
        let place = self.0.partition_point(|&(from, _)| from < start);
        self.0.insert(place, (start, end));
    }

    fn covers(&self, start: u32, end: u32) -> bool {
        self.0.iter().any(|&(from, to)| from <= start && end <= to)
    }
}

/// What is known of one life, from OPEN or from LISTEN on.
#[derive(Debug, Default)]
struct Life {
    /// The bytes that the user has written and read.
    written: u32,
    read: u32,
    irs: Option<SeqNumber>,
    iss: Option<SeqNumber>,
    /// What the peer has sent, from IRS on.
    arrived: Ranges,
    /// The numbers of the FINs that have arrived.
    fins: Vec<u32>,
    /// The right edge of the peer's window, as far right as it ever was.
    edge: Option<SeqNumber>,
    peer_mss: Option<u16>,
    is_connected: bool,
    /// The user has closed before the connection was established; then it may never be `Connected`.
    is_shut_early: bool,
    is_shut: bool,
}

#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) stream: Stream,
    pub(crate) now: Instant,
    pub(crate) events: Vec<Event>,
    send_buffer: usize,
    most_unread: u32,
    ended: bool,
    life: Life,
    /// The peer has sent bytes with other contents than `byte`.
    pub(crate) is_forged: bool,
    /// Segments that were handed in since the last drain.
    handed_in: usize,
    /// Nothing checks the time: it has gone back.
    is_past: bool,
}

impl Watched {
    pub(crate) fn new(config: &StreamConfig, isn_offset: u32) -> Watched {
        let stream = Stream::new(config, isn_offset);
        let most_unread = config.max_receive_buffer.max(stream.connection().config().receive_buffer);
        Watched {
            stream,
            now: Instant::ZERO,
            events: Vec::new(),
            send_buffer: config.send_buffer as usize,
            most_unread,
            ended: false,
            life: Life::default(),
            is_forged: false,
            handed_in: 0,
            is_past: false,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.stream.state()
    }

    pub(crate) fn read_total(&self) -> u32 {
        self.life.read
    }

    pub(crate) fn written_total(&self) -> u32 {
        self.life.written
    }

    /// The user has closed.
    pub(crate) fn is_shut(&self) -> bool {
        self.life.is_shut
    }

    /// A call that fails changes nothing.
    #[track_caller]
    fn call<T, E>(&mut self, call: impl FnOnce(&mut Stream) -> Result<T, E>) -> Result<T, E> {
        // To print large queues would take too long.
        let before = (self.stream.queued() + self.readable() < 300).then(|| self.stream.clone());
        let counters = self.stream.counters();
        let outcome = call(&mut self.stream);
        if outcome.is_err() {
            assert_eq!(counters, self.stream.counters());
            if let Some(before) = before {
                let [before, after] = [before, self.stream.clone()].map(|stream| format!("{stream:?}"));
                assert_eq!(before, after, "a call that failed has changed something");
            }
        }
        outcome
    }

    pub(crate) fn open(&mut self, open: Open) -> bool {
        let (was, now) = (self.state(), self.now);
        let is_open = self.call(|stream| stream.open(open, now)).is_ok();
        if is_open && was == State::Closed {
            self.life = Life::default();
            self.ended = false;
        }
        is_open
    }

    pub(crate) fn write(&mut self, len: usize) -> usize {
        let (bytes, now) = (bytes(self.life.written, len), self.now);
        let queued = self.stream.queued();
        match self.call(|stream| stream.write(&bytes, now)) {
            Ok(taken) => {
                assert!(taken <= len && self.stream.queued() == queued + taken);
                self.life.written = self.life.written.wrapping_add(taken as u32);
                taken
            }
            Err(WriteError::NotConnected | WriteError::ShutDown | WriteError::Ended(_)) | Err(_) => 0,
        }
    }

    /// Reads, and checks each byte. `None` at the end of the stream.
    pub(crate) fn read(&mut self, len: usize) -> Option<usize> {
        let mut buffer = vec![0; len.min(self.readable().max(1))];
        match self.stream.read(&mut buffer) {
            Ok(0) if !buffer.is_empty() => None,
            Ok(read) => {
                self.check_read(&buffer[..read]);
                Some(read)
            }
            Err(ReadError::Blocked) => Some(0),
            Err(ReadError::Ended(_)) | Err(_) => None,
        }
    }

    /// Takes bytes in place.
    pub(crate) fn consume(&mut self, len: usize) {
        let (front, back) = self.stream.readable();
        let readable: Vec<u8> = front.iter().chain(back).copied().take(len).collect();
        self.stream.consume(len);
        self.check_read(&readable);
    }

    fn check_read(&mut self, read: &[u8]) {
        if !self.is_forged {
            let expected = bytes(self.life.read, read.len());
            assert!(read == expected, "at {}: other bytes than the peer has sent", self.life.read);
        }
        let start = self.life.read;
        self.life.read = start.wrapping_add(read.len() as u32);
        let is_sent = read.is_empty() || self.life.arrived.covers(start + 1, start + 1 + read.len() as u32);
        assert!(is_sent, "bytes at {start} that the peer has not sent: {:?}", self.life.arrived);
    }

    pub(crate) fn shutdown(&mut self) {
        self.note_close();
        self.stream.shutdown(self.now);
    }

    pub(crate) fn detach(&mut self) {
        self.note_close();
        self.stream.detach(self.now);
    }

    fn note_close(&mut self) {
        self.life.is_shut = true;
        self.life.is_shut_early |= !self.life.is_connected;
    }

    pub(crate) fn abort(&mut self) {
        self.stream.abort();
    }

    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        self.stream.configure(change);
        self.most_unread = self.most_unread.max(self.stream.connection().config().receive_buffer);
    }

    pub(crate) fn icmp(&mut self, error: IcmpError, quoted: SeqNumber, max_segment: Option<u16>) {
        let now = self.now;
        let _ = self.call(|stream| stream.icmp_arrives(error, quoted, max_segment, now));
    }

    /// A segment arrives with these bytes.
    pub(crate) fn segment(&mut self, segment: &Segment, sack: &[SackBlock], ecn: Ecn, payload: &[u8]) -> bool {
        let was = self.state();
        let before = (self.stream.queued(), self.readable());
        let outcome = self.stream.segment_arrives(segment, sack, ecn, payload, self.now);
        if std::env::var_os("TRACE").is_some() {
            eprintln!("{} <-- {segment} {sack:?} {outcome:?}", self.now);
        }
        if outcome.is_err() {
            assert_eq!(before, (self.stream.queued(), self.readable()), "a refused segment has changed the queues");
        } else if segment.control().contains(Control::SYN) && matches!(was, State::Listen | State::SynSent) {
            self.life.peer_mss = segment.options().mss();
        }
        self.handed_in += 1;
        self.note_arrival(segment, payload);
        self.note();
        outcome.is_ok()
    }

    /// A segment of the peer with the contents of its numbers.
    pub(crate) fn honest_segment(&mut self, segment: &Segment, sack: &[SackBlock], ecn: Ecn, len: usize) -> bool {
        let is_syn = segment.control().contains(Control::SYN);
        let irs = if is_syn { Some(segment.seq()) } else { self.life.irs };
        let first = segment.seq() + u32::from(is_syn);
        let position = irs.map_or(0, |irs| (first - irs).wrapping_sub(1));
        self.segment(segment, sack, ecn, &bytes(position, len))
    }

    fn note_arrival(&mut self, segment: &Segment, payload: &[u8]) {
        let is_syn = segment.control().contains(Control::SYN);
        let irs = self.stream.connection().status().irs;
        if irs.is_some() && irs != self.life.irs {
            self.life.arrived = Ranges::default();
            self.life.fins.clear();
            self.life.irs = irs;
        }
        if let Some(irs) = self.life.irs
            && segment.control().contains(Control::FIN)
        {
            let start = (segment.seq() - irs).wrapping_add(u32::from(is_syn));
            self.life.fins.push(start.wrapping_add(payload.len() as u32));
        }
        if let Some(irs) = self.life.irs
            && !payload.is_empty()
        {
            let start = (segment.seq() - irs).wrapping_add(u32::from(is_syn)) as i32;
            // What lies in front of the stream is none of it.
            let end = i64::from(start) + payload.len() as i64;
            if end > 1 {
                self.life.arrived.insert(start.max(1) as u32, end as u32);
            }
        }
    }

    pub(crate) fn timeout(&mut self) {
        self.stream.timeout(self.now);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// Lets `act` happen at an earlier time.
    pub(crate) fn earlier(&mut self, by: Duration, act: impl FnOnce(&mut Watched)) {
        let now = self.now;
        let earlier = now.as_micros().saturating_sub(by.as_micros() as u64);
        (self.now, self.is_past) = (Instant::from_micros(earlier), true);
        act(self);
        (self.now, self.is_past) = (now, false);
    }

    fn readable(&self) -> usize {
        let (front, back) = self.stream.readable();
        front.len() + back.len()
    }

    /// Takes note of what the variables of the connection say.
    fn note(&mut self) {
        let status = self.stream.connection().status();
        if status.state == State::Listen {
            self.life = Life::default();
            return;
        }
        self.life.iss = status.iss.or(self.life.iss);
        if let Some((una, wnd)) = status.snd_una.zip(status.snd_wnd) {
            let edge = una + wnd;
            let known = self.life.edge.get_or_insert(edge);
            if edge.gt(*known) {
                *known = edge;
            }
        }
    }

    /// Polls until `Wait`. The number of outputs is bounded: each segment either carries at least one byte or the FIN,
    /// or is one of the answers to what was handed in. A byte goes out at most twice: as a retransmission or a probe,
    /// and as new data.
    pub(crate) fn drain(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        let most = 2 * self.stream.queued() + 2 * self.handed_in + 40;
        for _ in 0..=most {
            match self.stream.poll(self.now) {
                Output::Event(event) => self.take_event(event),
                Output::Transmit(transmit) => {
                    let (segment, sack, ecn) = (transmit.segment, transmit.sack, transmit.ecn);
                    let one = Sent { segment, sack, ecn, payload: transmit.payload.concat() };
                    if std::env::var_os("TRACE").is_some() {
                        eprintln!("{} --> {segment} {:?}", self.now, &sack[..]);
                    }
                    self.check_segment(&one);
                    sent.push(one);
                }
                Output::Wait(deadline) => {
                    self.handed_in = 0;
                    assert_eq!(deadline, self.stream.deadline());
                    self.note();
                    self.check();
                    return sent;
                }
            }
        }
        panic!("the drain does not end after {most} outputs: {:?}", sent.last());
    }

    fn take_event(&mut self, event: Event) {
        assert!(!self.ended, "{event:?} after the end");
        match event {
            Event::Connected => {
                assert!(!self.life.is_connected, "connected twice");
                self.life.is_connected = true;
            }
            Event::Readable | Event::Writable | Event::EndOfStream | Event::Urgent => {
                assert!(self.life.is_connected || self.life.is_shut_early, "{event:?} before Connected");
            }
            Event::Ended(end) => {
                assert_eq!(self.stream.end(), Some(end));
                assert_eq!(self.state(), State::Closed);
                self.ended = true;
            }
            Event::SoftError(_) | Event::Retransmitting | _ => {}
        }
        self.events.push(event);
    }

    fn check_segment(&mut self, sent: &Sent) {
        self.note();
        let (segment, status) = (&sent.segment, self.stream.connection().status());
        assert_eq!(usize::from(segment.payload_len()), sent.payload.len(), "{segment}");
        let options = segment.options().wire_len() + sent.sack.wire_len();
        assert!(options <= 40, "{options} bytes of options");
        // An MSS of zero is none, and one below 48 counts as 48.
        let mss = self.life.peer_mss.filter(|&mss| mss > 0).unwrap_or(536).max(48);
        assert!(sent.payload.is_empty() || sent.payload.len() + options <= mss.into(), "more than {mss}: {segment}");
        self.check_payload(sent);
        if let Some(nxt) = status.rcv_nxt {
            self.check_sack(&sent.sack, nxt, segment);
        }
    }

    /// The payload holds the bytes of its numbers, within the window of the peer.
    fn check_payload(&self, sent: &Sent) {
        let (segment, status) = (&sent.segment, self.stream.connection().status());
        let (Some(iss), Some(una)) = (self.life.iss, status.snd_una) else { return };
        let is_keep_alive = segment.seq() + 1 == una && sent.payload.len() == 1;
        if sent.payload.is_empty() || is_keep_alive {
            return;
        }
        let position = (segment.seq() - iss).wrapping_sub(1);
        let len = sent.payload.len();
        assert!(sent.payload == bytes(position, len), "other bytes than the user has written: {segment}");
        let end = segment.seq() + len as u32;
        let is_probe = end.le(una + 1);
        assert!(is_probe || self.life.edge.is_none_or(|edge| end.le(edge)), "beyond the window: {segment}");
    }

    /// Each block is a part of what has arrived, right of RCV.NXT; the first may be a duplicate.
    fn check_sack(&self, sack: &[SackBlock], nxt: SeqNumber, segment: &Segment) {
        let Some(irs) = self.life.irs else { return };
        for (index, block) in sack.iter().enumerate() {
            assert!(block.left.lt(block.right), "{block:?}: {segment}");
            let is_duplicate = index == 0
                && (block.left.lt(nxt)
                    || sack.get(1).is_some_and(|of| of.left.le(block.left) && block.right.le(of.right)));
            assert!(is_duplicate || block.left.gt(nxt), "block {index} {block:?} is not right of RCV.NXT: {segment}");
            let (left, right) = (block.left - irs, block.right - irs);
            let behind = right.wrapping_sub(1);
            let is_part = self.life.arrived.covers(left, right)
                || (self.life.fins.contains(&behind) && self.life.arrived.covers(left, behind));
            assert!(is_part, "block {index} {block:?} has not arrived: {segment} {:?}", self.life.arrived);
        }
    }

    fn check(&self) {
        let status = self.stream.connection().status();
        assert!(self.stream.queued() <= self.send_buffer, "{} bytes queued", self.stream.queued());
        assert!(self.readable() <= self.most_unread as usize, "{} bytes readable", self.readable());
        let window = status.rcv_wnd.unwrap_or(0);
        assert!(window <= self.most_unread, "a window of {window}");
        assert!(status.unread as usize <= self.readable(), "bytes are lost: {status:?}, {} readable", self.readable());
        if self.ended {
            assert_eq!(self.stream.queued(), 0, "bytes wait for a connection that has ended");
            assert!(self.readable() > 0 || self.stream.deadline().is_none(), "a deadline after the end");
        }
        // Bytes that wait have somebody to wait for.
        let waits = status.in_flight > 0 || status.unsent > 0;
        assert!(!waits || self.stream.deadline().is_some(), "bytes wait and no timer runs: {status:?}");
    }

    /// After a timeout and a drain, the next deadline is to come. But where an event was not followed by a drain, a probe
    /// may be late, and due at once.
    pub(crate) fn check_timeout(&mut self) -> Vec<Sent> {
        let was_drained = self.stream.connection().is_drained();
        self.timeout();
        let mut sent = self.drain();
        if self.is_past {
            return sent;
        }
        if !was_drained && self.stream.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.timeout();
            sent.extend(self.drain());
        }
        let deadline = self.stream.deadline();
        assert!(deadline.is_none_or(|deadline| deadline > self.now), "{deadline:?} at {:?}", self.now);
        sent
    }
}
