//! A life as data: the events at both ends, in numbers relative to what each end has sent.

use std::fmt;

use tcp_lifecycle::{Control, Options};

/// A number of the peer's, relative to what the end has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seq {
    /// Relative to its RCV.NXT.
    Nxt(i32),
    /// Relative to the right edge of its window.
    Edge(i32),
}

/// The acknowledgment, relative to what the end has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ack {
    Nothing,
    /// Relative to the highest acknowledgment that was sent to it.
    Una(i32),
    /// Relative to its SND.NXT.
    Nxt(i32),
}

/// The TSval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    Missing,
    /// The clock's value.
    Fresh,
    /// Older than the clock by this.
    Older(u32),
}

/// The TSecr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// The last TSval of the end.
    Last,
    Zero,
    /// The last TSval of the end, off by this.
    Off(i32),
}

/// A segment, in numbers relative to the end that receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) seq: Seq,
    pub(crate) ack: Ack,
    pub(crate) control: Control,
    pub(crate) payload: u16,
    pub(crate) window: u16,
    pub(crate) stamp: Stamp,
    pub(crate) echo: Echo,
    /// All options but the timestamps.
    pub(crate) options: Options,
}

/// The next event at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Segment(Piece),
    /// An earlier segment again, counted backwards.
    Again(usize),
    /// Payload until the window is closed.
    Fill,
    /// The user connects.
    Connect,
    Send(u16),
    Receive(u16),
    /// `shutdown(SHUT_WR)`
    Close,
    /// `close`
    Gone,
    /// `close` without lingering
    Abort,
    /// Milliseconds.
    Pause(u16),
}

impl Piece {
    /// The next segment of an honest peer.
    pub(crate) fn plain(control: Control, payload: u16, stamps: bool) -> Piece {
        Piece {
            seq: Seq::Nxt(0),
            ack: Ack::Nxt(0),
            control,
            payload,
            window: 60_000,
            stamp: if stamps { Stamp::Fresh } else { Stamp::Missing },
            echo: Echo::Last,
            options: Options::NONE,
        }
    }
}

/// A life.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) seed: u64,
    pub(crate) active: bool,
    pub(crate) peer_iss: u32,
    pub(crate) peer_ts: u32,
    /// The policies of the end.
    pub(crate) timestamps: bool,
    pub(crate) sack: bool,
    pub(crate) window_scaling: bool,
    /// SO_RCVBUF
    pub(crate) buffer: u16,
    pub(crate) steps: Vec<Step>,
}

impl fmt::Display for Life {
    /// Prints everything but the steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Life { seed, active, timestamps, sack, window_scaling, buffer, peer_iss, peer_ts, .. } = self;
        write!(
            f,
            "seed {seed:#x}: active={active} timestamps={timestamps} sack={sack} window_scaling={window_scaling} "
        )?;
        write!(f, "receive_buffer={buffer}, the peer's first numbers {peer_iss} and {peer_ts}")
    }
}
