//! Bytes as a script writes them: their number, or a string.

use core::fmt;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::text::{Mistake, number};

/// The bytes of a SEND or of a RECEIVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Octets {
    /// This number of bytes, whose values the script does not write.
    Number(usize),
    /// These bytes.
    Text(Vec<u8>),
}

impl Octets {
    /// Parses `10`, or `"GET /\r\n"`.
    pub(super) fn parse(text: &str) -> Result<Octets, Mistake<'_>> {
        let text = text.trim();
        if text.starts_with('"') {
            return string(text).map(Octets::Text);
        }
        number(text).map(Octets::Number)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Octets::Number(number) => *number,
            Octets::Text(bytes) => bytes.len(),
        }
    }

    /// Returns the bytes, if they are written.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Octets::Number(_) => None,
            Octets::Text(bytes) => Some(bytes),
        }
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Octets::Number(number) => write!(f, "{number}"),
            Octets::Text(bytes) => f.write_str(&quoted(bytes)),
        }
    }
}

/// Returns bytes as a string that [`string`] parses.
pub(super) fn quoted(bytes: &[u8]) -> String {
    // The letters of `escape_ascii` are those of a script, except for the apostrophe, which needs no escape here.
    format!("\"{}\"", bytes.escape_ascii()).replace("\\'", "'")
}

/// Parses a string with its quotation marks. An escape is `\r`, `\n`, `\t`, `\0`, `\\`, `\"`, or `\x0d` with two
/// hexadecimal digits. Characters beyond ASCII stand for their bytes in UTF-8.
pub(super) fn string(text: &str) -> Result<Vec<u8>, Mistake<'_>> {
    let inside = text.strip_prefix('"').ok_or_else(|| Mistake::new(text, "a string begins with a quotation mark"))?;
    let mut bytes = Vec::new();
    let mut rest = inside;
    loop {
        let mut characters = rest.chars();
        match characters.next() {
            None => return Err(Mistake::new(text, "the quotation mark at the end of the string is missing")),
            Some('"') if characters.as_str().is_empty() => return Ok(bytes),
            Some('"') => {
                let behind = characters.as_str();
                return Err(Mistake::new(behind, format!("`{behind}` stands behind the string")));
            }
            Some('\\') => {
                let (byte, behind) = escape(rest)?;
                bytes.push(byte);
                rest = behind;
            }
            Some(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = characters.as_str();
            }
        }
    }
}

/// Parses the escape at the beginning of `text`. Returns its byte, and the text behind it.
fn escape(text: &str) -> Result<(u8, &str), Mistake<'_>> {
    let mut characters = text.chars();
    characters.next();
    let byte = match characters.next() {
        Some('r') => b'\r',
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('0') => 0,
        Some(character @ ('\\' | '"')) => character as u8,
        Some('x') => {
            let digits = characters.as_str().get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let rest = characters.as_str().get(2..).unwrap_or_default();
            let why = "`\\x` needs two hexadecimal digits, such as \\x0d";
            return byte.map(|byte| (byte, rest)).ok_or_else(|| Mistake::new(text, why));
        }
        Some(_) | None => return Err(Mistake::new(text, "an escape is one of \\r \\n \\t \\0 \\\\ \\\" \\x0d")),
    };
    Ok((byte, characters.as_str()))
}

/// Returns the position of `what` outside of strings.
pub(super) fn find_outside(text: &str, what: &str) -> Option<usize> {
    outside(text).find(|(_, rest)| rest.starts_with(what)).map(|(index, _)| index)
}

/// Splits at `what` outside of strings.
pub(super) fn split_once_outside<'t>(text: &'t str, what: &str) -> Option<(&'t str, &'t str)> {
    let (before, rest) = text.split_at_checked(find_outside(text, what)?)?;
    Some((before, rest.strip_prefix(what)?))
}

/// Returns each position outside of strings, and the text from there on. The quotation mark at the beginning of a
/// string lies outside.
fn outside(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut is_inside, mut is_escaped) = (false, false);
    text.char_indices().filter_map(move |(index, character)| {
        let was_inside = is_inside;
        match character {
            '"' if !is_escaped => is_inside = !is_inside,
            '\\' if is_inside && !is_escaped => {
                is_escaped = true;
                return None;
            }
            _ => {}
        }
        is_escaped = false;
        (!was_inside).then(|| text.get(index..).map(|rest| (index, rest)))?
    })
}
