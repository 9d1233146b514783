//! Who comes in, by which door, and who does not.

use super::*;
use crate::id::PoolId;
use crate::wire::Via;

fn refusal(world: &World, connection: ConnectionId) -> Option<RefusalCode> {
    match world.reply_to(connection, 1) {
        Some(ServerMessage::Refused { code, .. }) => Some(code),
        _ => None,
    }
}

#[test]
fn the_list_is_that_of_the_invitation_and_those_who_come_besides_follow() {
    let mut world = World::new(Mode::Conference);
    world.join(id(40));
    world.join(CO_TO);
    let order: Vec<_> = world.view().participants.iter().map(|one| ParticipantId(one.id)).collect();
    assert_eq!(order, [HALL, DAM_HA, VINH_THUC, CO_TO, SECRETARY, TECHNICIAN, id(40)]);
    assert_eq!(world.seen(HALL).presence, PresenceView::Expected);
    assert!(world.is_here(id(40)));
}

#[test]
fn above_the_limit_newcomers_are_refused_and_whoever_has_a_seat_comes_back_to_it() {
    let mut world = World::new(Mode::Conference);
    for number in 30..38 {
        world.join(id(number));
    }
    let ninth = world.join(DAM_HA);
    assert_eq!(refusal(&world, ninth), Some(RefusalCode::SessionFull));
    assert_eq!(world.byes[&ninth], ByeReason::Refused);
    assert_eq!(world.seen(DAM_HA).presence, PresenceView::Expected);
    world.cut(id(30));
    world.run(secs(10));
    world.resume(id(30));
    assert!(world.is_here(id(30)));
    world.does(id(31), ClientMessage::Leave {});
    let tenth = world.join(DAM_HA);
    assert_eq!(refusal(&world, tenth), None);
}

#[test]
fn a_pool_admits_as_many_as_it_says() {
    let mut world = World::new(Mode::Conference);
    let member = |number| Identity {
        pool: Some((PoolId(Uuid::from_u128(9)), 2)),
        ..identity_of(&brief(Mode::Conference), id(number))
    };
    world.hello_as(member(50), None, None);
    world.hello_as(member(51), None, None);
    let third = world.hello_as(member(52), None, None);
    assert_eq!(refusal(&world, third), Some(RefusalCode::SessionFull));
    let again = world.hello_as(member(50), None, None);
    assert_eq!(refusal(&world, again), None);
}

#[test]
fn a_token_of_another_session_has_no_seat_here() {
    let mut world = World::new(Mode::Conference);
    let stranger = Identity { session: SessionId(Uuid::from_u128(1)), ..identity_of(&brief(Mode::Conference), DAM_HA) };
    let connection = world.hello_as(stranger, None, None);
    assert_eq!(refusal(&world, connection), Some(RefusalCode::SessionUnknown));
}

#[test]
fn whoever_comes_by_whip_is_a_participant_like_any_other() {
    let mut world = World::new(Mode::Discussion);
    world.join_with_media(HALL);
    let encoder = identity_of(&brief(Mode::Discussion), CO_TO);
    let call = world.publish(encoder, Path::Whip);
    assert_eq!(world.facts_of(CO_TO), [] as [&str; 0], "no seat before the offer was answered");
    world.engine_answers(CO_TO, Path::Whip, SourceSet::of(&[SourceName::Microphone, SourceName::Camera]));
    assert!(world.answers[&call].is_ok());
    assert_eq!(world.facts_of(CO_TO), ["joined"]);
    let seen = world.seen(CO_TO);
    assert_eq!((seen.via, seen.microphone, seen.camera), (Via::Whip, SourceState::On, SourceState::On));
    assert!(world.is_heard(CO_TO), "nobody is there to press a button");
    world.does(HALL, ClientMessage::Mute { participant: CO_TO.0, source: SourceName::Microphone });
    assert!(!world.is_heard(CO_TO));
    world.does(HALL, ClientMessage::GiveFloor { participant: CO_TO.0 });
    assert!(world.is_heard(CO_TO), "called to speak is the way back");
    world.give(Input::Unpublish { participant: CO_TO, path: Path::Whip });
    assert!(world.is_gone(CO_TO));
    assert_eq!(world.facts_of(CO_TO), ["joined", "left"]);
}

#[test]
fn in_a_conference_an_encoder_is_seen_and_not_heard_until_it_is_called() {
    let mut world = World::new(Mode::Conference);
    world.join_with_media(HALL);
    world.publish(identity_of(&brief(Mode::Conference), CO_TO), Path::Whip);
    world.engine_answers(CO_TO, Path::Whip, SourceSet::of(&[SourceName::Microphone, SourceName::Camera]));
    assert_eq!(world.forwarded[&CO_TO], SourceSet::of(&[SourceName::Camera]));
    world.does(HALL, ClientMessage::GiveFloor { participant: CO_TO.0 });
    assert!(world.is_heard(CO_TO));
    world.does(HALL, ClientMessage::WithdrawFloor { participant: CO_TO.0 });
    assert!(!world.is_heard(CO_TO));
}

#[test]
fn an_encoder_lives_by_its_packets() {
    let mut world = World::new(Mode::Discussion);
    world.publish(identity_of(&brief(Mode::Discussion), CO_TO), Path::Whip);
    world.engine_answers(CO_TO, Path::Whip, SourceSet::of(&[SourceName::Camera]));
    for _ in 0..10 {
        world.run(secs(1));
        world.give(Input::Media(MediaNews::Heard { participant: CO_TO }));
    }
    assert!(world.is_here(CO_TO));
    world.give(Input::Media(MediaNews::Ended { participant: CO_TO, path: Path::Whip }));
    world.run(secs(7));
    assert!(world.is_away(CO_TO));
    world.run(secs(300));
    assert!(world.is_gone(CO_TO));
}

#[test]
fn an_offer_that_cannot_be_answered_leaves_no_seat_and_no_mark() {
    let mut world = World::new(Mode::Discussion);
    let call = world.publish(identity_of(&brief(Mode::Discussion), CO_TO), Path::Whip);
    let ticket = Ticket::Call(call);
    let code = RefusalCode::OfferUnsupported;
    world.give(Input::Media(MediaNews::NegotiationFailed { participant: CO_TO, path: Path::Whip, ticket, code }));
    assert_eq!(world.answers[&call], Err(RefusalCode::OfferUnsupported));
    assert_eq!(world.marks, []);
    assert_eq!(world.seen(CO_TO).presence, PresenceView::Expected);
}

#[test]
fn a_listener_by_whep_is_on_the_list_so_that_nobody_listens_unseen() {
    let mut world = World::new(Mode::Discussion);
    world.publish(identity_of(&brief(Mode::Discussion), id(60)), Path::Whep);
    world.engine_answers(id(60), Path::Whep, SourceSet::NONE);
    assert_eq!(world.seen(id(60)).via, Via::Whep);
    assert_eq!(world.facts_of(id(60)), ["joined"]);
}

#[test]
fn somebody_removed_while_the_engine_answered_his_offer_stays_outside() {
    let mut world = World::new(Mode::Discussion);
    world.join_with_media(HALL);
    world.join(CO_TO);
    let call = world.publish(identity_of(&brief(Mode::Discussion), CO_TO), Path::Whip);
    let remove = ClientMessage::RemoveParticipant { participant: CO_TO.0, reason: "Nhầm".into() };
    world.does(HALL, remove);
    world.engine_answers(CO_TO, Path::Whip, SourceSet::of(&[SourceName::Camera]));
    assert_eq!(world.answers[&call], Err(RefusalCode::NotAllowed));
    assert!(world.is_gone(CO_TO));
    assert_eq!(world.orders.last(), Some(&MediaOrder::Drop { participant: CO_TO, path: Path::Whip }));
}

#[test]
fn those_who_come_together_are_told_of_together_and_each_is_welcomed_to_the_same_meeting() {
    let mut world = World::new(Mode::Conference);
    let hall = world.join(HALL);
    let before = world.said[&hall].len();
    world.together(|world| {
        for who in [DAM_HA, VINH_THUC, CO_TO, SECRETARY] {
            world.join(who);
        }
    });
    assert_eq!(world.said[&hall].len(), before + 1, "one piece of news");
    for who in [DAM_HA, SECRETARY] {
        let said = &world.said[&world.pages[&who].connection];
        let [ServerMessage::Welcome { meeting, .. }] = &said[..] else { panic!("{said:?}") };
        assert_eq!(**meeting, world.view());
    }
}
