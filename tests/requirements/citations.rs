//! The citations in a text: the ids of requirements, and sections of RFCs.

use std::collections::HashMap;

/// `MUST-13`, by its kind and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) &'static str, pub(crate) u32);

/// The number of requirements of each kind in RFC 9293.
const KINDS: [(&str, u32); 4] = [("MUST", 69), ("SHLD", 31), ("MAY", 18), ("REC", 1)];

impl Id {
    /// All 119 ids, in order.
    pub(crate) fn all() -> impl Iterator<Item = Id> {
        KINDS.into_iter().flat_map(|(kind, count)| (1..=count).map(move |number| Id(kind, number)))
    }

    pub(crate) fn exists(self) -> bool {
        Id::all().any(|id| id == self)
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

/// The ids in a text: `MUST-13`, and each of `MUST-24 to 29`.
pub(crate) fn ids(text: &str) -> Vec<Id> {
    let mut ids = Vec::new();
    let words = words(text);
    for (place, (_, word)) in words.iter().enumerate() {
        let Some(Id(kind, first)) = id(word) else { continue };
        let behind = |steps: usize| words.get(place + steps).map_or("", |(_, word)| word);
        let last = if behind(1) == "to" { bare(behind(2)).parse().unwrap_or(first) } else { first };
        ids.extend((first..=last).map(|number| Id(kind, number)));
    }
    ids
}

fn id(word: &str) -> Option<Id> {
    let (kind, number) = bare(word).split_once('-')?;
    let (kind, _) = KINDS.into_iter().find(|(known, _)| *known == kind)?;
    Some(Id(kind, number.parse().ok()?))
}

/// A place in an RFC that a text cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Citation {
    /// The RFC; or every RFC named so far, if the section has no RFC of its own.
    pub(crate) rfcs: Vec<u32>,
    pub(crate) section: String,
    /// One of the numbered steps of section 3.10.7.
    pub(crate) step: Option<usize>,
    /// The line, counted from one.
    pub(crate) line: usize,
}

/// The sections that a text cites: `RFC 6298 2.2`, `RFC 9293 section 3.10.7.4, fifth`, `sections 3.5 and 3.6`,
/// `appendix A.1`. A section without an RFC belongs to an RFC that was named before. A number that begins with 3.10
/// belongs to RFC 9293 wherever it is.
pub(crate) fn citations(text: &str) -> Vec<Citation> {
    let mut citations = Vec::new();
    let mut so_far = Vec::new();
    let words = words(text);
    let word = |place: usize| words.get(place).map_or("", |(_, word)| *word);
    let mut place = 0;
    while place < words.len() {
        let number = bare(word(place + 1)).trim_end_matches("'s");
        let named: Option<u32> = if bare(word(place)) == "RFC" { number.parse().ok() } else { None };
        so_far.extend(named);
        place += if named.is_some() { 2 } else { 0 };
        let heading = ["section", "sections", "appendix"].contains(&bare(word(place)).to_lowercase().as_str());
        place += usize::from(heading);
        let directly = named.is_some() && !heading && bare(word(place)).contains('.');
        let at_large = named.is_none() && !heading && bare(word(place)).starts_with("3.10.");
        let rfcs = match named {
            Some(rfc) => vec![rfc],
            None if at_large => vec![9293],
            None => so_far.clone(),
        };
        let first = place;
        while (heading || directly || at_large) && is_section(bare(word(place))) {
            let step = STEPS.iter().position(|step| *step == bare(word(place + 1))).map(|step| step + 1);
            let section = bare(word(place)).to_owned();
            let line = words[place].0;
            citations.push(Citation { rfcs: rfcs.clone(), section, step, line });
            // The list continues after a comma, or after a word such as "and".
            let ends = !word(place).ends_with(|last: char| last == ',' || last.is_ascii_alphanumeric());
            place += if !ends && ["and", "to"].contains(&word(place + 1)) { 2 } else { 1 };
            if ends || !word(place).starts_with(|first: char| first.is_ascii_digit()) {
                break;
            }
        }
        place += usize::from(place == first && named.is_none() && !heading);
    }
    citations
}

const STEPS: [&str; 9] = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];

/// The number of steps of section 3.10.7 in each state.
pub(crate) fn steps_of(section: &str) -> usize {
    match section {
        "3.10.7.2" => 4,
        "3.10.7.3" => 5,
        "3.10.7.4" => 8,
        _ => 0,
    }
}

fn is_section(word: &str) -> bool {
    let mut parts = word.split('.');
    let first = parts.next().unwrap_or_default();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let letter = first.len() == 1 && first.bytes().all(|byte| byte.is_ascii_uppercase());
    (number(first) || letter) && parts.all(number)
}

/// The words of a text, each with the number of its line, without comment markers.
fn words(text: &str) -> Vec<(usize, &str)> {
    (1..)
        .zip(text.lines())
        .flat_map(|(number, line)| line.split_whitespace().map(move |word| (number, word)))
        .filter(|(_, word)| !["//", "///", "//!", "|", "*"].contains(word))
        .collect()
}

/// The word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric())
}

/// The sections of each RFC, from `sections.txt`.
pub(crate) fn known_sections() -> HashMap<u32, Vec<&'static str>> {
    let mut known: HashMap<u32, Vec<&str>> = HashMap::new();
    let mut rfc = None;
    for line in include_str!("sections.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("RFC ") {
            Some(number) => rfc = number.parse().ok(),
            None => {
                let sections = line.split_whitespace();
                known.entry(rfc.unwrap_or_default()).or_default().extend(sections);
            }
        }
    }
    known.remove(&0);
    known
}
