//! The stream: a connection, and how far its bytes have come.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::num::NonZeroU32;
use core::time::Duration;

use super::config::StreamConfig;
use super::congestion::StartController;
use super::counters::Counts;
use super::flow::{Receiver, Sender};
use super::output::{End, Pending};
use super::receive_queue::ReceiveQueue;
use super::records::Records;
use super::recovery::Recovery;
use super::sizing::{MAX_BUFFER, Sizing};
use crate::{Config, Connection, IcmpError, Instant, SeqNumber, State, Status, TimeWait};

/// One connection with its bytes. Time that goes back stands still, as it does for a
/// [`Connection`](crate::Connection).
#[derive(Clone, Debug)]
pub struct Stream {
    pub(super) connection: Connection,
    pub(super) sender: Option<Box<Sender>>,
    pub(super) receiver: Option<Box<Receiver>>,
    pub(super) controller: StartController,
    /// The slow start threshold of the last sender.
    pub(super) threshold: Option<NonZeroU32>,
    pub(super) send_buffer: u32,
    pub(super) sizing: Sizing,
    /// The bytes that the user has written.
    pub(super) written: u64,
    /// The bytes that the peer has acknowledged, and that have left the send queue.
    pub(super) acknowledged: u64,
    /// SND.UNA as a position; our FIN is the position behind the last byte.
    pub(super) una: u64,
    /// RCV.NXT as a position; the peer's FIN does not count.
    pub(super) received: u64,
    /// The last value given to [`Connection::reserve_options`].
    pub(super) reserved: u8,
    pub(super) pending: Pending,
    pub(super) soft_error: Option<IcmpError>,
    pub(super) end: Option<End>,
    pub(super) counts: Counts,
    pub(super) records: Option<Box<Records>>,
}

impl Stream {
    /// Makes a stream in CLOSED. `isn_offset` is that of [`Connection::new`].
    #[must_use]
    pub fn new(config: &StreamConfig, isn_offset: u32) -> Stream {
        Stream::with_connection(Connection::with_policy(config.policy(), isn_offset), config)
    }

    /// Makes a stream of a connection to which no payload has been given, for example one of a
    /// [`Listener`](crate::listener::Listener).
    #[must_use]
    pub fn with_connection(connection: Connection, config: &StreamConfig) -> Stream {
        Stream {
            connection,
            sender: None,
            receiver: None,
            controller: config.controller,
            threshold: None,
            send_buffer: config.send_buffer.min(MAX_BUFFER),
            sizing: Sizing::new(config.max_receive_buffer),
            written: 0,
            acknowledged: 0,
            una: 0,
            received: 0,
            reserved: 0,
            pending: Pending::empty(),
            soft_error: None,
            end: None,
            counts: Counts::default(),
            records: None,
        }
    }

    /// Makes a stream of a connection that has already taken `payload`, for example with the ACK of a SYN cookie.
    #[must_use]
    pub fn with_payload(connection: Connection, config: &StreamConfig, payload: &[u8], now: Instant) -> Stream {
        let mut stream = Stream::with_connection(connection, config);
        if !payload.is_empty() {
            stream.receiver(now).queue.append(payload);
            stream.received = payload.len() as u64;
            stream.pending |= Pending::READABLE;
        }
        stream
    }

    /// Takes the connection out of the stream, if it is in TIME-WAIT and drained ([`Connection::time_wait`]). To the
    /// user the stream has then ended; what has arrived can still be read.
    pub fn take_time_wait(&mut self) -> Option<TimeWait> {
        let time_wait = self.connection.time_wait()?;
        self.connection = Connection::new(&Config::DEFAULT, 0);
        self.sender = None;
        self.end = Some(End::Closed);
        self.pending |= Pending::ENDED;
        Some(time_wait)
    }

    /// Begins a life of the connection: nothing is left of the one before.
    pub(super) fn begin_life(&mut self) {
        (self.sender, self.receiver) = (None, None);
        self.reserve_options();
        (self.threshold, self.soft_error, self.end) = (None, None, None);
        (self.written, self.acknowledged, self.una, self.received) = (0, 0, 0, 0);
        self.pending = Pending::empty();
        self.counts = Counts::default();
        if let Some(records) = &mut self.records {
            records.begin_life();
        }
    }

    /// Returns the state of the connection.
    #[must_use]
    pub fn state(&self) -> State {
        self.connection.state()
    }

    /// Returns the connection, to look at it.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns how the connection has ended, once it has.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Returns when to call [`timeout`](Self::timeout), unless another event comes first.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let sender = self.sender.as_ref().and_then(|sender| sender.deadline());
        let receiver = self.receiver.as_ref().and_then(|receiver| receiver.idle_at);
        self.connection.deadline().into_iter().chain(sender).chain(receiver).min()
    }

    /// Changes the policies of the connection: `change` gets those in force. See
    /// [`Connection::configure`](crate::Connection::configure).
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = self.connection.config();
        change(&mut config);
        self.connection.configure(&config);
    }
}

/// What nothing has used for a retransmission timeout, and at least this long, is dropped.
const LEAST_IDLE: Duration = Duration::from_secs(1);
/// A receive queue that has taken no more than this, in bytes, is dropped as soon as it is empty.
const SMALL: usize = 4 << 10;

/// The sender and the receiver.
impl Stream {
    /// Returns the sender; makes it if there is none.
    pub(super) fn sender(&mut self, now: Instant) -> &mut Sender {
        let sender = match self.sender.take() {
            Some(sender) => sender,
            None => Box::new(Sender {
                queue: VecDeque::new(),
                recovery: self.new_recovery(now),
                requested: None,
                shrunk: None,
                limit: u32::MAX,
                is_blocked: false,
                used: now,
                idle_at: None,
            }),
        };
        let sender = self.sender.insert(sender);
        sender.used = now;
        sender
    }

    /// Returns the receiver; makes it if there is none.
    pub(super) fn receiver(&mut self, now: Instant) -> &mut Receiver {
        let received = self.received;
        let receiver = self
            .receiver
            .get_or_insert_with(|| Box::new(Receiver { queue: ReceiveQueue::at(received), used: now, idle_at: None }));
        receiver.used = now;
        receiver
    }

    pub(super) fn new_recovery(&self, now: Instant) -> Recovery {
        let status = self.connection.status();
        let mss = status.peer_mss.unwrap_or(536);
        let mut controller = (self.controller)(mss, self.threshold.map(NonZeroU32::get));
        // Before the first byte is acknowledged, a sender sees no timeout but those of the SYN.
        if self.una == 0 && self.counters().timeouts > 0 {
            controller.syn_lost();
        }
        let mut recovery = Recovery::new(controller, mss, status.sack_permitted, status.srtt, now);
        recovery.board.reset(self.una);
        recovery
    }

    /// Nothing is left to send: sets the times at which the sender and the receiver are idle.
    pub(super) fn note_idle(&mut self, status: &Status, now: Instant) {
        let is_closed = status.state == State::Closed;
        let idle_time = if is_closed { Duration::ZERO } else { status.rto.unwrap_or_default().max(LEAST_IDLE) };
        if let Some(sender) = &mut self.sender {
            sender.idle_at = sender.is_idle().then(|| sender.used + idle_time);
        }
        if let Some(receiver) = &mut self.receiver {
            // A small queue is made again sooner than it is found in a cold cache.
            let idle_time = if receiver.queue.capacity() <= SMALL { Duration::ZERO } else { idle_time };
            receiver.idle_at = receiver.is_idle().then(|| receiver.used + idle_time);
        }
        // The user may have read the last byte long after it came.
        self.drop_idle(now);
    }

    /// Drops what is idle. The next sender begins with a window of ten segments, and with the slow start threshold of
    /// this one (RFC 5681 section 4.1).
    pub(super) fn drop_idle(&mut self, now: Instant) {
        if let Some(sender) = &self.sender
            && sender.is_idle()
            && sender.idle_at.is_some_and(|at| at <= now)
        {
            self.threshold = sender.slow_start_threshold();
            self.sender = None;
        }
        if let Some(receiver) = &self.receiver
            && receiver.is_idle()
            && receiver.idle_at.is_some_and(|at| at <= now)
        {
            self.receiver = None;
        }
    }

    /// The connection has ended: nothing is left but what the user can still read.
    pub(super) fn stop(&mut self) {
        self.sender = None;
        if let Some(receiver) = &mut self.receiver {
            receiver.queue.drop_kept();
        }
    }
}

/// Returns RCV.NXT without the peer's FIN.
pub(super) fn end_of_bytes(status: &Status) -> Option<SeqNumber> {
    Some(status.rcv_nxt?.back(u32::from(has_taken_fin(status.state))))
}

/// Returns whether the peer's FIN has been taken: it has no more to send.
pub(super) fn has_taken_fin(state: State) -> bool {
    matches!(state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait)
}

/// Returns the position of `seq`, which lies less than 2^31 behind or ahead of `at`, the number of position `position`.
pub(super) fn position_of(seq: SeqNumber, at: SeqNumber, position: u64) -> Option<u64> {
    if seq.ge(at) { position.checked_add((seq - at).into()) } else { position.checked_sub((at - seq).into()) }
}
