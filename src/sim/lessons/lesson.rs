//! A lesson: a scenario in steps, with explanations in two languages.

use std::string::String;

use crate::State;
use crate::sim::{Scenario, ScriptError};

/// A language of the lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    English,
    /// Chinese, in simplified characters.
    Chinese,
}

/// A text in every [`Language`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The text in English.
    pub english: &'static str,
    /// The text in Chinese.
    pub chinese: &'static str,
}

impl Text {
    /// Returns the text in this language.
    #[must_use]
    pub const fn get(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

/// A scenario in steps that teaches one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lesson {
    /// A short name, in lower case and hyphens. It can stand in a URL.
    pub name: &'static str,
    /// The title.
    pub title: Text,
    /// A few sentences about what the lesson shows, and why TCP does so.
    pub about: Text,
    /// The states that A and B enter, in their order. Both begin in CLOSED.
    pub visits: [&'static [State]; 2],
    /// The steps.
    pub steps: &'static [LessonStep],
}

/// A step of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LessonStep {
    /// Lines of a [`Scenario`], which also check what the caption says.
    pub lines: &'static str,
    /// A sentence or two about what the lines show.
    pub caption: Text,
}

/// The handshake, as the first step of a lesson about something else.
pub(super) const OPENED: LessonStep = LessonStep {
    lines: "\
        B: open passive\n\
        A: open active\n\
        deliver all\n\
        A: ESTABLISHED\n\
        B: ESTABLISHED",
    caption: Text {
        english: "Three messages have opened the connection.", chinese: "三次握手已完成，连接建立。"
    },
};

impl Lesson {
    /// Returns the lines of all steps as one scenario, each step below its caption, which is a note.
    ///
    /// ```
    /// use tcp_lifecycle::sim::{LESSONS, Language, Scenario};
    ///
    /// let script = LESSONS[0].script(Language::English);
    /// assert!(script.starts_with("note B is a server: it waits for a SYN.\nB: open passive\n"));
    /// Scenario::run(&script)?;
    /// # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
    /// ```
    #[must_use]
    pub fn script(&self, language: Language) -> String {
        let mut script = String::new();
        for step in self.steps {
            for line in ["note ", step.caption.get(language), "\n", step.lines, "\n"] {
                script.push_str(line);
            }
        }
        script
    }

    /// Plays all steps. The trace has no captions: it is the same in every language.
    ///
    /// # Errors
    ///
    /// None, unless the lesson is wrong; a test plays every lesson of [`LESSONS`](crate::sim::LESSONS).
    pub fn play(&self) -> Result<Scenario, ScriptError> {
        let mut scenario = Scenario::new();
        self.steps.iter().flat_map(|step| step.lines.lines()).try_for_each(|line| scenario.play(line))?;
        Ok(scenario)
    }
}
