//! An index of entries by their two sockets. It holds the numbers of the entries alone.

use core::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use super::slab::Slab;

/// The numbers of the entries in a [`Slab`], by the sockets of each.
#[derive(Debug)]
pub(super) struct Index {
    numbers: HashTable<u32>,
}

/// An entry that knows its sockets.
pub(super) trait Paired {
    type Pair: Copy + Eq + Hash;

    fn pair(&self) -> Self::Pair;
}

impl Index {
    pub(super) const fn new() -> Index {
        Index { numbers: HashTable::new() }
    }

    pub(super) fn find<T: Paired>(&self, pair: &T::Pair, key: &impl BuildHasher, slab: &Slab<T>) -> Option<u32> {
        let is_it = |number: &u32| slab.get(*number).is_some_and(|entry| entry.pair() == *pair);
        self.numbers.find(key.hash_one(pair), is_it).copied()
    }

    pub(super) fn insert<T: Paired>(&mut self, number: u32, key: &impl BuildHasher, slab: &Slab<T>) {
        let hash = |number: &u32| slab.get(*number).map_or(0, |entry| key.hash_one(entry.pair()));
        self.numbers.insert_unique(hash(&number), number, hash);
    }

    /// Takes an entry out, before it leaves the slab.
    pub(super) fn remove<T: Paired>(&mut self, number: u32, key: &impl BuildHasher, slab: &Slab<T>) {
        let Some(entry) = slab.get(number) else { return };
        if let Ok(found) = self.numbers.find_entry(key.hash_one(entry.pair()), |known| *known == number) {
            found.remove();
        }
    }
}
