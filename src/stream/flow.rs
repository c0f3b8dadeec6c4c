//! The stream: a connection, and the flow of its bytes.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use super::congestion::{Cubic, StartController};
use super::counters::Counts;
use super::log::Log;
use super::output::{End, Pending};
use super::receive_queue::ReceiveQueue;
use super::recovery::Recovery;
use crate::{Config, Connection, IcmpError, Instant, Policy, Refusal, SeqNumber, State, Status, TimeWait};

/// The policies of a [`Stream`].
#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    /// The policies of the connection. Its `receive_buffer` is the size to begin with.
    pub tcp: Config,
    /// The most bytes that wait to be sent or acknowledged; [`Stream::write`] takes no more. At most 1 GiB.
    pub send_buffer: u32,
    /// The most bytes that wait to be read, or ahead of a gap: the receive buffer grows to this size, if the user reads
    /// as fast as the peer sends. At most 1 GiB; less than `tcp.receive_buffer` counts as that.
    pub max_receive_buffer: u32,
    /// The congestion control.
    pub controller: StartController,
}

impl StreamConfig {
    /// The policies of Linux: buffers of 4 MiB and 6 MiB at most, and CUBIC.
    #[must_use]
    pub const fn new() -> StreamConfig {
        StreamConfig {
            tcp: Config { receive_buffer: 128 << 10, ..Config::linux() },
            send_buffer: 4 << 20,
            max_receive_buffer: 6 << 20,
            controller: Cubic::start,
        }
    }

    /// Returns the policies for a [`Connection`] or a [`Listener`](crate::listener::Listener). Its SYNs offer a window
    /// scale for the largest receive buffer.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let largest = Config { receive_buffer: self.max_receive_buffer.max(self.tcp.receive_buffer), ..self.tcp };
        let window_scale = self.tcp.window_scale.or(Policy::new(&largest).config().window_scale);
        Policy::new(&Config { window_scale, ..self.tcp })
    }
}

impl Default for StreamConfig {
    fn default() -> StreamConfig {
        StreamConfig::new()
    }
}

/// One connection with its bytes.
#[derive(Clone, Debug)]
pub struct Stream {
    pub(super) connection: Connection,
    pub(super) flow: Option<Box<Flow>>,
    pub(super) controller: StartController,
    /// The slow start threshold of the last flow.
    pub(super) threshold: Option<NonZeroU32>,
    pub(super) send_buffer: u32,
    pub(super) max_receive_buffer: u32,
    /// The bytes that the user has written.
    pub(super) written: u64,
    /// The bytes that the peer has acknowledged, and that have left the send queue.
    pub(super) acknowledged: u64,
    /// SND.UNA as a position; our FIN is the position behind the last byte.
    pub(super) una: u64,
    /// RCV.NXT as a position; the peer's FIN does not count.
    pub(super) received: u64,
    pub(super) pending: Pending,
    pub(super) soft_error: Option<IcmpError>,
    pub(super) end: Option<End>,
    pub(super) counts: Counts,
    pub(super) records: Option<Box<Records>>,
}

/// What most streams do not need.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) refusals: Vec<(Refusal, u32)>,
    pub(super) log: Log,
}

/// What a stream needs while bytes are queued or in flight.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// The bytes behind `acknowledged`.
    pub(super) send: VecDeque<u8>,
    pub(super) receive: ReceiveQueue,
    pub(super) recovery: Recovery,
    /// The position from which a retransmission has been requested.
    pub(super) requested: Option<u64>,
    /// The last value given to [`Connection::limit`].
    pub(super) limit: u32,
    /// The last value given to [`Connection::reserve_options`].
    pub(super) reserved: u8,
    /// The receive buffer in force.
    pub(super) receive_buffer: u32,
    pub(super) round: Round,
    /// The user has written more than fitted.
    pub(super) is_blocked: bool,
    /// The last event that used the flow.
    pub(super) used: Instant,
    /// When the flow is dropped, if nothing uses it until then.
    pub(super) idle_at: Option<Instant>,
}

/// A flow that nothing has used for a retransmission timeout, and at least this long, is dropped.
pub(super) const LEAST_IDLE: Duration = Duration::from_secs(1);

/// A round-trip time of a flow towards us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) began: Instant,
    /// The position up to which the user had read.
    pub(super) read: u64,
}

impl Round {
    pub(super) fn begin(read: u64, now: Instant) -> Round {
        Round { began: now, read }
    }
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
            flow: None,
            controller: config.controller,
            threshold: None,
            send_buffer: config.send_buffer.min(MAX_BUFFER),
            max_receive_buffer: config.max_receive_buffer.min(MAX_BUFFER),
            written: 0,
            acknowledged: 0,
            una: 0,
            received: 0,
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
            stream.flow(now).receive.append(payload);
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
        self.end = Some(End::Closed);
        self.pending |= Pending::ENDED;
        Some(time_wait)
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
        let flow = self.flow.as_ref();
        let recovery = flow.and_then(|flow| flow.recovery.deadline());
        let idle = flow.and_then(|flow| flow.idle_at);
        self.connection.deadline().into_iter().chain(recovery).chain(idle).min()
    }

    /// Changes the policies of the connection: `change` gets those in force. See
    /// [`Connection::configure`](crate::Connection::configure).
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = self.connection.config();
        change(&mut config);
        self.connection.configure(&config);
        if let Some(flow) = &mut self.flow {
            flow.receive_buffer = config.receive_buffer;
        }
    }

    /// Returns the flow; makes it if there is none.
    pub(super) fn flow(&mut self, now: Instant) -> &mut Flow {
        let flow = match self.flow.take() {
            Some(flow) => flow,
            None => Box::new(Flow {
                send: VecDeque::new(),
                receive: ReceiveQueue::at(self.received),
                recovery: self.new_recovery(now),
                requested: None,
                limit: u32::MAX,
                reserved: 0,
                receive_buffer: self.connection.config().receive_buffer,
                round: Round::begin(self.received, now),
                is_blocked: false,
                used: now,
                idle_at: None,
            }),
        };
        let flow = self.flow.insert(flow);
        flow.used = now;
        flow
    }

    pub(super) fn new_recovery(&self, now: Instant) -> Recovery {
        let status = self.connection.status();
        let mss = status.peer_mss.unwrap_or(536);
        let mut controller = (self.controller)(mss, self.threshold.map(NonZeroU32::get));
        if self.pending.intersects(Pending::SYN_LOST) {
            controller.timed_out(0, true, now);
        }
        let mut recovery = Recovery::new(controller, mss, status.sack_permitted, status.srtt, now);
        recovery.board.reset(self.una);
        recovery
    }

    /// Begins a life of the connection: nothing is left of the one before.
    pub(super) fn begin_life(&mut self) {
        self.drop_flow();
        (self.threshold, self.soft_error, self.end) = (None, None, None);
        (self.written, self.acknowledged, self.una, self.received) = (0, 0, 0, 0);
        self.pending = Pending::empty();
        self.counts = Counts::default();
        if let Some(records) = &mut self.records {
            records.refusals.clear();
        }
    }

    pub(super) fn drop_flow(&mut self) {
        self.flow = None;
        self.pending.remove(Pending::SYN_LOST);
        // The next flow reserves what it needs.
        self.connection.reserve_options(0);
    }

    /// Drops the flow, if nothing uses it. The next flow begins with a window of ten segments, and with the slow start
    /// threshold of this one (RFC 5681 section 4.1).
    pub(super) fn drop_idle_flow(&mut self, now: Instant) {
        if let Some(flow) = &self.flow
            && flow.is_idle()
            && flow.idle_at.is_some_and(|at| at <= now)
        {
            let threshold = flow.recovery.controller.slow_start_threshold();
            self.threshold = threshold.and_then(|bytes| NonZeroU32::new(u32::try_from(bytes).unwrap_or(u32::MAX)));
            self.drop_flow();
        }
    }
}

impl Flow {
    /// Returns whether nothing is queued, in flight or kept.
    pub(super) fn is_idle(&self) -> bool {
        self.send.is_empty()
            && self.recovery.board.in_flight() == 0
            && self.receive.readable() == 0
            && !self.receive.has_gap()
    }

    /// The connection has ended: what the user can still read is left.
    pub(super) fn stop(&mut self) {
        self.send = VecDeque::new();
        self.recovery.stop();
        self.receive.drop_kept();
    }
}

/// The largest buffer: [`Connection::send`] takes no more, and no window is larger.
const MAX_BUFFER: u32 = 1 << 30;

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
