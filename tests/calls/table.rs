//! The format of a table, and the draining of a connection without a script.

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Output, Segment};

/// Plays each row. A row is
///
/// ```text
/// CLOSE-WAIT: close   => <SEQ=100><ACK=300><CTL=FIN,ACK>; LAST-ACK
/// CLOSING: close      => error: connection closing
/// ```
///
/// with nothing after the arrow if the call is Ok and has no output. A call that fails must change nothing.
#[track_caller]
pub(crate) fn table(rows: &str) {
    let failures: Vec<String> = rows
        .lines()
        .map(|row| row.split('#').next().unwrap_or_default().trim())
        .filter(|row| !row.is_empty())
        .filter_map(|row| play(row).err().map(|why| format!("{row}\n{why}\n")))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn play(row: &str) -> Result<(), String> {
    let (given, row) = row.split_once(": ").ok_or("no `: ` in this row")?;
    let (call, answer) = row.split_once("=>").ok_or("no `=>` in this row")?;
    let mut script = format!("{given}\n{call}");
    if let Some(error) = answer.trim().strip_prefix("error: ") {
        script.push_str(&format!(" => error: {error}\n{given}\n"));
        return if run(given)? == run(&script)? { Ok(()) } else { Err("the failed call has changed something".into()) };
    }
    script.push('\n');
    for answer in answer.split(';').map(str::trim) {
        let arrow = if answer.starts_with('<') { "--> " } else { "" };
        script.push_str(&format!("{arrow}{answer}\n"));
    }
    run(&script).map(|_| ())
}

fn run(script: &str) -> Result<Connection, String> {
    let script: Script = script.parse().map_err(|error| format!("{error}"))?;
    let mut connection = script.run(&Config::DEFAULT).map_err(|error| format!("{error}"))?;
    connection.set_isn_offset(0); // the script sets it before every event
    Ok(connection)
}

/// The connection at the end of a script.
#[track_caller]
pub(crate) fn after(script: &str) -> Connection {
    run(script).unwrap_or_else(|error| panic!("{error}"))
}

/// All outputs that are due, in printed form; segments without their windows and options.
pub(crate) fn drain(connection: &mut Connection, now: Instant) -> Vec<String> {
    let mut outputs = Vec::new();
    loop {
        outputs.push(match connection.poll(now) {
            Output::Transition(transition) => transition.to_string(),
            Output::Signal(signal) => format!("{signal:?}"),
            Output::Transmit(transmit) => bare(&transmit.segment).to_string(),
            Output::Wait(_) => return outputs,
        });
    }
}

fn bare(segment: &Segment) -> Segment {
    segment.with_window(0).with_options(tcp_lifecycle::Options::default())
}
