//! The lessons: each one plays, and visits the states that it claims to visit.

use std::collections::BTreeSet;

use tcp_lifecycle::State;
use tcp_lifecycle::sim::{LESSONS, Language, Scenario, Side, What};

/// The states that an end has entered, in their order. A crash leads to CLOSED.
fn entered(scenario: &Scenario, side: Side) -> Vec<State> {
    let here = scenario.pair().trace().events().iter().filter(|event| event.side == side);
    here.filter_map(|event| {
        let crashed = (event.what == What::Crashed).then_some(State::Closed);
        if let What::Transition(transition) = event.what { Some(transition.to) } else { crashed }
    })
    .collect()
}

#[test]
fn each_lesson_plays_and_visits_the_states_that_it_claims() {
    for lesson in &LESSONS {
        let scenario = lesson.play().unwrap_or_else(|error| panic!("{}: {error}", lesson.name));
        for (side, claimed) in Side::BOTH.into_iter().zip(lesson.visits) {
            assert_eq!(entered(&scenario, side), claimed, "{}, {side}:\n{}", lesson.name, scenario.pair().trace());
        }
    }
}

#[test]
fn the_lessons_visit_every_state() {
    let visited: BTreeSet<_> =
        LESSONS.iter().flat_map(|lesson| lesson.visits).flatten().map(|state| state.name()).collect();
    assert_eq!(visited, State::ALL.iter().map(|state| state.name()).collect());
}

#[test]
fn each_step_has_lines_and_a_caption_in_both_languages() {
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut names = BTreeSet::new();
    for lesson in &LESSONS {
        assert!(names.insert(lesson.name), "{} stands twice", lesson.name);
        assert!(
            lesson.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            lesson.name
        );
        let captions = lesson.steps.iter().map(|step| step.caption);
        for text in captions.chain([lesson.title, lesson.about]) {
            assert!(text.get(Language::English).is_ascii() && !text.english.is_empty(), "{}", text.english);
            assert!(is_chinese(text.get(Language::Chinese)), "{}: {}", lesson.name, text.english);
        }
        assert!(lesson.steps.iter().all(|step| !step.lines.trim().is_empty()), "{}", lesson.name);
    }
}

/// The events without the notes.
fn events(scenario: &Scenario) -> Vec<&What> {
    let events = scenario.pair().trace().events().iter().map(|event| &event.what);
    events.filter(|what| !matches!(what, What::Note(_))).collect()
}

#[test]
fn a_lesson_reads_as_a_scenario_in_both_languages_with_its_captions_as_notes() {
    for lesson in &LESSONS {
        let played = lesson.play().unwrap();
        for language in [Language::English, Language::Chinese] {
            let scenario = Scenario::run(&lesson.script(language)).unwrap();
            assert_eq!(events(&scenario), events(&played), "{}", lesson.name);
            let events = scenario.pair().trace().events().iter();
            let notes =
                events.filter_map(|event| if let What::Note(note) = &event.what { Some(note.as_str()) } else { None });
            let captions = lesson.steps.iter().map(|step| step.caption.get(language));
            assert_eq!(notes.collect::<Vec<_>>(), captions.collect::<Vec<_>>(), "{}", lesson.name);
        }
    }
}

/// A caption stands above what it describes, and never behind it.
#[test]
fn each_caption_has_a_row_below_it() {
    for lesson in &LESSONS {
        let ladder = Scenario::run(&lesson.script(Language::English)).unwrap().pair().trace().to_string();
        for step in lesson.steps {
            let (_, below) = ladder.split_once(&format!("\n{}\n", step.caption.english)).expect(step.caption.english);
            assert!(!below.is_empty() && !below.starts_with('\n'), "{}: {}", lesson.name, step.caption.english);
        }
    }
}

#[test]
fn the_ends_of_a_half_close_are_told_where_they_happen() {
    let lesson = LESSONS.iter().find(|lesson| lesson.name == "half-close").unwrap();
    let ladder = Scenario::run(&lesson.script(Language::English)).unwrap().pair().trace().to_string();
    let place = |text: &str| ladder.find(text).unwrap_or_else(|| panic!("{text}:\n{ladder}"));
    assert!(place("acknowledges them, also after its FIN") < place("<SEQ=107><ACK=321><CTL=ACK>"), "{ladder}");
    assert!(place("<SEQ=107><ACK=322><CTL=ACK>") < place("After 2 MSL A is done, too."), "{ladder}");
}
