//! The paths of a connection to TIME-WAIT, by events.

use core::time::Duration;

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber, Transmit};

/// The arc of Figure 5 into TIME-WAIT.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    FinWait2,
    FinWait1,
    Closing,
}

/// The connection before TIME-WAIT.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) config: Config,
    pub(crate) opened: Instant,
    pub(crate) isn_offset: u32,
    pub(crate) irs: u32,
    pub(crate) peer_window: u16,
    pub(crate) peer_scale: Option<u8>,
    /// The TSval of all of the peer's segments.
    pub(crate) peer_time: Option<u32>,
    pub(crate) payload: u16,
    /// How many bytes are consumed before the peer's FIN, and how many in TIME-WAIT.
    pub(crate) consumed: u16,
    pub(crate) consumed_late: u16,
    pub(crate) way: Way,
    /// The receive buffer until shortly before the end, if `config` has a smaller one.
    pub(crate) former_buffer: u32,
}

pub(crate) const LIFE: Life = Life {
    config: Config::DEFAULT,
    opened: Instant::ZERO,
    isn_offset: 98,
    irs: 298,
    peer_window: 1_000,
    peer_scale: None,
    peer_time: None,
    payload: 0,
    consumed: 0,
    consumed_late: 0,
    way: Way::FinWait2,
    former_buffer: 0,
};

pub(crate) fn drain(connection: &mut Connection, now: Instant) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transmit(Transmit { segment, .. }) => segments.push(segment),
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(_) => return segments,
        }
    }
}

impl Life {
    /// The connection in TIME-WAIT, drained, a few milliseconds after it was opened; unless the payload left no window
    /// for the FIN.
    pub(crate) fn reach(&self) -> (Connection, Instant) {
        let mut now = self.opened;
        let mut former = self.config;
        if former.receive_buffer < self.former_buffer {
            former.receive_buffer = self.former_buffer;
            // The agreement of the SYNs stays.
            former.window_scale = Connection::new(&self.config, 0).config().window_scale.or(Some(0));
        }
        let mut connection = Connection::new(&former, self.isn_offset);
        connection.open(Open::Active, now).unwrap();
        let iss = drain(&mut connection, now)[0].seq();
        let mut arrives = |connection: &mut Connection, seq: u32, ack: u32, control, payload| {
            now = now + Duration::from_millis(1);
            let mut options = Options::NONE;
            if let Some(time) = self.peer_time {
                options = options.with_timestamps(time, now.as_micros() as u32 / 1_000);
            }
            if let (Control::SYN, Some(scale)) = (control, self.peer_scale) {
                options = options.with_window_scale(scale);
            }
            let segment = Segment::new(SeqNumber(self.irs) + seq, iss + ack, control | Control::ACK)
                .with_window(self.peer_window)
                .with_options(options)
                .with_payload(payload);
            let taken = connection.segment_arrives(&segment, now).unwrap_or(0..0).len();
            drain(connection, now);
            taken
        };
        arrives(&mut connection, 0, 1, Control::SYN, 0);
        let taken = arrives(&mut connection, 1, 1, Control::PSH, self.payload);
        let early = taken.min(usize::from(self.consumed));
        connection.receive(early).unwrap();
        connection.close(self.opened).unwrap();
        drain(&mut connection, self.opened);
        let fin = 1 + taken as u32;
        match self.way {
            Way::FinWait2 => {
                arrives(&mut connection, fin, 2, Control::empty(), 0);
                arrives(&mut connection, fin, 2, Control::FIN, 0);
            }
            Way::FinWait1 => {
                arrives(&mut connection, fin, 2, Control::FIN, 0);
            }
            Way::Closing => {
                arrives(&mut connection, fin, 1, Control::FIN, 0);
                arrives(&mut connection, fin + 1, 2, Control::empty(), 0);
            }
        }
        connection.receive((taken - early).min(usize::from(self.consumed_late))).unwrap();
        connection.configure(&self.config);
        drain(&mut connection, now);
        (connection, now)
    }
}
