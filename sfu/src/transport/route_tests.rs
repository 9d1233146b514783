use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;

fn at(port: u16) -> Path {
    Path::udp(SocketAddr::from(([192, 0, 2, 1], port)), None)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A route and the time since its beginning.
struct Line {
    route: Route,
    start: Instant,
}

impl Line {
    fn new() -> Self {
        Self { route: Route::default(), start: Instant::now() }
    }

    fn check(&mut self, when: u64, port: u16) -> Option<Path> {
        self.route.prove(self.start + ms(when), at(port), Nomination::Check)
    }

    fn nominate(&mut self, when: u64, port: u16) {
        self.route.prove(self.start + ms(when), at(port), Nomination::UseCandidate);
    }

    fn media(&mut self, when: u64, port: u16) {
        self.route.hear(self.start + ms(when), at(port));
    }

    fn goes_to(&self) -> Option<u16> {
        self.route.chosen().map(|path| path.remote.port())
    }
}

#[test]
fn the_first_proven_path_is_used_until_another_is_nominated() {
    let mut line = Line::new();
    line.check(0, 1);
    line.check(50, 2);
    assert_eq!(line.goes_to(), Some(1));
    line.nominate(100, 2);
    line.check(150, 1);
    assert_eq!(line.goes_to(), Some(2));
    line.nominate(200, 1);
    assert_eq!(line.goes_to(), Some(1));
}

#[test]
fn a_publisher_behind_a_rebound_nat_is_followed_half_a_second_after_its_last_packet() {
    let mut line = Line::new();
    line.nominate(0, 1);
    (0..50).for_each(|packet| line.media(packet * 20, 1));
    // The check of the new address may come at once: the old one may only be late.
    line.check(1_050, 2);
    assert_eq!(line.goes_to(), Some(1));
    let back = (0..100).map(|packet| 1_060 + packet * 20).find(|&when| {
        line.media(when, 2);
        line.goes_to() == Some(2)
    });
    assert!(back.is_some_and(|when| (1_480..1_520).contains(&when)), "{back:?}");
}

#[test]
fn a_check_from_where_nothing_was_before_the_silence_is_enough() {
    let mut line = Line::new();
    line.nominate(0, 1);
    line.media(1_000, 1);
    line.check(1_499, 2);
    assert_eq!(line.goes_to(), Some(1));
    line.check(2_600, 2);
    assert_eq!(line.goes_to(), Some(2));
}

#[test]
fn a_spare_path_that_is_only_kept_open_does_not_take_media_away() {
    let mut line = Line::new();
    line.check(0, 2);
    line.nominate(50, 1);
    // A viewer who says nothing but his checks, every 2.5 s on each of two lines.
    for round in 1..100 {
        line.check(round * 2_500, 1);
        line.check(round * 2_500 + 2_000, 2);
        assert_eq!(line.goes_to(), Some(1));
    }
    // The first line is cut; the browser has not nominated the other yet.
    line.check(252_400, 2);
    assert_eq!(line.goes_to(), Some(1));
    line.check(255_000, 2);
    assert_eq!(line.goes_to(), Some(2));
}

#[test]
fn media_never_goes_where_only_media_came_from() {
    let mut line = Line::new();
    line.nominate(0, 1);
    (0..500).for_each(|packet| line.media(1_000 + packet * 20, 2));
    assert_eq!(line.goes_to(), Some(1));
    line.route.age(line.start + ms(11_000));
    assert_eq!(line.goes_to(), None);
    line.media(11_010, 2);
    assert_eq!(line.goes_to(), None);
}

#[test]
fn a_path_that_is_silent_for_six_seconds_is_not_used_any_more() {
    let mut line = Line::new();
    line.nominate(0, 1);
    line.media(2_000, 1);
    line.route.age(line.start + ms(7_999));
    assert_eq!(line.goes_to(), Some(1));
    line.route.age(line.start + ms(8_000));
    assert_eq!(line.goes_to(), None);
    line.check(20_000, 1);
    assert_eq!(line.goes_to(), Some(1));
}

#[test]
fn when_a_connection_closes_media_moves_to_what_is_alive() {
    let mut line = Line::new();
    line.check(0, 3);
    line.check(4_000, 2);
    line.nominate(4_100, 1);
    line.route.close(line.start + ms(5_000), at(1));
    assert_eq!(line.goes_to(), Some(2));
    line.route.close(line.start + ms(7_000), at(2));
    assert_eq!(line.goes_to(), None, "the third has been silent for seven seconds");
    assert_eq!(line.route.proven().count(), 1);
}

#[test]
fn the_path_not_heard_of_for_longest_makes_room_but_never_the_chosen_one() {
    let mut line = Line::new();
    line.nominate(0, 1);
    (2..=PATHS_MAX as u16).for_each(|port| assert_eq!(line.check(u64::from(port), port), None));
    assert_eq!(line.check(100, 99), Some(at(2)));
    assert_eq!((line.goes_to(), line.route.proven().count()), (Some(1), PATHS_MAX));
}

/// How long after a rebinding media goes to the new address, for every moment at which it can happen.
fn gaps(check_every: u64, packet_every: u64, nomination: Nomination) -> Vec<u64> {
    let gap_of = |rebound: u64| {
        let mut line = Line::new();
        line.nominate(0, 1);
        let port = |when: u64| if when < rebound { 1 } else { 2 };
        (1..).find(|&when| {
            if when % check_every == 0 {
                line.route.prove(line.start + ms(when), at(port(when)), nomination);
            }
            // Before a check has proven the new address, its media does not come through the door.
            if when % packet_every == 0 {
                line.media(when, port(when));
            }
            when >= rebound && line.goes_to() == Some(2)
        })
    };
    let mut gaps: Vec<u64> =
        (20_000..20_000 + check_every).step_by(10).filter_map(|when| Some(gap_of(when)? - when)).collect();
    gaps.sort_unstable();
    gaps
}

#[test]
fn after_a_rebinding_media_is_back_within_three_seconds_for_clients_that_check_every_two_and_a_half() {
    for (packet_every, nomination) in
        [(20, Nomination::Check), (1_000, Nomination::Check), (20, Nomination::UseCandidate)]
    {
        let gaps = gaps(2_500, packet_every, nomination);
        let p95 = gaps[gaps.len() * 95 / 100];
        assert!(p95 <= 3_000, "a packet every {packet_every} ms, {nomination:?}: {p95} ms");
    }
}

#[test]
fn a_client_that_only_checks_every_six_seconds_is_followed_with_its_first_check() {
    let gaps = gaps(6_000, 20, Nomination::Check);
    assert!(gaps.last().is_some_and(|&longest| longest <= 6_500), "{gaps:?}");
}

proptest! {
    /// (what, port, time since the last)
    #[test]
    fn only_proven_paths_are_chosen_and_none_that_is_silent(
        events in proptest::collection::vec((0u8..5, 0u16..12, 0u64..3_000), 0..200),
    ) {
        let mut line = Line::new();
        let mut now = 0;
        let mut proven = std::collections::HashSet::new();
        for (what, port, pause) in events {
            now += pause;
            match what {
                0 => drop(line.check(now, port)),
                1 => line.nominate(now, port),
                2 => line.media(now, port),
                3 => line.route.close(line.start + ms(now), at(port)),
                _ => {}
            }
            if what < 2 {
                proven.insert(port);
            }
            if what == 3 {
                proven.remove(&port);
            }
            line.route.age(line.start + ms(now));
            prop_assert!(line.route.proven().count() <= PATHS_MAX);
            if let Some(chosen) = line.goes_to() {
                prop_assert!(proven.contains(&chosen));
                let heard = line.route.heard_on(at(chosen)).unwrap();
                prop_assert!(line.start + ms(now) < heard + PATH_LOST_AFTER);
            }
        }
    }
}
