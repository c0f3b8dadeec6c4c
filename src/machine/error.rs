//! The caller's mistakes, and the reasons why a segment had no effect.

/// A user call that cannot be carried out, in the words of RFC 9293 section 3.10. The connection is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// OPEN of a connection that is open, or whose last life has not been drained by `poll`.
    #[error("connection already exists")]
    ConnectionAlreadyExists,
    /// Any other call in CLOSED.
    #[error("connection does not exist")]
    ConnectionDoesNotExist,
    /// SEND in LISTEN: there is no peer to send to. `open(Open::Active)` makes the open active.
    #[error("remote socket unspecified")]
    RemoteSocketUnspecified,
    /// The user has called CLOSE, or RECEIVE finds nothing after the peer's FIN.
    #[error("connection closing")]
    ConnectionClosing,
    /// More than 2^30 bytes would stand in the send queue.
    #[error("insufficient resources")]
    InsufficientResources,
    /// A retransmission of bytes that have never been sent.
    #[error("bytes that have not been sent")]
    NotSent,
    /// RECEIVE reports more bytes as consumed than have been delivered.
    #[error("more bytes consumed than delivered")]
    NotDelivered,
}

/// Why a segment, or an ICMP error, had no effect: each variant is one rule of one RFC.
///
/// The peer's doing, or an attacker's; never a failure of the caller. The answer that is due, if any, comes out of
/// [`poll`](crate::Connection::poll).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// CLOSED: a reset for no connection is dropped.
    #[error("a reset, and there is no connection")]
    ResetWithoutConnection,
    /// CLOSED: anything else is reset.
    #[error("there is no connection")]
    NoConnection,
    /// LISTEN: nothing has been sent that a reset could answer; dropped.
    #[error("a reset in LISTEN")]
    ResetInListen,
    /// LISTEN: nothing has been sent that could be acknowledged; reset.
    #[error("an acknowledgment in LISTEN")]
    AckInListen,
    /// LISTEN: neither RST nor ACK nor SYN; dropped.
    #[error("no SYN in LISTEN")]
    NoSynInListen,
    /// SYN-SENT: it acknowledges what was never sent, or nothing; reset.
    #[error("an unacceptable acknowledgment in SYN-SENT")]
    AckInSynSent,
    /// SYN-SENT: a reset that acknowledges what was never sent, or nothing; dropped.
    #[error("a reset with an unacceptable acknowledgment in SYN-SENT")]
    ResetWithBadAckInSynSent,
    /// SYN-SENT: a reset that does not acknowledge our SYN; dropped.
    #[error("a reset without acknowledgment in SYN-SENT")]
    ResetWithoutAckInSynSent,
    /// SYN-SENT: neither SYN nor RST; dropped.
    #[error("neither SYN nor RST in SYN-SENT")]
    NoSynInSynSent,
    /// Nothing of it lies in the receive window; acknowledged, within the limiter unless only the peer can have sent it
    /// (D12).
    #[error("not acceptable: outside the receive window")]
    NotAcceptable,
    /// A reset outside the receive window; dropped in silence.
    #[error("a reset outside the receive window")]
    ResetOutsideWindow,
    /// A reset in the receive window, but not at RCV.NXT; challenged.
    #[error("a reset in the receive window, not at RCV.NXT")]
    ResetNotAtRcvNxt,
    /// TIME-WAIT: a reset does not cut 2 MSL short; dropped.
    #[error("a reset in TIME-WAIT")]
    ResetInTimeWait,
    /// A SYN in a synchronized state; challenged.
    #[error("a SYN in a synchronized state")]
    SynChallenged,
    /// SYN-RECEIVED: the peer's SYN once more; our SYN,ACK goes out again.
    #[error("the peer's SYN again")]
    SynRepeated,
    /// Its timestamp is older than the last one of a segment in order; acknowledged, within the limiter.
    #[error("an old timestamp")]
    OldTimestamp,
    /// Timestamps were agreed, and it has none; dropped.
    #[error("no timestamp")]
    NoTimestamp,
    /// An ICMP error that quotes a number which is not in flight; ignored.
    #[error("an ICMP error about nothing in flight")]
    IcmpNotInFlight,
    /// The ACK bit is off; dropped.
    #[error("no acknowledgment")]
    NoAck,
    /// It acknowledges what was never sent; acknowledged, within the limiter.
    #[error("an acknowledgment of something not yet sent")]
    AckOfUnsent,
    /// It acknowledges less than SND.UNA - MAX.SND.WND; challenged.
    #[error("an acknowledgment older than the largest window")]
    AckTooOld,
    /// SYN-RECEIVED: it does not acknowledge our SYN; reset.
    #[error("an unacceptable acknowledgment in SYN-RECEIVED")]
    AckInSynReceived,
    /// TIME-WAIT: neither a FIN sent again nor an acknowledgment in order; acknowledged, within the limiter unless it
    /// carries something.
    #[error("out of step in TIME-WAIT")]
    OutOfStepInTimeWait,
}

impl Refusal {
    /// Where the rule stands: `RFC 9293 section 3.10.7.4, first` and the like.
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
