use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::TapEvent;
use super::super::studio::{Film, Shot, Studio};
use super::*;
use crate::id::PeerId;

/// Ten seconds with everything in them, unfinished and finished.
static RECORDING: LazyLock<(Film, Film, RecordingIndex)> = LazyLock::new(|| {
    let mut studio = Studio::open();
    studio.film(1, (640, 360), 40, 0, 10_000, 0);
    studio.whistle(1, 440.0, 0, 9_000);
    studio.plan(1_200, |at| TapEvent::Speaker { at, peer: Some(PeerId(1)) });
    studio.run(10_000);
    let open = studio.film.clone();
    let (finished, index) = studio.wrap(10_000);
    (open, finished, index)
});

fn finish(film: &mut Film) -> Result<RecordingIndex, SalvageError> {
    let survey = Survey::of(&mut Cursor::new(&film.bytes))?;
    if let Some(Completion { cut_to, cues, head }) = survey.completion() {
        film.bytes.truncate(usize::try_from(cut_to).expect("small"));
        film.bytes.extend(cues);
        film.bytes[..head.len()].copy_from_slice(&head);
    }
    Ok(survey.index(&film.ledger))
}

fn before(shots: Vec<Shot>, end_ms: u64) -> Vec<Shot> {
    shots.into_iter().filter(|shot| shot.at_ms < end_ms).collect()
}

/// Cuts the file to `length`, finishes it, and compares what can be read with what was written.
fn cut_and_check(length: usize) {
    let (open, finished, _) = &*RECORDING;
    let mut cut = open.clone();
    cut.bytes.truncate(length);
    let whole_ms = open.lengths.iter().filter(|written| **written <= length).count().saturating_sub(2) as u64;
    match finish(&mut cut) {
        Ok(index) => {
            // Every second has one or two clusters: at least what was written whole is there.
            assert!(index.duration_ms + 1_000 > whole_ms * 1_000, "{length}: {} of {whole_ms} s", index.duration_ms);
            assert_eq!(cut.duration_ms(), Some(index.duration_ms as f64));
            for track in [1, 2] {
                assert_eq!(
                    cut.track(track),
                    before(finished.track(track), index.duration_ms),
                    "track {track} of {length}"
                );
            }
            assert_eq!(
                cut.track(2).last().map(|shot| shot.at_ms + 20).max(cut.track(1).last().map(|shot| shot.at_ms + 1)),
                Some(index.duration_ms)
            );
            for Cue { at_ms, cluster_at } in &index.cues {
                let cluster = &cut.bytes[usize::try_from(*cluster_at).expect("small")..];
                assert_eq!(
                    (&cluster[..4], &cluster[13..21]),
                    (&[0x1F, 0x43, 0xB6, 0x75][..], &at_ms.to_be_bytes()[..])
                );
            }
            let again = cut.bytes.clone();
            assert_eq!(finish(&mut cut).expect("finished"), index);
            assert!(cut.bytes == again, "finishing twice changed the file");
        }
        Err(SalvageError::Empty) => assert!(length == 0 || whole_ms == 0),
        Err(SalvageError::NotARecording) => assert!(length < Head::length()),
        Err(SalvageError::Disk(error)) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cut_anywhere_the_file_is_finished_with_everything_up_to_the_last_whole_cluster(share in 0.0_f64..=1.0) {
        cut_and_check((RECORDING.0.bytes.len() as f64 * share) as usize);
    }

    #[test]
    fn a_tail_of_zeros_or_garbage_is_cut_off(share in 0.2_f64..1.0, garbage in prop::collection::vec(any::<u8>(), 1..400), zeros: bool) {
        let (open, _, _) = &*RECORDING;
        let mut damaged = open.clone();
        damaged.bytes.truncate((open.bytes.len() as f64 * share) as usize);
        damaged.bytes.extend(garbage.iter().map(|byte| if zeros { 0 } else { *byte }));
        let index = finish(&mut damaged).expect("finished");
        prop_assert_eq!(damaged.duration_ms(), Some(index.duration_ms as f64));
        prop_assert!(damaged.track(2).len() as u64 * 20 <= index.duration_ms);
    }
}

#[test]
fn cut_at_and_around_every_write_the_file_is_finished() {
    for length in &RECORDING.0.lengths {
        for length in length.saturating_sub(2)..=length + 2 {
            cut_and_check(length);
        }
    }
    for length in 0..Head::length() + 40 {
        cut_and_check(length);
    }
}

#[test]
fn a_finished_recording_is_left_as_it_is_and_tells_the_same() {
    let (_, finished, index) = &*RECORDING;
    let mut film = finished.clone();
    assert_eq!(&finish(&mut film).expect("a recording"), index);
    assert!(film.bytes == finished.bytes);
}

#[test]
fn killed_between_the_cues_and_the_head_the_file_is_finished_again() {
    let (_, finished, index) = &*RECORDING;
    let (open, _, _) = &*RECORDING;
    let mut film = finished.clone();
    film.bytes[..Head::length()].copy_from_slice(&open.bytes[..Head::length()]);
    assert_eq!(&finish(&mut film).expect("a recording"), index);
    assert!(film.bytes == finished.bytes);
}

#[test]
fn a_finished_recording_that_lost_its_end_in_a_copy_is_finished_anew() {
    let (_, finished, _) = &*RECORDING;
    let mut film = finished.clone();
    film.bytes.truncate(film.bytes.len() * 2 / 3);
    let index = finish(&mut film).expect("a recording");
    assert!((5_000..8_000).contains(&index.duration_ms));
    assert_eq!(film.duration_ms(), Some(index.duration_ms as f64));
}

#[test]
fn a_file_of_somebody_else_is_refused_and_not_touched() {
    let mut film = Film { bytes: vec![0x1A; 4_000], ..Film::default() };
    assert!(matches!(finish(&mut film), Err(SalvageError::NotARecording)));
    assert!(film.bytes == vec![0x1A; 4_000]);
}

/// A file system may have given the file its length and not its bytes: the time of a block that was begun reads as an earlier one.
#[test]
fn a_block_whose_time_was_lost_with_the_power_is_cut_off() {
    let (open, _, _) = &*RECORDING;
    let whole = open.bytes.len() / 3;
    for length in whole - 600..whole {
        let mut damaged = open.clone();
        damaged.bytes.truncate(length);
        damaged.bytes.resize(whole + 600, 0);
        let index = finish(&mut damaged).expect("finished");
        assert!(damaged.track(2).len() as u64 * 20 <= index.duration_ms, "cut at {length}");
    }
}
