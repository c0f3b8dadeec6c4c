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

#[test]
fn a_lesson_reads_as_a_scenario_in_both_languages() {
    for lesson in &LESSONS {
        let ladders = [Language::English, Language::Chinese]
            .map(|language| Scenario::run(&lesson.script(language)).unwrap().pair().trace().to_string());
        assert_eq!(ladders[0], ladders[1]);
    }
}
