//! TIME-WAIT in half a cache line. The rules are not told twice: each event unpacks the [`Connection`], hands the event
//! to it, and packs what it has become.

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
use crate::machine::tcb::{Flags, Offer, Origin, Phase, Rcv, Snd, Synchronized, Tcb};
use crate::machine::time::Instant;

/// A [`Connection`] in TIME-WAIT, in 32 bytes: what a server keeps of its closed connections for 2 MSL.
///
/// [`Connection::time_wait`] makes one. It is driven as the connection would be: after every event, poll until
/// [`Output::Wait`]; in CLOSED it has done its work. Since many share their policies, each call takes them, as a
/// [`TimeWaitPolicy`], a [`Policy`] or a `&Config`: those that the connection had when it was turned into this.
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
/// while !matches!(connection.poll(now), Output::Wait(_)) {} // its acknowledgment goes out, and is lost
///
/// let mut time_wait = connection.time_wait().unwrap(); // the connection can be dropped
/// let later = now + config.msl;
/// assert_eq!(time_wait.segment_arrives(&fin, later, &config), Ok(0..0));
/// let Output::Transmit(again) = time_wait.poll(later, &config) else { panic!("an ACK is due") };
/// assert_eq!(again.segment.to_string(), "<SEQ=102><ACK=302><CTL=ACK><WND=65535>");
/// let end = time_wait.deadline(&config).unwrap();
/// assert_eq!(end, later + 2 * config.msl);
/// time_wait.timeout(end, &config);
/// assert!(matches!(time_wait.poll(end, &config), Output::Transition(t) if t.to == State::Closed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # How exact it is
///
/// Until it is in CLOSED, whatever can be observed is as with the connection, but for this, for which there is no room:
///
/// * Each ACK has the window that the next one of the connection would have had. Where that offers more than the peer
///   has been told, or windows are scaled and the right edge is no multiple of the scale, the edge that segments are
///   tested against may differ by that much.
/// * Of IRS 16 bits are kept: a SYN which is alike in these counts as a repeat, after which no reset ends TIME-WAIT,
///   and which opens nothing where timestamps on the new life alone are its reason (D14, D31 in
///   [`decisions`](crate::decisions)).
/// * Time that goes back stands still at the last whole millisecond, and no later than four and a half hours after the
///   2 MSL began.
/// * Of what the bucket of challenges has to fill, 65 seconds are kept. Without `timeout`, more than four and a half
///   hours after the deadline, it is full at each event.
/// * MAX.SND.WND is kept to eight binary digits, rounded up.
/// * Whether TS.Recent is older than 24 days is known as of the last event.
/// * Moments count up to 142 years after the epoch.
///
/// In CLOSED it is no connection any more. A segment is refused as the connection would, but the answer, if it needs
/// one, is [`Segment::reset`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimeWait {
    /// When the 2 MSL began, in microseconds, above twelve bits: five of `max_snd_wnd`'s shift, and [`Marks`].
    since_and_marks: u64,
    snd_nxt: SeqNumber,
    rcv_nxt: SeqNumber,
    ts_recent: u32,
    /// The window of each ACK, as on the wire.
    window: u16,
    /// The lower half of IRS.
    irs: u16,
    timestamp_offset: u16,
    /// Milliseconds until the bucket of challenges is full.
    challenges_owed: u16,
    /// The upper digits of MAX.SND.WND.
    max_snd_wnd: u8,
    /// Milliseconds from `since` to the last event, little end first.
    elapsed: [u8; 3],
}

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Marks: u16 {
        const TIMESTAMPS = 1 << 5;
        /// TS.Recent is too old to count.
        const STALE = 1 << 6;
        const SCALE = 1 << 7;
        /// D14
        const CHALLENGED = 1 << 8;
        const CLOSED = 1 << 9;
        /// In TIME-WAIT an ACK, in CLOSED the transition.
        const DUE = 1 << 10;
        const SHRUNK = 1 << 11;
    }
}

const MARKS: u32 = 12;
const SHIFT: u64 = 0x1F;
const MOST_SINCE: u64 = u64::MAX >> MARKS;
const MOST_ELAPSED: u64 = 0xFF_FFFF;
/// A longer 2 MSL is not worth to be packed.
const MOST_2_MSL: Duration = Duration::from_secs(4 * 3_600);

impl Connection {
    /// A drained connection in TIME-WAIT as a [`TimeWait`], which takes its place. Bytes that the user has not reported
    /// as consumed by then stay out of the window.
    ///
    /// None in any other state, and while anything is due. None, too, where it could not be done faithfully: where 2
    /// MSL are longer than four hours, or [`configure`](Self::configure) has brought another MSL or window scale since
    /// they were put to use.
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
        (faithful && lasts <= MOST_2_MSL).then_some(packed)
    }

    /// As [`time_wait`](Self::time_wait), but it takes the connection.
    ///
    /// # Errors
    ///
    /// The connection itself, where that gives none.
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
    /// TIME-WAIT, or CLOSED once it is over.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.marks().contains(Marks::CLOSED) { State::Closed } else { State::TimeWait }
    }

    /// As [`Connection::segment_arrives`]. There is never any payload to take: the range is empty.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] of the connection.
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

    /// As [`Connection::timeout`]: at the deadline, TIME-WAIT is over.
    pub fn timeout(&mut self, now: Instant, policy: impl Into<TimeWaitPolicy>) {
        self.event(policy, |connection| connection.timeout(now));
    }

    /// As [`Connection::poll`]: an ACK, the transition to CLOSED, and [`Output::Wait`].
    #[must_use]
    pub fn poll(&mut self, now: Instant, policy: impl Into<TimeWaitPolicy>) -> Output {
        self.event(policy, |connection| connection.poll(now))
    }

    /// As [`Connection::deadline`]: when 2 MSL will be over; none in CLOSED.
    #[must_use]
    pub fn deadline(&self, policy: impl Into<TimeWaitPolicy>) -> Option<Instant> {
        self.unpack(policy.into().policy()).deadline()
    }

    /// As [`Connection::reopens`]; `isn_offset` is the F that the connection would have had for its next life, so
    /// that of [`IsnHash::offset`](crate::isn::IsnHash::offset).
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

    /// As [`Connection::next_isn_offset`], with the `isn_offset` that [`reopens`](Self::reopens) takes.
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

/// What is kept, and how.
impl TimeWait {
    fn pack(connection: &Connection) -> TimeWait {
        let context = &connection.context;
        match &connection.tcb {
            Tcb::Synchronized(tcb) => TimeWait::pack_tcb(tcb, context),
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => TimeWait {
                since_and_marks: pack_since(context.now, 0, flag_if(Marks::CLOSED, true) | due(context)),
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
        let window = rcv.advertise(snd.is_opening(), context);
        let max_wnd = snd.max_wnd.max(u32::from(snd.mss));
        // Eight binary digits, rounded up, which may bring a ninth.
        let rest = u32::MAX.checked_shr(max_wnd.leading_zeros().saturating_add(8)).unwrap_or(0);
        let max_wnd = max_wnd.saturating_add(rest) & !rest;
        let shift = 24_u32.saturating_sub(max_wnd.leading_zeros());
        // Both SYNs had them, TS.Recent counts no more, and a SYN of another life has been challenged.
        let marks = flag_if(Marks::TIMESTAMPS, snd.flags.intersects(Flags::TIMESTAMPS))
            | flag_if(Marks::STALE, !rcv.is_old(rcv.ts_recent.wrapping_sub(1), context))
            | flag_if(Marks::SCALE, snd.flags.intersects(Flags::SCALE))
            | flag_if(Marks::SHRUNK, snd.flags.intersects(Flags::SHRUNK))
            | flag_if(Marks::CHALLENGED, tcb.phase == Phase::TimeWait { challenged: true })
            | due(context);
        let since = context.time_wait_since();
        let elapsed = millis(context.now).saturating_sub(millis(since)).min(MOST_ELAPSED);
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
        Instant::from_micros(self.since_and_marks >> MARKS)
    }

    /// The moment of the last event, to the millisecond.
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
        snd.mss = 0;
        snd.max_wnd = u32::from(self.max_snd_wnd) << (self.since_and_marks & SHIFT);
        snd.flags.set(Flags::TIMESTAMPS, self.marks().contains(Marks::TIMESTAMPS));
        snd.flags.set(Flags::SCALE, self.marks().contains(Marks::SCALE));
        snd.flags.set(Flags::SHRUNK, self.marks().contains(Marks::SHRUNK));
    }

    fn unpack_rcv(&self, rcv: &mut Rcv, context: &Context) {
        let scale = context.policy.window_scale().filter(|_| self.marks().contains(Marks::SCALE));
        rcv.scale = scale.unwrap_or(0);
        rcv.nxt = self.rcv_nxt;
        rcv.edge = self.rcv_nxt + u32::from(self.window).wrapping_shl(u32::from(rcv.scale));
        // So that it offers this much, and no more.
        rcv.read = rcv.edge.back(context.policy.receive_buffer);
        rcv.ts_recent = self.ts_recent;
        if self.marks().contains(Marks::STALE) {
            rcv.ts_recent_at = rcv.ts_recent_at.wrapping_sub(u16::MAX / 2);
        }
    }
}

fn millis(moment: Instant) -> u64 {
    moment.as_millis()
}

fn flag_if(mark: Marks, on: bool) -> Marks {
    if on { mark } else { Marks::empty() }
}

fn due(context: &Context) -> Marks {
    flag_if(Marks::DUE, context.outbox.pending.intersects(Pending::TRANSITIONS | Pending::ACK))
}

/// The upper half of IRS is not kept; that of the segment takes its place.
fn borrow_high_irs(connection: &mut Connection, segment: &Segment) {
    if let Tcb::Synchronized(tcb) = &mut connection.tcb {
        tcb.rcv.irs = SeqNumber((segment.seq().0 & !0xFFFF) | (tcb.rcv.irs.0 & 0xFFFF));
    }
}

fn pack_since(since: Instant, shift: u64, marks: Marks) -> u64 {
    (since.as_micros().min(MOST_SINCE) << MARKS) | (shift & SHIFT) | u64::from(marks.bits())
}
