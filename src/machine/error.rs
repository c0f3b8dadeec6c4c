//! Mistakes of the caller, and the reasons why a segment had no effect.

/// A user call that cannot be carried out, in the words of RFC 9293 section 3.10. The call has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CallError {
    /// OPEN of a connection that is open, or whose previous life `poll` has not drained yet.
    #[error("connection already exists")]
    ConnectionAlreadyExists,
    /// Any other call in CLOSED.
    #[error("connection does not exist")]
    ConnectionDoesNotExist,
    /// SEND in LISTEN: there is no peer to send to. `open(Open::Active)` makes the open active.
    #[error("remote socket unspecified")]
    RemoteSocketUnspecified,
    /// The user has called CLOSE before; or RECEIVE reports more bytes than were delivered, after the peer's FIN.
    #[error("connection closing")]
    ConnectionClosing,
    /// The send queue would hold more than 2^30 bytes.
    #[error("insufficient resources")]
    InsufficientResources,
    /// A retransmission of bytes that have never been sent.
    #[error("bytes that have not been sent")]
    NotSent,
    /// RECEIVE reports more bytes as consumed than were delivered.
    #[error("more bytes consumed than delivered")]
    NotDelivered,
}

/// The reason why a segment, or an ICMP error, had no effect. Each variant is one rule of one RFC.
///
/// A refusal is caused by the peer or by an attacker; it is never a mistake of the caller. The answer, if one is due,
/// comes out of [`poll`](crate::Connection::poll).
///
/// Each variant ends with the reaction: the segment is dropped without an answer, acknowledged, challenged (RFC 5961),
/// or answered with a reset. The limiter is the token bucket of [`challenge_limit`](crate::Config::challenge_limit),
/// which also limits the challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// CLOSED: a reset; dropped.
    #[error("a reset, and there is no connection")]
    ResetWithoutConnection,
    /// CLOSED: a segment that is not a reset; answered with a reset.
    #[error("there is no connection")]
    NoConnection,
    /// LISTEN: a reset, although we have sent nothing that it could answer; dropped.
    #[error("a reset in LISTEN")]
    ResetInListen,
    /// LISTEN: an ACK, although we have sent nothing that it could acknowledge; answered with a reset.
    #[error("an acknowledgment in LISTEN")]
    AckInListen,
    /// LISTEN: a segment with neither RST nor ACK nor SYN; dropped.
    #[error("no SYN in LISTEN")]
    NoSynInListen,
    /// SYN-SENT: an ACK that does not acknowledge our SYN; answered with a reset.
    #[error("an unacceptable acknowledgment in SYN-SENT")]
    AckInSynSent,
    /// SYN-SENT: a reset whose ACK does not acknowledge our SYN; dropped.
    #[error("a reset with an unacceptable acknowledgment in SYN-SENT")]
    ResetWithBadAckInSynSent,
    /// SYN-SENT: a reset without ACK; dropped.
    #[error("a reset without acknowledgment in SYN-SENT")]
    ResetWithoutAckInSynSent,
    /// SYN-SENT: a segment with neither SYN nor RST; dropped.
    #[error("neither SYN nor RST in SYN-SENT")]
    NoSynInSynSent,
    /// A segment of which nothing lies in the receive window; acknowledged. The limiter applies, unless the numbers
    /// show that the segment is the peer's own (D12).
    #[error("not acceptable: outside the receive window")]
    NotAcceptable,
    /// A reset outside the receive window; dropped.
    #[error("a reset outside the receive window")]
    ResetOutsideWindow,
    /// A reset in the receive window, but not at RCV.NXT; challenged.
    #[error("a reset in the receive window, not at RCV.NXT")]
    ResetNotAtRcvNxt,
    /// TIME-WAIT: a reset, which does not cut 2 MSL short; dropped.
    #[error("a reset in TIME-WAIT")]
    ResetInTimeWait,
    /// A SYN in a synchronized state; challenged.
    #[error("a SYN in a synchronized state")]
    SynChallenged,
    /// SYN-RECEIVED: the peer's SYN again; answered with our SYN,ACK again, within the limiter.
    #[error("the peer's SYN again")]
    SynRepeated,
    /// A timestamp older than the last one of a segment in order; acknowledged, within the limiter.
    #[error("an old timestamp")]
    OldTimestamp,
    /// A segment without timestamps, although the SYNs agreed on them; dropped.
    #[error("no timestamp")]
    NoTimestamp,
    /// An ICMP error that quotes a sequence number which is not in flight; ignored.
    #[error("an ICMP error about nothing in flight")]
    IcmpNotInFlight,
    /// A segment without the ACK bit; dropped.
    #[error("no acknowledgment")]
    NoAck,
    /// An ACK of sequence numbers not sent yet; acknowledged, within the limiter.
    #[error("an acknowledgment of something not yet sent")]
    AckOfUnsent,
    /// An ACK left of SND.UNA - MAX.SND.WND; challenged.
    #[error("an acknowledgment older than the largest window")]
    AckTooOld,
    /// SYN-RECEIVED: an ACK that does not acknowledge our SYN; answered with a reset.
    #[error("an unacceptable acknowledgment in SYN-RECEIVED")]
    AckInSynReceived,
    /// TIME-WAIT: a segment that is neither a repeated FIN nor an ACK in order; acknowledged. The limiter applies,
    /// unless the segment carries payload or a FIN.
    #[error("out of step in TIME-WAIT")]
    OutOfStepInTimeWait,
}

impl Refusal {
    /// Returns the section of the rule, and its step if there is one: `RFC 9293 section 3.10.7.4, first`.
    #[must_use]
    pub const fn citation(&self) -> &'static str {
        match self {
            Refusal::ResetWithoutConnection | Refusal::NoConnection => "RFC 9293 section 3.10.7.1",
            Refusal::ResetInListen => "RFC 9293 section 3.10.7.2, first",
            Refusal::AckInListen => "RFC 9293 section 3.10.7.2, second",
            Refusal::NoSynInListen => "RFC 9293 section 3.10.7.2, fourth",
            Refusal::AckInSynSent | Refusal::ResetWithBadAckInSynSent => "RFC 9293 section 3.10.7.3, first",
            Refusal::ResetWithoutAckInSynSent => "RFC 9293 section 3.10.7.3, second",
            Refusal::NoSynInSynSent => "RFC 9293 section 3.10.7.3, fifth",
            Refusal::NotAcceptable => "RFC 9293 section 3.10.7.4, first",
            Refusal::ResetOutsideWindow => "RFC 9293 section 3.10.7.4, second, 1)",
            Refusal::ResetNotAtRcvNxt => "RFC 9293 section 3.10.7.4, second, 3)",
            Refusal::ResetInTimeWait => "RFC 1337 section 3, fix F1",
            Refusal::SynChallenged => "RFC 9293 section 3.10.7.4, fourth",
            Refusal::SynRepeated => "RFC 9293 section 3.10.7.4, first",
            Refusal::NoAck | Refusal::AckOfUnsent | Refusal::AckInSynReceived | Refusal::OutOfStepInTimeWait => {
                "RFC 9293 section 3.10.7.4, fifth"
            }
            Refusal::AckTooOld => "RFC 5961 section 5.2",
            Refusal::OldTimestamp => "RFC 7323 section 5.3, R1",
            Refusal::IcmpNotInFlight => "RFC 5927 section 4.1",
            Refusal::NoTimestamp => "RFC 7323 section 3.2",
        }
    }
}
