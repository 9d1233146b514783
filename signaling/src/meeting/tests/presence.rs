//! Here, away, gone.

use super::*;

#[test]
fn a_site_that_drops_for_ten_seconds_keeps_its_seat_its_role_and_its_place_in_the_queue() {
    let mut world = World::new(Mode::Conference);
    for who in [HALL, DAM_HA, VINH_THUC] {
        world.join_with_media(who);
    }
    world.does(DAM_HA, ClientMessage::AskToSpeak { note: Some("Tàu thuyền neo đậu".into()) });
    world.does(VINH_THUC, ClientMessage::AskToSpeak { note: None });
    world.cut(DAM_HA);
    world.run(secs(10));
    assert!(world.is_away(DAM_HA));
    assert_eq!(world.queue(), [DAM_HA, VINH_THUC]);
    let back = world.resume(DAM_HA);
    assert!(world.is_here(DAM_HA));
    assert_eq!(world.queue(), [DAM_HA, VINH_THUC]);
    assert!(world.pages[&DAM_HA].media_kept, "its media ran on; it needs no new offer");
    assert_eq!(world.facts_of(DAM_HA), ["joined", "lost", "joined"]);
    assert!(!world.byes.contains_key(&back));
}

#[test]
fn a_page_that_is_back_within_the_silence_was_never_away() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    let first = world.join(DAM_HA);
    world.run(secs(1));
    world.give(Input::ConnectionLost { connection: first });
    world.run(secs(3));
    assert!(world.is_here(DAM_HA));
    world.resume(DAM_HA);
    world.run(secs(20));
    assert_eq!(world.facts_of(DAM_HA), ["joined"]);
}

#[test]
fn silence_of_six_seconds_is_away_and_the_mark_bears_the_time_he_was_last_heard() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    world.join(DAM_HA);
    world.run(secs(10));
    // The last answer was given to the ping of the tenth second.
    world.cut(DAM_HA);
    world.run(Duration::from_millis(5_900));
    assert!(world.is_here(DAM_HA));
    world.run(Duration::from_millis(200));
    assert!(world.is_away(DAM_HA));
    let lost = world.marks.iter().find(|mark| matches!(mark.fact, MarkedFact::Lost { .. })).unwrap();
    assert_eq!(lost.at, EIGHT.plus(secs(10)));
    let PresenceView::Away { since, until } = world.seen(DAM_HA).presence else { panic!() };
    assert_eq!((since, until), (EIGHT.plus(secs(10)).0, EIGHT.plus(secs(310)).0));
}

#[test]
fn a_dead_connection_is_closed_so_that_a_page_that_still_lives_comes_back() {
    let mut world = World::new(Mode::Conference);
    let connection = world.join(DAM_HA);
    world.cut(DAM_HA);
    world.run(secs(7));
    assert_eq!(world.discarded, [connection]);
}

#[test]
fn the_seat_of_a_site_is_kept_five_minutes_that_of_a_person_two_and_no_longer() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    world.join(DAM_HA);
    world.join(SECRETARY);
    world.does(DAM_HA, ClientMessage::AskToSpeak { note: None });
    world.cut(DAM_HA);
    world.cut(SECRETARY);
    world.run(secs(119));
    assert!(world.is_away(SECRETARY) && world.is_away(DAM_HA));
    world.run(secs(2));
    assert!(world.is_gone(SECRETARY) && world.is_away(DAM_HA));
    world.run(secs(180));
    assert!(world.is_gone(DAM_HA));
    assert_eq!(world.queue(), []);
}

#[test]
fn somebody_whose_packets_still_come_is_here_although_his_socket_is_dead() {
    let mut world = World::new(Mode::Discussion);
    world.join_with_media(DAM_HA);
    world.switch(DAM_HA, SourceName::Microphone, SwitchState::On);
    world.cut(DAM_HA);
    for _ in 0..20 {
        world.run(secs(1));
        world.give(Input::Media(MediaNews::Heard { participant: DAM_HA }));
    }
    assert!(world.is_here(DAM_HA) && world.is_heard(DAM_HA));
    world.run(secs(7));
    assert!(world.is_away(DAM_HA) && !world.is_heard(DAM_HA));
    world.give(Input::Media(MediaNews::Heard { participant: DAM_HA }));
    assert!(world.is_here(DAM_HA) && world.is_heard(DAM_HA));
    assert_eq!(world.facts_of(DAM_HA), ["joined", "lost", "joined"]);
}

#[test]
fn leaving_frees_the_seat_at_once_and_says_goodbye_after_the_answer() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    let connection = world.join(DAM_HA);
    world.does(DAM_HA, ClientMessage::Leave {});
    assert!(world.is_gone(DAM_HA));
    assert_eq!(world.byes[&connection], ByeReason::Left);
    assert_eq!(world.facts_of(DAM_HA), ["joined", "left"]);
    world.run(secs(400));
    assert_eq!(world.facts_of(DAM_HA), ["joined", "left"]);
}

#[test]
fn the_newest_page_has_the_seat_and_the_one_it_replaced_cannot_take_it_back() {
    let mut world = World::new(Mode::Conference);
    let old = world.join(DAM_HA);
    let old_lineage = world.pages[&DAM_HA].lineage;
    world.run(secs(1));
    let new = world.join(DAM_HA);
    assert_eq!(world.byes[&old], ByeReason::Replaced);
    let stale = world.hello(DAM_HA, Some(old_lineage), None);
    assert_eq!(world.byes[&stale], ByeReason::Replaced);
    assert!(!world.byes.contains_key(&new));
    assert_eq!(world.facts_of(DAM_HA), ["joined"], "he was here all the time");
}

#[test]
fn a_page_that_never_read_its_welcome_may_come_again_with_what_it_has() {
    let mut world = World::new(Mode::Conference);
    world.join(DAM_HA);
    let lineage = world.pages[&DAM_HA].lineage;
    world.hello(DAM_HA, Some(lineage), None);
    let again = world.hello(DAM_HA, Some(lineage), None);
    assert!(!world.byes.contains_key(&again));
    assert_eq!(world.byes.len(), 0, "the same page is not told it was replaced");
}

#[test]
fn a_new_page_starts_silent_and_the_media_of_the_old_one_is_dropped() {
    let mut world = World::new(Mode::Discussion);
    world.join_with_media(DAM_HA);
    world.switch(DAM_HA, SourceName::Microphone, SwitchState::On);
    assert!(world.is_heard(DAM_HA));
    world.join(DAM_HA);
    assert!(!world.is_heard(DAM_HA));
    assert_eq!(world.microphone(DAM_HA), SourceState::Absent);
    assert!(world.orders.contains(&MediaOrder::Drop { participant: DAM_HA, path: Path::Browser }));
}

#[test]
fn when_the_server_stops_everybody_is_marked_until_now_and_told_to_come_back_each_at_his_own_time() {
    let mut world = World::new(Mode::Conference);
    for who in [HALL, DAM_HA, VINH_THUC, CO_TO] {
        world.join(who);
    }
    let now = world.now();
    world.meeting.handle(now, Input::Stop { retry_ms: 1000 });
    let mut retries = Vec::new();
    let mut lost = 0;
    let mut over = false;
    while let Some(output) = world.meeting.poll_output() {
        match output {
            Output::Bye { why, retry_after_ms, .. } => {
                assert_eq!(why, ByeReason::ServerStopping);
                retries.push(retry_after_ms.unwrap());
            }
            Output::Mark(Mark { fact: MarkedFact::Lost { .. }, at, .. }) => {
                assert_eq!(at, now.utc);
                lost += 1;
            }
            Output::Over => over = true,
            _ => {}
        }
    }
    assert!(over);
    assert_eq!((lost, retries.len()), (4, 4));
    assert!(retries.iter().all(|ms| (1000..=2000).contains(ms)));
    retries.sort_unstable();
    retries.dedup();
    assert_eq!(retries.len(), 4, "they do not all come back in the same instant");
}

#[test]
fn a_server_that_slept_does_not_hold_it_against_those_who_could_not_be_asked() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    world.run(secs(3));
    world.cut(HALL);
    world.run(secs(4));
    world.give(Input::WokeLate);
    world.run(secs(5));
    assert!(world.is_here(HALL));
    world.run(secs(2));
    assert!(world.is_away(HALL));
}

#[test]
fn a_step_taken_back_leaves_the_meeting_as_it_was_and_uses_no_marks_number_twice() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    let before = world.meeting.clone();
    world.join(DAM_HA);
    let unstored = world.marks.pop().unwrap();
    world.meeting.take_back(before);
    assert_eq!(world.seen(DAM_HA).presence, PresenceView::Expected);
    world.join(DAM_HA);
    assert_ne!(world.marks.last().unwrap().id, unstored.id);
}

fn layers_told(world: &World, connection: ConnectionId) -> Vec<Vec<SourceLayers>> {
    let told = world.said[&connection].iter().filter_map(|message| match message {
        ServerMessage::Layers { layers } => Some(layers.clone()),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_page_that_comes_back_is_told_again_which_layers_are_wanted_and_a_new_offer_begins_with_all() {
    let mut world = World::new(Mode::Conference);
    world.join_with_media(DAM_HA);
    let wanted = |source| SourceLayers { source, rids: vec!["q".into()] };
    for source in [SourceName::Camera, SourceName::Screen] {
        world.give(Input::Media(MediaNews::Layers { participant: DAM_HA, wanted: wanted(source) }));
    }
    let both = vec![wanted(SourceName::Camera), wanted(SourceName::Screen)];
    assert_eq!(layers_told(&world, world.pages[&DAM_HA].connection).last(), Some(&both));
    let back = world.resume(DAM_HA);
    assert_eq!(layers_told(&world, back), [both]);
    world.offer(DAM_HA);
    let again = world.resume(DAM_HA);
    assert_eq!(layers_told(&world, again), Vec::<Vec<SourceLayers>>::new());
}
