//! Scripts for one end: the connection under test, and the script in the place of its peer.

use core::fmt;
use core::str::FromStr;
use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use super::difference::Difference;
use super::glue::{self, Glue};
use super::line::{self, Line};
use super::player::Player;
use super::subject::{Played, Subject};
use super::text::Mistake;
use crate::{Config, Connection};

/// An exchange between one connection and its peer, in the notation of the RFC. The script plays the peer.
///
/// ```
/// tcp_lifecycle::sim::check("
///     ESTABLISHED                                 SND.NXT=100 RCV.NXT=300
///     <-- <SEQ=301><CTL=RST>                      refused: RFC 9293 section 3.10.7.4, second, 3)
///     --> <SEQ=100><ACK=300><CTL=ACK>             # a challenge: not at RCV.NXT
///     ESTABLISHED
///     <-- <SEQ=300><CTL=RST>
///     signal: Reset
///     CLOSED
/// ");
/// ```
///
/// A line is an event, or an expected output of the event before it.
///
/// | event | |
/// |---|---|
/// | `open active`, `open passive`, `send 10`, `send urgent 10`, `receive 10`, `close`, `detach`, `abort`, `acknowledge now` | a user call |
/// | `send "GET /\r\n"`, `receive "hello"` | the user sends these bytes; the user must get these bytes |
/// | `limit 1000`, `retransmit 0..10`, `congestion experienced`, `congestion window reduced` | a call for congestion control or ECN; `& congestion experienced` follows a segment that came marked |
/// | `close   => error: connection closing` | a call that must fail, with the text of its [`CallError`](crate::CallError) |
/// | `<-- <SEQ=100><CTL=SYN>` | a segment arrives; if it writes no WND, it has the window of the peer's last segment, at first 65535 |
/// | `<-- <SEQ=301><ACK=101><CTL=ACK><DATA="hello">` | a segment arrives with these bytes |
/// | `icmp PortUnreachable 100` | an [`IcmpError`](crate::IcmpError) that quotes this sequence number arrives |
/// | `+ 1s`, `+ 1m 30s`, `+ 2 MSL` | time passes (`us`, `ms`, `s`, `m`, `h`); every timer fires at its deadline |
/// | `& send 10`, `& <-- ...` | an event that happens before the outputs of the previous event are polled |
/// | `ISS=400` | the next initial sequence number, whenever it is chosen; 100 by default |
/// | `config msl=30s, rfc5961=off` | policies, before the first event |
/// | `configure nagle=on` | other policies during the life of the connection: [`Connection::configure`] |
/// | `crash` | the host forgets the connection |
///
/// | expected output | |
/// |---|---|
/// | `--> <SEQ=300><ACK=101><CTL=SYN,ACK>` | a segment goes out. SEQ, ACK, DATA (no bytes if it is not written) and CTL are compared; PSH, WND, URG and options only if they are written; `<WS=none>` is an option that must be absent |
/// | `--> <SEQ=101><ACK=301><CTL=ACK><DATA=10>   bytes 0..10` | a segment with these bytes of the send queue goes out |
/// | `--> <SEQ=101><ACK=301><CTL=ACK><DATA="hello">`, or with `<DATA=5>   bytes "hello"` | a segment with these bytes goes out |
/// | `signal: Closing`, `signal: Acknowledged 10`, `signal: SoftError TimeExceeded` | a [`Signal`](crate::Signal) |
/// | `SYN-SENT -> ESTABLISHED` | a transition |
/// | `ESTABLISHED   SND.NXT=100 RCV.WND=65535` | the state, and any of the variables |
///
/// A segment is in the notation of [`Segment`](crate::Segment):
/// `<SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10><WND=65535><URG=5><MSS=536><WS=7><SACK><TS=1,0>`.
///
/// A string has the escapes `\r`, `\n`, `\t`, `\0`, `\\`, `\"` and `\x0d`. Where a line writes a number of bytes, their
/// values are made up. A connection alone keeps no bytes: the script then compares the bytes that its user has sent.
///
/// ```
/// tcp_lifecycle::sim::check(r#"
///     ESTABLISHED
///     <-- <SEQ=300><ACK=100><CTL=PSH,ACK><DATA="GET /\r\n">
///     --> <SEQ=100><ACK=307><CTL=ACK>
///     receive "GET /\r\n"
///     send "<h1>hello</h1>"
///     --> <SEQ=100><ACK=307><CTL=PSH,ACK><DATA="<h1>hello</h1>">
///     ESTABLISHED
/// "#);
/// ```
///
/// The variables are those of [`Status`](crate::Status): ISS, IRS, SND.UNA, SND.NXT, SND.WND, SND.UP, SND.SCALE,
/// RCV.NXT, RCV.WND, RCV.UP, RCV.SCALE, UNSENT, IN-FLIGHT, UNREAD, URGENT, PEER-MSS, RETRANSMISSIONS, DUPLICATE-ACKS.
/// RTO, SRTT and RTTVAR are times. SCALE, TIMESTAMPS, SACK and ECN are 1 if they were agreed on, otherwise 0. DETACHED
/// is 1 if the user is gone, otherwise 0. TIMER and the connection's DEADLINE are times from now. A variable that the
/// state does not have is `none`.
///
/// The policies have the names of the fields of [`Config`]: `mss=1460`, `window_scale=7`, `msl=30s`,
/// `user_timeout=none`, `nagle=on`, `keep_alive=2h 75s 9` (idle time, interval and probes; or `on`, `none`). `r2`,
/// `syn_r2` and the limits by count may be `none` too.
///
/// An outcome may stand behind a segment or an ICMP error that arrives: `delivers 0..10`, `delivers nothing`,
/// `accepted`, `refused`, or `refused: why` with the name, the message or the citation of a
/// [`Refusal`](crate::Refusal). Without an outcome, all payload of a segment must be delivered, and an ICMP error must
/// not be refused.
///
/// A script is strict. Segments and signals must be listed in the order in which they come. An output that is not
/// listed fails the script, and so does a listed output that does not come. A change of state must be listed, by the
/// state that it leads to or by every single transition. Outputs of a timer must come at the very end of the time that
/// passes. Thereby every time is exact, and nothing comes before it.
///
/// A script that begins with a state begins in this state. The shortest exchange leads to it, such that SND.NXT,
/// RCV.NXT and SND.WND have the values that are written, or else 100, 300 and 65535. Any other script begins in CLOSED.
///
/// `#` begins a comment. A line that is not understood is an error. The error has the line, the column, and a known
/// word that is similar, if there is one.
///
/// A script can also be played against a program around a connection, see [`Glue`], against any other TCP, see
/// [`Subject`], or [over a network](Script::run_over) with delays and faults. It can be [exported](Script::packetdrill)
/// for packetdrill.
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) text: Vec<String>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The number of the line, counted from one.
    pub(super) number: usize,
    /// Whether it happens before the outputs of the previous event are polled.
    pub(super) joined: bool,
    pub(super) line: Line,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// Returns the first line that is not understood.
    pub fn parse(text: &str) -> Result<Script, ScriptError> {
        let mut script = Script { text: text.lines().map(ToOwned::to_owned).collect(), steps: Vec::new() };
        for (number, whole) in (1..).zip(text.lines()) {
            let line = line::without_comment(whole);
            if line.is_empty() {
                continue;
            }
            let (joined, line) = match line.strip_prefix('&') {
                Some(rest) => (true, rest.trim_start()),
                None => (false, line),
            };
            let parsed = line::parse(line).map_err(|mistake| ScriptError::not_understood(whole, number, mistake))?;
            let event = matches!(parsed, Line::Call(..) | Line::Arrives(..) | Line::Icmp(..));
            if joined && !event {
                let why = "only a call, or a segment or an ICMP error that arrives, can be joined";
                return Err(ScriptError::not_understood(whole, number, Mistake::new(line, why)));
            }
            script.steps.push(Step { number, joined, line: parsed });
        }
        Ok(script)
    }

    /// Plays the script against a connection with these policies, which its `config` lines may change. Returns the
    /// connection as it is at the end.
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange.
    pub fn run(&self, config: &Config) -> Result<Connection, ScriptError> {
        self.run_with(config, glue::connection)
    }

    /// Plays the script against a program around a connection. `make` makes the program with these policies, with its
    /// connection in CLOSED. It makes a new program for each line `config` or `crash`. Returns the program as it is at
    /// the end.
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange.
    pub fn run_with<G: Glue>(&self, config: &Config, make: impl FnMut(&Config) -> G) -> Result<G, ScriptError> {
        self.run_subject(config, make).map(|played| played.subject)
    }

    /// Plays the script against any TCP; see [`Subject`]. `make` makes it with these policies, in CLOSED. It makes a
    /// new one for each line `config` or `crash`. Returns the subject as it is at the end, and what could not be
    /// checked.
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange, or that needs something that the subject does not
    /// have ([`is_not_supported`](ScriptError::is_not_supported)).
    pub fn run_subject<S: Subject>(
        &self,
        config: &Config,
        make: impl FnMut(&Config) -> S,
    ) -> Result<Played<S>, ScriptError> {
        self.play(config, make).map(Player::end)
    }

    /// Plays the script as [`run`](Script::run) does. Returns everything that happened, a line for each event, as
    /// [`ScriptError::exchange`] does up to an error.
    ///
    /// ```
    /// use tcp_lifecycle::Config;
    /// use tcp_lifecycle::sim::Script;
    ///
    /// let script = Script::parse("open active\n --> <SEQ=100><CTL=SYN>\n SYN-SENT")?;
    /// for line in script.exchange(&Config::DEFAULT)? {
    ///     println!("{line}");
    /// }
    /// # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange.
    pub fn exchange(&self, config: &Config) -> Result<Vec<String>, ScriptError> {
        self.play(config, glue::connection).map(|player| player.log.lines())
    }

    fn play<'m, S: Subject>(
        &self,
        config: &Config,
        make: impl FnMut(&Config) -> S + 'm,
    ) -> Result<Player<'m, S>, ScriptError> {
        let mut player = Player::new(config, [100, 300], make);
        let mut last = 0;
        for (step, next) in self.steps.iter().zip(self.steps.iter().skip(1).map(Some).chain([None])) {
            let drain = !next.is_some_and(|next| next.joined);
            player.line = step.number;
            player.play(&step.line, drain).map_err(|difference| self.differs(step.number, difference, &player))?;
            last = step.number;
        }
        player.settle().map_err(|difference| self.differs(last, difference, &player))?;
        Ok(player)
    }

    pub(super) fn differs<G>(&self, number: usize, difference: Difference, player: &Player<'_, G>) -> ScriptError {
        ScriptError::differs(&self.text, number, difference, player.log.lines())
    }
}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Script, ScriptError> {
        Script::parse(text)
    }
}

/// The first line of a script that is not understood, or that differs from the actual exchange.
///
/// `Display` prints the line, the expected and the actual output, and the exchange; below a long exchange it prints the
/// expected and the actual output again. `Debug` prints the same, for `unwrap`.
#[derive(Clone, PartialEq, Eq)]
pub struct ScriptError {
    line: usize,
    column: usize,
    text: String,
    difference: Result<Difference, String>,
    exchange: Vec<String>,
}

impl ScriptError {
    /// `whole` is the line as it stands in the script.
    pub(super) fn not_understood(whole: &str, line: usize, mistake: Mistake<'_>) -> ScriptError {
        let (column, text) = (mistake.column(whole), whole.trim().to_owned());
        ScriptError { line, column, text, difference: Err(mistake.why), exchange: Vec::new() }
    }

    pub(super) fn differs(text: &[String], line: usize, difference: Difference, exchange: Vec<String>) -> ScriptError {
        let whole = text.get(line.saturating_sub(1)).map_or("", String::as_str);
        let column = Mistake::new(whole.trim_start(), "").column(whole);
        ScriptError { line, column, text: whole.trim().to_owned(), difference: Ok(difference), exchange }
    }

    /// Returns the number of the line in the script, counted from one.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column of the part that is not understood, or else of the beginning of the line. It counts
    /// characters from one.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the expected and the actual output; `None` if the line is not understood.
    #[must_use]
    pub fn difference(&self) -> Option<(&str, &str)> {
        let difference = self.difference.as_ref().ok()?;
        Some((&difference.expected, &difference.came))
    }

    /// Returns whether the script ended because the subject has no such call, policy or kind of event as the line
    /// needs. Then nothing is wrong with the subject, and nothing was shown; see [`Subject`].
    #[must_use]
    pub fn is_not_supported(&self) -> bool {
        self.difference.as_ref().is_ok_and(|difference| difference.is_not_supported)
    }

    /// Returns everything that happened before, a line for each event. A long exchange lacks its middle; a line there
    /// counts the lines that are left out.
    #[must_use]
    pub fn exchange(&self) -> &[String] {
        &self.exchange
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ScriptError { line, column, text, difference, exchange } = self;
        let Difference { expected, came, .. } = match difference {
            Ok(difference) => difference,
            Err(error) => return write!(f, "line {line}, column {column} is not understood: {text}\n  {error}"),
        };
        writeln!(f, "at line {line}, column {column}: {text}")?;
        let tell = |f: &mut fmt::Formatter<'_>| writeln!(f, "  expected  {expected}\n  came      {came}");
        tell(f)?;
        if expected.ends_with("nothing more") {
            writeln!(f, "  no line lists this output")?;
        } else if came.starts_with("error: ") && expected == "no error" {
            writeln!(f, "  a line that expects this error ends with `=> {came}`")?;
        }
        writeln!(f, "the exchange until then:")?;
        for line in exchange {
            writeln!(f, "{line}")?;
        }
        // The first lines may have left the screen.
        if exchange.len() > 20 { tell(f) } else { Ok(()) }
    }
}

impl fmt::Debug for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for ScriptError {}

/// Plays a script with the default policies, in a test.
///
/// # Panics
///
/// If the script is not understood, or differs from the actual exchange. The message shows the exchange.
#[track_caller]
pub fn check(script: &str) {
    check_with(glue::connection, script);
}

/// Plays a script against a program around a connection, which `make` makes with the default policies, in a test. See
/// [`Glue`].
///
/// # Panics
///
/// In the same cases as [`check`].
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn check_with<G: Glue>(make: impl FnMut(&Config) -> G, script: &str) {
    if let Err(error) = Script::parse(script).and_then(|script| script.run_with(&Config::DEFAULT, make)) {
        panic!("{error}");
    }
}
