//! How often somebody may try to sign in: 5 times a minute for one name, 20 times a minute from one address.
//!
//! A pure table of buckets that refill evenly. The time is the caller's.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

const PER_NAME: Rate = Rate { burst: 5, every: Duration::from_secs(12) };
const PER_ADDRESS: Rate = Rate { burst: 20, every: Duration::from_secs(3) };
/// Names and addresses remembered. When it is full the fullest buckets go first: they have forgotten nothing.
const REMEMBERED_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u32,
    every: Duration,
}

/// A bucket that was empty at some moment: how full it is now follows from the time since.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Instant,
}

#[derive(Debug)]
struct Table<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
}

/// Both limits. A refused attempt costs nothing, so that the refusal ends when it says.
#[derive(Debug)]
pub struct Attempts {
    names: Table<String>,
    addresses: Table<IpAddr>,
}

/// Come back after this long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait(pub Duration);

impl Wait {
    /// Whole seconds, rounded up: coming back then is never too early.
    #[must_use]
    pub fn seconds(self) -> u32 {
        u32::try_from(self.0.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
    }
}

impl Default for Attempts {
    fn default() -> Self {
        Self { names: Table::new(PER_NAME), addresses: Table::new(PER_ADDRESS) }
    }
}

impl Attempts {
    /// Counts one attempt, or says how long to wait. `address` is absent when the proxy names none.
    pub fn take(&mut self, name: &str, address: Option<IpAddr>, now: Instant) -> Result<(), Wait> {
        let name = name.trim().to_lowercase();
        let address = address.map(network);
        let waits = [self.names.wait(&name, now), address.and_then(|address| self.addresses.wait(&address, now))];
        if let Some(longest) = waits.into_iter().flatten().max() {
            return Err(Wait(longest));
        }
        self.names.take(name, now);
        if let Some(address) = address {
            self.addresses.take(address, now);
        }
        Ok(())
    }

    /// After a success the name's bucket is full again: whoever knows the password is not slowed down.
    pub fn forgive(&mut self, name: &str) {
        self.names.buckets.remove(&name.trim().to_lowercase());
    }
}

/// One household or office has a whole /64 of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl<K: Hash + Eq + Clone> Table<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    /// How long until one more is allowed; `None`: now.
    fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let bucket = self.buckets.get(key)?;
        let missing = bucket.full_at.saturating_duration_since(now);
        let allowed = self.rate.every * (self.rate.burst - 1);
        (missing > allowed).then(|| missing - allowed)
    }

    fn take(&mut self, key: K, now: Instant) {
        if self.buckets.len() >= REMEMBERED_MAX && !self.buckets.contains_key(&key) {
            self.make_room(now);
        }
        let bucket = self.buckets.entry(key).or_insert(Bucket { full_at: now });
        bucket.full_at = bucket.full_at.max(now) + self.rate.every;
    }

    fn make_room(&mut self, now: Instant) {
        self.buckets.retain(|_, bucket| bucket.full_at > now);
        if self.buckets.len() >= REMEMBERED_MAX {
            let mut times: Vec<Instant> = self.buckets.values().map(|bucket| bucket.full_at).collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or(now);
            self.buckets.retain(|_, bucket| bucket.full_at > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, n]))
    }

    #[test]
    fn five_tries_a_minute_for_one_name_from_anywhere() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for n in 0..5 {
            assert_eq!(attempts.take("thuky", address(n), start), Ok(()));
        }
        let refused = attempts.take("ThuKy ", address(9), start).unwrap_err();
        assert_eq!(refused.seconds(), 12);
        assert_eq!(attempts.take("thuky", address(9), start + 11 * SECOND).unwrap_err().seconds(), 1);
        assert_eq!(attempts.take("thuky", address(9), start + 12 * SECOND), Ok(()));
        assert_eq!(attempts.take("chutri", address(9), start), Ok(()));
    }

    #[test]
    fn twenty_tries_a_minute_from_one_address_whatever_the_names() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for n in 0..20 {
            assert_eq!(attempts.take(&format!("u{n}"), address(1), start), Ok(()));
        }
        assert_eq!(attempts.take("another", address(1), start).unwrap_err().seconds(), 3);
        assert_eq!(attempts.take("another", address(2), start), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for n in 0..20_u16 {
            let ip = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, n, 0, 0, 1));
            assert_eq!(attempts.take(&format!("u{n}"), Some(ip), start), Ok(()));
        }
        let ip = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 99, 0, 0, 1));
        assert!(attempts.take("x", Some(ip), start).is_err());
    }

    #[test]
    fn a_refusal_costs_nothing_and_a_success_forgives() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..5 {
            attempts.take("a", None, start).unwrap();
        }
        for _ in 0..100 {
            assert_eq!(attempts.take("a", None, start).unwrap_err().seconds(), 12);
        }
        attempts.forgive("A");
        assert_eq!(attempts.take("a", None, start), Ok(()));
    }

    #[test]
    fn a_flood_of_names_does_not_grow_the_table() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for n in 0..REMEMBERED_MAX + 50 {
            attempts.take(&format!("u{n}"), None, start).unwrap();
        }
        assert!(attempts.names.buckets.len() <= REMEMBERED_MAX);
    }
}
