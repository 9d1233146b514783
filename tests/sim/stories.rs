//! What the meeting promises to people, each promise once.

use std::time::Duration;

use scheduler::attendance::IntervalEnd;
use sfu::id::Source;
use signaling::wire::{ClientMessage, Mode, PresenceView, Role, SourceName, Staged};
use tests::link::Weather;
use tests::world::office::START;
use tests::world::page::Manners;
use tests::world::site::{Fault, Profile};
use tests::world::trace::Telling;
use tests::world::{SiteAt, World};

const CHAIR: SiteAt = SiteAt(0);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The chair and some sites, all in their seats with their cameras on.
fn meeting_of<const N: usize>(names: [&str; N]) -> (World, [SiteAt; N]) {
    meeting_with(names.map(Profile::site))
}

fn meeting_with<const N: usize>(profiles: [Profile; N]) -> (World, [SiteAt; N]) {
    let invited = std::iter::once(Profile::chair("Nguyễn Văn An")).chain(profiles).collect();
    let mut world = World::open(7, invited, Telling::Silent);
    let sites = std::array::from_fn(|place| SiteAt(place + 1));
    for at in [CHAIR].into_iter().chain(sites) {
        come(&mut world, at);
    }
    world.run(secs(2));
    (world, sites)
}

fn come(world: &mut World, at: SiteAt) {
    world.join(at);
    world.wish(at, |wishes| wishes.camera = true);
}

fn speak(world: &mut World, at: SiteAt) {
    world.wish(at, |wishes| (wishes.microphone, wishes.speaking) = (true, true));
}

fn ask_to_speak(world: &mut World, at: SiteAt) {
    assert!(world.ask(at, ClientMessage::AskToSpeak { note: None }));
    world.run(secs(1));
}

fn give_floor(world: &mut World, to: SiteAt) {
    let participant = world.participant(to).0;
    assert!(world.ask(CHAIR, ClientMessage::GiveFloor { participant }));
}

fn put_on_stage(world: &mut World, whom: SiteAt) {
    let staged = Staged { participant: world.participant(whom).0, source: SourceName::Camera };
    assert!(world.ask(CHAIR, ClientMessage::SetStage { stage: Some(staged) }));
}

fn is_away(presence: PresenceView) -> bool {
    matches!(presence, PresenceView::Away { .. })
}

fn is_here(presence: PresenceView) -> bool {
    matches!(presence, PresenceView::Here { .. })
}

#[test]
fn a_site_that_drops_for_ten_seconds_keeps_its_seat_its_role_and_its_place_in_the_queue() {
    let (mut world, [hall, commune, island]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà", "Đặc khu Cô Tô"]);
    for site in [hall, commune, island] {
        ask_to_speak(&mut world, site);
    }
    let before = world.negotiated(commune);
    world.cut(commune, Fault::Everything, secs(10));
    world.run(secs(9));
    assert!(is_away(world.seen_by(hall, commune).presence));
    world.run(secs(16));
    assert!(is_here(world.seen_by(hall, commune).presence));
    assert_eq!(world.seen_by(hall, commune).role, Role::Delegate);
    let queue = ["Hội trường tỉnh", "Xã Đầm Hà", "Đặc khu Cô Tô"];
    assert_eq!((world.queue_seen_by(hall), world.queue_seen_by(commune)), (queue.to_vec(), queue.to_vec()));
    // The same connection under the same keys, and the picture is there again.
    assert!(world.negotiated(commune).is_restart_of(&before));
    assert_eq!(world.main_picture(commune), Some((CHAIR, Source::Camera)));
    assert_eq!(world.picture(hall, 1), Some((commune, Source::Camera)));
}

#[test]
fn who_holds_the_floor_and_drops_speaks_on_when_he_is_back() {
    let (mut world, [hall, commune]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà"]);
    speak(&mut world, commune);
    world.run(secs(1));
    assert!(!world.hears(hall, commune), "nobody has given him the floor");
    give_floor(&mut world, commune);
    world.run(secs(2));
    assert!(world.hears(hall, commune));
    world.cut(commune, Fault::Everything, secs(10));
    world.run(secs(9));
    assert!(!world.hears(hall, commune));
    assert_eq!(world.floor_seen_by(hall).holders.len(), 1);
    world.run(secs(16));
    assert!(world.hears(hall, commune));
}

#[test]
fn a_late_joiner_sees_the_chair_at_once_by_a_key_frame_that_was_asked_for() {
    let (mut world, [hall, late]) = late_joiner();
    let asked = world.transport(CHAIR).key_frames_asked;
    come(&mut world, late);
    world.run(secs(2));
    let after = world.first_picture_after(late).expect("no picture at all");
    assert!(after <= Duration::from_millis(250), "{after:?}");
    // Two layers were asked, each once: the one that fills the picture, and the smallest until that one comes.
    assert_eq!(world.transport(CHAIR).key_frames_asked, asked + 2);
    assert_eq!(world.main_picture(late), Some((CHAIR, Source::Camera)));
    assert_eq!(world.main_picture(hall), Some((CHAIR, Source::Camera)));
}

/// The chair's picture has been flowing for so long that nothing remembers its last key frame.
fn late_joiner() -> (World, [SiteAt; 2]) {
    let profiles = ["Nguyễn Văn An", "Hội trường tỉnh", "Đặc khu Cô Tô"];
    let invited = vec![Profile::chair(profiles[0]), Profile::site(profiles[1]), Profile::site(profiles[2])];
    let mut world = World::open(7, invited, Telling::Silent);
    come(&mut world, CHAIR);
    come(&mut world, SiteAt(1));
    world.run(secs(20));
    (world, [SiteAt(1), SiteAt(2)])
}

#[test]
fn the_chairs_choice_stands_before_the_voice_until_he_takes_it_back() {
    let (mut world, [hall, commune, island]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà", "Đặc khu Cô Tô"]);
    assert!(world.ask(CHAIR, ClientMessage::SetMode { mode: Mode::Discussion }));
    world.run(secs(1));
    speak(&mut world, commune);
    world.run(secs(4));
    assert_eq!(world.main_picture(hall), Some((commune, Source::Camera)));
    put_on_stage(&mut world, island);
    world.run(secs(1));
    for viewer in [CHAIR, hall, commune] {
        assert_eq!(world.main_picture(viewer), Some((island, Source::Camera)));
    }
    assert_eq!(world.view().speaker, Some(world.participant(commune).0));
    assert!(world.ask(CHAIR, ClientMessage::SetStage { stage: None }));
    world.run(secs(1));
    assert_eq!(world.main_picture(hall), Some((commune, Source::Camera)));
}

#[test]
fn nobody_negotiates_again_because_others_come_speak_show_and_go() {
    let (mut world, [hall, commune]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà"]);
    let before = [CHAIR, hall].map(|at| world.negotiated(at));
    assert!(world.ask(CHAIR, ClientMessage::SetMode { mode: Mode::Discussion }));
    for _ in 0..3 {
        speak(&mut world, commune);
        world.wish(commune, |wishes| wishes.screen = true);
        world.run(secs(3));
        assert_eq!(world.main_picture(hall), Some((commune, Source::Screen)));
        assert!(world.ask(commune, ClientMessage::Leave {}));
        world.run(secs(2));
        assert_eq!(world.main_picture(hall), Some((CHAIR, Source::Camera)));
        world.close_page(commune);
        come(&mut world, commune);
        world.wish(commune, |wishes| (wishes.microphone, wishes.screen) = (false, false));
        world.run(secs(2));
    }
    assert_eq!([CHAIR, hall].map(|at| world.negotiated(at)), before);
}

#[test]
fn a_line_that_loses_a_packet_in_twenty_shows_a_moving_picture_by_repairs() {
    let lossy = Weather { loss: 0.05, ..Weather::CLEAR };
    let (mut world, [hall, commune]) =
        meeting_with(["Hội trường tỉnh", "Xã Đầm Hà"].map(|name| Profile::site(name).in_weather(lossy)));
    put_on_stage(&mut world, commune);
    world.run(secs(2));
    let (frames, asked) = (world.frames(hall), world.transport(commune).key_frames_asked);
    world.run(secs(30));
    // Ten frames a second of two packets each, over two such lines: without repairs every fifth frame would be broken, and all
    // that follow it until the next key frame.
    let shown = world.frames(hall) - frames;
    assert!(shown >= 290, "{shown} of 300 frames");
    assert_eq!(world.transport(commune).key_frames_asked - asked, 0);
}

#[test]
fn from_whom_the_floor_is_taken_is_heard_by_nobody_although_his_page_goes_on_sending() {
    let stubborn = Profile { manners: Manners::Stubborn, ..Profile::site("Xã Đầm Hà") };
    let (mut world, [hall, commune]) = meeting_with([Profile::site("Hội trường tỉnh"), stubborn]);
    speak(&mut world, commune);
    world.run(secs(2));
    assert!(!world.hears(hall, commune), "his microphone is locked");
    give_floor(&mut world, commune);
    world.run(secs(2));
    assert!(world.hears(hall, commune));
    let participant = world.participant(commune).0;
    assert!(world.ask(CHAIR, ClientMessage::WithdrawFloor { participant }));
    world.run(Duration::from_millis(100));
    // He takes that for a mistake, and speaks on.
    speak(&mut world, commune);
    world.run(secs(3));
    assert!(world.page(commune).is_some_and(|page| page.sends(Source::Microphone)));
    assert!([CHAIR, hall].iter().all(|listener| !world.hears(*listener, commune)));
}

#[test]
fn the_recording_shows_what_everybody_sees_and_hears() {
    let (mut world, [hall, commune]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà"]);
    assert!(world.ask(CHAIR, ClientMessage::StartRecording {}));
    give_floor(&mut world, hall);
    speak(&mut world, hall);
    world.run(secs(3));
    assert_eq!(world.recorded_picture(), Some((hall, Source::Camera)));
    assert!(world.is_recorded(hall));
    put_on_stage(&mut world, commune);
    world.run(secs(1));
    assert_eq!(world.recorded_picture(), Some((commune, Source::Camera)));
    assert!(world.is_recorded(hall) && !world.is_recorded(commune));
    // His line breaks: nobody's picture stands still in the recording.
    world.cut(commune, Fault::Everything, secs(5));
    world.run(secs(3));
    assert_eq!(world.recorded_picture(), None);
    world.run(secs(4));
    assert_eq!(world.recorded_picture(), Some((commune, Source::Camera)));
}

#[test]
fn the_attendance_has_the_intervals_in_which_each_was_really_there() {
    let (mut world, [hall, commune, island]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà", "Đặc khu Cô Tô"]);
    assert!(world.ask(hall, ClientMessage::DeclareHeadcount { count: 45 }));
    world.run(secs(8));
    world.cut(commune, Fault::Everything, secs(20));
    world.run(secs(2));
    assert!(world.ask(island, ClientMessage::Leave {}));
    world.run(secs(38));
    let back = world.now;
    world.close_page(island);
    come(&mut world, island);
    world.run(secs(10));
    world.order_end();
    let end = world.now.as_secs();
    assert_eq!(back, secs(50));
    let list = world.close().attendance;
    let intervals = |name: &str| {
        let row = list.rows.iter().find(|row| row.name == name).expect("not on the list");
        let second = |at: scheduler::time::UtcTime| (at.millis() - START.0) as u64 / 1_000;
        row.intervals.iter().map(|one| (second(one.from), second(one.to), one.ended)).collect::<Vec<_>>()
    };
    assert_eq!(intervals("Hội trường tỉnh"), [(0, end, IntervalEnd::SessionEnd)]);
    assert_eq!(intervals("Đặc khu Cô Tô"), [(0, 12, IntervalEnd::Left), (50, end, IntervalEnd::SessionEnd)]);
    let [(0, 9..=11, IntervalEnd::Lost), (30..=46, to, IntervalEnd::SessionEnd)] = intervals("Xã Đầm Hà")[..]
    else {
        panic!("{:?}", intervals("Xã Đầm Hà"));
    };
    assert_eq!(to, end);
    let hall = list.rows.iter().find(|row| row.name == "Hội trường tỉnh").expect("not on the list");
    assert_eq!((hall.declared, list.rows.len()), (Some(45), 4));
}

#[test]
fn after_the_death_of_the_server_everybody_is_back_in_his_seat_and_the_recording_goes_on() {
    let (mut world, [hall, commune]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà"]);
    assert!(world.ask(CHAIR, ClientMessage::StartSession {}));
    assert!(world.ask(CHAIR, ClientMessage::StartRecording {}));
    assert!(world.ask(commune, ClientMessage::AskToSpeak { note: None }));
    world.run(secs(5));
    world.restart_server();
    world.run(secs(15));
    world.all_are_back();
    assert_eq!(world.tapes().len(), 2);
    assert!(world.tapes()[1].frames() > 10, "the second part shows the meeting");
    assert_eq!(world.floor_seen_by(hall).queue.len(), 1, "whoever waited waits on");
    assert_eq!(world.main_picture(hall), Some((CHAIR, Source::Camera)));
    world.order_end();
    assert_eq!(world.close().tally["server restarts"], 1);
}

#[test]
fn a_camera_sends_only_the_layers_that_somebody_looks_at_and_all_of_them_when_they_are_asked_for() {
    let (mut world, [hall, commune]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà"]);
    put_on_stage(&mut world, hall);
    world.run(secs(8));
    // The hall stands large before everybody; the others see the commune on a tile.
    assert_eq!(world.transport(hall).layers_sent(), [true, false, true]);
    assert_eq!(world.transport(commune).layers_sent(), [true, false, false]);
    put_on_stage(&mut world, commune);
    world.run(secs(1));
    assert_eq!(world.transport(commune).layers_sent(), [true, false, true]);
    assert_eq!(world.shown_layer(hall), Some(2));
}

#[test]
fn a_page_whose_socket_broke_while_its_layers_changed_is_told_when_it_is_back() {
    let (mut world, [hall, commune]) = meeting_of(["Hội trường tỉnh", "Xã Đầm Hà"]);
    put_on_stage(&mut world, hall);
    world.run(secs(8));
    assert_eq!(world.transport(commune).layers_sent(), [true, false, false]);
    // His media flows on; only nobody can tell him anything.
    world.cut(commune, Fault::Signalling, secs(7));
    world.run(secs(1));
    put_on_stage(&mut world, commune);
    world.run(secs(2));
    assert_eq!(world.main_picture(hall), Some((commune, Source::Camera)));
    assert_eq!(world.shown_layer(hall), Some(0), "a small picture is better than none");
    world.run(secs(15));
    assert_eq!(world.transport(commune).layers_sent(), [true, false, true]);
    assert_eq!(world.shown_layer(hall), Some(2));
}
