//! The parsers of `sim`, on any text; what they understand is played. Nothing panics, and what differs is told.

use std::panic;

use tcp_lifecycle::sim::{Figure, Script};
use tcp_lifecycle::{Config, Segment};

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
    if takes_long(text) {
        return;
    }
    if let Ok(script) = script {
        let played = panic::catch_unwind(|| script.run(&Config::DEFAULT).map_err(|error| error.to_string()));
        assert!(played.is_ok(), "{text}");
    }
    if let Ok(figure) = figure {
        let played = panic::catch_unwind(|| figure.run(&Config::DEFAULT).map_err(|error| error.to_string()));
        assert!(played.is_ok(), "{text}");
    }
}

/// Time that has a timer fire for years, or megabytes in segments of one byte: no fault, but nothing to wait for.
fn takes_long(text: &str) -> bool {
    let digits = |line: &str| line.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    text.lines().any(|line| {
        let time = line.contains('+') || line.contains("MSL") || line.contains("config");
        let bytes = ["send", "retransmit", "limit", "SND.WND"].iter().any(|word| line.contains(word));
        (time && digits(line) > 3) || (bytes && digits(line) > 5)
    })
}
