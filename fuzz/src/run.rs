//! What the property tests have to tell when an invariant is broken.

pub(crate) fn tell(story: impl ToString) {
    eprintln!("{}", story.to_string());
}
