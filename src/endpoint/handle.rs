//! The names of streams and listeners.

/// The name of a stream. It is never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Handle {
    number: u32,
    life: u32,
}

/// The name of a listener. It is never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ListenerId(u32);

impl Handle {
    pub(super) const fn new(number: u32, life: u32) -> Handle {
        Handle { number, life }
    }

    pub(super) const fn number(self) -> u32 {
        self.number
    }

    pub(super) const fn life(self) -> u32 {
        self.life
    }
}

impl ListenerId {
    pub(super) const fn new(number: u32) -> ListenerId {
        ListenerId(number)
    }
}
