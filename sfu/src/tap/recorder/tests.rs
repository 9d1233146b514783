use super::super::studio::{Film, Shot, Studio, camera, vp8_frame};
use super::super::{Cue, RecorderFact, Span};
use super::*;
use crate::mix::listen::amplitude;

fn heard(film: &Film) -> Vec<f32> {
    let sound = film.track(2);
    crate::mix::listen::heard(sound.iter().map(|shot| shot.data.as_slice()))
}

fn is_blank(shot: &Shot) -> bool {
    shot.data == BLANK
}

#[test]
fn a_recording_has_pictures_and_continuous_sound_and_can_be_sought_in() {
    let mut studio = Studio::open();
    studio.film(1, (1280, 720), 50, 200, 9_000, 0);
    studio.whistle(1, 440.0, 200, 9_000);
    let (film, index) = studio.wrap(10_000);

    assert_eq!(film.duration_ms(), Some(10_000.0));
    assert_eq!(index.duration_ms, 10_000);
    let sound: Vec<u64> = film.track(2).iter().map(|shot| shot.at_ms).collect();
    assert_eq!(sound, (0..10_000).step_by(20).collect::<Vec<u64>>());
    let pictures = film.track(1);
    assert_eq!(pictures.len(), 220);
    assert_eq!((pictures[0].at_ms, pictures[0].key), (0, true), "it opens with its first picture");
    assert!(pictures.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
    assert_eq!(pictures[1].at_ms, 240);
    assert_eq!(pictures[219].data, vp8_frame(None, 219));

    let mut file = film.open();
    let video = file.tracks()[0].video().expect("a picture track");
    assert_eq!((video.pixel_width().get(), video.pixel_height().get()), (1280, 720));
    let mut frame = matroska_demuxer::Frame::default();
    file.seek(6_500).expect("seeks");
    assert!(file.next_frame(&mut frame).expect("a block"));
    assert!((6_400..=6_520).contains(&frame.timestamp), "sought 6,500, came to {}", frame.timestamp);
}

#[test]
fn every_cue_points_at_a_cluster_that_begins_with_that_key_frame() {
    let mut studio = Studio::open();
    studio.film(1, (640, 360), 30, 0, 8_000, 0);
    let (film, index) = studio.wrap(8_000);
    assert_eq!(
        index.cues.iter().map(|cue| cue.at_ms).collect::<Vec<_>>(),
        [0, 1_200, 2_400, 3_600, 4_800, 6_000, 7_200]
    );
    for Cue { at_ms, cluster_at } in index.cues {
        let cluster = &film.bytes[usize::try_from(cluster_at).expect("small")..];
        assert_eq!(cluster[..4], [0x1F, 0x43, 0xB6, 0x75]);
        assert_eq!(cluster[13..21], at_ms.to_be_bytes(), "the cluster's time");
        assert_eq!((cluster[26], cluster[29]), (0x81, 0x80), "a key frame of the picture's track");
    }
}

#[test]
fn two_speakers_are_mixed_into_one_track_and_nothing_is_cut() {
    let mut studio = Studio::open();
    studio.whistle(1, 440.0, 0, 6_000);
    studio.whistle(2, 1_500.0, 2_000, 4_000);
    let (film, _) = studio.wrap(6_500);
    let sound = heard(&film);
    let second = |from: usize| &sound[from * 48_000..(from + 1) * 48_000];
    let both = amplitude(&sound[2 * 48_000 + 12_000..3 * 48_000 + 36_000], 1_500.0);
    assert!(amplitude(second(1), 440.0) > 0.25 && amplitude(second(1), 1_500.0) < 0.02);
    assert!(both > 0.25, "{both}");
    assert!(amplitude(second(5), 1_500.0) < 0.02);
    assert!(sound.iter().all(|sample| sample.abs() <= 1.0));
}

#[test]
fn without_anybody_there_is_a_blank_picture_and_silence() {
    let (film, index) = Studio::open().wrap(12_000);
    let pictures = film.track(1);
    assert!(pictures.iter().all(is_blank));
    assert_eq!(pictures.iter().map(|shot| shot.at_ms).collect::<Vec<_>>(), [0, 5_000, 10_000]);
    assert_eq!(index.cues.len(), 3);
    assert_eq!(film.track(2).len(), 600);
    assert!(heard(&film).iter().all(|sample| sample.abs() < 0.001));
}

#[test]
fn a_camera_that_is_switched_off_does_not_freeze_on_the_screen() {
    let mut studio = Studio::open();
    studio.plan(0, |at| TapEvent::Picture { at, track: Some(camera(1)) });
    studio.film(1, (640, 360), 1_000, 0, 3_000, 0);
    studio.plan(3_010, |at| TapEvent::Picture { at, track: None });
    // A straggler of the old picture is not shown any more; the new one begins with a key frame.
    studio.plan(9_000, |at| TapEvent::Picture { at, track: Some(camera(2)) });
    studio.film(2, (320, 180), 1_000, 9_000, 10_000, 500);
    let (film, index) = studio.wrap(10_000);
    let pictures = film.track(1);
    let blank: Vec<u64> = pictures.iter().filter(|shot| is_blank(shot)).map(|shot| shot.at_ms).collect();
    assert_eq!(blank, [3_010, 8_010]);
    assert!(pictures.iter().any(|shot| shot.at_ms == 9_000 && shot.key && !is_blank(shot)));
    assert_eq!(
        index.pictures,
        [Span { from_ms: 0, to_ms: 3_010, what: camera(1) }, Span { from_ms: 9_000, to_ms: 10_000, what: camera(2) }]
    );
    assert_eq!(index.gaps, []);
}

#[test]
fn pictures_may_change_their_size_in_the_middle() {
    let mut studio = Studio::open();
    studio.film(1, (1280, 720), 1_000, 0, 2_000, 0);
    studio.film(2, (320, 180), 1_000, 2_000, 4_000, 50);
    let (film, index) = studio.wrap(4_000);
    let keys: Vec<Shot> = film.track(1).into_iter().filter(|shot| shot.key).collect();
    assert_eq!(keys.iter().map(|shot| shot.at_ms).collect::<Vec<_>>(), [0, 2_000]);
    assert_eq!(keys[1].data, vp8_frame(Some((320, 180)), 50));
    assert_eq!(index.cues.len(), 2);
    assert_eq!(
        film.open().tracks()[0].video().expect("video").pixel_width().get(),
        1280,
        "the head keeps the first size"
    );
}

#[test]
fn a_loss_becomes_a_gap_in_the_ledger_with_its_times() {
    let mut studio = Studio::open();
    studio.film(1, (640, 360), 100, 0, 10_000, 0);
    studio.coming_without(|event| matches!(event, TapEvent::Video { seq: 50 | 51, .. }));
    let (film, index) = studio.wrap(10_000);
    assert_eq!(index.gaps, [Gap { from_ms: 49 * 40, to_ms: 100 * 40 }]);
    assert!(film.facts.contains(&RecorderFact::KeyFrameWanted));
    assert!(film.ledger.contains("gap 1960 4000\n"));
    assert_eq!(film.track(1).len(), 50 + 150);
}

#[test]
fn a_loss_that_never_heals_is_a_gap_up_to_the_end() {
    let mut studio = Studio::open();
    studio.film(1, (640, 360), 10_000, 0, 5_000, 0);
    studio.coming_without(|event| matches!(event, TapEvent::Video { seq: 50, .. }));
    let (_, index) = studio.wrap(6_000);
    assert_eq!(index.gaps, [Gap { from_ms: 49 * 40, to_ms: 6_000 }]);
}

#[test]
fn who_speaks_is_told_at_once_and_kept_in_the_ledger() {
    let mut studio = Studio::open();
    studio.plan(1_000, |at| TapEvent::Speaker { at, peer: Some(PeerId(4)) });
    studio.plan(2_500, |at| TapEvent::Speaker { at, peer: Some(PeerId(9)) });
    studio.plan(2_800, |at| TapEvent::Speaker { at, peer: None });
    studio.run(1_010);
    assert_eq!(studio.film.facts.last(), Some(&RecorderFact::Speaker { at_ms: 1_000, peer: Some(PeerId(4)) }));
    let (film, index) = studio.wrap(4_000);
    let span = |from_ms, to_ms, peer| Span { from_ms, to_ms, what: PeerId(peer) };
    assert_eq!(index.speakers, [span(1_000, 2_500, 4), span(2_500, 2_800, 9)]);
    assert_eq!(film.ledger, "speaker 1000 4\nspeaker 2500 9\nspeaker 2800 -\n");
}

#[test]
fn sound_and_picture_of_one_moment_lie_at_one_time() {
    let mut studio = Studio::open();
    // Both lines delay: the sound by 30 ms, the picture by 80; each is placed by its least delayed packet.
    studio.whistle(1, 440.0, 3_030, 6_030);
    studio.film(1, (640, 360), 1_000, 3_080, 6_080, 0);
    let (film, _) = studio.wrap(7_000);
    let sound = heard(&film);
    let begins = sound.iter().position(|sample| sample.abs() > 0.1).expect("a tone") as u64 * 1_000 / 48_000;
    let picture = film.track(1).into_iter().find(|shot| !is_blank(shot)).expect("a picture").at_ms;
    assert!(begins.abs_diff(3_030) <= 15, "the sound begins at {begins}");
    assert_eq!(picture, 3_080);
}

#[test]
fn what_is_on_the_disk_lags_by_at_most_a_second_and_a_half() {
    let mut studio = Studio::open();
    studio.whistle(1, 440.0, 0, 20_000);
    for until in (2_000..20_000).step_by(370) {
        studio.run(until);
        let last = studio.film.track(2).last().expect("sound").at_ms;
        assert!(last + 20 + 1_500 >= until, "at {until} the file ends at {last}");
    }
}

#[test]
fn the_same_events_make_the_same_file() {
    let make = || {
        let mut studio = Studio::open();
        studio.film(1, (640, 360), 40, 100, 4_000, 0);
        studio.whistle(1, 440.0, 0, 4_000);
        studio.wrap(5_000).0.bytes
    };
    assert!(make() == make());
}

#[test]
fn a_recording_that_ends_at_once_is_a_file_that_opens() {
    for end_ms in [0, 5, 19, 20, 499, 1_000, 1_499] {
        let (film, index) = Studio::open().wrap(end_ms);
        assert_eq!(film.track(1).len(), 1, "after {end_ms} ms");
        assert_eq!(film.duration_ms(), Some(index.duration_ms as f64));
    }
}
