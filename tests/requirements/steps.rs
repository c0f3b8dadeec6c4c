//! The steps of RFC 9293 section 3.10, and their states.

/// The states in the order in which the section lists them.
pub(crate) const STATES: [&str; 11] = [
    "CLOSED",
    "LISTEN",
    "SYN-SENT",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSE-WAIT",
    "CLOSING",
    "LAST-ACK",
    "TIME-WAIT",
];

/// Under each section the states, and the steps of each of them. `all` has the steps that belong to no particular
/// state.
const STEPS: &str = "
3.10.1
    CLOSED                                 : passive; active; remote unspecified; not allowed; no room
    LISTEN                                 : active; remote unspecified
    SYN-SENT to TIME-WAIT                  : exists
3.10.2
    CLOSED                                 : not there
    LISTEN                                 : active; remote unspecified
    SYN-SENT, SYN-RECEIVED                 : queue; no room
    ESTABLISHED, CLOSE-WAIT                : send; no room; urgent
    FIN-WAIT-1, FIN-WAIT-2                 : closing
    CLOSING to TIME-WAIT                   : closing
3.10.3
    CLOSED                                 : not there
    LISTEN to SYN-RECEIVED                 : queue
    ESTABLISHED to FIN-WAIT-2              : queue; deliver; urgent; acknowledge
    CLOSE-WAIT                             : deliver; closing
    CLOSING to TIME-WAIT                   : closing
3.10.4
    CLOSED                                 : not there
    LISTEN, SYN-SENT                       : delete
    SYN-RECEIVED                           : nothing queued; something queued
    ESTABLISHED                            : FIN behind the queue; FIN-WAIT-1 at once
    FIN-WAIT-1, FIN-WAIT-2                 : closing; one FIN
    CLOSE-WAIT                             : FIN behind the queue; LAST-ACK
    CLOSING to TIME-WAIT                   : closing
3.10.5
    CLOSED                                 : not there
    LISTEN, SYN-SENT                       : delete
    SYN-RECEIVED to CLOSE-WAIT             : reset; flush and delete
    CLOSING to TIME-WAIT                   : delete
3.10.6
    CLOSED                                 : not there
    LISTEN to TIME-WAIT                    : variables
3.10.7.1
    CLOSED                                 : data; RST; no ACK; ACK
3.10.7.2
    LISTEN                                 : first; second; third, security; third; third, what else; fourth
3.10.7.3
    SYN-SENT                               : first, bad ACK; first, bad ACK and RST; second, good ACK; second, no ACK
    SYN-SENT                               : third; fourth; fourth, acknowledged; fourth, what is queued
    SYN-SENT                               : fourth, sixth step; fourth, crossing; fourth, what else; fifth
3.10.7.4
    all                                    : first, several at once; first, Table 6; first, closed window
    SYN-RECEIVED to TIME-WAIT              : first, not acceptable; first, not acceptable and RST
    ESTABLISHED to FIN-WAIT-2              : first, trimmed; first, ahead
    TIME-WAIT                              : first, timestamps
    SYN-RECEIVED to TIME-WAIT              : second, outside; second, elsewhere; second, without RFC 5961
    SYN-RECEIVED                           : second, passive; second, active
    ESTABLISHED to CLOSE-WAIT              : second, reset
    CLOSING to TIME-WAIT                   : second, closed
    SYN-RECEIVED to TIME-WAIT              : third
    SYN-RECEIVED                           : fourth, passive; fourth, active
    ESTABLISHED to TIME-WAIT               : fourth, challenge
    TIME-WAIT                              : fourth, new life
    SYN-RECEIVED to TIME-WAIT              : fourth, without RFC 5961
    SYN-RECEIVED to TIME-WAIT              : fifth, no ACK
    ESTABLISHED to TIME-WAIT               : fifth, too old or too new
    SYN-RECEIVED                           : fifth, good ACK; fifth, bad ACK
    ESTABLISHED to LAST-ACK                : fifth, new; fifth, duplicate; fifth, window
    FIN-WAIT-1                             : fifth, FIN acknowledged
    FIN-WAIT-2                             : fifth, CLOSE ok
    CLOSING                                : fifth, FIN acknowledged; fifth, otherwise
    LAST-ACK                               : fifth, FIN acknowledged
    TIME-WAIT                              : fifth, FIN again
    ESTABLISHED to FIN-WAIT-2              : sixth, urgent
    CLOSE-WAIT to TIME-WAIT                : sixth, ignored
    ESTABLISHED to FIN-WAIT-2              : seventh, deliver; seventh, acknowledge; seventh, RCV.NXT and RCV.WND
    ESTABLISHED to FIN-WAIT-2              : seventh, right edge; seventh, not in order; seventh, piggyback
    CLOSE-WAIT to TIME-WAIT                : seventh, ignored
    CLOSED to SYN-SENT                     : eighth, not processed
    SYN-RECEIVED to FIN-WAIT-2             : eighth, signal and ACK
    SYN-RECEIVED, ESTABLISHED              : eighth, CLOSE-WAIT
    FIN-WAIT-1                             : eighth, FIN acknowledged; eighth, FIN not acknowledged
    FIN-WAIT-2                             : eighth, TIME-WAIT
    CLOSE-WAIT to LAST-ACK                 : eighth, remain
    TIME-WAIT                              : eighth, restart 2 MSL
3.10.8
    SYN-SENT to TIME-WAIT                  : user timeout
    SYN-SENT to TIME-WAIT                  : retransmission timeout
    TIME-WAIT                              : TIME-WAIT timeout
";

/// A step in a state: the section, the state, the step.
pub(crate) type Step = (String, String, String);

/// All steps of all states.
#[track_caller]
pub(crate) fn all() -> Vec<Step> {
    let mut section = "";
    let mut steps = Vec::new();
    for line in STEPS.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((states, names)) = line.split_once(" : ") else {
            section = line;
            continue;
        };
        for state in expand(states.trim()) {
            steps.extend(names.split("; ").map(|name| (section.to_owned(), state.to_owned(), name.to_owned())));
        }
    }
    steps
}

/// The states of `ESTABLISHED, CLOSE-WAIT` and of `CLOSING to TIME-WAIT`.
#[track_caller]
pub(crate) fn expand(states: &str) -> Vec<&str> {
    let place = |state: &str| {
        STATES.iter().position(|known| *known == state).unwrap_or_else(|| panic!("`{state}` is no state: {states}"))
    };
    states
        .split(", ")
        .flat_map(|part| match part.split_once(" to ") {
            _ if part == "all" => vec![part],
            Some((first, last)) => STATES[place(first)..=place(last)].to_vec(),
            None => vec![STATES[place(part)]],
        })
        .collect()
}
