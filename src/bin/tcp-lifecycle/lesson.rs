//! The lessons.

use tcp_lifecycle::sim::{LESSONS, Language, Lesson};

use crate::output::{self, Style};

/// Lists the lessons.
pub(crate) fn list(language: Language) -> String {
    let row = |(number, lesson): (usize, &Lesson)| {
        format!("{number:>2}  {:<17} {}\n", lesson.name, lesson.title.get(language))
    };
    (1..).zip(&LESSONS).map(row).collect()
}

/// Plays a lesson. A ladder has the caption of each step above its rows.
pub(crate) fn play(lesson: &Lesson, style: Style) -> Result<String, String> {
    let exchange = output::played(&lesson.script(style.language), style).map_err(|error| error.to_string())?;
    let [title, about] = [lesson.title, lesson.about].map(|text| output::wrap(text.get(style.language)));
    if style.mermaid { Ok(exchange) } else { Ok(format!("{title}\n\n{about}\n\n{exchange}")) }
}
