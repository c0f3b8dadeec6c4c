//! Segments as RFC 9293 prints them: `<SEQ=100><ACK=300><CTL=FIN,ACK>`.

use core::fmt;
use core::str::FromStr;

use super::{Control, Segment};
use crate::machine::options::Options;
use crate::machine::seq::SeqNumber;

/// The control bits with their names, in the order of printing.
const BITS: [(Control, &str); 9] = [
    (Control::FIN, "FIN"),
    (Control::SYN, "SYN"),
    (Control::RST, "RST"),
    (Control::PSH, "PSH"),
    (Control::ACK, "ACK"),
    (Control::URG, "URG"),
    (Control::ECE, "ECE"),
    (Control::CWR, "CWR"),
    (Control::AE, "AE"),
];

impl fmt::Display for Control {
    /// Prints the names of the bits, separated by commas: `FIN,ACK`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (bit, name) in BITS {
            if self.contains(bit) {
                write!(f, "{comma}{name}")?;
                comma = ",";
            }
        }
        Ok(())
    }
}

/// Prints the notation of RFC 9293, so that the output of a failed test is readable.
impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({self})")
    }
}

impl fmt::Display for Segment {
    /// Prints SEQ, ACK and CTL as in the figures of RFC 9293, then every other field that is neither zero nor absent:
    /// `<DATA=bytes><WND=window><URG=pointer><MSS=bytes><WS=shift><SACK><TS=value,echo>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<SEQ={}>", self.seq())?;
        if let Some(ack) = self.ack() {
            write!(f, "<ACK={ack}>")?;
        }
        write!(f, "<CTL={}>", self.control())?;
        for (name, value) in [("DATA", self.payload_len()), ("WND", self.window()), ("URG", self.urgent())] {
            if value != 0 {
                write!(f, "<{name}={value}>")?;
            }
        }
        let options = self.options();
        if let Some(mss) = options.mss() {
            write!(f, "<MSS={mss}>")?;
        }
        if let Some(shift) = options.window_scale() {
            write!(f, "<WS={shift}>")?;
        }
        if options.sack_permitted() {
            f.write_str("<SACK>")?;
        }
        if let Some((value, echo)) = options.timestamps() {
            write!(f, "<TS={value},{echo}>")?;
        }
        Ok(())
    }
}

/// The reason why a text is not a segment in the notation of RFC 9293.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ParseSegmentError {
    /// There is text outside the angle brackets, or a bracket is missing.
    #[error("each field stands in angle brackets, as in <SEQ=100><CTL=SYN>")]
    Brackets,
    /// A field that the notation does not have.
    #[error("a field is one of SEQ, ACK, CTL, DATA, WND, URG, MSS, WS, SACK, TS")]
    UnknownField,
    /// A control bit that TCP does not have.
    #[error("a control bit is one of FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE")]
    UnknownControl,
    /// A value that is not a decimal number, or is too large for its field.
    #[error("a value is a decimal number that fits its field")]
    Number,
    /// SEQ or CTL is missing, or a field appears twice.
    #[error("SEQ and CTL stand exactly once, every other field at most once")]
    Fields,
    /// An ACK field without the ACK bit, or an ACK bit without the field.
    #[error("an ACK field needs ACK in CTL, and ACK in CTL needs an ACK field")]
    Ack,
}

impl FromStr for Control {
    type Err = ParseSegmentError;

    /// Reads names of control bits, separated by commas. An empty text means no bits.
    fn from_str(text: &str) -> Result<Control, ParseSegmentError> {
        let mut control = Control::empty();
        for name in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let (bit, _) = BITS.into_iter().find(|(_, n)| *n == name).ok_or(ParseSegmentError::UnknownControl)?;
            control |= bit;
        }
        Ok(control)
    }
}

/// The fields of a segment that have been read so far, in any order.
#[derive(Default)]
struct Fields {
    seq: Option<u32>,
    ack: Option<u32>,
    control: Option<Control>,
    data: Option<u16>,
    window: Option<u16>,
    urgent: Option<u16>,
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack_permitted: Option<()>,
    timestamps: Option<(u32, u32)>,
}

impl FromStr for Segment {
    type Err = ParseSegmentError;

    /// Reads the format that [`Display`](fmt::Display) prints. The fields may come in any order, with white space
    /// between them.
    fn from_str(text: &str) -> Result<Segment, ParseSegmentError> {
        let mut fields = Fields::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let inside = rest.strip_prefix('<').ok_or(ParseSegmentError::Brackets)?;
            let (field, after) = inside.split_once('>').ok_or(ParseSegmentError::Brackets)?;
            fields.read(field)?;
            rest = after.trim_start();
        }
        fields.segment()
    }
}

impl Fields {
    fn read(&mut self, field: &str) -> Result<(), ParseSegmentError> {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        match name.trim() {
            "SEQ" => once(&mut self.seq, number(value)?),
            "ACK" => once(&mut self.ack, number(value)?),
            "CTL" => once(&mut self.control, value.parse()?),
            "DATA" => once(&mut self.data, number(value)?),
            "WND" => once(&mut self.window, number(value)?),
            "URG" => once(&mut self.urgent, number(value)?),
            "MSS" => once(&mut self.mss, number(value)?),
            "WS" => once(&mut self.window_scale, number(value)?),
            "SACK" if value.is_empty() => once(&mut self.sack_permitted, ()),
            "TS" => {
                let (value, echo) = value.split_once(',').ok_or(ParseSegmentError::Number)?;
                once(&mut self.timestamps, (number(value)?, number(echo)?))
            }
            _ => Err(ParseSegmentError::UnknownField),
        }
    }

    fn segment(self) -> Result<Segment, ParseSegmentError> {
        let (Some(seq), Some(control)) = (self.seq, self.control) else {
            return Err(ParseSegmentError::Fields);
        };
        if self.ack.is_some() != control.contains(Control::ACK) {
            return Err(ParseSegmentError::Ack);
        }
        let mut options = Options::NONE;
        if let Some(mss) = self.mss {
            options = options.with_mss(mss);
        }
        if let Some(shift) = self.window_scale {
            options = options.with_window_scale(shift);
        }
        if self.sack_permitted.is_some() {
            options = options.with_sack_permitted();
        }
        if let Some((value, echo)) = self.timestamps {
            options = options.with_timestamps(value, echo);
        }
        Ok(Segment::new(SeqNumber(seq), SeqNumber(self.ack.unwrap_or(0)), control)
            .with_payload(self.data.unwrap_or(0))
            .with_window(self.window.unwrap_or(0))
            .with_urgent(self.urgent.unwrap_or(0))
            .with_options(options))
    }
}

fn once<T>(field: &mut Option<T>, value: T) -> Result<(), ParseSegmentError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(ParseSegmentError::Fields),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, ParseSegmentError> {
    text.trim().parse().map_err(|_| ParseSegmentError::Number)
}
