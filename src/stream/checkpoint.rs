//! A checkpoint of a stream: what the stream needs to go on in another process or on another host.

use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU32;

use super::config::StreamConfig;
use super::counters::{Counters, Counts, RareCounts};
use super::life::Stream;
use super::output::{End, Pending};
use crate::{Connection, IcmpError, Instant};

/// The state of a [`Stream`], to be restored in another process or on another host. The peer notices nothing but a
/// pause.
///
/// [`Stream::checkpoint`] takes it and [`Stream::restore`] makes a stream of it. With the feature `serde` it can be
/// stored and sent. Once a stream is restored, the original must not be used any more: both would send.
///
/// It has the connection, the bytes that the peer has not acknowledged, the bytes that the user has not read, the
/// events that are due, and the counters. Each byte of the user is delivered once, whatever happens in between. Some
/// state is left out, at the price of speed:
///
/// * The bytes ahead of a gap. The peer sends them again, although we may have reported them (RFC 2018 section 8).
/// * The congestion window and the record of what is in flight. The window restarts as after an idle period, with the
///   slow start threshold of before (RFC 5681 section 4.1). Losses are found by the probes and timeouts that follow.
/// * The log and the reasons of refusals.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use tcp_lifecycle::stream::{Checkpoint, Output, Stream, StreamConfig};
/// use tcp_lifecycle::{Instant, Open};
///
/// let config = StreamConfig::default();
/// let mut stream = Stream::new(&config, 100);
/// stream.open(Open::Active, Instant::from_micros(5_000))?;
/// stream.write(b"hello", Instant::from_micros(5_000))?;
/// while !matches!(stream.poll(Instant::from_micros(5_000)), Output::Wait(_)) {} // a SYN
///
/// let stored = postcard::to_allocvec(&stream.checkpoint(Instant::from_micros(5_000)))?;
/// drop(stream);
///
/// // In another process, whose clock has another epoch:
/// let checkpoint: Checkpoint = postcard::from_bytes(&stored)?;
/// let stream = Stream::restore(checkpoint, &config, Instant::ZERO);
/// assert_eq!(stream.unacknowledged().0, b"hello");
/// # }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # What is checked
///
/// Deserialising fails for a checkpoint of another version of the format, for one whose parts do not fit together, and
/// for one that is damaged: it has a checksum. An attacker can compute the checksum as well. A forged checkpoint makes
/// no call panic, but it can deliver other bytes, so keep it where only the program can write.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Checkpoint {
    version: Version,
    parts: Parts,
    checksum: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Parts {
    /// When the checkpoint was taken, on the clock of the stream.
    taken_at: Instant,
    connection: Connection,
    /// The send queue.
    unacknowledged: Vec<u8>,
    /// The receive queue, up to the first gap.
    unread: Vec<u8>,
    counters: Counters,
    /// SND.UNA as a position.
    una: u64,
    /// The slow start threshold.
    threshold: Option<NonZeroU32>,
    /// The user has written more than fitted.
    is_blocked: bool,
    /// The bits of [`Pending`].
    pending: u16,
    soft_error: Option<IcmpError>,
    end: Option<End>,
}

/// The version of the format: it changes with the fields of [`Parts`], and with those of a [`Connection`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version;

impl Checkpoint {
    /// Returns the connection, to look at it.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.parts.connection
    }
}

impl fmt::Debug for Checkpoint {
    /// Prints how many bytes are queued, but not the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("connection", &self.parts.connection)
            .field("unacknowledged", &self.parts.unacknowledged.len())
            .field("unread", &self.parts.unread.len())
            .field("counters", &self.parts.counters)
            .finish_non_exhaustive()
    }
}

/// The most segments into which the bytes in flight are divided. Their boundaries are not known any more.
const MOST_SEGMENTS: u64 = 8_192;

impl Stream {
    /// Takes a checkpoint of the stream at the moment `now`, to [`restore`](Self::restore) it elsewhere. It can be
    /// taken at any time. A segment that is due is due in the restored stream too.
    #[must_use]
    pub fn checkpoint(&self, now: Instant) -> Checkpoint {
        let mut stream = self.clone();
        stream.take_news(now);
        let (front, back) = stream.readable();
        let unread = [front, back].concat();
        let threshold = match &stream.sender {
            Some(sender) => sender.slow_start_threshold(),
            None => stream.threshold,
        };
        let counters = stream.counters();
        let (is_blocked, queue) =
            stream.sender.map_or_else(Default::default, |sender| (sender.is_blocked, sender.queue));
        let parts = Parts {
            taken_at: now,
            connection: stream.connection,
            unacknowledged: queue.into(),
            unread,
            counters,
            una: stream.una,
            threshold,
            is_blocked,
            pending: stream.pending.bits(),
            soft_error: stream.soft_error,
            end: stream.end,
        };
        Checkpoint { version: Version, checksum: checksum(&parts), parts }
    }

    /// Makes the stream of a checkpoint. `now` is the time on the clock of this process, which may have another epoch
    /// than that of the checkpoint. For the timers no time has passed since the checkpoint: see
    /// [`Connection::rebase_clock`]. Poll after it. Events that have been told are not told
    /// again: look at [`readable`](Self::readable), and go on to write.
    ///
    /// The controller and the bounds of the queues are those of `config`. The policies of the connection are those of
    /// the checkpoint; [`configure`](Self::configure) changes them, for example the largest segment where the path is
    /// another.
    #[must_use]
    pub fn restore(checkpoint: Checkpoint, config: &StreamConfig, now: Instant) -> Stream {
        let Parts {
            taken_at,
            mut connection,
            unacknowledged,
            unread,
            counters,
            una,
            threshold,
            is_blocked,
            pending,
            ..
        } = checkpoint.parts;
        let (soft_error, end) = (checkpoint.parts.soft_error, checkpoint.parts.end);
        connection.rebase_clock(taken_at, now);
        // Blocks of bytes ahead of a gap are not sent any more.
        connection.reserve_options(0);
        let mut stream = Stream::with_connection(connection, config);
        (stream.una, stream.threshold, stream.soft_error, stream.end) = (una, threshold, soft_error, end);
        (stream.written, stream.acknowledged) = (counters.bytes_written, counters.bytes_acknowledged);
        stream.pending = Pending::from_bits_truncate(pending);
        stream.restore_counts(&counters);
        stream.received = counters.bytes_received.saturating_sub(unread.len() as u64);
        if !unread.is_empty() {
            stream.receiver(now).queue.append(&unread);
            stream.received = counters.bytes_received;
        }
        stream.restore_sender(unacknowledged, is_blocked, now);
        stream
    }

    fn restore_counts(&mut self, counters: &Counters) {
        let &Counters { segments_sent: sent, segments_received: received, .. } = counters;
        self.counts = Counts { sent, received };
        let &Counters { retransmissions, timeouts, duplicates, out_of_order, refused, .. } = counters;
        let rare = RareCounts { retransmissions, timeouts, duplicates, out_of_order, refused };
        if rare != RareCounts::default() {
            *self.rare() = rare;
        }
    }

    fn restore_sender(&mut self, unacknowledged: Vec<u8>, is_blocked: bool, now: Instant) {
        let status = self.connection.status();
        // The SYN is no position.
        let syn = u64::from(self.una == 0 && status.in_flight > 0 && status.snd_una == status.iss);
        let end = self.una.saturating_add(status.in_flight.into()).saturating_sub(syn);
        if unacknowledged.is_empty() && end <= self.una && !is_blocked {
            return;
        }
        let in_flight = end.saturating_sub(self.una);
        let segment = u64::from(status.peer_mss.unwrap_or(1)).max(in_flight.div_ceil(MOST_SEGMENTS)).max(1);
        let mut start = self.una;
        let sender = self.sender(now);
        sender.queue = unacknowledged.into();
        sender.is_blocked = is_blocked;
        while start < end {
            let next = start.saturating_add(segment).min(end);
            sender.recovery.sent(start..next, None, now);
            start = next;
        }
        self.update_limit();
    }
}

/// Returns a checksum of all parts: FNV-1a of 64 bits. Whatever single byte is changed, it is another.
fn checksum(parts: &Parts) -> u64 {
    use core::hash::{Hash, Hasher};

    struct Fnv(u64);

    /// Numbers are little-endian, so that each machine computes the same.
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
            }
        }

        fn write_u16(&mut self, number: u16) {
            self.write(&number.to_le_bytes());
        }

        fn write_u32(&mut self, number: u32) {
            self.write(&number.to_le_bytes());
        }

        fn write_u64(&mut self, number: u64) {
            self.write(&number.to_le_bytes());
        }

        fn write_usize(&mut self, number: usize) {
            self.write_u64(number as u64);
        }

        fn write_isize(&mut self, number: isize) {
            self.write_u64(number as u64);
        }
    }

    let mut fnv = Fnv(0xCBF2_9CE4_8422_2325);
    parts.hash(&mut fnv);
    fnv.finish()
}

#[cfg(feature = "serde")]
mod stored {
    use alloc::format;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use super::{Checkpoint, Parts, Pending, Version, checksum};
    use crate::State;
    use crate::stream::Counters;

    const VERSION: u32 = 1;

    impl Serialize for Version {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u32(VERSION)
        }
    }

    impl<'de> Deserialize<'de> for Version {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
            match u32::deserialize(deserializer)? {
                VERSION => Ok(Version),
                other => Err(D::Error::custom(format!("version {other} of a checkpoint, where {VERSION} is known"))),
            }
        }
    }

    #[derive(serde::Deserialize)]
    #[serde(rename = "Checkpoint")]
    struct Unchecked {
        version: Version,
        parts: Parts,
        checksum: u64,
    }

    impl<'de> Deserialize<'de> for Checkpoint {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Checkpoint, D::Error> {
            let Unchecked { version, parts, checksum: stored } = Unchecked::deserialize(deserializer)?;
            if checksum(&parts) != stored {
                return Err(D::Error::custom("a damaged checkpoint: the checksum is wrong"));
            }
            if !parts.fit() {
                return Err(D::Error::custom("a checkpoint whose parts do not fit together"));
            }
            Ok(Checkpoint { version, parts, checksum: stored })
        }
    }

    impl Parts {
        /// Returns whether the parts are those of one stream.
        fn fit(&self) -> bool {
            let status = self.connection.status();
            let (queued, unread) = (self.unacknowledged.len() as u64, self.unread.len() as u64);
            let Counters { bytes_written, bytes_acknowledged, bytes_received, .. } = self.counters;
            let Some(pending) = Pending::from_bits(self.pending) else { return false };
            let is_closed = status.state == State::Closed;
            let is_open = !is_closed && status.state != State::Listen;
            // Our FIN is the position behind the last byte.
            let fin = u64::from(matches!(status.state, State::FinWait2 | State::TimeWait));
            let sends = bytes_acknowledged.checked_add(queued) == Some(bytes_written)
                && bytes_acknowledged.checked_add(fin) == Some(self.una);
            queued == u64::from(self.connection.queued())
                && (!is_open || sends)
                && (is_closed || unread == u64::from(status.unread))
                && unread <= bytes_received
                && (is_closed || self.end.is_none())
                && (self.end.is_some() || !pending.intersects(Pending::ENDED))
                && !self.connection.has_transition_or_signal()
        }
    }
}
