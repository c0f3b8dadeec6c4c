//! The known word that may have been meant. The program `tcp-lifecycle` has this file as a module, too.

use std::format;
use std::string::String;
use std::vec::Vec;

use strsim::levenshtein;

/// Words of sockets, of segments and of other simulators, each with the word for it here.
const ELSEWHERE: [(&str, &str); 18] = [
    ("recv", "receive"),
    ("read", "receive"),
    ("write", "send"),
    ("listen", "open passive"),
    ("accept", "open passive"),
    ("connect", "open active"),
    ("syn", "open active"),
    ("shutdown", "close"),
    ("fin", "close"),
    ("reset", "abort"),
    ("rst", "abort"),
    ("ack", "acknowledge now"),
    ("drop", "lose"),
    ("duplicate", "double"),
    ("dup", "double"),
    ("reorder", "delay"),
    ("reboot", "crash"),
    ("forge", "inject"),
];

/// Returns a hint with the known word that may have been meant, or an empty text if no known word is near.
pub(super) fn hint<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map(did_you_mean).unwrap_or_default()
}

pub(super) fn did_you_mean(meant: &str) -> String {
    format!("; did you mean `{meant}`?")
}

/// Returns the known word that has the same meaning, or else the most similar known word, if there is one. The case of
/// the letters only decides between words that are equally similar.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let known: Vec<&str> = known.into_iter().collect();
    let lower = word.to_ascii_lowercase();
    let first = lower.split_whitespace().next();
    let meaning = ELSEWHERE.iter().find(|(elsewhere, _)| first == Some(*elsewhere)).map(|(_, here)| *here);
    if let Some(same) = known.iter().find(|known| Some(**known) == meaning) {
        return Some(same);
    }
    let unlikeness = |known: &str| {
        let (known, is_word) = (known.to_ascii_lowercase(), lower.len() > 2);
        let most = if is_word && known.starts_with(&lower) { 1 } else { usize::MAX };
        levenshtein(&lower, &known).min(most)
    };
    let (unlike, _, known) =
        known.into_iter().map(|known| (unlikeness(known), levenshtein(word, known), known)).min()?;
    // At most two letters of five.
    (unlike.saturating_mul(5) <= word.chars().count().saturating_mul(2)).then_some(known)
}
