//! The getters of a connection agree with STATUS, and with its behavior.

use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Output, SeqNumber, State, Status};

use super::Watched;

impl Watched {
    pub(super) fn check_getters(&self, status: &Status) {
        let connection = &self.connection;
        assert_eq!(connection.state(), status.state);
        assert_eq!((connection.snd_una(), connection.snd_nxt()), (status.snd_una, status.snd_nxt));
        assert_eq!((connection.snd_wnd(), connection.rcv_wnd()), (status.snd_wnd, status.rcv_wnd));
        assert_eq!(connection.rcv_nxt(), status.rcv_nxt);
        assert_eq!((connection.in_flight(), connection.unsent()), (status.in_flight, status.unsent));
        assert_eq!(connection.unread(), status.unread);
        let sent = connection.clone().send(1, self.now);
        assert_eq!(connection.may_send(), matches!(sent, Ok(()) | Err(CallError::InsufficientResources)));
    }

    /// Compares with the connection before a poll: whether that poll returns `Wait`, and that it then commits to
    /// nothing.
    pub(super) fn check_drained(&self, before: &Connection, output: &Output) {
        if before.is_drained() {
            let Output::Wait(deadline) = output else { panic!("drained, and {output:?}") };
            // A late deadline stays late.
            let late = |deadline: Option<Instant>| deadline.map(|at| at.max(self.now));
            assert_eq!(late(*deadline), late(before.deadline()));
            assert_eq!(before.status(), self.connection.status(), "a poll of what is drained");
        }
        assert!(!matches!(output, Output::Wait(_)) || self.connection.is_drained(), "something is due behind Wait");
    }

    /// RFC 6528, RFC 6191: the next incarnation begins right of this one.
    pub(super) fn check_next_life(&self, status: &Status) {
        let offset = self.connection.next_isn_offset(self.now);
        let iss = first_number(&self.connection.config(), offset, self.now);
        assert_eq!(Connection::isn_offset_for(iss, self.now), offset);
        assert_eq!(status.detached, self.life.detached && status.iss.is_some());
        assert!(status.snd_nxt.is_none_or(|nxt| nxt.lt(iss)), "the next life begins within the last");
        match self.connection.clone().into_time_wait() {
            Ok(time_wait) => {
                assert_eq!((status.state, Some(time_wait)), (State::TimeWait, self.connection.time_wait()));
            }
            Err(connection) => assert_eq!((connection, None), (self.connection.clone(), self.connection.time_wait())),
        }
    }
}

/// The initial sequence number of an active OPEN.
fn first_number(config: &Config, offset: u32, now: Instant) -> SeqNumber {
    let mut connection = Connection::new(config, offset);
    connection.open(Open::Active, now).unwrap();
    connection.status().iss.unwrap()
}
