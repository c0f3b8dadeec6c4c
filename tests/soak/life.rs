//! The plan of a life: two ends, the calls of their users, and the fate of each segment. It is written and read as
//! text, so that a life that failed can be kept.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Config, IcmpError, Open};

use crate::settings::{settings, time};
use crate::words::{change, duration, number, pair_of};

/// A whole plan. Times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Life {
    pub(crate) ends: [End; 2],
    pub(crate) steps: Vec<Step>,
    /// The fates of the first segments; all later ones arrive after ten milliseconds.
    pub(crate) fates: Vec<Fate>,
    pub(crate) outages: Vec<Outage>,
    pub(crate) again: Option<Again>,
}

/// A second incarnation. It begins `after` one end has come to CLOSED and the other to TIME-WAIT: the closed end opens
/// again. The two ends then send `bytes`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Again {
    pub(crate) after: u64,
    pub(crate) bytes: [usize; 2],
    /// How far back the ISN of the opening end lies, so that it may be a number of the first incarnation. `isn` is the
    /// ISN offset of the other end, which is arbitrary.
    pub(crate) back: u32,
    pub(crate) isn: u32,
    /// The time after which the opening end aborts.
    pub(crate) gives_up: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) config: Config,
    pub(crate) iss: u32,
    /// The user consumes `read` bytes at a time, `wait` after they have arrived.
    pub(crate) read: usize,
    pub(crate) wait: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The time since the previous step.
    pub(crate) after: u64,
    pub(crate) side: Side,
    pub(crate) act: Act,
}

/// A call of the user, or an event from elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Open(Open),
    Send(usize),
    SendUrgent(usize),
    Close,
    Abort,
    Limit(u32),
    /// The start and the length, in eighths of the payload in flight.
    Retransmit(u8, u8),
    Configure(Box<Config>),
    /// The error, and how far right of SND.UNA the quoted number lies.
    Icmp(IcmpError, u32),
    Marked,
    Reduced,
    /// The ISN offset advances.
    Isn(u32),
    Crash,
}

/// The fate of one segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    After(u64),
    Lost,
    Damaged(u64),
    /// Marked with Congestion Experienced, if the segment is ECN-capable.
    Marked(u64),
    Twice(u64, u64),
}

/// An outage: segments that this end sends during it are lost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outage {
    pub(crate) from: Side,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Default for End {
    fn default() -> End {
        End { config: Config::DEFAULT, iss: 100, read: usize::MAX, wait: 0 }
    }
}

impl Life {
    /// Whether only the users' CLOSE ends the connection, whatever the network does: no policy gives up, nobody aborts,
    /// and no host crashes.
    pub(crate) fn is_patient(&self) -> bool {
        let configures = |act: &Act| matches!(act, Act::Configure(config) if !is_patient(config));
        let aborts = |act: &Act| matches!(act, Act::Icmp(error, _) if error.is_hard());
        let ends = |act: &Act| matches!(act, Act::Abort | Act::Crash) || aborts(act) || configures(act);
        self.ends.iter().all(|end| is_patient(&end.config))
            && self.again.is_none_or(|again| again.gives_up.is_none() && again.back == 0)
            && !self.steps.iter().any(|step| ends(&step.act))
            && self.opens_well()
    }

    /// Whether the life may go on without end: one end does not answer unacceptable segments, and an end retransmits
    /// without end.
    pub(crate) fn may_last(&self) -> bool {
        let configured = self
            .steps
            .iter()
            .filter_map(|step| if let Act::Configure(config) = &step.act { Some(&**config) } else { None });
        let configs: Vec<_> = self.ends.iter().map(|end| &end.config).chain(configured).collect();
        configs.iter().any(|config| config.challenge_limit == 0)
            && configs.iter().any(|config| config.r2 == Duration::MAX || config.syn_r2 == Duration::MAX)
    }

    /// Whether each end is opened once, and is open when the SYN of the other arrives.
    fn opens_well(&self) -> bool {
        let is_open = |step: &&Step| matches!(step.act, Act::Open(_));
        let [first, second] = self.steps.iter().filter(is_open).collect::<Vec<_>>()[..] else { return false };
        let active = |step: &Step| step.act == Act::Open(Open::Active);
        let both = active(first) && active(second) && self.steps[..2] == [first.clone(), second.clone()];
        first.side != second.side && active(second) && (!active(first) || (both && second.after == 0))
    }
}

fn is_patient(config: &Config) -> bool {
    let counts = [config.r2_count, config.syn_r2_count, config.syn_ack_r2_count];
    counts.iter().all(|count| count.is_none_or(|count| count == u8::MAX))
        && config.user_timeout.is_none()
        && config.r2 == Duration::MAX
        && config.syn_r2 == Duration::MAX
        && config.fin_wait_2_timeout.is_none()
        && config.keep_alive.is_none_or(|policy| policy.probes > 50)
        && config.rto_max <= Duration::from_secs(2)
        && config.msl >= Duration::from_secs(30)
        && !config.half_duplex_close
        && config.challenge_limit > 0
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (side, end) in ["A", "B"].into_iter().zip(&self.ends) {
            if let Some(settings) = settings(&end.config) {
                writeln!(f, "{side} config {settings}")?;
            }
            writeln!(f, "{side} iss {}", end.iss)?;
            writeln!(f, "{side} reads {} {}ms", end.read, end.wait)?;
        }
        for Step { after, side, act } in &self.steps {
            if *after > 0 {
                writeln!(f, "+ {after}ms")?;
            }
            writeln!(f, "{side} {act}")?;
        }
        for Outage { from, start, end } in &self.outages {
            writeln!(f, "{from} outage {start}ms {end}ms")?;
        }
        if let Some(Again { after, bytes: [one, other], back, isn, gives_up }) = self.again {
            let gives_up = gives_up.map(|after| format!(" {after}ms")).unwrap_or_default();
            writeln!(f, "again {after}ms {one} {other} {back} {isn}{gives_up}")?;
        }
        for fates in self.fates.chunks(10) {
            let fates: Vec<_> = fates.iter().map(Fate::to_string).collect();
            writeln!(f, "network {}", fates.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Open(Open::Active) => f.write_str("open active"),
            Act::Open(_) => f.write_str("open passive"),
            Act::Send(bytes) => write!(f, "send {bytes}"),
            Act::SendUrgent(bytes) => write!(f, "send-urgent {bytes}"),
            Act::Close => f.write_str("close"),
            Act::Abort => f.write_str("abort"),
            Act::Limit(bytes) => write!(f, "limit {bytes}"),
            Act::Retransmit(from, count) => write!(f, "retransmit {from} {count}"),
            Act::Configure(config) => write!(f, "configure {}", settings(config).unwrap_or_default()),
            Act::Icmp(error, ahead) => write!(f, "icmp {error:?} {ahead}"),
            Act::Marked => f.write_str("marked"),
            Act::Reduced => f.write_str("reduced"),
            Act::Isn(forward) => write!(f, "isn {forward}"),
            Act::Crash => f.write_str("crash"),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::After(after) => write!(f, "{}", time(Duration::from_millis(*after))),
            Fate::Lost => f.write_str("lost"),
            Fate::Damaged(after) => write!(f, "damaged {after}ms"),
            Fate::Marked(after) => write!(f, "marked {after}ms"),
            Fate::Twice(one, other) => write!(f, "twice {one}ms {other}ms"),
        }
    }
}

impl FromStr for Life {
    type Err = String;

    fn from_str(text: &str) -> Result<Life, String> {
        let mut life = Life::default();
        let mut after = 0;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (word, rest) = line.split_once(' ').ok_or(format!("`{line}` says too little"))?;
            match word {
                "+" => after += duration(rest)?,
                "network" => {
                    for fate in rest.split(',') {
                        life.fates.push(fate.trim().parse()?);
                    }
                }
                "again" => life.again = Some(again(rest)?),
                "A" => life.line_of(Side::A, rest, &mut after)?,
                "B" => life.line_of(Side::B, rest, &mut after)?,
                _ => return Err(format!("`{word}` is neither `A`, `B`, `network`, `again` nor `+`")),
            }
        }
        Ok(life)
    }
}

fn again(text: &str) -> Result<Again, String> {
    let words: Vec<_> = text.split_whitespace().collect();
    let [after, one, other, back, isn, gives_up @ ..] = &words[..] else {
        return Err(format!("`{text}` is no second life"));
    };
    let bytes = [number(one)?, number(other)?];
    let gives_up = gives_up.first().map(|after| duration(after)).transpose()?;
    Ok(Again { after: duration(after)?, bytes, back: number(back)?, isn: number(isn)?, gives_up })
}

impl Life {
    fn line_of(&mut self, side: Side, line: &str, after: &mut u64) -> Result<(), String> {
        let end = &mut self.ends[usize::from(side == Side::B)];
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "config" => end.config = change(&Config::DEFAULT, rest)?,
            "iss" => end.iss = number(rest)?,
            "reads" => {
                let (read, wait) = pair_of(rest)?;
                (end.read, end.wait) = (number(read)?, duration(wait)?);
            }
            "outage" => {
                let (start, until) = pair_of(rest)?;
                self.outages.push(Outage { from: side, start: duration(start)?, end: duration(until)? });
            }
            _ => self.steps.push(Step { after: core::mem::take(after), side, act: line.parse()? }),
        }
        Ok(())
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(line: &str) -> Result<Act, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "open" if rest == "active" => Act::Open(Open::Active),
            "open" => Act::Open(Open::Passive),
            "send" => Act::Send(number(rest)?),
            "send-urgent" => Act::SendUrgent(number(rest)?),
            "close" => Act::Close,
            "abort" => Act::Abort,
            "limit" => Act::Limit(number(rest)?),
            "retransmit" => {
                let (from, count) = pair_of(rest)?;
                Act::Retransmit(number(from)?, number(count)?)
            }
            "configure" => Act::Configure(Box::new(change(&Config::DEFAULT, rest)?)),
            "icmp" => {
                let (error, ahead) = pair_of(rest)?;
                let named = |known: &&IcmpError| format!("{known:?}") == error;
                let error = ICMP_ERRORS.iter().find(named).ok_or(format!("`{error}` is no ICMP error"))?;
                Act::Icmp(*error, number(ahead)?)
            }
            "marked" => Act::Marked,
            "reduced" => Act::Reduced,
            "isn" => Act::Isn(number(rest)?),
            "crash" => Act::Crash,
            _ => return Err(format!("`{word}` is nothing that an end does")),
        })
    }
}

/// The ICMP errors that occur in lives.
pub(crate) const ICMP_ERRORS: [IcmpError; 4] =
    [IcmpError::SourceQuench, IcmpError::HostUnreachable, IcmpError::PortUnreachable, IcmpError::FragmentationNeeded];

impl FromStr for Fate {
    type Err = String;

    fn from_str(text: &str) -> Result<Fate, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["lost"] => Fate::Lost,
            ["damaged", after] => Fate::Damaged(duration(after)?),
            ["marked", after] => Fate::Marked(duration(after)?),
            ["twice", one, other] => Fate::Twice(duration(one)?, duration(other)?),
            [after] => Fate::After(duration(after)?),
            _ => return Err(format!("`{text}` is nothing that a network does")),
        })
    }
}
