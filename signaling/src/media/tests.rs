//! The desk between the meeting and the engine.

use std::time::Duration;

use sfu::command::{Command, CommandRefused, Purpose, Reply, Right};
use sfu::fact::{DisconnectReason, Fact, PeerStats, SlotView};
use sfu::id::{MediaKind, Mid, PeerId, Rid, RoomId, Source, TrackRef};
use sfu::transport::OfferRefused;
use uuid::Uuid;

use super::*;
use crate::clock::UtcMs;
use crate::id::{ConnectionId, ParticipantId};
use crate::meeting::{MediaNews, MediaOrder, Path, SOURCES, SourceSet, Ticket};
use crate::wire::{LineQuality, RefusalCode, SlotDrawn, SourceLayers, SourceName};

const ROOM: RoomId = RoomId(3);
const A: ParticipantId = ParticipantId(Uuid::from_u128(1));
const B: ParticipantId = ParticipantId(Uuid::from_u128(2));

/// Microphone, camera, screen; one audio slot, video slots 4 and 5.
const ANSWER: &str = "v=0\r\nm=audio 9 x 1\r\na=mid:0\r\na=recvonly\r\nm=video 9 x 1\r\na=mid:1\r\na=recvonly\r\n\
    m=video 9 x 1\r\na=mid:2\r\na=recvonly\r\nm=audio 9 x 1\r\na=mid:3\r\na=sendonly\r\n\
    m=video 9 x 1\r\na=mid:4\r\na=sendonly\r\nm=video 9 x 1\r\na=mid:5\r\na=sendonly\r\n";

fn ticket(re: u32) -> Ticket {
    Ticket::Request { connection: ConnectionId(1), re }
}

fn negotiate(participant: ParticipantId, path: Path) -> MediaOrder {
    MediaOrder::Negotiate { participant, path, ticket: ticket(1), offer: "v=0".into() }
}

/// Everything the desk wants now, each carried out; offers are answered.
fn carry_out(desk: &mut Desk) -> Vec<Command> {
    let mut commands = Vec::new();
    while let Some(command) = desk.poll_command() {
        let answered = matches!(command, Command::Join { .. } | Command::Restart { .. });
        desk.handle_reply(Ok(if answered { Reply::Answer(ANSWER.into()) } else { Reply::Done }));
        commands.push(command);
    }
    commands
}

fn news(desk: &mut Desk) -> Vec<MediaNews> {
    std::iter::from_fn(|| desk.poll_news()).collect()
}

fn joined(desk: &mut Desk, participant: ParticipantId, path: Path) -> PeerId {
    desk.order(negotiate(participant, path));
    let commands = carry_out(desk);
    news(desk);
    let join = commands.iter().find_map(|command| match command {
        Command::Join { peer, .. } => Some(*peer),
        _ => None,
    });
    join.unwrap()
}

#[test]
fn a_peer_joins_with_nothing_forwarded_and_its_answer_tells_what_it_sends() {
    let mut desk = Desk::new(ROOM);
    desk.order(negotiate(A, Path::Browser));
    let Some(Command::Join { room, peer, rights, .. }) = desk.poll_command() else { panic!() };
    assert_eq!((room, room_of(peer)), (ROOM, ROOM));
    assert!(SOURCES.iter().all(|name| rights.of(match name {
        SourceName::Microphone => Source::Microphone,
        SourceName::Camera => Source::Camera,
        SourceName::Screen => Source::Screen,
    }) == Right::Held));
    assert!(desk.poll_command().is_none(), "one command at a time");
    desk.handle_reply(Ok(Reply::Answer(ANSWER.into())));
    let sources = SourceSet::of(&SOURCES);
    assert_eq!(
        news(&mut desk),
        [MediaNews::Negotiated {
            participant: A,
            path: Path::Browser,
            ticket: ticket(1),
            answer: ANSWER.into(),
            sources
        }]
    );
}

#[test]
fn a_right_withdrawn_goes_before_everything_that_waits() {
    let mut desk = Desk::new(ROOM);
    let peer = joined(&mut desk, A, Path::Browser);
    desk.order(MediaOrder::Forward { participant: A, sources: SourceSet::of(&SOURCES) });
    carry_out(&mut desk);
    desk.order(negotiate(B, Path::Whip));
    desk.order(MediaOrder::Stage(vec![(A, SourceName::Camera)]));
    desk.order(MediaOrder::Forward { participant: A, sources: SourceSet::NONE });
    let Some(Command::SetRights { peer: muted, rights }) = desk.poll_command() else { panic!() };
    assert_eq!((muted, rights), (peer, sfu::command::Rights::NONE));
}

#[test]
fn each_door_leads_one_way_and_the_page_both() {
    let mut desk = Desk::new(ROOM);
    let mut asked = |participant, path| {
        desk.order(negotiate(participant, path));
        let Some(Command::Join { purpose, .. }) = carry_out(&mut desk).into_iter().next() else { panic!() };
        purpose
    };
    assert_eq!(asked(A, Path::Browser), Purpose::Conversation);
    assert_eq!(asked(A, Path::Whip), Purpose::Publish);
    assert_eq!(asked(A, Path::Whep), Purpose::Receive);
}

#[test]
fn rights_follow_a_participant_over_all_his_paths_and_to_new_ones() {
    let mut desk = Desk::new(ROOM);
    let browser = joined(&mut desk, A, Path::Browser);
    desk.order(MediaOrder::Forward { participant: A, sources: SourceSet::of(&[SourceName::Camera]) });
    desk.order(negotiate(A, Path::Whip));
    let commands = carry_out(&mut desk);
    let granted: Vec<PeerId> = commands
        .iter()
        .filter_map(|command| match command {
            Command::SetRights { peer, rights } if rights.of(Source::Camera) == Right::Forwarded => Some(*peer),
            _ => None,
        })
        .collect();
    assert_eq!(granted.len(), 2);
    assert_eq!(granted[0], browser);
}

#[test]
fn a_new_offer_replaces_the_old_peer() {
    let mut desk = Desk::new(ROOM);
    let old = joined(&mut desk, A, Path::Browser);
    desk.order(negotiate(A, Path::Browser));
    let commands = carry_out(&mut desk);
    assert!(matches!(commands[0], Command::Leave { peer } if peer == old));
    assert!(matches!(commands[1], Command::Join { peer, .. } if peer != old));
}

#[test]
fn somebody_dropped_while_his_offer_is_answered_is_taken_out_again_and_nothing_is_told() {
    let mut desk = Desk::new(ROOM);
    desk.order(negotiate(A, Path::Browser));
    let Some(Command::Join { peer, .. }) = desk.poll_command() else { panic!() };
    desk.order(MediaOrder::Drop { participant: A, path: Path::Browser });
    desk.handle_reply(Ok(Reply::Answer(ANSWER.into())));
    assert_eq!(news(&mut desk), []);
    assert!(matches!(carry_out(&mut desk)[..], [Command::Leave { peer: left }] if left == peer));
}

#[test]
fn an_offer_the_engine_refuses_leaves_no_peer() {
    let mut desk = Desk::new(ROOM);
    desk.order(negotiate(A, Path::Browser));
    assert!(desk.poll_command().is_some());
    let refused = OfferRefused::UnsupportedCodec { mid: "0".into() };
    desk.handle_reply(Err(CommandRefused::Offer(refused)));
    let code = RefusalCode::OfferUnsupported;
    assert_eq!(
        news(&mut desk),
        [MediaNews::NegotiationFailed { participant: A, path: Path::Browser, ticket: ticket(1), code }]
    );
    desk.order(MediaOrder::Restart { participant: A, path: Path::Browser, ticket: ticket(2), offer: "v=0".into() });
    assert_eq!(news(&mut desk), [MediaNews::RestartFailed { ticket: ticket(2), code: RefusalCode::NoMedia }]);
}

#[test]
fn a_view_names_slots_in_their_order_and_what_is_not_drawn_is_not_sent() {
    let mut desk = Desk::new(ROOM);
    let a = joined(&mut desk, A, Path::Browser);
    let b = joined(&mut desk, B, Path::Browser);
    let slots = vec![SlotDrawn { mid: "5".into(), height: 720 }];
    desk.order(MediaOrder::View { participant: A, pinned: vec![B], slots });
    let view = carry_out(&mut desk).into_iter().find_map(|command| match command {
        Command::SetView { peer, view } if peer == a => Some(view),
        _ => None,
    });
    let view = view.unwrap();
    assert_eq!(view.pinned, [TrackRef { peer: b, source: Source::Camera }]);
    assert_eq!(view.own, [a]);
    assert_eq!(view.slot_sizes.iter().map(|size| size.height).collect::<Vec<_>>(), [0, 720]);
}

#[test]
fn facts_about_peers_become_news_about_participants() {
    let mut desk = Desk::new(ROOM);
    let a = joined(&mut desk, A, Path::Browser);
    let b = joined(&mut desk, B, Path::Whip);
    desk.handle_fact(Fact::Speaker { room: ROOM, peer: Some(b) }, UtcMs(0));
    let track = Some(TrackRef { peer: b, source: Source::Camera });
    let slot = SlotView { mid: Mid("4".into()), kind: MediaKind::Video, track, paused: None };
    desk.handle_fact(Fact::Slots { peer: a, slots: vec![slot] }, UtcMs(0));
    let told = news(&mut desk);
    assert_eq!(told[0], MediaNews::Speaker { participant: Some(B) });
    let MediaNews::Slots { participant, slots } = &told[1] else { panic!() };
    assert_eq!((*participant, slots[0].participant, slots[0].source), (A, Some(B.0), Some(SourceName::Camera)));
}

#[test]
fn a_page_is_told_which_layers_are_wanted_and_a_program_that_came_by_whip_is_not() {
    let mut desk = Desk::new(ROOM);
    let a = joined(&mut desk, A, Path::Browser);
    let b = joined(&mut desk, B, Path::Whip);
    for peer in [a, b] {
        let track = TrackRef { peer, source: Source::Camera };
        desk.handle_fact(Fact::LayersWanted { track, rids: vec![Rid("q".into())] }, UtcMs(0));
    }
    let wanted = SourceLayers { source: SourceName::Camera, rids: vec!["q".into()] };
    assert_eq!(news(&mut desk), [MediaNews::Layers { participant: A, wanted: wanted.clone() }]);
    // What the engine says of a connection that has been replaced meanwhile concerns nobody.
    joined(&mut desk, A, Path::Browser);
    let track = TrackRef { peer: a, source: Source::Camera };
    desk.handle_fact(Fact::LayersWanted { track, rids: vec![Rid("q".into())] }, UtcMs(0));
    assert_eq!(news(&mut desk), []);
}

#[test]
fn fresh_packets_are_a_sign_of_life_and_a_closed_path_is_a_lost_line() {
    let mut desk = Desk::new(ROOM);
    let a = joined(&mut desk, A, Path::Whip);
    let stats = |idle| Fact::Stats { peer: a, stats: Box::new(PeerStats { idle, ..PeerStats::default() }) };
    desk.handle_fact(stats(Duration::from_millis(100)), UtcMs(0));
    assert!(news(&mut desk).contains(&MediaNews::Heard { participant: A }));
    desk.handle_fact(stats(Duration::from_secs(3)), UtcMs(0));
    assert!(!news(&mut desk).contains(&MediaNews::Heard { participant: A }));
    desk.handle_fact(Fact::Disconnected { peer: a, why: DisconnectReason::Closed }, UtcMs(0));
    let told = news(&mut desk);
    assert_eq!(told[0], MediaNews::Ended { participant: A, path: Path::Whip });
    assert!(matches!(&told[1], MediaNews::Line(line) if line.quality == LineQuality::Lost));
    desk.handle_fact(stats(Duration::ZERO), UtcMs(0));
    assert_eq!(news(&mut desk), [], "a fact about somebody who is gone says nothing");
}

#[test]
fn the_stage_names_tracks_only_of_peers_that_carry_them() {
    let mut desk = Desk::new(ROOM);
    desk.order(MediaOrder::Stage(vec![(B, SourceName::Camera), (A, SourceName::Screen)]));
    let a = joined(&mut desk, A, Path::Browser);
    desk.order(negotiate(B, Path::Whip));
    let stages: Vec<Vec<TrackRef>> = carry_out(&mut desk)
        .into_iter()
        .filter_map(|command| match command {
            Command::SetStage { stage, .. } => Some(stage),
            _ => None,
        })
        .collect();
    let last = stages.last().unwrap();
    assert_eq!(last.len(), 2, "as soon as B sends, B stands first");
    assert_eq!(last[1], TrackRef { peer: a, source: Source::Screen });
}

#[test]
fn somebody_pinned_before_he_sends_is_shown_when_he_does() {
    let mut desk = Desk::new(ROOM);
    let a = joined(&mut desk, A, Path::Browser);
    desk.order(MediaOrder::View { participant: A, pinned: vec![B], slots: vec![] });
    carry_out(&mut desk);
    desk.order(negotiate(B, Path::Whip));
    let shown = carry_out(&mut desk)
        .into_iter()
        .any(|command| matches!(command, Command::SetView { peer, view } if peer == a && view.pinned.len() == 1));
    assert!(shown);
}

#[test]
fn a_room_at_rest_wants_nothing_of_the_engine() {
    let mut desk = Desk::new(ROOM);
    joined(&mut desk, A, Path::Browser);
    joined(&mut desk, B, Path::Browser);
    desk.order(MediaOrder::Forward { participant: A, sources: SourceSet::of(&SOURCES) });
    desk.order(MediaOrder::Stage(vec![(A, SourceName::Camera)]));
    assert_eq!(carry_out(&mut desk).len(), 2);
    desk.order(MediaOrder::Forward { participant: A, sources: SourceSet::of(&SOURCES) });
    desk.order(MediaOrder::Stage(vec![(A, SourceName::Camera)]));
    assert_eq!(carry_out(&mut desk).len(), 0);
}
