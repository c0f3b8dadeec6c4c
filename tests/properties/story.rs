//! The events at one end, in the notation of the RFC, as in a script. They are reported when an invariant breaks.

use core::fmt;

use tcp_lifecycle::{Config, Instant, Output, Refusal, Segment};

use crate::settings::{settings, time};

#[derive(Debug)]
pub(super) enum Line {
    Config(Config),
    Call(String),
    Configure(Config),
    Arrives(Segment),
    Refused(Refusal),
    Timeout,
    Out(Output),
}

/// All lines, with the time of each.
#[derive(Debug, Default)]
pub(super) struct Story(Vec<(Instant, Line)>);

impl Story {
    pub(super) fn tell(&mut self, now: Instant, line: Line) {
        // Nothing has happened between two waits.
        if matches!((&line, self.0.last()), (Line::Out(Output::Wait(_)), Some((_, Line::Out(Output::Wait(_)))))) {
            self.0.pop();
        }
        self.0.push((now, line));
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = Instant::ZERO;
        for (now, line) in &self.0 {
            if *now > last {
                writeln!(f, "    + {}", time(now.saturating_duration_since(last)))?;
                last = *now;
            }
            match line {
                Line::Config(config) => match settings(config) {
                    Some(settings) => writeln!(f, "    config {settings}")?,
                    None => writeln!(f, "    # the default policies")?,
                },
                Line::Configure(config) => {
                    writeln!(f, "    configure {}", settings(config).unwrap_or("# as by default".to_string()))?;
                }
                Line::Call(call) => writeln!(f, "    {call}")?,
                Line::Arrives(segment) => writeln!(f, "    <-- {segment}")?,
                Line::Refused(refusal) => writeln!(f, "        # refused: {refusal}")?,
                Line::Timeout => writeln!(f, "        # timeout")?,
                Line::Out(Output::Transition(transition)) => writeln!(f, "    {transition}")?,
                Line::Out(Output::Signal(signal)) => writeln!(f, "    signal: {signal:?}")?,
                Line::Out(Output::Transmit(transmit)) => writeln!(f, "    --> {}", transmit.segment)?,
                Line::Out(Output::Wait(None)) => writeln!(f, "        # waits")?,
                Line::Out(Output::Wait(Some(until))) => {
                    let wait = until.saturating_duration_since(*now);
                    writeln!(f, "        # waits {}", time(wait))?;
                }
            }
        }
        Ok(())
    }
}
