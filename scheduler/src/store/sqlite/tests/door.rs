use super::{World, at, at_day, now, secretary, site, stranger, viewer};
use crate::admission::{AdmitRefused, JoinRefused, MeetingRole};
use crate::booking::EndRefused;
use crate::id::{MarkId, SessionId};
use crate::invitation::{InvitationState, LinkKey, ReissueRefused};
use crate::mark::{Fact, Mark};
use crate::session::{SessionQuery, Sitter, State};
use crate::store::{Attendances, Sessions};

fn refused<T: std::fmt::Debug>(answer: Result<T, AdmitRefused>) -> JoinRefused {
    match answer {
        Err(AdmitRefused::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_link_opens_its_sites_seat_from_an_hour_before_until_the_session_has_ended() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 30), 60).await;
    let link = &booked.invitations.iter().find(|invitation| invitation.site == site("06895")).unwrap().secret;
    let view = world.store.open_invitation(link, at(7, 0)).await.unwrap().unwrap();
    assert_eq!((view.site_name.as_str(), view.chair_name.as_str()), ("Xã Đầm Hà", "Trần Quốc Nghĩa"));
    assert_eq!((view.state, view.session.opens_at), (State::Scheduled, at(7, 30)));
    let early = refused(world.store.admit_invited(link, at(7, 29)).await);
    assert_eq!(early, JoinRefused::NotOpenYet { opens_at: at(7, 30) });
    let grant = world.store.admit_invited(link, at(7, 30)).await.unwrap();
    assert_eq!((grant.name.as_str(), grant.role, grant.site), ("Xã Đầm Hà", MeetingRole::Delegate, true));
    assert_eq!(grant.short_name, "X Đầm Hà");
    assert_eq!((grant.group.as_deref(), grant.until), (Some("Cụm Đầm Hà"), at(13, 30)));
    world.store.end_session(booked.session.id, secretary(), at(9, 0)).await.unwrap();
    assert_eq!(refused(world.store.admit_invited(link, at(9, 1)).await), JoinRefused::Ended);
}

#[tokio::test]
async fn an_invitation_is_issued_then_opened_then_joined() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let invitation = booked.invitations.iter().find(|invitation| invitation.site == site("06895")).unwrap();
    let participant = invitation.participant;
    let state = async || {
        let detail = world.store.session(booked.session.id, now()).await.unwrap().unwrap();
        detail.seat(participant).unwrap().invitation.unwrap()
    };
    assert_eq!(state().await, InvitationState::Issued);
    world.store.open_invitation(&invitation.secret, at(7, 10)).await.unwrap();
    world.store.open_invitation(&invitation.secret, at(7, 20)).await.unwrap();
    assert_eq!(state().await, InvitationState::Opened { opened_at: at(7, 10) });
    world.store.admit_invited(&invitation.secret, at(7, 30)).await.unwrap();
    assert_eq!(state().await, InvitationState::Opened { opened_at: at(7, 10) });
    let identity = super::identity("Xã Đầm Hà");
    let joined = Mark {
        id: MarkId::from_uuid(uuid::Uuid::from_u128(1)),
        session: booked.session.id,
        at: at(7, 31),
        fact: Fact::Joined { participant, identity },
    };
    world.store.store_marks(vec![joined]).await.unwrap();
    assert_eq!(state().await, InvitationState::Joined { opened_at: at(7, 10), joined_at: at(7, 31) });
}

#[tokio::test]
async fn a_new_link_kills_the_old_one_and_no_other() {
    let world = World::new().await;
    let booked = world.booked(&["06895", "06913"], (8, 0), 60).await;
    let old = booked.invitations.iter().find(|invitation| invitation.site == site("06895")).unwrap();
    let kept = booked.invitations.iter().find(|invitation| invitation.site == site("06913")).unwrap();
    let new = world.store.reissue_links(booked.session.id, Some(&[site("06895")]), now()).await.unwrap();
    assert_eq!(new.iter().map(|invitation| invitation.site).collect::<Vec<_>>(), [site("06895")]);
    assert!(world.store.open_invitation(&old.secret, now()).await.unwrap().is_none());
    assert_eq!(refused(world.store.admit_invited(&old.secret, at(7, 30)).await), JoinRefused::NotInvited);
    assert!(world.store.open_invitation(&new[0].secret, now()).await.unwrap().is_some());
    assert!(world.store.open_invitation(&kept.secret, now()).await.unwrap().is_some());
    let stranger = world.store.reissue_links(booked.session.id, Some(&[site("06706")]), now()).await;
    assert!(matches!(stranger, Err(ReissueRefused::NotInvited { site: named }) if named == site("06706")));
}

#[tokio::test]
async fn a_guessed_link_opens_nothing() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let forged = LinkKey::new([1; 32]).secret(crate::id::InvitationId::from_uuid(booked.session.id.uuid()), 1);
    assert!(world.store.open_invitation(&forged, now()).await.unwrap().is_none());
}

#[tokio::test]
async fn no_secret_of_a_link_stands_in_the_database_files() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let secret = booked.invitations[0].secret.reveal();
    for name in ["nhipcau.db", "nhipcau.db-wal"] {
        let bytes = std::fs::read(world.path().join(name)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{name}");
    }
}

#[tokio::test]
async fn signed_in_people_take_their_own_seat_or_their_sites_and_strangers_none() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let id = booked.session.id;
    let admitted = async |who: &str| world.store.admit(id, &viewer(who), at(7, 30)).await.unwrap();
    let chair = admitted("chutri").await;
    assert_eq!(
        (chair.role, chair.site, chair.detail.as_deref()),
        (MeetingRole::Chair, false, Some("Phó Chủ tịch UBND tỉnh"))
    );
    assert_eq!(admitted("thuky").await.role, MeetingRole::Secretary);
    let delegate = admitted("damha").await;
    assert_eq!((delegate.role, delegate.site, delegate.name.as_str()), (MeetingRole::Delegate, true, "Xã Đầm Hà"));
    // Not named in the booking, but on duty: a seat of their own, the same one every time.
    let technician = admitted("kythuat").await;
    assert_eq!(technician.role, MeetingRole::Technician);
    assert_eq!(admitted("kythuat").await.participant, technician.participant);
    assert_eq!(admitted("lanhdao").await.role, MeetingRole::Leader);
    for nobody in [viewer("quantri"), viewer("coto"), stranger()] {
        assert_eq!(refused(world.store.admit(id, &nobody, at(7, 30)).await), JoinRefused::NotInvited);
        // Not even whether the doors are open yet.
        assert_eq!(refused(world.store.admit(id, &nobody, at(6, 0)).await), JoinRefused::NotInvited);
    }
    let walked_in = world.store.seats(id).await.unwrap();
    assert_eq!(walked_in.len(), 6);
    assert!(walked_in.iter().skip(4).all(|seat| matches!(seat.sitter, Sitter::Person(_))));
}

#[tokio::test]
async fn a_list_holds_only_what_the_viewer_may_see() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    world.booked(&["06913"], (10, 0), 60).await;
    let seen = async |who| {
        let query = SessionQuery { viewer: who, from: None, to: None, state: None, text: None, limit: 10 };
        world.store.sessions(&query, now()).await.unwrap().len()
    };
    assert_eq!(seen(viewer("thuky")).await, 2);
    assert_eq!(seen(viewer("lanhdao")).await, 2);
    assert_eq!(seen(viewer("chutri")).await, 2);
    assert_eq!(seen(viewer("damha")).await, 1);
    assert_eq!(seen(viewer("coto")).await, 0);
    assert_eq!(seen(viewer("quantri")).await, 0);
}

#[tokio::test]
async fn a_list_is_cut_by_time_state_and_words_without_diacritics() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    world.booked(&["06895"], (14, 0), 60).await;
    let all = SessionQuery { viewer: viewer("thuky"), from: None, to: None, state: None, text: None, limit: 10 };
    let count = async |query: SessionQuery| world.store.sessions(&query, at(7, 30)).await.unwrap().len();
    assert_eq!(count(SessionQuery { from: Some(at(9, 0)), ..all.clone() }).await, 1);
    assert_eq!(count(SessionQuery { to: Some(at(8, 0)), ..all.clone() }).await, 0);
    assert_eq!(count(SessionQuery { state: Some(State::Open), ..all.clone() }).await, 1);
    assert_eq!(count(SessionQuery { state: Some(State::Scheduled), ..all.clone() }).await, 1);
    assert_eq!(count(SessionQuery { text: Some("thien tai quoc nghia".into()), ..all.clone() }).await, 2);
    assert_eq!(count(SessionQuery { text: Some("100%".into()), ..all.clone() }).await, 0);
    assert_eq!(count(SessionQuery { limit: 1, ..all }).await, 1);
}

#[tokio::test]
async fn the_demonstration_lets_in_everybody_who_joins_sessions_at_any_time_and_is_open_again_after_its_end() {
    let world = World::new().await;
    world.store.seed_demo(now()).await.unwrap();
    let year_later = at_day(30, 23, 0);
    for (who, role) in [
        ("chutri", MeetingRole::Chair),
        ("thuky", MeetingRole::Secretary),
        ("kythuat", MeetingRole::Technician),
        ("lanhdao", MeetingRole::Leader),
        ("damha", MeetingRole::Delegate),
    ] {
        let grant = world.store.admit(SessionId::DEMO, &viewer(who), year_later).await.unwrap();
        assert_eq!(grant.role, role, "{who}");
        assert!(grant.until > year_later);
    }
    assert_eq!(refused(world.store.admit(SessionId::DEMO, &viewer("quantri"), now()).await), JoinRefused::NotInvited);
    world.store.end_session(SessionId::DEMO, secretary(), at(8, 0)).await.unwrap();
    let detail = world.store.session(SessionId::DEMO, at(8, 0)).await.unwrap().unwrap();
    assert_eq!(detail.summary.state, State::Open);
}

#[tokio::test]
async fn a_session_that_ends_early_gives_back_the_rest_of_its_time_and_ends_once() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 120).await;
    world.store.end_session(booked.session.id, secretary(), at(8, 45)).await.unwrap();
    let again = world.store.end_session(booked.session.id, secretary(), at(8, 50)).await;
    assert!(matches!(again, Err(EndRefused::Over)));
    world.booked(&["06895"], (8, 45), 60).await;
}
