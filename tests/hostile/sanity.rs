//! The end of the connection and its timers, checked at rest.

use core::mem::needs_drop;

use tcp_lifecycle::{Connection, Instant, State, Status};

use super::{Attack, Law};

// Whatever a peer sends, a connection's memory does not grow: it owns no allocation.
const _: () = assert!(!needs_drop::<Connection>());

/// 2^30 bytes, our SYN and our FIN (D21).
const MOST_QUEUED: u32 = (1 << 30) + 2;

impl Attack {
    pub(super) fn check_sanity(&self, deadline: Option<Instant>) {
        let status = self.connection.status();
        self.must(Law::Sanity, deadline == self.connection.deadline(), || "Wait says another deadline".to_string());
        self.must(Law::Sanity, status.state == self.life.shown, || {
            format!("{} was told, the state is {}", self.life.shown, status.state)
        });
        let over = matches!(status.state, State::Closed | State::Listen);
        self.must(Law::Sanity, !over || deadline.is_none(), || format!("a timer in {}", status.state));
        self.must(Law::Sanity, !waits_for_network(&status) || deadline.is_some(), || {
            format!("{} waits for the network without a timer: {status:?}", status.state)
        });
        self.must(Law::Sanity, status.unsent + status.in_flight <= MOST_QUEUED, || "too much is queued".to_string());
    }
}

/// Whether something of ours is in flight, or held back by the window.
fn waits_for_network(status: &Status) -> bool {
    match status.state {
        State::SynSent | State::SynReceived | State::FinWait1 | State::Closing | State::LastAck | State::TimeWait => {
            true
        }
        State::Established | State::CloseWait => status.in_flight > 0 || status.unsent > 0,
        State::Closed | State::Listen | State::FinWait2 => false,
    }
}
