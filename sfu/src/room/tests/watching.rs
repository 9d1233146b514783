//! Figures and reports.

use super::actors::*;
use super::harness::*;
use crate::fact::{Direction, Fact, PeerStats};
use crate::id::{PeerId, Ssrc};
use crate::packet::report::{Compound, ReceiverState, SenderState};
use crate::packet::rtcp::{self, ReportBlock, Rtcp};

fn stats(world: &World, of: PeerId) -> PeerStats {
    let found = world.facts.iter().rev().find_map(|fact| match fact {
        Fact::Stats { peer, stats } if *peer == of => Some(stats),
        _ => None,
    });
    (**found.unwrap()).clone()
}

#[test]
fn the_technician_sees_rate_size_and_frames_of_what_goes_up_and_down() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let commune = world.join(2, Seat::viewer(3, 4));
    let mut stage = Stage::of(&[hall]);
    stage.play(&mut world, 3_000);
    let up = stats(&world, hall);
    let camera = up.tracks.iter().find(|track| track.track == camera_of(hall)).unwrap();
    assert_eq!((camera.direction, camera.width, camera.height, camera.frames_per_s), (Direction::Up, 1_280, 720, 50));
    assert!((150_000..170_000).contains(&camera.bitrate_bps), "{}", camera.bitrate_bps);
    assert_eq!(up.rx.packets_per_s, 350);
    assert_eq!(up.rx.loss, 0.0);
    let down = stats(&world, commune);
    let shown = down.tracks.iter().find(|track| track.direction == Direction::Down).unwrap();
    assert_eq!((shown.track, shown.height, shown.frames_per_s), (camera_of(hall), 720, 50));
    assert!(down.tx.bitrate_bps > shown.bitrate_bps / 2);
    assert_eq!(down.rx.packets_per_s, 0);
}

#[test]
fn a_silent_line_shows_how_long_it_has_been_silent() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    world.run(4_050);
    assert!(stats(&world, hall).idle >= ms(3_900));
}

#[test]
fn loss_on_the_way_up_is_seen_before_it_is_repaired() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let _viewer = world.join(2, Seat::viewer(0, 1));
    let mut screen = Video::screen(hall);
    for n in 0..200 {
        let packets = screen.frame(if n == 0 { Frame::Key } else { Frame::Delta }, 1);
        if n % 10 != 9 {
            world.send(hall, &packets[0]).unwrap();
        } else {
            let repair = screen.repair(n, &packets[0]);
            let _ = world.send(hall, &repair);
        }
        world.run(10);
    }
    let loss = stats(&world, hall).rx.loss;
    assert!((0.08..=0.11).contains(&loss), "{loss}");
}

/// Reports the peer got for its own streams and about ours, in the last second.
fn reports(world: &mut World, to: PeerId) -> (Vec<ReportBlock>, Vec<rtcp::SenderInfo>) {
    let (mut received, mut sent) = (Vec::new(), Vec::new());
    for (peer, compound) in &world.wire.rtcp {
        if *peer == to {
            for packet in rtcp::parse(compound).unwrap() {
                match packet {
                    Rtcp::Receiver { blocks } => received.extend(blocks),
                    Rtcp::Sender { info, .. } => sent.push(info),
                    _ => {}
                }
            }
        }
    }
    world.wire.rtcp.clear();
    (received, sent)
}

#[test]
fn publishers_and_viewers_get_their_reports_every_second() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let commune = world.join(2, Seat::viewer(3, 4));
    let mut stage = Stage::of(&[hall]);
    stage.level(hall, 30);
    stage.play(&mut world, 980);
    world.wire.rtcp.clear();
    world.run(20);
    let taken: Vec<_> = std::mem::take(&mut world.wire.rtcp);
    world.wire.rtcp = taken.iter().filter(|(to, _)| *to == hall).cloned().collect();
    let (blocks, _) = reports(&mut world, hall);
    let mut reported: Vec<u32> = blocks.iter().map(|block| block.ssrc.0).collect();
    reported.sort_unstable();
    assert_eq!(reported, [100, 200, 202, 204]);
    world.wire.rtcp = taken.into_iter().filter(|(to, _)| *to == commune).collect();
    let (_, sent) = reports(&mut world, commune);
    let mut streams: Vec<u32> = sent.iter().map(|info| info.ssrc.0).collect();
    streams.sort_unstable();
    assert_eq!(streams, [AUDIO_SLOT, VIDEO_SLOT]);
    let newest = world.take_video(commune, 0).last().unwrap().timestamp;
    let picture = sent.iter().find(|info| info.ssrc.0 == VIDEO_SLOT).unwrap();
    let apart = picture.timestamp.wrapping_sub(newest) as i32;
    assert!(apart.abs() < 90 * 60, "the report's time is that of the packets beside it: {apart}");
}

#[test]
fn the_round_trip_is_measured_from_the_answer_to_our_report() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let commune = world.join(2, Seat::viewer(3, 4));
    let mut stage = Stage::of(&[hall]);
    stage.play(&mut world, 980);
    world.run(20);
    let (_, sent) = reports(&mut world, commune);
    let ours = sent.iter().find(|info| info.ssrc.0 == VIDEO_SLOT).unwrap();
    world.run(180);
    let block = ReportBlock {
        ssrc: Ssrc(VIDEO_SLOT),
        fraction_lost: 64,
        jitter: 900,
        last_report: (ours.ntp >> 16) as u32,
        delay: 65_536 / 10,
    };
    let mut compound = Compound::new();
    compound.receiver_report(Ssrc(9), &[ReceiverState { block, total_lost: 0, highest: 0 }]);
    world.control(commune, compound.bytes());
    stage.play(&mut world, 1_000);
    let seen = stats(&world, commune);
    let rtt = seen.rtt.unwrap();
    assert!((ms(70)..=ms(110)).contains(&rtt), "{rtt:?}");
    assert!((seen.tx.loss - 0.25).abs() < 0.01);
    assert_eq!(seen.tx.jitter, ms(10));
}

#[test]
fn sound_and_picture_of_one_publisher_stay_together_in_our_reports() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let commune = world.join(2, Seat::viewer(3, 4));
    let mut stage = Stage::of(&[hall]);
    stage.level(hall, 30);
    stage.play(&mut world, 500);
    // By the publisher's own clock the voice runs 100 ms ahead of the picture.
    let theirs = 4_000_000_000u64 << 32;
    let (voice, picture) = (stage.voices[0].0.timestamp, stage.cameras[0][2].timestamp);
    for (ssrc, timestamp) in [(100, voice.wrapping_add(4_800)), (204, picture)] {
        let state = SenderState { ssrc: Ssrc(ssrc), ntp: theirs, timestamp, packets: 0, octets: 0 };
        world.control(hall, Compound::new().sender_report(state).bytes());
    }
    let (last_voice, last_picture) =
        (world.take_audio(commune).pop().unwrap().timestamp, world.take_video(commune, 0).pop().unwrap().timestamp);
    stage.play(&mut world, 480);
    world.wire.rtcp.clear();
    world.run(20);
    let (_, sent) = reports(&mut world, commune);
    let at = |ssrc: u32| sent.iter().find(|info| info.ssrc.0 == ssrc).unwrap();
    let (sound, sight) = (at(AUDIO_SLOT), at(VIDEO_SLOT));
    assert_eq!(sound.ntp, sight.ntp);
    // How old the last packets before the publisher's report are, by our reports.
    let sound_ms = f64::from(sound.timestamp.wrapping_sub(last_voice)) / 48.0;
    let sight_ms = f64::from(sight.timestamp.wrapping_sub(last_picture)) / 90.0;
    assert!((sound_ms - sight_ms - 100.0).abs() < 1.0, "{sound_ms} {sight_ms}");
}

#[test]
fn a_publisher_hears_of_every_arrival_in_batches() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(0, 0));
    let mut screen = Video::screen(hall);
    for _ in 0..50 {
        for packet in screen.frame(Frame::Delta, 2) {
            world.send(hall, &packet).unwrap();
        }
        world.run(20);
    }
    let feedback = world.wire.rtcp.iter().filter(|(_, compound)| {
        // The transport feedback is the third packet: format 15, type 205.
        compound.windows(2).any(|pair| pair == [0x8F, 205])
    });
    assert_eq!(feedback.count(), 10);
}
