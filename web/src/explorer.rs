//! A scenario with a history: every entry can be undone, and done again.

use tcp_lifecycle::sim::{LESSONS, Lesson, Scenario, ScriptError};

/// A scenario that grows entry by entry. An entry is one or more lines of a [`Scenario`].
#[derive(Clone, Debug)]
pub struct Explorer {
    entries: Vec<String>,
    /// The scenario before the first entry, and after each.
    scenarios: Vec<Scenario>,
    /// The number of entries that are done. Those behind can be done again.
    at: usize,
    mistake: Option<Mistake>,
    /// The lesson, and the scenario before its first step and after each.
    lesson: Option<(&'static Lesson, Vec<Scenario>)>,
}

/// A line that could not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The number of the line in the text that was loaded or played, counted from one.
    pub line: usize,
    /// The column, in characters, counted from one.
    pub column: usize,
    /// The line as it was written.
    pub text: String,
    /// What is wrong.
    pub why: String,
    /// The text that was loaded, if the mistake is in a loaded text; otherwise the line was not taken into the scenario.
    pub scenario: Option<String>,
}

/// The most lines of a text, so that no page hangs.
const MOST_LINES: usize = 2_000;

impl Default for Explorer {
    fn default() -> Self {
        Explorer { entries: Vec::new(), scenarios: vec![Scenario::new()], at: 0, mistake: None, lesson: None }
    }
}

impl Explorer {
    /// Returns the scenario as it is now.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenarios[self.at]
    }

    /// Returns all entries, those that can be done again included.
    #[must_use]
    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Returns the number of entries that are done.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Returns the mistake in the last text, if it has one.
    #[must_use]
    pub fn mistake(&self) -> Option<&Mistake> {
        self.mistake.as_ref()
    }

    /// Plays some lines as one entry. If one of them fails, nothing changes, and [`mistake`](Self::mistake) tells why.
    pub fn play(&mut self, lines: &str) {
        self.mistake = None;
        let mut scenario = self.scenario().clone();
        for (number, line) in (1..).zip(lines.lines()) {
            if let Err(error) = scenario.play(line) {
                self.mistake = Some(Mistake { scenario: None, ..Mistake::new(number, line, &error) });
                return;
            }
        }
        self.push(lines.trim_end().to_string(), scenario);
    }

    fn push(&mut self, entry: String, scenario: Scenario) {
        self.entries.truncate(self.at);
        self.scenarios.truncate(self.at + 1);
        self.entries.push(entry);
        self.scenarios.push(scenario);
        self.at += 1;
    }

    /// Begins again with a text, and plays it up to its first mistake. Each line becomes an entry, together with the
    /// comments above it.
    pub fn load(&mut self, text: &str) {
        *self = Explorer { lesson: self.lesson.take(), ..Explorer::default() };
        let (mut scenario, mut entry) = (Scenario::new(), String::new());
        for (number, line) in (1..).zip(text.lines()) {
            let played = if number > MOST_LINES { Err(None) } else { scenario.play(line).map_err(Some) };
            if let Err(error) = played {
                let why = format!("a text has at most {MOST_LINES} lines");
                let too_long = Mistake { line: number, column: 1, text: line.to_string(), why, scenario: None };
                let mistake = error.map_or(too_long, |error| Mistake::new(number, line, &error));
                self.mistake = Some(Mistake { scenario: Some(text.to_string()), ..mistake });
                return;
            }
            if !entry.is_empty() {
                entry.push('\n');
            }
            entry.push_str(line.trim_end());
            if !line.split('#').next().unwrap_or_default().trim().is_empty() {
                self.push(std::mem::take(&mut entry), scenario.clone());
            }
        }
        if !entry.trim().is_empty() {
            self.push(entry, scenario);
        }
    }

    /// Begins again with a lesson, or without one if no lesson has this name.
    pub fn choose(&mut self, name: &str) {
        static CHOICES: &[Lesson] = &LESSONS;
        let lesson = CHOICES.iter().find(|lesson| lesson.name == name);
        let scenarios = |lesson: &Lesson| {
            let mut scenarios = vec![Scenario::new()];
            for step in lesson.steps {
                let mut next = scenarios[scenarios.len() - 1].clone();
                // A test plays every lesson: its lines do not fail.
                let _ = step.lines.lines().try_for_each(|line| next.play(line));
                scenarios.push(next);
            }
            scenarios
        };
        *self = Explorer { lesson: lesson.map(|lesson| (lesson, scenarios(lesson))), ..Explorer::default() };
    }

    /// Returns the lesson.
    #[must_use]
    pub fn lesson(&self) -> Option<&'static Lesson> {
        self.lesson.as_ref().map(|(lesson, _)| *lesson)
    }

    /// Returns the number of steps of the lesson that are done, whichever lines have led there. `None` if there is no
    /// lesson, or if the scenario has left its path.
    #[must_use]
    pub fn step(&self) -> Option<usize> {
        let here = self.scenario().pair();
        let is_here = |scenario: &Scenario| {
            let there = scenario.pair();
            (there.now(), there.in_flight(), there.trace()) == (here.now(), here.in_flight(), here.trace())
        };
        self.lesson.as_ref()?.1.iter().position(is_here)
    }

    /// Goes back by one entry. Returns false at the beginning.
    pub fn undo(&mut self) -> bool {
        self.mistake = None;
        let back = self.at.checked_sub(1);
        self.at = back.unwrap_or(0);
        back.is_some()
    }

    /// Goes forward by one entry. Returns false at the end.
    pub fn redo(&mut self) -> bool {
        self.mistake = None;
        let is_possible = self.at < self.entries.len();
        self.at += usize::from(is_possible);
        is_possible
    }

    /// Goes to the moment after this many entries, or to the last one.
    pub fn go_to(&mut self, at: usize) {
        self.mistake = None;
        self.at = at.min(self.entries.len());
    }
}

impl Mistake {
    fn new(line: usize, text: &str, error: &ScriptError) -> Mistake {
        let why = match error.difference() {
            Some((expected, came)) => format!("expected: {expected}\ncame: {came}"),
            // The message has the place in its first line, and the reason in its second.
            None => error.to_string().lines().skip(1).map(str::trim).collect::<Vec<_>>().join("\n"),
        };
        Mistake { line, column: error.column(), text: text.to_string(), why, scenario: None }
    }
}
