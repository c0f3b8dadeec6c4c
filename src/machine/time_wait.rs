//! TIME-WAIT in half a cache line. It has no rules of its own: each event unpacks a [`Connection`], hands it the event,
//! and packs the result.

use core::ops::Range;
use core::time::Duration;

use crate::machine::config::{Config, Policy, TimeWaitPolicy};
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::error::Refusal;
use crate::machine::outbox::Pending;
use crate::machine::output::Output;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;
use crate::machine::tcb::{Flags, Offer, Origin, Phase, Rcv, Snd, Synchronized, Tcb, Told};
use crate::machine::time::Instant;

/// A [`Connection`] in TIME-WAIT, packed into 32 bytes for a server to keep for 2 MSL.
///
/// [`Connection::time_wait`] makes it. Drive it like a connection: after every event, poll until [`Output::Wait`]. In
/// CLOSED it can be dropped. It does not hold its policies, since many share them. Each call takes them as a
/// [`TimeWaitPolicy`], a [`Policy`] or a `&Config`. They must be the policies that the connection had when it was
/// packed.
///
/// ```
/// use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment, State, TimeWait};
///
/// let config = Config::DEFAULT;
/// let now = Instant::ZERO;
/// let mut connection = Connection::new(&config, 100);
/// connection.open(Open::Active, now)?;
/// while !matches!(connection.poll(now), Output::Wait(_)) {} // a SYN goes out
/// connection.segment_arrives(&"<SEQ=300><ACK=101><CTL=SYN,ACK><WND=1000>".parse()?, now)?;
/// connection.close(now)?;
/// while !matches!(connection.poll(now), Output::Wait(_)) {} // a FIN goes out
/// let fin: Segment = "<SEQ=301><ACK=102><CTL=FIN,ACK>".parse()?;
/// connection.segment_arrives(&fin, now)?;
/// while !matches!(connection.poll(now), Output::Wait(_)) {} // the last ACK, which is lost
///
/// let mut time_wait = connection.time_wait().unwrap(); // the connection can be dropped
/// let later = now + config.msl;
/// assert_eq!(time_wait.segment_arrives(&fin, later, &config), Ok(0..0));
/// let Output::Transmit(again) = time_wait.poll(later, &config) else { panic!("an ACK is due") };
/// assert_eq!(again.segment.to_string(), "<SEQ=102><ACK=302><CTL=ACK><WND=65535>");
/// let end = time_wait.deadline(&config).unwrap();
/// assert_eq!(end, later + 2 * config.msl);
/// time_wait.timeout(end, &config);
/// let Output::Transition(end) = time_wait.poll(end, &config) else { panic!("2 MSL are over") };
/// assert_eq!(end.to, State::Closed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Differences from a connection
///
/// Until CLOSED, it behaves as the connection would, except where there is no room for the exact state:
///
/// * Each ACK has the window that the connection's next ACK would have had. Its right edge is also the edge that
///   segments are tested against. This edge may lie further right than the peer has been told, by as much as that next
///   ACK adds. With scaled windows it may lie further left, by less than one step of the scale.
/// * Only the lower 16 bits of IRS are kept. A SYN whose number agrees in these bits counts as a repeat of this life's
///   SYN. So it does not let a later reset end TIME-WAIT (D14 in [`decisions`](crate::decisions)). Nor does it start a
///   new life where only the new life has timestamps (D31).
/// * If time goes back, the clock stands still at the last event, rounded down to whole milliseconds, and no later than
///   about four and a half hours after the 2 MSL began.
/// * The bucket of challenge ACKs is at most 65 seconds from full. If `timeout` is not called, the bucket is full at
///   each event from about four and a half hours after the 2 MSL began.
/// * MAX.SND.WND is kept to eight significant bits, rounded up.
/// * The age of TS.Recent is not kept, only whether it was more than 24 days at the last event.
/// * Moments count up to 142 years after the epoch.
///
/// In CLOSED there is no connection any more. A segment is refused as [`Connection`] would refuse it, but no answer
/// comes out of `poll`. The answer, if one is due, is [`Segment::reset`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimeWait {
    /// The moment at which the 2 MSL began, in microseconds, above the lower twelve bits. Of these, five hold the shift
    /// of `max_snd_wnd`, and the others [`Marks`].
    since_and_marks: u64,
    snd_nxt: SeqNumber,
    rcv_nxt: SeqNumber,
    ts_recent: u32,
    /// The window field of each ACK, as on the wire.
    window: u16,
    /// The lower half of IRS.
    irs: u16,
    timestamp_offset: u16,
    /// The milliseconds until the bucket of challenge ACKs is full.
    challenges_owed: u16,
    /// The upper eight bits of MAX.SND.WND, before its shift.
    max_snd_wnd: u8,
    /// The milliseconds from `since` to the last event, little-endian.
    elapsed: [u8; 3],
}

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Marks: u16 {
        /// Timestamps were agreed.
        const TIMESTAMPS = 1 << 5;
        /// TS.Recent is too old to count.
        const STALE = 1 << 6;
        /// Window scaling was agreed.
        const SCALE = 1 << 7;
        /// A SYN of another life has been challenged (D14).
        const CHALLENGED = 1 << 8;
        /// TIME-WAIT is over.
        const CLOSED = 1 << 9;
        /// Output is due: an ACK in TIME-WAIT, the transition in CLOSED.
        const DUE = 1 << 10;
        /// The receive buffer was larger earlier in this life.
        const BUFFER_SHRUNK = 1 << 11;
    }
}

/// `since_and_marks` has the marks in its lower bits, and the shift of the window in the lowest.
const MARK_BITS: u32 = 12;
const SHIFT_MASK: u64 = 0x1F;
const MAX_SINCE: u64 = u64::MAX >> MARK_BITS;
const MAX_ELAPSED: u64 = 0xFF_FFFF;
/// The longest 2 MSL that is packed, within [`MAX_ELAPSED`].
const MAX_2_MSL: Duration = Duration::from_secs(4 * 3_600);

impl Connection {
    /// Packs a drained connection in TIME-WAIT into a [`TimeWait`], to be kept in its place. Bytes that the user has
    /// not reported as consumed before this call stay out of the window.
    ///
    /// Returns `None` in any other state, and while output is due. Also returns `None` if the result would not be
    /// faithful: if 2 MSL are longer than four hours, or if [`configure`](Self::configure) has changed the MSL or the
    /// window scale since they were put to use.
    #[must_use]
    #[doc(alias = "into_time_wait")]
    pub fn time_wait(&self) -> Option<TimeWait> {
        if self.state() != State::TimeWait || !self.context.outbox.is_empty() {
            return None;
        }
        let packed = TimeWait::pack(self);
        let again = packed.unpack(self.context.policy);
        let lasts = self.deadline()?.saturating_duration_since(packed.since());
        let faithful = again.deadline() == self.deadline()
            && again.context.now <= self.context.now
            && again.rcv_scale() == self.rcv_scale();
        (faithful && lasts <= MAX_2_MSL).then_some(packed)
    }

    /// Packs the connection like [`time_wait`](Self::time_wait), but consumes it.
    ///
    /// # Errors
    ///
    /// Returns the connection itself where [`time_wait`](Self::time_wait) returns `None`.
    #[expect(clippy::result_large_err, reason = "the connection is moved back to where it came from")]
    pub fn into_time_wait(self) -> Result<TimeWait, Connection> {
        self.time_wait().ok_or(self)
    }

    fn rcv_scale(&self) -> Option<u8> {
        match &self.tcb {
            Tcb::Synchronized(tcb) => Some(tcb.rcv.scale),
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => None,
        }
    }
}

impl TimeWait {
    /// Returns the state: TIME-WAIT, or CLOSED once TIME-WAIT is over.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.marks().contains(Marks::CLOSED) { State::Closed } else { State::TimeWait }
    }

    /// Handles a segment like [`Connection::segment_arrives`]. The range is empty, since no payload is taken in
    /// TIME-WAIT.
    ///
    /// # Errors
    ///
    /// Returns the [`Refusal`] that the connection would return.
    pub fn segment_arrives(
        &mut self,
        segment: &Segment,
        now: Instant,
        policy: impl Into<TimeWaitPolicy>,
    ) -> Result<Range<usize>, Refusal> {
        self.event(policy, |connection| {
            borrow_high_irs(connection, segment);
            connection.segment_arrives(segment, now)
        })
    }

    /// Handles a timeout like [`Connection::timeout`]: at the deadline, TIME-WAIT is over.
    pub fn timeout(&mut self, now: Instant, policy: impl Into<TimeWaitPolicy>) {
        self.event(policy, |connection| connection.timeout(now));
    }

    /// Returns the next output like [`Connection::poll`]: an ACK, the transition to CLOSED, or [`Output::Wait`].
    #[must_use]
    pub fn poll(&mut self, now: Instant, policy: impl Into<TimeWaitPolicy>) -> Output {
        self.event(policy, |connection| connection.poll(now))
    }

    /// Returns the moment at which the 2 MSL end, like [`Connection::deadline`]; `None` in CLOSED.
    #[must_use]
    pub fn deadline(&self, policy: impl Into<TimeWaitPolicy>) -> Option<Instant> {
        self.unpack(policy.into().policy()).deadline()
    }

    /// Returns the ISN offset for a new life, if this SYN may start one, like [`Connection::reopens`]. `isn_offset` is
    /// the F that the connection would have had for its next life:
    /// [`IsnHash::offset`](crate::isn::IsnHash::offset).
    #[must_use]
    pub fn reopens(
        &self,
        syn: &Segment,
        isn_offset: u32,
        now: Instant,
        policy: impl Into<TimeWaitPolicy>,
    ) -> Option<u32> {
        let mut connection = self.unpack(policy.into().policy());
        connection.set_isn_offset(isn_offset);
        borrow_high_irs(&mut connection, syn);
        connection.reopens(syn, now)
    }

    /// Returns the F for a next life like [`Connection::next_isn_offset`], with the `isn_offset` that
    /// [`reopens`](Self::reopens) takes.
    #[must_use]
    pub fn next_isn_offset(&self, isn_offset: u32, now: Instant) -> u32 {
        Context::isn_offset_beyond(isn_offset, self.snd_nxt, now.max(self.now()))
    }

    fn event<T>(&mut self, policy: impl Into<TimeWaitPolicy>, event: impl FnOnce(&mut Connection) -> T) -> T {
        let mut connection = self.unpack(policy.into().policy());
        let outcome = event(&mut connection);
        *self = TimeWait::pack(&connection);
        outcome
    }
}

/// Packing and unpacking.
impl TimeWait {
    fn pack(connection: &Connection) -> TimeWait {
        let context = &connection.context;
        match &connection.tcb {
            Tcb::Synchronized(tcb) => TimeWait::pack_tcb(tcb, context),
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => TimeWait {
                since_and_marks: pack_since(context.now, 0, mark_if(Marks::CLOSED, true) | due(context)),
                snd_nxt: SeqNumber(0),
                rcv_nxt: SeqNumber(0),
                ts_recent: 0,
                window: 0,
                max_snd_wnd: 0,
                irs: 0,
                timestamp_offset: 0,
                challenges_owed: 0,
                elapsed: [0; 3],
            },
        }
    }

    fn pack_tcb(tcb: &Synchronized, context: &Context) -> TimeWait {
        let (snd, mut rcv) = (&tcb.snd, tcb.rcv.clone());
        let window = rcv.advertise(snd.is_syn_unacknowledged(), context);
        let max_wnd = snd.max_wnd.max(u32::from(snd.mss));
        // Eight significant bits, rounded up. The carry of the rounding may lengthen the number by one bit.
        let rest = u32::MAX.checked_shr(max_wnd.leading_zeros().saturating_add(8)).unwrap_or(0);
        let max_wnd = max_wnd.saturating_add(rest) & !rest;
        let shift = 24_u32.saturating_sub(max_wnd.leading_zeros());
        // A TSval just older than TS.Recent is acceptable only if TS.Recent is too old to count, or zero.
        let marks = mark_if(Marks::TIMESTAMPS, snd.flags.intersects(Flags::TIMESTAMPS))
            | mark_if(Marks::STALE, !rcv.is_old(rcv.ts_recent.wrapping_sub(1), context))
            | mark_if(Marks::SCALE, snd.flags.intersects(Flags::SCALE))
            | mark_if(Marks::BUFFER_SHRUNK, snd.flags.intersects(Flags::BUFFER_SHRUNK))
            | mark_if(Marks::CHALLENGED, tcb.phase == Phase::TimeWait { challenged: true })
            | due(context);
        let since = context.time_wait_since();
        let elapsed = millis(context.now).saturating_sub(millis(since)).min(MAX_ELAPSED);
        let [first, second, third, ..] = elapsed.to_le_bytes();
        TimeWait {
            since_and_marks: pack_since(since, u64::from(shift), marks),
            snd_nxt: snd.nxt,
            rcv_nxt: rcv.nxt,
            ts_recent: rcv.ts_recent,
            window,
            max_snd_wnd: (max_wnd >> shift) as u8,
            irs: rcv.irs.0 as u16,
            timestamp_offset: context.timestamp_offset,
            challenges_owed: u16::try_from(tcb.challenges_owed(context)).unwrap_or(u16::MAX),
            elapsed: [first, second, third],
        }
    }

    const fn marks(&self) -> Marks {
        Marks::from_bits_truncate(self.since_and_marks as u16)
    }

    fn since(&self) -> Instant {
        Instant::from_micros(self.since_and_marks >> MARK_BITS)
    }

    /// Returns the moment of the last event, to the millisecond.
    fn now(&self) -> Instant {
        let [first, second, third] = self.elapsed;
        let elapsed = u32::from_le_bytes([first, second, third, 0]);
        let now = millis(self.since()).saturating_add(u64::from(elapsed));
        Instant::from_micros(now.saturating_mul(1_000)).max(self.since())
    }

    fn unpack(&self, policy: Policy) -> Connection {
        let mut connection = Connection::new(&Config::DEFAULT, 0);
        let context = &mut connection.context;
        context.policy = policy;
        context.timestamp_offset = self.timestamp_offset;
        context.now = self.since();
        context.start_time_wait();
        context.now = self.now();
        let is_due = self.marks().contains(Marks::DUE);
        if self.state() == State::Closed {
            context.timer = None;
            if is_due {
                context.outbox.record_transition(State::TimeWait, State::Closed);
            }
            return connection;
        }
        if is_due {
            context.outbox.request_ack();
        }
        connection.tcb = Tcb::Synchronized(self.unpack_tcb(context));
        connection
    }

    fn unpack_tcb(&self, context: &Context) -> Synchronized {
        let syn = Segment::new(SeqNumber(u32::from(self.irs)), SeqNumber(0), Control::SYN);
        let snd = Snd::new(self.snd_nxt.back(2), context);
        let mut tcb = Synchronized::new(Origin::Active, snd, &Offer::of(&context.policy), &syn, context);
        tcb.phase = Phase::TimeWait { challenged: self.marks().contains(Marks::CHALLENGED) };
        tcb.challenges_full_at = context.now.as_millis_low().wrapping_add(u32::from(self.challenges_owed));
        self.unpack_snd(&mut tcb.snd);
        self.unpack_rcv(&mut tcb.rcv, context);
        tcb
    }

    fn unpack_snd(&self, snd: &mut Snd) {
        snd.flags = Flags::FIN;
        snd.end = self.snd_nxt.back(1);
        snd.una = self.snd_nxt;
        snd.nxt = self.snd_nxt;
        // The packed MAX.SND.WND is one segment at least.
        snd.mss = 0;
        snd.max_wnd = u32::from(self.max_snd_wnd) << (self.since_and_marks & SHIFT_MASK);
        snd.flags.set(Flags::TIMESTAMPS, self.marks().contains(Marks::TIMESTAMPS));
        snd.flags.set(Flags::SCALE, self.marks().contains(Marks::SCALE));
        snd.flags.set(Flags::BUFFER_SHRUNK, self.marks().contains(Marks::BUFFER_SHRUNK));
    }

    fn unpack_rcv(&self, rcv: &mut Rcv, context: &Context) {
        let scale = context.policy.window_scale().filter(|_| self.marks().contains(Marks::SCALE));
        rcv.scale = scale.unwrap_or(0);
        rcv.nxt = self.rcv_nxt;
        rcv.edge = self.rcv_nxt + u32::from(self.window).wrapping_shl(u32::from(rcv.scale));
        // The receive buffer then ends at `edge`, so each ACK offers exactly this window.
        rcv.read = rcv.edge.back(context.policy.receive_buffer);
        rcv.told = Told::WINDOW;
        rcv.ts_recent = self.ts_recent;
        if self.marks().contains(Marks::STALE) {
            rcv.ts_recent_at = rcv.ts_recent_at.wrapping_sub(u16::MAX / 2);
        }
    }
}

fn millis(moment: Instant) -> u64 {
    moment.as_millis()
}

fn mark_if(mark: Marks, on: bool) -> Marks {
    if on { mark } else { Marks::empty() }
}

fn due(context: &Context) -> Marks {
    mark_if(Marks::DUE, context.outbox.pending.intersects(Pending::TRANSITIONS | Pending::ACK))
}

/// Fills the upper half of IRS, which is not kept, with the upper half of SEG.SEQ.
fn borrow_high_irs(connection: &mut Connection, segment: &Segment) {
    if let Tcb::Synchronized(tcb) = &mut connection.tcb {
        tcb.rcv.irs = SeqNumber((segment.seq().0 & !0xFFFF) | (tcb.rcv.irs.0 & 0xFFFF));
    }
}

fn pack_since(since: Instant, shift: u64, marks: Marks) -> u64 {
    (since.as_micros().min(MAX_SINCE) << MARK_BITS) | (shift & SHIFT_MASK) | u64::from(marks.bits())
}
