//! Scripts in the language of packetdrill.

use core::fmt::Write;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::given::{Given, Step as Reaching};
use super::line::{Call, Line};
use super::pattern::{OPTIONS, Pattern};
use super::script::{Script, ScriptError, Step};
use super::text::Mistake;
use super::variable::Variable;
use crate::{Config, Connection, Control, IcmpError, Instant, Open, Options, Output, Segment, SeqNumber, State};

impl Script {
    /// Returns the script in the language of [packetdrill](https://github.com/google/packetdrill), to be played against
    /// a kernel. IPv4 and IPv6 look alike there.
    ///
    /// ```
    /// use tcp_lifecycle::sim::Script;
    ///
    /// let script = Script::parse("
    ///     open active
    ///     --> <SEQ=100><CTL=SYN><MSS=1460>
    ///     SYN-SENT
    ///     <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
    ///     --> <SEQ=101><ACK=301><CTL=ACK>
    ///     ESTABLISHED
    ///     + 1.5s
    ///     close
    ///     --> <SEQ=101><ACK=301><CTL=FIN,ACK>
    ///     FIN-WAIT-1
    /// ")?;
    /// assert_eq!(script.packetdrill()?, "\
    /// +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    /// +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
    /// +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
    /// +0 > S 0:0(0) <mss 1460>
    /// // SYN-SENT
    /// +0 < S. 0:0(0) ack 1 win 65535
    /// +0 > . 1:1(0) ack 1 <...>
    /// // ESTABLISHED
    /// +1.5 shutdown(3, SHUT_WR) = 0
    /// +0 > F. 1:1(0) ack 1 <...>
    /// // FIN-WAIT-1
    /// ");
    /// # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
    /// ```
    ///
    /// Sequence numbers are relative to the first SYN of each end. CLOSE is `shutdown`, `detach` is `close`, ABORT is
    /// `close` with SO_LINGER. A passive OPEN is followed by `accept` before the first call on the connection. The
    /// handshake of a script that begins with a state is written out. States, transitions and signals become comments,
    /// since a kernel does not tell them. Of payload only the length is written. A segment that writes no option gets
    /// `<...>`, and so takes all. Other than in a script, the options that are written are the whole list, and PSH is
    /// compared.
    ///
    /// # Errors
    ///
    /// Returns the first line that packetdrill cannot express: policies, joined events, calls that no socket has, the
    /// error of a call, a second connection.
    pub fn packetdrill(&self) -> Result<String, ScriptError> {
        let mut export = Export::default();
        for step in &self.steps {
            export.step(step).map_err(|why| {
                let whole = self.text.get(step.number.saturating_sub(1)).map_or("", String::as_str);
                let why = format!("packetdrill cannot express it: {why}");
                ScriptError::not_understood(whole, step.number, Mistake::new(whole.trim_start(), why))
            })?;
        }
        Ok(export.finish())
    }
}

/// The text so far, and the variables of the connection that it needs.
struct Export {
    out: String,
    /// The time since the last event.
    wait: Duration,
    socket: Socket,
    /// The sequence number of the first SYN of each end.
    own_syn: Option<SeqNumber>,
    peers_syn: Option<SeqNumber>,
    /// Whether the peer has acknowledged the own SYN.
    is_open: bool,
    /// The window of the peer's last segment.
    window: u16,
    fresh: bool,
}

/// The socket under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Socket {
    None,
    Listening,
    /// A connection with this file descriptor.
    Connection(u8),
    Closed,
}

impl Default for Export {
    fn default() -> Export {
        Export {
            out: String::new(),
            wait: Duration::ZERO,
            socket: Socket::None,
            own_syn: None,
            peers_syn: None,
            is_open: false,
            window: u16::MAX,
            fresh: true,
        }
    }
}

/// Why a line cannot be expressed.
type Why = String;

impl Export {
    fn step(&mut self, step: &Step) -> Result<(), Why> {
        let fresh = core::mem::replace(&mut self.fresh, false);
        match &step.line {
            _ if step.joined => Err("a kernel answers each event at once, so none can be joined to another".into()),
            Line::Config(_) => Err("it has no policies".into()),
            // All numbers are relative.
            Line::Iss(_) => {
                self.fresh = fresh;
                Ok(())
            }
            Line::Call(call, None) => self.call(call),
            Line::Call(_, Some(_)) => Err("the error of a call has no equivalent".into()),
            Line::Arrives(pattern, _) => self.inbound(&pattern.with_window(self.window)),
            Line::Icmp(error, quoted, _) => self.icmp(*error, SeqNumber(*quoted)),
            Line::Sends(pattern, _) => self.outbound(pattern),
            Line::Signal(signal) => self.comment(format!("signal: {signal}")),
            Line::Transition(transition) => self.comment(transition.to_string()),
            Line::State(state, variables) if fresh && *state != State::Closed => self.reach(*state, variables),
            Line::State(state, variables) => self.state(*state, variables),
            Line::Time(length) => {
                self.wait = self.wait.saturating_add(length.with(&Config::DEFAULT));
                Ok(())
            }
        }
    }

    fn finish(mut self) -> String {
        if !self.wait.is_zero() {
            self.event("`true`");
        }
        self.out
    }

    /// Writes an event, after the time that has passed.
    fn event(&mut self, event: impl AsRef<str>) {
        let wait = core::mem::take(&mut self.wait);
        let micros = format!(".{:06}", wait.subsec_micros());
        let micros = micros.trim_end_matches('0').trim_end_matches('.');
        // Writing to a `String` never fails.
        let _ = writeln!(self.out, "+{}{micros} {}", wait.as_secs(), event.as_ref());
    }

    fn comment(&mut self, text: impl AsRef<str>) -> Result<(), Why> {
        let _ = writeln!(self.out, "// {}", text.as_ref());
        Ok(())
    }

    fn state(&mut self, state: State, variables: &[Variable]) -> Result<(), Why> {
        self.comment(variables.iter().fold(state.to_string(), |all, variable| format!("{all} {variable}")))
    }

    fn call(&mut self, call: &Call) -> Result<(), Why> {
        match call {
            Call::Open(open) => return self.open(*open),
            Call::Send(octets) => {
                let (fd, bytes) = (self.connection()?, octets.len());
                self.event(format!("write({fd}, ..., {bytes}) = {bytes}"));
            }
            Call::SendUrgent(octets) => {
                let (fd, bytes) = (self.connection()?, octets.len());
                self.event(format!("send({fd}, ..., {bytes}, MSG_OOB) = {bytes}"));
            }
            Call::Receive(octets) => {
                let (fd, bytes) = (self.connection()?, octets.len());
                self.event(format!("read({fd}, ..., {bytes}) = {bytes}"));
            }
            Call::Close if self.peers_syn.is_some() => {
                let fd = self.connection()?;
                self.event(format!("shutdown({fd}, SHUT_WR) = 0"));
            }
            Call::Close | Call::Detach => return self.close(),
            Call::Abort => {
                let fd = self.socket()?;
                self.event(format!("setsockopt({fd}, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=0}}, 8) = 0"));
                return self.close();
            }
            Call::AcknowledgeNow
            | Call::Limit(_)
            | Call::Retransmit(_)
            | Call::CongestionExperienced
            | Call::CongestionWindowReduced
            | Call::Configure(_)
            | Call::Crash => return Err(format!("no socket has the call `{call}`")),
        }
        Ok(())
    }

    fn open(&mut self, open: Open) -> Result<(), Why> {
        if self.socket != Socket::None {
            return Err("it has one socket, which is open already or has been closed".into());
        }
        self.event("socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
        match open {
            Open::Active => {
                self.event("fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0");
                self.event("connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");
                self.socket = Socket::Connection(3);
            }
            Open::Passive => {
                self.event("setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
                self.event("bind(3, ..., ...) = 0");
                self.event("listen(3, 1) = 0");
                self.socket = Socket::Listening;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Why> {
        let fd = self.socket()?;
        self.event(format!("close({fd}) = 0"));
        self.socket = Socket::Closed;
        Ok(())
    }

    /// Returns the file descriptor of a connection, which may have to be accepted first.
    fn connection(&mut self) -> Result<u8, Why> {
        match self.socket {
            Socket::Listening if !self.is_open => Err("a connection is accepted only once it is ESTABLISHED".into()),
            Socket::Listening => {
                self.event("accept(3, ..., ...) = 4");
                self.socket = Socket::Connection(4);
                Ok(4)
            }
            Socket::Connection(fd) => Ok(fd),
            Socket::None | Socket::Closed => Err("there is no open socket".into()),
        }
    }

    /// Returns the file descriptor of a connection, or of a listening socket to which no peer has come.
    fn socket(&mut self) -> Result<u8, Why> {
        let listens = self.socket == Socket::Listening && self.peers_syn.is_none();
        if listens { Ok(3) } else { self.connection() }
    }

    fn inbound(&mut self, segment: &Segment) -> Result<(), Why> {
        let control = segment.control();
        let is_syn = control.contains(Control::SYN) && !control.contains(Control::RST);
        match self.socket {
            Socket::None => return Err("a segment comes before the socket".into()),
            Socket::Listening if self.peers_syn.is_none() && !is_syn => {
                return Err("the first segment to a listening socket is a SYN".into());
            }
            Socket::Listening | Socket::Connection(_) | Socket::Closed => {}
        }
        if is_syn {
            self.peers_syn.get_or_insert(segment.seq());
        }
        let acknowledges = |syn: SeqNumber| segment.ack().is_some_and(|ack| syn.lt(ack));
        self.is_open |= !control.contains(Control::RST) && self.own_syn.is_some_and(acknowledges);
        self.window = segment.window();
        let options = options(segment.options());
        let header = header(segment, self.peers_syn, self.own_syn)?;
        self.event(format!("< {header} win {}{}{options}", segment.window(), urgent(segment)));
        Ok(())
    }

    fn outbound(&mut self, pattern: &Pattern) -> Result<(), Why> {
        let segment = &pattern.segment;
        if let Some(none) = OPTIONS.iter().find(|option| pattern.is_absent(option)) {
            return Err(format!("an option that must be absent, <{none}=none>"));
        }
        let listed = OPTIONS.iter().any(|option| pattern.writes(option));
        let options = if listed { options(segment.options()) } else { " <...>".to_string() };
        let window = if pattern.writes("WND") { format!(" win {}", segment.window()) } else { String::new() };
        self.put_out(segment, &window, &options)
    }

    fn put_out(&mut self, segment: &Segment, window: &str, options: &str) -> Result<(), Why> {
        let control = segment.control();
        if control.contains(Control::SYN) {
            self.own_syn.get_or_insert(segment.seq());
        }
        // RFC 9293 section 3.5.2: a reset that answers a segment without ACK has sequence number zero.
        if control.contains(Control::RST | Control::ACK) && segment.seq() == SeqNumber(0) && self.own_syn.is_some() {
            return Err("sequence number zero of a reset, since all numbers are relative".into());
        }
        let header = header(segment, self.own_syn, self.peers_syn)?;
        self.event(format!("> {header}{window}{}{options}", urgent(segment)));
        Ok(())
    }

    fn icmp(&mut self, error: IcmpError, quoted: SeqNumber) -> Result<(), Why> {
        let name = match error {
            IcmpError::SourceQuench => "source_quench",
            IcmpError::NetworkUnreachable => "unreachable net_unreachable",
            IcmpError::HostUnreachable => "unreachable host_unreachable",
            IcmpError::ProtocolUnreachable => "unreachable protocol_unreachable",
            IcmpError::PortUnreachable => "unreachable port_unreachable",
            IcmpError::FragmentationNeeded => "unreachable frag_needed",
            IcmpError::SourceRouteFailed => "unreachable source_route_failed",
            IcmpError::Prohibited => "unreachable packet_filtered",
            IcmpError::TimeExceeded => "time_exceeded",
            IcmpError::ParameterProblem => "parameter_problem",
        };
        self.connection()?;
        let seq = relative(quoted, self.own_syn);
        self.event(format!("< icmp {name} [{seq}:{seq}(0)]"));
        Ok(())
    }

    /// Writes the exchange that leads to a state.
    fn reach(&mut self, state: State, variables: &[Variable]) -> Result<(), Why> {
        let given = Given::new(state, variables, (100, 300));
        // The connection tells the segments that a script does not list.
        let mut connection = Connection::new(&Config::DEFAULT, given.iss);
        let now = Instant::ZERO;
        for step in given.steps {
            match step {
                Reaching::Open(open) => {
                    self.open(open)?;
                    connection.open(open, now).map_err(|error| error.to_string())?;
                }
                Reaching::Close => {
                    self.call(&Call::Close)?;
                    connection.close(now).map_err(|error| error.to_string())?;
                }
                Reaching::Arrives(segment) => {
                    self.inbound(&segment)?;
                    connection.segment_arrives(&segment, now).map_err(|refusal| refusal.to_string())?;
                }
            }
            loop {
                match connection.poll(now) {
                    Output::Transmit(transmit) => self.put_out(&transmit.segment, "", " <...>")?,
                    Output::Transition(_) | Output::Signal(_) => {}
                    Output::Wait(_) => break,
                }
            }
        }
        self.state(state, variables)
    }
}

/// Returns flags, sequence numbers and acknowledgment, relative to the first SYN of the sender and of the receiver.
fn header(segment: &Segment, sender: Option<SeqNumber>, receiver: Option<SeqNumber>) -> Result<String, Why> {
    let start = relative(segment.seq(), sender);
    let end = start.checked_add(segment.payload_len().into());
    let end = end.ok_or("a segment across the end of the relative sequence numbers")?;
    let ack = segment.ack().map(|ack| format!(" ack {}", relative(ack, receiver))).unwrap_or_default();
    Ok(format!("{} {start}:{end}({}){ack}", flags(segment.control()), segment.payload_len()))
}

fn relative(seq: SeqNumber, syn: Option<SeqNumber>) -> u32 {
    syn.map_or(seq.0, |syn| seq - syn)
}

fn flags(control: Control) -> String {
    let letters = [
        (Control::FIN, 'F'),
        (Control::SYN, 'S'),
        (Control::RST, 'R'),
        (Control::PSH, 'P'),
        (Control::URG, 'U'),
        (Control::ECE, 'E'),
        (Control::CWR, 'W'),
        (Control::AE, 'A'),
        (Control::ACK, '.'),
    ];
    let flags: String = letters.iter().filter(|(bit, _)| control.contains(*bit)).map(|(_, letter)| letter).collect();
    if flags.is_empty() { "-".to_string() } else { flags }
}

fn urgent(segment: &Segment) -> String {
    if segment.urgent() == 0 { String::new() } else { format!(" urg {}", segment.urgent()) }
}

/// Returns the options at whole words, in the order of Linux.
fn options(options: Options) -> String {
    let mut list: Vec<String> = Vec::new();
    list.extend(options.mss().map(|mss| format!("mss {mss}")));
    match (options.sack_permitted(), options.timestamps()) {
        (true, Some((value, echo))) => list.push(format!("sackOK,TS val {value} ecr {echo}")),
        (false, Some((value, echo))) => list.push(format!("nop,nop,TS val {value} ecr {echo}")),
        (true, None) => list.push("nop,nop,sackOK".to_string()),
        (false, None) => {}
    }
    list.extend(options.window_scale().map(|shift| format!("nop,wscale {shift}")));
    if list.is_empty() { String::new() } else { format!(" <{}>", list.join(",")) }
}
