//! Two hundred meetings, and that each of them is the same every time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tests::world::trace::Telling;

use crate::plan::{Outcome, hold};

/// Holds the meetings of some seeds; every one that fails is named with what to do about it.
fn hold_all(seeds: impl Iterator<Item = u64>) -> BTreeMap<String, u32> {
    let mut tally = BTreeMap::new();
    let mut failed = Vec::new();
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| hold(seed, Telling::Silent))) {
            Ok(Outcome { tally: of_one, .. }) => {
                for (what, times) in of_one {
                    *tally.entry(what).or_default() += times;
                }
            }
            Err(_) => failed.push(seed),
        }
    }
    assert!(
        failed.is_empty(),
        "seeds {failed:?} failed (above); again, aloud: SEED={} cargo nextest run --workspace -E 'binary(sim)' \
         --no-capture -- one_seed",
        failed.first().copied().unwrap_or_default()
    );
    tally
}

macro_rules! ranges {
    ($($name:ident: $range:expr;)+) => {$(
        #[test]
        fn $name() {
            hold_all($range);
        }
    )+};
}

ranges! {
    seeds_0_to_24_hold: 0..25;
    seeds_25_to_49_hold: 25..50;
    seeds_50_to_74_hold: 50..75;
    seeds_75_to_99_hold: 75..100;
    seeds_100_to_124_hold: 100..125;
    seeds_125_to_149_hold: 125..150;
    seeds_150_to_174_hold: 150..175;
    seeds_175_to_199_hold: 175..200;
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [3, 77, 1_000_003] {
        let (one, other) = (hold(seed, Telling::Silent), hold(seed, Telling::Silent));
        assert_eq!(one, other, "seed {seed}");
        assert!(one.trace.0 > 1_000, "seed {seed}: almost nothing happened");
    }
    assert_ne!(hold(3, Telling::Silent).trace, hold(4, Telling::Silent).trace);
}

/// `SEED=17` runs a seed again and tells what happens; without it there is nothing to do.
#[test]
fn one_seed() {
    let Ok(seed) = std::env::var("SEED") else { return };
    let outcome = hold(seed.parse().expect("SEED is a number"), Telling::Aloud);
    println!("{outcome:#?}");
}
