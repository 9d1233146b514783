//! Which of the addresses that a peer has proven its media goes to.
//!
//! The peer decides, by nominating (RFC 8445 section 8). But a peer behind a NAT does not know that its address has changed: its checks
//! and its media come from elsewhere while it still believes in the pair it nominated. So media follows the peer when the chosen path
//! has fallen silent and another one, proven by a signed check, is heard. Nothing moves to an address without such a check.

use std::time::{Duration, Instant};

use super::stun::Nomination;
use super::{PATH_LOST_AFTER, Path};

/// Addresses one peer may have proven at a time: its interfaces times the two IP versions and the two transports, and some that
/// went away. A full list forgets the one not heard of for longest.
const PATHS_MAX: usize = 8;

/// Silence on the chosen path after which a strong sign (media on another path, or a check on one that did not exist before the
/// silence) moves us there. Sound comes every 20 ms, and receivers report several times a second: half a second without either is no
/// gap between packets. Shorter, and a burst lost on a bad line would move a peer that has two lines; longer, and a rebound NAT is
/// mute for so much more.
const FOLLOW_AFTER: Duration = Duration::from_millis(500);

/// The same for the weak sign: a check on a path that has been there all along, as browsers send to keep a spare one open. Their checks
/// on the path they use come every 2.5 s, so two have been missed.
const FALL_BACK_AFTER: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Route {
    /// With a choice, the chosen one is first: every packet looks there.
    proven: Vec<Proven>,
    choice: Option<Choice>,
}

struct Proven {
    path: Path,
    appeared: Instant,
    /// Last authenticated datagram.
    heard: Instant,
}

/// Why the first path is the chosen one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Choice {
    /// The peer said so.
    Nominated,
    /// The peer is there, and has not said where it wants to be.
    Assumed,
}

/// What speaks for another path than the chosen one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Check,
    Media,
}

impl Route {
    /// A signed check came by `path`. Tells which path made room for it.
    pub(crate) fn prove(&mut self, now: Instant, path: Path, nomination: Nomination) -> Option<Path> {
        let (at, forgotten) = match self.place_of(path) {
            Some(at) => (at, None),
            None => self.enter(now, path),
        };
        match nomination {
            // The last nomination wins: browsers renominate when they move to another network.
            Nomination::UseCandidate => self.choose(at, Choice::Nominated),
            Nomination::Check => self.follow(now, at, Sign::Check),
        }
        if let Some(known) = self.proven.iter_mut().find(|known| known.path == path) {
            known.heard = now;
        }
        forgotten
    }

    /// An authenticated packet came by `from`. Hot path: nearly always it is the chosen one.
    pub(crate) fn hear(&mut self, now: Instant, from: Path) {
        if self.choice.is_some()
            && let Some(chosen) = self.proven.first_mut()
            && chosen.path == from
        {
            chosen.heard = now;
            return;
        }
        let Some(at) = self.place_of(from) else { return };
        self.follow(now, at, Sign::Media);
        if let Some(known) = self.proven.iter_mut().find(|known| known.path == from) {
            known.heard = now;
        }
    }

    /// New credentials: the old nomination does not count any more, but media stays where it is until there is a reason to move.
    pub(crate) fn restart(&mut self) {
        self.choice = self.choice.map(|_| Choice::Assumed);
    }

    /// Consent (RFC 7675) for a lite agent, which asks nobody: a path that has been silent for [`PATH_LOST_AFTER`] is not sent to any
    /// more.
    pub(crate) fn age(&mut self, now: Instant) {
        if self.choice.is_some() && !self.proven.first().is_some_and(|chosen| chosen.is_alive(now)) {
            self.choice = None;
            self.fall_back(now);
        }
    }

    /// The path does not exist any more.
    pub(crate) fn close(&mut self, now: Instant, path: Path) {
        let Some(at) = self.place_of(path) else { return };
        // Not `swap_remove`: the first has a meaning.
        self.proven.remove(at);
        if at == 0 && self.choice.take().is_some() {
            self.fall_back(now);
        }
    }

    pub(crate) fn chosen(&self) -> Option<Path> {
        self.choice.and(self.proven.first()).map(|chosen| chosen.path)
    }

    pub(crate) fn proven(&self) -> impl Iterator<Item = Path> + '_ {
        self.proven.iter().map(|known| known.path)
    }

    /// When something authenticated last came by `path`.
    pub(crate) fn heard_on(&self, path: Path) -> Option<Instant> {
        self.proven.iter().find(|known| known.path == path).map(|known| known.heard)
    }

    fn place_of(&self, path: Path) -> Option<usize> {
        self.proven.iter().position(|known| known.path == path)
    }

    fn enter(&mut self, now: Instant, path: Path) -> (usize, Option<Path>) {
        let stale = (self.proven.len() >= PATHS_MAX)
            .then(|| self.proven.iter().enumerate().skip(usize::from(self.choice.is_some())))
            .and_then(|others| others.min_by_key(|(_, known)| known.heard).map(|(at, _)| at));
        let forgotten = stale.map(|at| self.proven.remove(at).path);
        self.proven.push(Proven { path, appeared: now, heard: now });
        (self.proven.len() - 1, forgotten)
    }

    fn follow(&mut self, now: Instant, at: usize, sign: Sign) {
        let (Some(choice), Some(chosen)) = (self.choice, self.proven.first()) else {
            return self.choose(at, Choice::Assumed);
        };
        let Some(other) = self.proven.get(at) else { return };
        if at == 0 {
            return;
        }
        let is_strong = sign == Sign::Media || choice == Choice::Assumed || other.appeared > chosen.heard;
        let patience = if is_strong { FOLLOW_AFTER } else { FALL_BACK_AFTER };
        if now.saturating_duration_since(chosen.heard) >= patience {
            // What was nominated is still wanted, only from another address.
            self.choose(at, choice);
        }
    }

    /// The path heard last, if it is alive.
    fn fall_back(&mut self, now: Instant) {
        let latest = self.proven.iter().enumerate().max_by_key(|(_, known)| known.heard);
        if let Some((at, _)) = latest.filter(|(_, known)| known.is_alive(now)) {
            self.choose(at, Choice::Assumed);
        }
    }

    fn choose(&mut self, at: usize, choice: Choice) {
        if at < self.proven.len() {
            self.proven.swap(0, at);
            self.choice = Some(choice);
        }
    }
}

impl Proven {
    fn is_alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) < PATH_LOST_AFTER
    }
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
