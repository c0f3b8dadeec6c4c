//! Entries under numbers that are used again, in pages: an entry never moves, and no growth copies the others.

use alloc::vec::Vec;

#[derive(Debug)]
pub(super) struct Slab<T> {
    pages: Vec<Vec<Entry<T>>>,
    /// The first number that is free, of a list through the vacant entries.
    free: Option<u32>,
    len: usize,
}

#[derive(Debug)]
enum Entry<T> {
    Full(T),
    Vacant { next: Option<u32> },
}

const PAGE: usize = 256;

/// Returns the size of an entry, in bytes.
pub(super) const fn size_of_entry<T>() -> usize {
    size_of::<Entry<T>>()
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Slab<T> {
        Slab { pages: Vec::new(), free: None, len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts an entry in; returns its number.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        self.len = self.len.saturating_add(1);
        if let Some(number) = self.free
            && let Some(entry) = self.entry(number)
        {
            if let Entry::Vacant { next } = core::mem::replace(entry, Entry::Full(value)) {
                self.free = next;
            }
            return number;
        }
        if self.pages.last().is_none_or(|page| page.len() == PAGE) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let full = self.pages.len().saturating_sub(1).saturating_mul(PAGE);
        let Some(page) = self.pages.last_mut() else { return u32::MAX };
        let number = full.saturating_add(page.len());
        page.push(Entry::Full(value));
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let next = self.free;
        let entry = self.entry(number)?;
        if let Entry::Vacant { .. } = entry {
            return None;
        }
        let Entry::Full(value) = core::mem::replace(entry, Entry::Vacant { next }) else { return None };
        self.free = Some(number);
        self.len = self.len.saturating_sub(1);
        Some(value)
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let (page, place) = place_of(number);
        match self.pages.get(page)?.get(place)? {
            Entry::Full(value) => Some(value),
            Entry::Vacant { .. } => None,
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        match self.entry(number)? {
            Entry::Full(value) => Some(value),
            Entry::Vacant { .. } => None,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten().filter_map(|entry| match entry {
            Entry::Full(value) => Some(value),
            Entry::Vacant { .. } => None,
        })
    }

    fn entry(&mut self, number: u32) -> Option<&mut Entry<T>> {
        let (page, place) = place_of(number);
        self.pages.get_mut(page)?.get_mut(place)
    }
}

fn place_of(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / PAGE, number % PAGE)
}
