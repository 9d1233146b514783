//! Places with small stable numbers: what the hot path indexes instead of hashing names.

use std::marker::PhantomData;

/// A typed index into a [`Slab`].
pub(crate) trait Place: Copy {
    fn at(self) -> u32;
    fn of(at: u32) -> Self;
}

macro_rules! place {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub(crate) struct $name(u32);

        impl Place for $name {
            fn at(self) -> u32 {
                self.0
            }
            fn of(at: u32) -> Self {
                Self(at)
            }
        }
    };
}

place!(
    /// Where a peer lives in its room. Reused after the peer has left.
    PeerAt
);
place!(
    /// Where a track lives in its room. Reused after its publisher has left.
    TrackAt
);

pub(crate) struct Slab<K, T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
    key: PhantomData<K>,
}

impl<K: Place, T> Slab<K, T> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), key: PhantomData }
    }

    pub(crate) fn insert(&mut self, value: T) -> K {
        if let Some(at) = self.free.pop()
            && let Some(place) = self.places.get_mut(at as usize)
        {
            *place = Some(value);
            return K::of(at);
        }
        let at = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Some(value));
        K::of(at)
    }

    pub(crate) fn get(&self, key: K) -> Option<&T> {
        self.places.get(key.at() as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut T> {
        self.places.get_mut(key.at() as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        let taken = self.places.get_mut(key.at() as usize)?.take();
        if taken.is_some() {
            self.free.push(key.at());
        }
        taken
    }

    /// Every place, taken or not.
    pub(crate) fn keys(&self) -> impl Iterator<Item = K> + use<K, T> {
        (0..u32::try_from(self.places.len()).unwrap_or(u32::MAX)).map(K::of)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.places.iter().zip(0u32..).filter_map(|(place, at)| Some((K::of(at), place.as_ref()?)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut T)> {
        self.places.iter_mut().zip(0u32..).filter_map(|(place, at)| Some((K::of(at), place.as_mut()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_reused_only_after_its_tenant_has_left() {
        let mut slab: Slab<PeerAt, &str> = Slab::new();
        let hall = slab.insert("hall");
        let commune = slab.insert("commune");
        assert_eq!(slab.remove(hall), Some("hall"));
        assert_eq!(slab.remove(hall), None);
        let late = slab.insert("late");
        assert_eq!(late, hall);
        assert_eq!(slab.get(commune), Some(&"commune"));
        assert_eq!(slab.iter().count(), 2);
    }
}
