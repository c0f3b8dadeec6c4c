//! Segments: any, and most often such that their numbers are near those of the connection they come to.

use arbitrary::{Arbitrary, Unstructured};
use tcp_lifecycle::{Connection, Control, IcmpError, Options, Segment, SeqNumber, Status};

use crate::numbers::Anchor;

impl<'a> Arbitrary<'a> for Anchor {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Anchor> {
        // As if it were derived.
        let place = (u64::from(bytes.arbitrary::<u32>()?) * Anchor::ALL.len() as u64) >> 32;
        Ok(Anchor::ALL[place as usize])
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Number {
    Near(Anchor, i8),
    Far(Anchor, i32),
    Any(u32),
}

impl Number {
    pub(crate) fn of(self, status: &Status) -> SeqNumber {
        match self {
            Number::Near(anchor, delta) => anchor.beside(delta.into(), status),
            Number::Far(anchor, delta) => anchor.beside(delta, status),
            Number::Any(number) => SeqNumber(number),
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Bits {
    Ack,
    PushedAck,
    FinAck,
    Syn,
    SynAck,
    Rst,
    RstAck,
    Any(u16),
}

impl Bits {
    pub(crate) fn control(self) -> Control {
        match self {
            Bits::Ack => Control::ACK,
            Bits::PushedAck => Control::PSH | Control::ACK,
            Bits::FinAck => Control::FIN | Control::ACK,
            Bits::Syn => Control::SYN,
            Bits::SynAck => Control::SYN | Control::ACK,
            Bits::Rst => Control::RST,
            Bits::RstAck => Control::RST | Control::ACK,
            Bits::Any(bits) => Control::from_bits_truncate(bits),
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Payload {
    None,
    Short(u8),
    Any(u16),
}

impl Payload {
    pub(crate) fn bytes(self) -> u16 {
        match self {
            Payload::None => 0,
            Payload::Short(bytes) => bytes.into(),
            Payload::Any(bytes) => bytes,
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Optional {
    None,
    /// TSval near that of a peer, and any echo.
    Times(i8, u32),
    Any {
        mss: Option<u16>,
        scale: Option<u8>,
        sack: bool,
        times: Option<(u32, u32)>,
    },
}

/// The TSval of a peer.
const TIME: u32 = 3_000_000_000;

impl Optional {
    pub(crate) fn options(self) -> Options {
        let (mss, scale, sack, times) = match self {
            Optional::None => return Options::NONE,
            Optional::Times(near, echo) => {
                return Options::NONE.with_timestamps(TIME.wrapping_add_signed(near.into()), echo);
            }
            Optional::Any { mss, scale, sack, times } => (mss, scale, sack, times),
        };
        let mut options = Options::NONE;
        if let Some(mss) = mss {
            options = options.with_mss(mss);
        }
        if let Some(scale) = scale {
            options = options.with_window_scale(scale);
        }
        if sack {
            options = options.with_sack_permitted();
        }
        if let Some((value, echo)) = times {
            options = options.with_timestamps(value, echo);
        }
        options
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// What an honest peer would send: at RCV.NXT, with an acknowledgment of all.
    Honest {
        bits: Bits,
        payload: Payload,
        window: u16,
        optional: Optional,
    },
    Any {
        seq: Number,
        ack: Number,
        bits: Bits,
        payload: Payload,
        window: u16,
        urgent: u16,
        optional: Optional,
    },
}

impl Shape {
    pub(crate) fn of(self, connection: &Connection) -> Segment {
        let status = connection.status();
        match self {
            Shape::Honest { bits, payload, window, optional } => {
                let seq = status.rcv_nxt.unwrap_or_default();
                Segment::new(seq, status.snd_nxt.unwrap_or_default(), bits.control())
                    .with_payload(payload.bytes())
                    .with_window(window)
                    .with_options(optional.options())
            }
            Shape::Any { seq, ack, bits, payload, window, urgent, optional } => {
                Segment::new(seq.of(&status), ack.of(&status), bits.control())
                    .with_payload(payload.bytes())
                    .with_window(window)
                    .with_urgent(urgent)
                    .with_options(optional.options())
            }
        }
    }
}

pub(crate) const ERRORS: [IcmpError; 10] = [
    IcmpError::SourceQuench,
    IcmpError::NetworkUnreachable,
    IcmpError::HostUnreachable,
    IcmpError::ProtocolUnreachable,
    IcmpError::PortUnreachable,
    IcmpError::FragmentationNeeded,
    IcmpError::SourceRouteFailed,
    IcmpError::Prohibited,
    IcmpError::TimeExceeded,
    IcmpError::ParameterProblem,
];
