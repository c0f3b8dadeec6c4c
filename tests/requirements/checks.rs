//! The checks: the tables are complete, the names in them exist, and they agree with the source.

use std::collections::{BTreeMap, HashSet};

use super::citations::{Id, citations, ids, known_sections, steps_of};
use super::sources::{Source, sources, tests, tests_in};
use super::steps;
use super::tables::{Answer, Row, requirements, resolve, row, steps as step_rows, words_of};

/// All files of the crate that may cite something.
fn everything() -> Vec<Source> {
    let mut files = sources("src", &[".rs", ".md"]);
    for below in ["tests", "examples", "benches"] {
        files.extend(sources(below, &[".rs", ".md"]));
    }
    files.extend(["README.md", "CHANGELOG.md"].iter().flat_map(|file| sources(file, &[".md"])));
    files
}

fn source() -> String {
    sources("src", &[".rs"]).into_iter().map(|file| file.text).collect()
}

fn id_of(row: &Row) -> Id {
    let ids = ids(&row.cells[0]);
    assert!(ids.len() == 1 && ids[0].to_string() == row.cells[0], "`{}` is no id", row.cells[0]);
    ids[0]
}

/// Each id with its answer.
fn answers() -> BTreeMap<Id, Answer> {
    requirements().iter().map(|row| (id_of(row), row.answer)).collect()
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_requirement_has_its_row_and_the_rows_are_in_order() {
    let rows: Vec<Id> = requirements().iter().map(id_of).collect();
    assert_eq!(rows, Id::all().collect::<Vec<_>>());
    assert_eq!(rows.len(), 119);
}

#[test]
fn every_step_of_every_state_has_its_row() {
    let mut wanted = steps::all();
    let mut faults = Vec::new();
    for row in step_rows() {
        for state in steps::expand(&row.cells[0]) {
            let step = (row.heading.clone(), state.to_owned(), row.cells[1].clone());
            match wanted.iter().position(|wanted| *wanted == step) {
                Some(place) => drop(wanted.remove(place)),
                None => faults.push(format!("no such step, or twice: {step:?}")),
            }
        }
    }
    faults.extend(wanted.iter().map(|step| format!("no row for {step:?}")));
    assert_none(&faults);
}

#[test]
fn every_test_that_a_row_names_exists_and_what_the_caller_is_given_too() {
    let (tests, source) = (tests(), source());
    let words = words_of(&source);
    let rows = requirements().into_iter().chain(step_rows());
    let faults: Vec<String> = rows
        .filter_map(|row| row.fault(&tests, &words).map(|fault| format!("{}: {fault}", row.cells[..2].join(", "))))
        .collect();
    assert_none(&faults);
}

#[test]
fn every_row_names_sections_that_exist() {
    let known = known_sections();
    let exists = |section: &str| known[&9293].contains(&section);
    for row in requirements() {
        assert!(row.cells[1].split(", ").all(exists), "{row:?}");
    }
    for row in step_rows() {
        assert!(exists(&row.heading), "{row:?}");
    }
}

#[test]
fn the_source_cites_nothing_that_is_the_callers() {
    let answers = answers();
    let mut faults = Vec::new();
    for file in sources("src", &[".rs", ".md"]) {
        let callers = ids(&file.text).into_iter().filter(|id| answers.get(id) == Some(&Answer::Callers));
        faults.extend(callers.map(|id| format!("{}: {id} is the caller's", file.path)));
    }
    assert_none(&faults);
}

/// A requirement that is done, and is no MAY, is cited in the source where it is met, or in a test.
#[test]
fn what_is_done_is_cited_where_it_is_met() {
    let files = ["src", "tests"].into_iter().flat_map(|below| sources(below, &[".rs"]));
    let files = files.filter(|file| !file.path.ends_with("checks.rs") && !file.path.ends_with("citations.rs"));
    let cited: HashSet<Id> = files.flat_map(|file| ids(&file.text)).collect();
    let faults: Vec<String> = answers()
        .into_iter()
        .filter(|(id, answer)| *answer == Answer::Done && id.0 != "MAY" && !cited.contains(id))
        .map(|(id, _)| format!("{id} is done, and cited nowhere"))
        .collect();
    assert_none(&faults);
}

#[test]
fn the_readme_says_how_many_are_done() {
    let count = |of| answers().values().filter(|answer| **answer == of).count();
    let (done, callers, left) = (count(Answer::Done), count(Answer::Callers), count(Answer::Left));
    let line = format!("Of RFC 9293's 119 requirements {done} are done, {callers} are the caller's, {left} are left");
    let readme: Vec<String> = sources("README.md", &[".md"])[0].text.split_whitespace().map(str::to_owned).collect();
    assert!(readme.join(" ").contains(&line), "README.md does not say: {line}");
}

#[test]
fn every_id_that_is_cited_exists() {
    let mut faults = Vec::new();
    for file in everything().iter().filter(|file| !file.path.ends_with("requirements/checks.rs")) {
        let unknown = ids(&file.text).into_iter().filter(|id| !id.exists());
        faults.extend(unknown.map(|id| format!("{}: there is no {id}", file.path)));
    }
    assert_none(&faults);
}

#[test]
fn every_section_that_is_cited_exists() {
    let files = everything();
    let faults: Vec<String> = files
        .iter()
        .filter(|file| !file.path.ends_with("requirements/checks.rs"))
        .flat_map(|file| bad_citations(&file.text).into_iter().map(|fault| format!("{}:{fault}", file.path)))
        .collect();
    assert_none(&faults);
}

/// The citations in a text that do not exist.
fn bad_citations(text: &str) -> Vec<String> {
    let known = known_sections();
    let mut faults = Vec::new();
    for citation in citations(text) {
        let (line, section, steps) = (citation.line, &citation.section, steps_of(&citation.section));
        let lists: Vec<&Vec<&str>> = citation.rfcs.iter().filter_map(|rfc| known.get(rfc)).collect();
        let rfcs = citation.rfcs.iter().map(|rfc| format!("RFC {rfc}")).collect::<Vec<_>>().join(", ");
        if citation.rfcs.is_empty() {
            faults.push(format!("{line}: section {section} of which RFC?"));
        } else if lists.is_empty() {
            faults.push(format!("{line}: tests/requirements/sections.txt does not know {rfcs}"));
        } else if !lists.iter().any(|sections| sections.contains(&section.as_str())) {
            faults.push(format!("{line}: {rfcs}: no section {section}"));
        } else if citation.rfcs.contains(&9293) && steps > 0 && citation.step > Some(steps) {
            faults.push(format!("{line}: RFC 9293 section {section} has no such step"));
        }
    }
    faults
}

#[test]
fn every_refusal_cites_a_section() {
    let errors = sources("src/machine/error.rs", &[".rs"]);
    let strings = errors[0].text.split('"').skip(1).step_by(2);
    let refusals: Vec<&str> = strings.filter(|string| string.starts_with("RFC ")).collect();
    assert!(refusals.len() > 10);
    for refusal in refusals {
        assert_eq!(citations(refusal).len(), 1, "{refusal}");
        assert_eq!(bad_citations(refusal), [""; 0]);
    }
}

// The checks themselves find faults.

#[test]
fn a_citation_that_leads_nowhere_is_found_out() {
    for (text, faults) in [
        ("RFC 9293 section 3.10.7.4, eighth", 0),
        ("RFC 9293 section 3.10.7.4, ninth", 1),
        ("RFC 9293 section 3.10.7.2, fifth", 1),
        ("RFC 9293 section 3.11", 1),
        ("(RFC 9293 section\n    /// 3.10.9)", 1),
        ("RFC 6298 5.7, and RFC 6298 5.8", 1),
        ("RFC 7323 sections 5.2, 5.3 and 5.9", 1),
        ("RFC 7323's clock (section 5.4), and section 9.9", 1),
        ("RFC 9293 appendix A.9", 1),
        ("3.10.1 to 3.10.9", 1),
        ("RFC 1 section 1", 1),
        ("see section 3.8", 1),
        ("by section, of 3.5 bytes, in 2.5 s", 0),
    ] {
        assert_eq!(bad_citations(text).len(), faults, "{text}: {:?}", bad_citations(text));
    }
}

#[test]
fn ids_are_found_alone_and_in_a_row() {
    let found = |text| ids(text).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(found("(MUST-8, SHLD-1), `MAY-3`; REC-1."), "MUST-8 SHLD-1 MAY-3 REC-1");
    assert_eq!(found("MUST-24 to\n/// 26"), "MUST-24 MUST-25 MUST-26");
    assert_eq!(found("MUST-HAVE, FIN-WAIT-1, MUST"), "");
    assert!(!ids("MUST-70, SHLD-0")[0].exists() && !ids("SHLD-0")[0].exists());
}

#[test]
fn only_functions_that_run_are_tests() {
    assert_eq!(tests_in("#[test]\n/// Why.\n#[cfg(unix)]\nfn a() {}\nfn b() {}"), ["a"]);
    assert_eq!(tests_in("#[test]\n#[ignore = \"slow\"]\nfn a() {}"), [""; 0]);
    assert_eq!(tests_in("// #[test]\nfn a() {}"), [""; 0]);
    assert_eq!(tests_in("#[test]\nconst A: u8 = 0;\nfn a() {}"), [""; 0]);
}

#[test]
fn a_row_that_says_too_little_is_found_out() {
    let tests = HashSet::from(["one::same".to_owned(), "two::same".to_owned(), "two::other".to_owned()]);
    let fault = |line: &str| match row("", line, 1) {
        Ok(row) => row.fault(&tests, &words_of("pub fn limit(")).unwrap_or_default(),
        Err(fault) => fault,
    };
    assert_eq!(fault("| MUST-1 | done | `other`, and `one::same` |"), "");
    assert_eq!(fault("| MUST-1 | the caller's | `limit` |"), "");
    assert_eq!(fault("| MUST-1 | left | nobody wants it |"), "");
    assert_eq!(fault("| MUST-1 | done | of course |"), "no test is named");
    assert_eq!(fault("| MUST-1 | done | `ther` |"), "there is no test `ther`");
    assert!(fault("| MUST-1 | done | `same` |").starts_with("more than one test"));
    assert!(fault("| MUST-1 | the caller's | `limits` |").ends_with("nowhere in the source"));
    assert_eq!(fault("| MUST-1 | perhaps | so |"), "`perhaps` is no answer");
    assert_eq!(fault("| MUST-1 | left |  |"), "an empty cell");
    assert_eq!(fault("| MUST-1 | left |"), "2 cells and not 3");
    assert_eq!(resolve("two::other", &tests), ["two::other"]);
}
