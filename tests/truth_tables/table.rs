//! The format of a table.

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection};

/// SYN-RECEIVED after an active OPEN, with the numbers of the SYN-RECEIVED that a script is given: ISS 99, IRS 299.
pub(crate) const CROSSED_SYNS: &str = "
    ISS=99
    open active
    --> <SEQ=99><CTL=SYN>
    SYN-SENT
    <-- <SEQ=299><CTL=SYN>
    --> <SEQ=99><ACK=300><CTL=SYN,ACK>
    SYN-RECEIVED
";

/// The synchronized states of RFC 9293 section 3.5.2.
pub(crate) const SYNCHRONIZED: [&str; 7] =
    ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"];

/// The states in which payload may arrive.
pub(crate) const RECEIVING: [&str; 3] = ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"];

/// Plays each row from the state that `given` leads to. A row is
///
/// ```text
/// <SEQ=301><CTL=RST>   refused: ResetNotAtRcvNxt   => <SEQ=100><ACK=300><CTL=ACK>; signal: Reset; CLOSED
/// ```
///
/// with nothing after the arrow if there is no output. A refused segment must leave the variables unchanged. A segment
/// that is refused in silence must leave the whole connection unchanged.
#[track_caller]
pub(crate) fn table(given: &str, rows: &str) {
    let failures: Vec<String> =
        split(rows).filter_map(|row| play(given, row).err().map(|why| format!("{row}\n{why}\n"))).collect();
    assert!(failures.is_empty(), "given {given}\n{}", failures.join("\n"));
}

/// The rows of a table.
pub(crate) fn split(rows: &str) -> impl Iterator<Item = &str> {
    rows.lines().map(|row| row.split('#').next().unwrap_or_default().trim()).filter(|row| !row.is_empty())
}

/// The script of a row: the segment, and the answer line by line.
pub(crate) fn script(given: &str, row: &str) -> Result<String, String> {
    let (segment, answer) = row.split_once(" =>").ok_or("no ` =>` in this row")?;
    let mut script = format!("{given}\n<-- {segment}\n");
    for answer in answer.split(';').map(str::trim).filter(|answer| !answer.is_empty()) {
        let arrow = if answer.starts_with('<') { "--> " } else { "" };
        script.push_str(&format!("{arrow}{answer}\n"));
    }
    Ok(script)
}

fn play(given: &str, row: &str) -> Result<(), String> {
    let before = run(given)?;
    let after = run(&script(given, row)?)?;
    if row.contains("refused") {
        if row.ends_with("=>") && before != after {
            return Err(format!("a trace of it is left: {before:?}\n{after:?}"));
        }
        if before.status() != after.status() {
            return Err(format!("a variable has changed: {:?}\n{:?}", before.status(), after.status()));
        }
    }
    Ok(())
}

pub(crate) fn run(script: &str) -> Result<Connection, String> {
    let script: Script = script.parse().map_err(|error| format!("{error}"))?;
    let mut connection = script.run(&Config::DEFAULT).map_err(|error| format!("{error}"))?;
    connection.set_isn_offset(0); // the script sets it before every event
    Ok(connection)
}
