//! WHIP and WHEP, as `web` calls them.

use super::*;
use crate::mark::MarkedFact;
use crate::token::TokenRefused;
use crate::wire::{SourceName, SourceState, Via};

fn caller<'a>(token: &'a str) -> Caller<'a> {
    Caller { session: SESSION, token, name: None }
}

#[tokio::test]
async fn an_encoder_is_a_participant_whom_the_chair_can_mute() {
    let (keys, _) = Keys::generate().unwrap();
    let server = Server::start_with(keys, brief(Mode::Discussion)).await;
    let mut hall = server.join(HALL).await;
    let token = server.token(CO_TO);
    let published = server.host.whip(caller(&token), "v=0".into()).await.unwrap();
    assert_eq!(published.answer, crate::media::double::ANSWER);
    hall.until(|message| match message {
        ServerMessage::Participants { participants } => participants
            .iter()
            .any(|one| one.id == Uuid::from_u128(CO_TO) && one.via == Via::Whip && one.microphone == SourceState::On),
        _ => false,
    })
    .await;
    let participant = Uuid::from_u128(CO_TO);
    hall.ask(ClientMessage::Mute { participant, source: SourceName::Microphone }).await.unwrap();
    server.host.unpublish(caller(&token), published.resource).await.unwrap();
    let facts: Vec<_> = server.store.stored().into_iter().map(|mark| mark.fact).collect();
    assert!(
        facts
            .iter()
            .any(|fact| matches!(fact, MarkedFact::Left { participant } if participant.0 == Uuid::from_u128(CO_TO)))
    );
    let log = server.engine.log();
    assert!(log.contains(&"unheard".to_owned()) && log.contains(&"leave".to_owned()), "{log:?}");
    let again = server.host.unpublish(caller(&token), published.resource).await;
    assert_eq!(again, Err(CallRefused::NoSuchResource));
}

#[tokio::test]
async fn a_resource_obeys_its_owner_only() {
    let server = Server::start().await;
    let token = server.token(CO_TO);
    let published = server.host.whep(caller(&token), "v=0".into()).await.unwrap();
    let other = server.token(DAM_HA);
    let fragment = || String::from("a=ice-ufrag:y");
    let stolen = server.host.trickle(caller(&other), published.resource, fragment()).await;
    assert_eq!(stolen, Err(CallRefused::NoSuchResource));
    let own = server.host.trickle(caller(&token), published.resource, fragment()).await;
    assert_eq!(own, Ok("a=ice-ufrag:x".into()));
}

#[tokio::test]
async fn what_is_refused_by_whip_leaves_nothing_behind() {
    let server = Server::start().await;
    let token = server.token(CO_TO);
    let forged = server.host.whip(caller("x.y.z"), "v=0".into()).await;
    assert!(matches!(forged, Err(CallRefused::Token(TokenRefused::Malformed))));
    let elsewhere = Caller { session: SessionId(Uuid::from_u128(9)), token: &token, name: None };
    let swapped = server.host.whip(elsewhere, "v=0".into()).await;
    assert_eq!(swapped, Err(CallRefused::Token(TokenRefused::OtherSession)));
    let unusable = server.host.whip(caller(&token), "unusable".into()).await;
    assert_eq!(unusable, Err(CallRefused::Refused(RefusalCode::OfferInvalid)));
    server.store.failing.store(true, SeqCst);
    let unstored = server.host.whip(caller(&token), "v=0".into()).await;
    assert_eq!(unstored, Err(CallRefused::Refused(RefusalCode::NotStored)));
    let view = server.host.view(SESSION).await.unwrap();
    assert_eq!(view.participants[2].presence, PresenceView::Expected);
    assert_eq!(server.store.stored(), []);
}
