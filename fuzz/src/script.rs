//! The parsers of `sim`, on any text; what they understand is played. Nothing panics, and what differs is told.

use core::cell::Cell;

use tcp_lifecycle::sim::{Figure, Glue, Script};
use tcp_lifecycle::{Config, Connection, Instant, Output, Segment};

pub fn run(text: &str) {
    for line in text.lines() {
        if let Ok(segment) = line.parse::<Segment>() {
            assert_eq!(segment.to_string().parse(), Ok(segment), "{line}");
        }
    }
    let script = Script::parse(text);
    let figure = Figure::parse(text);
    for error in [script.as_ref().err(), figure.as_ref().err()].into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
    if let Ok(script) = script {
        let left = Cell::new(MOST_POLLS);
        let played =
            script.run_with(&Config::DEFAULT, |config| Weary { connection: Connection::new(config, 0), left: &left });
        assert!(played.err().is_none_or(|error| !error.to_string().is_empty()));
    }
    if let Some(figure) = figure.ok().filter(|_| !takes_long(text)) {
        let played = figure.run(&Config::DEFAULT);
        assert!(played.err().is_none_or(|error| !error.to_string().is_empty()));
    }
}

const MOST_POLLS: u32 = 20_000;

/// After so many polls it has nothing more to say and nothing to wait for. A timer that fires for years, and megabytes in
/// segments of one byte, are no fault; but no run waits for their end.
struct Weary<'a> {
    connection: Connection,
    left: &'a Cell<u32>,
}

impl Glue for Weary<'_> {
    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn poll(&mut self, now: Instant) -> Output {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 { Output::Wait(None) } else { self.connection.poll(now) }
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        if self.left.get() == 0 { None } else { self.connection.deadline() }
    }
}

/// The same of a figure, whose ends cannot be made to weary.
fn takes_long(text: &str) -> bool {
    let digits = |line: &str| line.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    text.lines().any(|line| {
        let time = line.contains('+') || line.contains("MSL") || line.contains("config");
        let bytes = ["send", "retransmit", "limit", "SND.WND"].iter().any(|word| line.contains(word));
        (time && digits(line) > 3) || (bytes && digits(line) > 5)
    })
}
