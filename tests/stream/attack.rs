//! Attacks on one stream, made of bytes: a peer that knows the numbers, and a user that calls in any order.

use std::time::Duration;

use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::{Config, Control, Ecn, IcmpError, Open, Options, SackBlock, Segment, SeqNumber, State};

use super::monotonic;
use super::watched::{Sent, Watched};

/// The bytes of an attack; zeros at its end.
#[derive(Debug)]
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.next(), self.next()])
    }

    /// The next act, of always the same length, so that small changes of the input are small changes of the attack.
    fn act(&mut self) -> Input<'a> {
        let (act, rest) = self.0.split_at(self.0.len().min(ACT));
        self.0 = rest;
        Input(act)
    }
}

const SETUP: usize = 12;
const ACT: usize = 12;
const MOST_ACTS: usize = 150;

/// Policies out of eight bytes.
pub(crate) fn config(input: &mut Input<'_>) -> StreamConfig {
    let (switches, more) = (input.next(), input.next());
    let is = |bit: u8| switches & 1 << bit != 0;
    let sizes = [200, 1_000, 4_000, 20_000, 70_000, 100_000, 3_000, 0];
    let receive_buffer = sizes[usize::from(input.next() % 8)];
    let send_buffer = sizes[usize::from(input.next() % 7)];
    let max_receive_buffer = sizes[usize::from(input.next() % 8)];
    let mss = [1_460, 536, 100, 48, 9_000, 65_000][usize::from(input.next() % 6)];
    let rto_min = Duration::from_millis([1, 200, 1_000][usize::from(input.next() % 3)]);
    let _ = input.next();
    let tcp = Config {
        timestamps: is(0),
        sack_permitted: is(1),
        ecn: is(2),
        accept_ecn: is(2),
        nagle: is(3),
        rfc5961: is(4),
        half_duplex_close: is(5),
        icmp_aborts: is(6),
        delayed_ack: is(7).then_some(Duration::from_millis(40)),
        keep_alive_octet: more & 1 != 0,
        keep_alive: (more & 2 != 0).then_some(tcp_lifecycle::KeepAlive {
            idle: Duration::from_secs(3),
            interval: Duration::from_secs(1),
            probes: 3,
        }),
        user_timeout: (more & 4 != 0).then_some(Duration::from_secs(100)),
        fin_wait_2_timeout: (more & 8 != 0).then_some(Duration::from_secs(60)),
        window_scaling: more & 16 == 0,
        rto_min,
        receive_buffer,
        mss,
        ..Config::DEFAULT
    };
    let controller = if more & 32 == 0 { monotonic::cubic } else { monotonic::new_reno };
    StreamConfig { tcp, send_buffer, max_receive_buffer, controller }
}

struct Attack {
    watched: Watched,
    /// TSval of the peer.
    time: u32,
    echo: u32,
}

/// Plays the attack, and checks all invariants.
pub(crate) fn attack(bytes: &[u8]) {
    let (setup, acts) = bytes.split_at(bytes.len().min(SETUP));
    let mut setup = Input(setup);
    let config = config(&mut setup);
    let isn = [100, u32::MAX - 20, u32::MAX - 40_000, 1 << 31][usize::from(setup.next() % 4)];
    let mut attack = Attack { watched: Watched::new(&config, isn), time: 3_000_000_000, echo: 0 };
    attack.begin(setup.next(), setup.short());
    let mut acts = Input(acts);
    for _ in 0..MOST_ACTS {
        if acts.is_empty() {
            break;
        }
        attack.act(&mut acts.act());
    }
    attack.expire();
}

impl Attack {
    /// Most attacks begin in ESTABLISHED.
    fn begin(&mut self, how: u8, irs: u16) {
        if how % 8 == 7 {
            return;
        }
        let open = if how.is_multiple_of(2) { Open::Active } else { Open::Passive };
        self.watched.open(open);
        self.drain();
        if how % 8 >= 5 {
            return;
        }
        let status = self.watched.stream.connection().status();
        let irs = SeqNumber(u32::from(irs).wrapping_sub(20_000));
        let mut options = Options::NONE.with_sack_permitted();
        if how & 32 == 0 {
            options = options.with_timestamps(self.time, self.echo);
        }
        if how & 64 == 0 {
            options = options.with_window_scale(how >> 5);
        }
        if how & 16 == 0 {
            options = options.with_mss([1_460, 0, 1, 60, 500, 9_000][usize::from(how) / 8 % 6]);
        }
        let bits = if open == Open::Active { Control::SYN | Control::ACK } else { Control::SYN };
        let syn = Segment::new(irs, status.snd_nxt.unwrap_or_default(), bits | Control::from_bits_truncate(0))
            .with_window(u16::MAX)
            .with_options(options);
        self.arrives(&syn, &[], Ecn::NotEct, 0);
        if open == Open::Passive {
            let nxt = self.watched.stream.connection().status().snd_nxt.unwrap_or_default();
            let ack = Segment::new(irs + 1, nxt, Control::ACK).with_window(u16::MAX).with_options(self.options(0));
            self.arrives(&ack, &[], Ecn::NotEct, 0);
        }
    }

    fn drain(&mut self) {
        let sent = self.watched.drain();
        self.note_echo(&sent);
    }

    fn expire(&mut self) {
        let sent = self.watched.check_timeout();
        self.note_echo(&sent);
    }

    fn note_echo(&mut self, sent: &[Sent]) {
        for sent in sent {
            if let Some((value, _)) = sent.segment.options().timestamps() {
                self.echo = value;
            }
        }
    }

    fn arrives(&mut self, segment: &Segment, sack: &[SackBlock], ecn: Ecn, len: usize) {
        self.watched.honest_segment(segment, sack, ecn, len);
        self.drain();
    }

    fn options(&mut self, which: u8) -> Options {
        let agreed = self.watched.stream.connection().status().timestamps;
        self.time = self.time.wrapping_add(1);
        match which % 16 {
            1 => Options::NONE,
            2 => Options::NONE.with_timestamps(self.time.wrapping_sub(1_000), self.echo),
            3 => Options::NONE.with_timestamps(self.time, self.echo.wrapping_add(77)),
            4 => {
                self.time = self.time.wrapping_add(1 << 30);
                Options::NONE.with_timestamps(self.time, self.echo)
            }
            5 => Options::NONE.with_timestamps(self.time, self.echo.wrapping_sub(1_000_000)),
            6 => Options::NONE.with_mss(which.into()).with_sack_permitted().with_window_scale(which),
            _ if agreed => Options::NONE.with_timestamps(self.time, self.echo),
            _ => Options::NONE,
        }
    }

    /// A number near one of the connection's.
    fn number(&self, which: u8, delta: u16) -> SeqNumber {
        let status = self.watched.stream.connection().status();
        let edge = |from: Option<SeqNumber>, by: Option<u32>| from.unwrap_or_default() + by.unwrap_or_default();
        let base = match which % 8 {
            0 | 1 => status.rcv_nxt.unwrap_or_default(),
            2 => edge(status.rcv_nxt, status.rcv_wnd),
            3 => status.snd_una.unwrap_or_default(),
            4 | 5 => status.snd_nxt.unwrap_or_default(),
            6 => edge(status.snd_una, status.snd_wnd),
            _ => status.irs.unwrap_or_default(),
        };
        let delta = match which >> 6 {
            0 => 0,
            1 => i32::from(delta as i8),
            2 => i32::from(delta as i16),
            _ => i32::from(delta as i16) << 14,
        };
        base + delta as u32
    }

    fn sack(&self, act: &mut Input<'_>, which: u8) -> Vec<SackBlock> {
        let status = self.watched.stream.connection().status();
        let (una, nxt) = (status.snd_una.unwrap_or_default(), status.snd_nxt.unwrap_or_default());
        let mut blocks = Vec::new();
        for _ in 0..which % 5 {
            let (from, len) = (u32::from(act.next()), u32::from(act.next()));
            let scale = u32::from(which >> 3);
            let left = if which & 128 == 0 { una + from * scale } else { nxt + (from * scale).wrapping_neg() };
            let right = match len {
                0 => nxt,
                255 => left,
                254 => nxt + 1,
                253 => left + (1 << 31),
                _ if from % 16 == 15 => left + (len * scale).wrapping_neg(),
                _ => left + len * scale,
            };
            blocks.push(SackBlock { left, right });
        }
        blocks
    }

    fn act(&mut self, act: &mut Input<'_>) {
        let kind = act.next();
        let size = |short: u16| usize::from(if short & 0x8000 == 0 { short % 1_600 } else { short });
        match kind % 32 {
            0..8 => return self.peer_acts(act, true),
            8..13 => return self.peer_acts(act, false),
            13 | 14 => drop(self.watched.write(size(act.short()))),
            15 => drop(self.watched.write(usize::from(act.short()) * 8)),
            16 | 17 => drop(self.watched.read(size(act.short()))),
            18 => self.watched.consume(size(act.short())),
            19 => self.watched.pass(Duration::from_millis(act.short().into())),
            20 | 21 => {
                if let Some(deadline) = self.watched.stream.deadline() {
                    self.watched.now = self.watched.now.max(deadline);
                }
                self.expire();
            }
            22 => self.watched.pass(Duration::from_micros(act.short().into())),
            23 => self.close(act.next()),
            24 => drop(self.watched.open(if act.next().is_multiple_of(2) { Open::Active } else { Open::Passive })),
            25 => {
                let (bytes, segment) = (u32::from(act.short()) * 4, act.short().max(21));
                self.watched.configure(|config| match bytes % 3 {
                    0 => config.receive_buffer = bytes,
                    1 => config.max_segment = segment,
                    _ => config.nagle = !config.nagle,
                });
            }
            26 | 27 => {
                let error = ERRORS[usize::from(act.next()) % ERRORS.len()];
                let quoted = self.number(act.next() % 6 + 3, act.short());
                self.watched.icmp(error, quoted, (!act.next().is_multiple_of(4)).then(|| act.short()));
            }
            28 => self.watched.stream.keep_log(usize::from(act.next() % 4)),
            29 => {
                let by = Duration::from_millis(act.short().into());
                let len = size(act.short());
                self.watched.earlier(by, |watched| {
                    watched.timeout();
                    watched.write(len);
                    watched.drain();
                });
            }
            // A flight that is acknowledged: the window grows.
            _ => {
                for _ in 0..act.next() % 16 {
                    self.watched.pass(Duration::from_millis(1));
                    let status = self.watched.stream.connection().status();
                    let (seq, ack) = (status.rcv_nxt.unwrap_or_default(), status.snd_nxt.unwrap_or_default());
                    let options = self.options(0);
                    let bare = Segment::new(seq, ack, Control::ACK).with_window(u16::MAX).with_options(options);
                    self.arrives(&bare, &[], Ecn::NotEct, 0);
                }
            }
        }
        if kind < 224 {
            self.drain();
        }
    }

    fn close(&mut self, how: u8) {
        match how % 16 {
            0..8 => self.watched.shutdown(),
            8..12 => self.watched.detach(),
            12 | 13 => self.watched.abort(),
            _ => {}
        }
    }

    fn peer_acts(&mut self, act: &mut Input<'_>, is_honest: bool) {
        let (bits, which, delta) = (act.next(), act.next(), act.short());
        let bits = match bits % 32 {
            0..18 => Control::ACK,
            18..22 => Control::PSH | Control::ACK,
            22 | 23 => Control::FIN | Control::ACK,
            24 => Control::SYN,
            25 => Control::SYN | Control::ACK,
            26 => Control::RST,
            27 => Control::RST | Control::ACK,
            28 => Control::ACK | Control::ECE,
            29 => Control::ACK | Control::CWR,
            30 => Control::ACK | Control::URG,
            _ => Control::from_bits_truncate(u16::from(which) << 2 | 1),
        };
        let length = act.next();
        let len = match length % 8 {
            0..3 => 0,
            3 => 1,
            4 => usize::from(length) / 8,
            5 => usize::from(length) * 6,
            6 => 1_460,
            _ => usize::from(length) * 250,
        };
        let window = match act.next() {
            0 => 0,
            1 => 1,
            2..160 => u16::MAX,
            more => u16::from(more) * 100,
        };
        let more = act.next();
        let options = self.options(more);
        let (seq, ack) = if is_honest {
            let status = self.watched.stream.connection().status();
            let behind = u32::from(delta) % (status.in_flight + 1);
            // What is in flight is acknowledged in part; the payload begins at RCV.NXT or a few bytes off it.
            let off = if which & 3 == 3 { i32::from(which as i8) / 4 } else { 0 };
            let nxt = status.rcv_nxt.unwrap_or_default() + off as u32;
            (nxt, status.snd_nxt.unwrap_or_default() + behind.wrapping_neg())
        } else {
            (self.number(which, delta), self.number(more.wrapping_mul(5) & 127 | 3, delta >> 4))
        };
        let sack = self.sack(act, more);
        let ecn = if length % 16 == 9 { Ecn::Ce } else { Ecn::NotEct };
        let segment = Segment::new(seq, ack, bits).with_window(window).with_options(options);
        if self.watched.state() == State::Closed && bits.contains(Control::RST) {
            self.drain();
        }
        self.watched.honest_segment(&segment, &sack, ecn, len);
        if which % 8 != 7 {
            self.drain();
        }
    }
}

const ERRORS: [IcmpError; 8] = [
    IcmpError::SourceQuench,
    IcmpError::HostUnreachable,
    IcmpError::PortUnreachable,
    IcmpError::FragmentationNeeded,
    IcmpError::FragmentationNeeded,
    IcmpError::FragmentationNeeded,
    IcmpError::FragmentationNeeded,
    IcmpError::TimeExceeded,
];
