//! Scripts for one end over a network: an expected output may come late, and other outputs may come before it.

use core::fmt::Write;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Side;
use super::difference::{Difference, check_outcome, describe_signal};
use super::excerpt::Excerpt;
use super::line::{Call, Line, Outcome, Payload};
use super::network::Network;
use super::octets::{Octets, quoted};
use super::pair::Pair;
use super::pattern::Pattern;
use super::player::Player;
use super::script::{Script, ScriptError, Step};
use super::text::Mistake;
use super::trace::{Event, What};
use super::variable::{self, Variable};
use super::violation::Violation;
use super::{glue, policy};
use crate::{CallError, Config, Segment, SeqNumber, State};

/// The most bytes that a script can send at once.
const MOST_BYTES: usize = 1 << 24;

impl Script {
    /// Plays the script with a network between the connection, which is [`Side::A`], and its peer, [`Side::B`]. The
    /// script plays the peer. Returns both ends as they are at the end, with the trace.
    ///
    /// ```
    /// use core::time::Duration;
    /// use tcp_lifecycle::Config;
    /// use tcp_lifecycle::sim::{Network, Script, Side};
    ///
    /// let script = Script::parse("
    ///     open active
    ///     --> <SEQ=100><CTL=SYN>                       # if the network loses it, it is sent again
    ///     <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
    ///     ESTABLISHED
    ///     send 5
    ///     --> <SEQ=101><ACK=301><CTL=ACK><DATA=5>
    ///     + 5s                                         # the peer is slow
    ///     <-- <SEQ=301><ACK=106><CTL=FIN,ACK>
    ///     signal: Closing
    ///     CLOSE-WAIT                                   UNREAD=0
    /// ")?;
    /// let slow = Network { delay: Duration::from_millis(300), ..Network::PERFECT };
    /// let pair = script.run_over(&Config::DEFAULT, slow)?;
    /// assert_eq!(pair.counts().sent, 8); // the five bytes three times
    /// println!("{}", pair.trace()); // as a ladder, without a state at the right
    /// # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
    /// ```
    ///
    /// An event happens at once. `<--` means that the peer sends a segment; each byte of a payload that is not written
    /// is the low octet of its sequence number. The outcome depends on time and chance, so that a script over a network
    /// is not strict. A line that expects an output lets time pass until the output comes, and skips outputs before it.
    /// `-->` waits for a segment that arrives at the peer. A line with a signal or a transition waits for an occurrence
    /// that no earlier line has passed. A line with a state waits for the state and its variables. The peer does only
    /// what the script says: it answers nothing, and retransmits nothing.
    ///
    /// No line can be joined by `&`, and nothing but `bytes "..."` can stand behind a segment. All other lines have
    /// their usual meaning.
    ///
    /// # Errors
    ///
    /// Returns the first line that cannot be played, or whose output does not come. The exchange in the error is the
    /// ladder up to there.
    pub fn run_over(&self, config: &Config, network: Network) -> Result<Pair, ScriptError> {
        let mut steps = self.steps.iter().peekable();
        let mut player = Player::new(config, [100, 300], glue::connection);
        let is_given = |step: &&Step| matches!(step.line, Line::Config(_) | Line::Iss(_) | Line::State(..));
        while let Some(step) = steps.next_if(is_given) {
            player.play(&step.line, true).map_err(|difference| self.differs(step.number, difference, &player))?;
        }
        let pair = Pair::with_script(player.subject, player.iss, network);
        let mut stage = Stage { pair, config: player.config, peer_window: player.peer_window, told: [0; 3] };
        for step in steps {
            if let Some(why) = cannot_be_played(step) {
                let whole = self.text.get(step.number.saturating_sub(1)).map_or("", String::as_str);
                return Err(ScriptError::not_understood(whole, step.number, Mistake::new(whole.trim_start(), why)));
            }
            stage.play(&step.line).map_err(|difference| {
                let mut ladder = Excerpt::default();
                // Writing to an `Excerpt` never fails.
                let _ = write!(ladder, "{}", stage.pair.trace());
                ScriptError::differs(&self.text, step.number, difference, ladder.lines())
            })?;
        }
        Ok(stage.pair)
    }
}

/// Returns why a line cannot be played over a network.
fn cannot_be_played(step: &Step) -> Option<&'static str> {
    match &step.line {
        _ if step.joined => Some("over a network no event can be joined to another"),
        Line::Config(_) => Some("over a network policies come before all else, or by configure"),
        Line::Sends(_, Some(Payload::Range(_))) => {
            Some("over a network no range of the send queue can stand behind a segment that is sent")
        }
        Line::Arrives(_, outcome) if *outcome != Outcome::Whole => {
            Some("over a network nothing can stand behind a segment: nobody knows when it arrives")
        }
        Line::Iss(_)
        | Line::Call(..)
        | Line::Arrives(..)
        | Line::Icmp(..)
        | Line::Sends(..)
        | Line::Signal(_)
        | Line::Transition(_)
        | Line::State(..)
        | Line::Time(_) => None,
    }
}

/// One end, the network, and the peer that the script plays.
struct Stage {
    pair: Pair,
    config: Config,
    /// The window of the peer's last segment, for segments that do not write a window.
    peer_window: u16,
    /// The number of trace events that lines of each [`Kind`] have passed.
    told: [usize; 3],
}

/// A kind of output. Lines of one kind pass over the trace independently of the other kinds.
#[derive(Clone, Copy)]
enum Kind {
    Segment,
    Signal,
    Transition,
}

impl Stage {
    fn play(&mut self, line: &Line) -> Result<(), Difference> {
        match line {
            Line::Config(settings) => policy::apply(settings, &mut self.config),
            Line::Iss(iss) => self.pair.set_iss(Side::A, *iss),
            Line::Call(call, error) => return self.call(call, error.as_deref()),
            Line::Arrives(pattern, _) => self.say(pattern),
            Line::Icmp(error, quoted, outcome) => {
                let name = format!("icmp {error:?} {quoted}");
                let came = self.pair.call(Side::A, &name, |a, _| a.icmp(*error, SeqNumber(*quoted)));
                return check_outcome(0, outcome, &came.map(|()| 0..0));
            }
            Line::Sends(pattern, payload) => {
                let text = match payload {
                    Some(Payload::Text(text)) => Some(text.as_slice()),
                    Some(Payload::Range(_)) | None => pattern.payload(),
                };
                let bytes =
                    text.filter(|_| pattern.payload().is_none()).map(|text| format!("   bytes {}", quoted(text)));
                let expected = format!("--> {pattern}{}", bytes.unwrap_or_default());
                return self.wait_for(Kind::Segment, expected, |pair, event| {
                    let What::Arrived(number, segment, _) = &event.what else { return false };
                    let is_text = |text: &[u8]| text == pair.trace().payload(*number);
                    event.side == Side::B && pattern.matches(segment) && text.is_none_or(is_text)
                });
            }
            Line::Signal(signal) => {
                let signal = format!("signal: {signal}");
                return self.wait_for(
                    Kind::Signal,
                    signal.clone(),
                    |_, event| matches!(event.what, What::Signal(came) if describe_signal(came) == signal),
                );
            }
            Line::Transition(transition) => {
                return self.wait_for(Kind::Transition, transition.to_string(), |_, event| {
                    event.what == What::Transition(*transition)
                });
            }
            Line::State(state, variables) => return self.wait_for_state(*state, variables),
            Line::Time(length) => {
                self.pair.drive_for(length.with(&self.config)).map_err(|violation| broken("time", &violation))?;
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, error: Option<&str>) -> Result<(), Difference> {
        if matches!(call, Call::Send(octets) | Call::SendUrgent(octets) if octets.len() > MOST_BYTES) {
            return Err(Difference::new(format!("at most {MOST_BYTES} bytes at once"), call));
        }
        let came = self.make_call(call)?.map_or_else(|error| format!("error: {error}"), |()| "no error".to_string());
        let expected = error.map_or_else(|| "no error".to_string(), |error| format!("error: {error}"));
        if came == expected { Ok(()) } else { Err(Difference::new(expected, came)) }
    }

    /// The outer error is a difference in the bytes that are received, the inner one the error of the call.
    fn make_call(&mut self, call: &Call) -> Result<Result<(), CallError>, Difference> {
        let (pair, a) = (&mut self.pair, Side::A);
        let stream = |pair: &Pair, octets: &Octets| -> Vec<u8> {
            let sent = pair.sent(a).len();
            let counted = || (sent..sent.saturating_add(octets.len())).map(|index| index as u8).collect();
            octets.text().map_or_else(counted, <[u8]>::to_vec)
        };
        let name = call.to_string();
        let mut result = Ok(());
        match call {
            Call::Open(open) => result = pair.open(a, *open),
            Call::Send(octets) => result = pair.send(a, &stream(pair, octets)),
            Call::SendUrgent(octets) => result = pair.send_urgent(a, &stream(pair, octets)),
            Call::Receive(octets) => return receive(pair, a, octets),
            Call::Close => result = pair.close(a),
            Call::Detach => result = pair.detach(a),
            Call::Abort => result = pair.abort(a),
            Call::AcknowledgeNow => pair.call(a, &name, |a, _| a.acknowledge_now()),
            Call::Limit(bytes) => pair.call(a, &name, |a, _| a.limit(*bytes)),
            Call::Retransmit(range) => result = pair.call(a, &name, |a, _| a.retransmit(range.clone())),
            Call::CongestionExperienced => pair.call(a, &name, |a, _| a.congestion_experienced()),
            Call::CongestionWindowReduced => pair.call(a, &name, |a, _| a.congestion_window_reduced()),
            Call::Configure(settings) => {
                policy::apply(settings, &mut self.config);
                pair.call(a, &name, |a, _| a.configure(&self.config));
            }
            Call::Crash => pair.crash(a),
        }
        Ok(result)
    }

    /// Makes the peer send a segment.
    fn say(&mut self, pattern: &Pattern) {
        let segment: Segment = pattern.with_window(self.peer_window);
        self.peer_window = segment.window();
        let octets = (0..u32::from(segment.payload_len())).map(|index| (segment.seq() + index).0 as u8);
        let payload = pattern.payload().map_or_else(|| octets.collect(), <[u8]>::to_vec);
        self.pair.say(Side::B, segment, payload);
    }

    /// Lets time pass until an output comes for which `is_it` holds, and which no line of this kind has passed.
    fn wait_for(
        &mut self,
        kind: Kind,
        expected: String,
        is_it: impl Fn(&Pair, &Event) -> bool,
    ) -> Result<(), Difference> {
        let [segment, signal, transition] = &mut self.told;
        let told = match kind {
            Kind::Segment => segment,
            Kind::Signal => signal,
            Kind::Transition => transition,
        };
        let mut found = false;
        let waited = self.pair.drive_while(|pair| {
            while !found && let Some(event) = pair.trace().events().get(*told) {
                *told = told.saturating_add(1);
                found = is_it(pair, event);
            }
            !found
        });
        waited.map_err(|violation| broken(&expected, &violation))?;
        if found { Ok(()) } else { Err(Difference::new(expected, "nothing of the kind, and nothing more happens")) }
    }

    fn wait_for_state(&mut self, state: State, variables: &[Variable]) -> Result<(), Difference> {
        let value = |pair: &Pair, name: &str| variable::look_up(name, pair.connection(Side::A), pair.now());
        let is_so = |pair: &Pair, variable: &Variable| value(pair, &variable.name) == Some(variable.value);
        let holds = |pair: &Pair| pair.state(Side::A) == state && variables.iter().all(|v| is_so(pair, v));
        let all = |state: State, variables: &[Variable]| {
            variables.iter().fold(state.to_string(), |all, variable| format!("{all} {variable}"))
        };
        let expected = all(state, variables);
        self.pair.drive_while(|pair| !holds(pair)).map_err(|violation| broken(&expected, &violation))?;
        if holds(&self.pair) {
            return Ok(());
        }
        let now = |v: &Variable| Some(Variable { name: v.name.clone(), value: value(&self.pair, &v.name)? });
        let came: Vec<Variable> = variables.iter().filter_map(now).collect();
        Err(Difference::new(expected, format!("{}, and nothing more happens", all(self.pair.state(Side::A), &came))))
    }
}

/// RECEIVE at one end of a pair.
pub(super) fn receive(pair: &mut Pair, side: Side, octets: &Octets) -> Result<Result<(), CallError>, Difference> {
    if let Err(error) = pair.connection(side).clone().receive(octets.len()) {
        return Ok(Err(error));
    }
    let bytes = pair.read(side, octets.len());
    match octets.text().filter(|text| *text != bytes) {
        Some(_) => Err(Difference::new(format!("receive {octets}"), format!("receive {}", quoted(&bytes))).at(side)),
        None => Ok(Ok(())),
    }
}

fn broken(expected: &str, violation: &Violation) -> Difference {
    Difference::new(expected, violation)
}
