//! Lessons: scenarios that teach what TCP does, and why.

mod attacks;
mod closing;
mod leaks;
mod lesson;
mod opening;
mod time_wait;

pub use lesson::{Language, Lesson, LessonStep, Text};

/// The lessons, in the order in which they are best read.
///
/// ```
/// use tcp_lifecycle::sim::{LESSONS, Language};
///
/// let lesson = LESSONS.iter().find(|lesson| lesson.name == "last-ack").unwrap();
/// println!("{}", lesson.about.get(Language::Chinese));
/// for step in lesson.steps {
///     println!("{}\n    {}", step.caption.get(Language::English), step.lines);
/// }
/// ```
pub const LESSONS: [Lesson; 15] = [
    opening::THREE_MESSAGES,
    opening::TWO_MESSAGES,
    opening::LIFE,
    closing::THREE_SEGMENTS,
    opening::SIMULTANEOUS_OPEN,
    closing::HALF_CLOSE,
    time_wait::LAST_ACK,
    closing::CLOSING,
    leaks::FIN_WAIT_2,
    leaks::CLOSE_WAIT,
    leaks::HALF_OPEN,
    time_wait::TWO_MSL,
    attacks::BLIND_RESET,
    attacks::SYN_FLOOD,
    leaks::KEEP_ALIVE,
];
