//! The states in which the connection is attacked: the acts of the users, and the segments that the path swallows to
//! hold the state.

use std::time::Duration;

use tcp_lifecycle::{Config, Control, Instant, KeepAlive, Open, Segment, State};

/// The index of each end: A opens to B.
pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;

/// The beginning of a scene, except those of the handshake: by then the congestion windows have grown.
const BEGINS: Duration = Duration::from_millis(1_000);
/// The bytes that each user still sends after the scene, where SEND is allowed.
const REST: u32 = 100_000;
/// Short, so that an end whose probes are not answered gives up within 0.6 s.
const KEEP_ALIVE: KeepAlive =
    KeepAlive { idle: Duration::from_millis(300), interval: Duration::from_millis(100), probes: 3 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scene {
    /// A's SYN does not arrive. B is in LISTEN, and not attacked.
    SynSent,
    /// The ACK of the handshake does not arrive: B is in SYN-RECEIVED.
    SynReceived,
    /// Keep-alive at both ends.
    Idle,
    /// The same with an octet in the probes.
    IdleOctet,
    /// A transfer from A to B; `Back` is one from B to A.
    There,
    Back,
    /// B does not read until the attack is over.
    ClosedWindow,
    /// A's FIN does not arrive; B goes on sending.
    FinWait1,
    /// A has closed, B sends nothing, and keep-alive runs where it may.
    HalfClosedIdle,
    /// A has closed, B goes on sending.
    HalfClosed,
    /// Both FINs have crossed, and nothing more arrives.
    Closing,
    /// The acknowledgment of B's FIN does not arrive.
    LastAck,
    /// A is in TIME-WAIT until the attack is over, B in CLOSED, and not attacked.
    TimeWait,
}

/// A user's act; SEND and CLOSE wait for ESTABLISHED.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Open(Open),
    /// The user always has more to send.
    Stream,
    /// The user sends no more.
    Finish,
    /// Whether the user reads from now on.
    Read(bool),
    Send(u32),
    Close,
}

impl Scene {
    pub(crate) const ALL: [Scene; 13] = [
        Scene::SynSent,
        Scene::SynReceived,
        Scene::Idle,
        Scene::IdleOctet,
        Scene::There,
        Scene::Back,
        Scene::ClosedWindow,
        Scene::FinWait1,
        Scene::HalfClosedIdle,
        Scene::HalfClosed,
        Scene::Closing,
        Scene::LastAck,
        Scene::TimeWait,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Scene::SynSent => "SYN-SENT",
            Scene::SynReceived => "SYN-RECEIVED",
            Scene::Idle => "ESTABLISHED, keep-alive",
            Scene::IdleOctet => "ESTABLISHED, its octet",
            Scene::There => "ESTABLISHED, A sends",
            Scene::Back => "ESTABLISHED, B sends",
            Scene::ClosedWindow => "ESTABLISHED, no window",
            Scene::FinWait1 => "FIN-WAIT-1, B sends",
            Scene::HalfClosedIdle => "CLOSE-WAIT, keep-alive",
            Scene::HalfClosed => "CLOSE-WAIT, B sends",
            Scene::Closing => "CLOSING",
            Scene::LastAck => "LAST-ACK",
            Scene::TimeWait => "TIME-WAIT",
        }
    }

    /// The states of A and B while they are attacked.
    pub(crate) const fn states(self) -> [State; 2] {
        match self {
            Scene::SynSent => [State::SynSent, State::Listen],
            Scene::SynReceived => [State::Established, State::SynReceived],
            Scene::Idle | Scene::IdleOctet | Scene::There | Scene::Back | Scene::ClosedWindow => {
                [State::Established, State::Established]
            }
            Scene::FinWait1 => [State::FinWait1, State::Established],
            Scene::HalfClosedIdle | Scene::HalfClosed => [State::FinWait2, State::CloseWait],
            Scene::Closing => [State::Closing, State::Closing],
            Scene::LastAck => [State::TimeWait, State::LastAck],
            Scene::TimeWait => [State::TimeWait, State::Closed],
        }
    }

    /// The receiving end, where throughput counts.
    pub(crate) const fn receiver(self) -> Option<usize> {
        match self {
            Scene::There => Some(B),
            Scene::Back | Scene::FinWait1 | Scene::HalfClosed => Some(A),
            Scene::SynSent
            | Scene::SynReceived
            | Scene::Idle
            | Scene::IdleOctet
            | Scene::ClosedWindow
            | Scene::HalfClosedIdle
            | Scene::Closing
            | Scene::LastAck
            | Scene::TimeWait => None,
        }
    }

    /// The policies, adapted to the scene.
    pub(crate) fn config(self, config: &Config, attack: Duration) -> Config {
        let mut config = *config;
        // CLOSE is a half-close.
        config.half_duplex_close = false;
        config.keep_alive = None;
        // TIME-WAIT is longer than the attack.
        config.msl = attack;
        if matches!(self, Scene::Idle | Scene::IdleOctet | Scene::HalfClosedIdle) {
            config.keep_alive = Some(KEEP_ALIVE);
        }
        if self == Scene::ClosedWindow {
            config.receive_buffer = 65_535;
        }
        // The handshake is held up for longer than FreeBSD's three tries.
        if self == Scene::SynReceived {
            config.syn_ack_r2_count = None;
        }
        config.keep_alive_octet = self == Scene::IdleOctet;
        config
    }

    /// When the attack begins.
    pub(crate) fn attacked_from(self) -> Instant {
        let is_opening = matches!(self, Scene::SynSent | Scene::SynReceived);
        Instant::ZERO + if is_opening { Duration::from_millis(100) } else { BEGINS + Duration::from_millis(200) }
    }

    /// The acts of the users and their times, for an attack that holds the scene until `end`.
    pub(crate) fn acts(self, end: Instant) -> Vec<(Instant, usize, Act)> {
        let early = Instant::ZERO + Duration::from_millis(100);
        let begin = Instant::ZERO + BEGINS;
        let later = begin + Duration::from_millis(100);
        let mut acts = vec![(Instant::ZERO, B, Act::Open(Open::Passive)), (Instant::ZERO, A, Act::Open(Open::Active))];
        match self {
            Scene::SynSent | Scene::SynReceived | Scene::Idle | Scene::IdleOctet => {}
            Scene::There => acts.push((early, A, Act::Stream)),
            Scene::Back => acts.push((early, B, Act::Stream)),
            Scene::ClosedWindow => {
                acts.extend([
                    (early, B, Act::Read(false)),
                    (early, A, Act::Send(2 * 65_535)),
                    (end, B, Act::Read(true)),
                ]);
            }
            Scene::FinWait1 | Scene::HalfClosed => acts.extend([(early, B, Act::Stream), (begin, A, Act::Close)]),
            Scene::HalfClosedIdle => acts.push((begin, A, Act::Close)),
            Scene::Closing => return [acts, vec![(begin, A, Act::Close), (begin, B, Act::Close)]].concat(),
            Scene::LastAck | Scene::TimeWait => {
                return [acts, vec![(begin, A, Act::Close), (later, B, Act::Close)]].concat();
            }
        }
        acts.extend([(end, B, Act::Finish), (end, B, Act::Send(REST)), (end, B, Act::Close), (end, A, Act::Finish)]);
        if !matches!(self, Scene::FinWait1 | Scene::HalfClosedIdle | Scene::HalfClosed) {
            acts.extend([(end, A, Act::Send(REST)), (end, A, Act::Close)]);
        }
        acts
    }

    /// Whether the path swallows this segment to hold the scene.
    pub(crate) fn swallows(self, from: usize, state: State, segment: &Segment) -> bool {
        let has = |bits| segment.control().contains(bits);
        match self {
            Scene::SynSent => from == A && has(Control::SYN),
            Scene::SynReceived => from == A && !has(Control::SYN),
            Scene::FinWait1 => from == A && has(Control::FIN),
            Scene::Closing => state == State::Closing,
            Scene::LastAck => from == A && state == State::TimeWait,
            Scene::Idle
            | Scene::IdleOctet
            | Scene::There
            | Scene::Back
            | Scene::ClosedWindow
            | Scene::HalfClosedIdle
            | Scene::HalfClosed
            | Scene::TimeWait => false,
        }
    }
}
