//! The subscribers of a pair, which are called for every event as it happens.

use core::fmt;
use std::boxed::Box;
use std::vec::Vec;

use super::trace::Event;

type Subscriber = Box<dyn FnMut(&Event) + Send + Sync>;

/// The subscribers of a pair. A clone has none, since the events of a clone are not events of the pair.
#[derive(Default)]
pub(super) struct Subscribers(Vec<Subscriber>);

impl Subscribers {
    pub(super) fn add(&mut self, subscriber: impl FnMut(&Event) + Send + Sync + 'static) {
        self.0.push(Box::new(subscriber));
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn tell(&mut self, event: &Event) {
        for subscriber in &mut self.0 {
            subscriber(event);
        }
    }
}

impl Clone for Subscribers {
    fn clone(&self) -> Subscribers {
        Subscribers::default()
    }
}

impl fmt::Debug for Subscribers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} subscribers", self.0.len())
    }
}
