//! The meeting as its participants see it over the WebSocket.

use signaling::wire::{ClientMessage, ParticipantView, PresenceView, RefusalCode, ServerMessage};
use tests::app::App;
use tests::participant::Participant;

#[tokio::test(flavor = "multi_thread")]
async fn the_chair_gives_the_floor_to_who_asked_and_everybody_sees_it() -> anyhow::Result<()> {
    let app = App::start().await?;
    let mut chair = Participant::join(&app, &app.token("chair", "Chủ trì").await?).await?;
    let mut commune = Participant::join(&app, &app.token("delegate", "Xã Đầm Hà").await?).await?;
    let mut other = Participant::join(&app, &app.token("delegate", "Xã Quảng Tân").await?).await?;

    commune.done(ClientMessage::AskToSpeak { note: Some("Tàu thuyền neo đậu".into()) }).await?;
    let site = commune.id;
    chair
        .news("the request", |message| match message {
            ServerMessage::Floor { floor } => floor.queue.iter().any(|entry| entry.participant == site).then_some(()),
            _ => None,
        })
        .await?;
    chair.done(ClientMessage::GiveFloor { participant: site }).await?;
    other
        .news("the floor", |message| match message {
            ServerMessage::Floor { floor } => {
                let holds = floor.holders.iter().any(|holder| holder.participant == site);
                (holds && floor.queue.is_empty()).then_some(())
            }
            _ => None,
        })
        .await?;

    let refused = other.ask(ClientMessage::GiveFloor { participant: other.id }).await?;
    assert!(matches!(refused, ServerMessage::Refused { code: RefusalCode::NotAllowed, .. }), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_line_drops_is_seen_away_and_comes_back_into_its_seat_with_its_raised_hand() -> anyhow::Result<()>
{
    let app = App::start().await?;
    let mut chair = Participant::join(&app, &app.token("chair", "Chủ trì").await?).await?;
    let token = app.token("delegate", "Đặc khu Cô Tô").await?;
    let mut island = Participant::join(&app, &token).await?;
    let site = island.id;
    island.done(ClientMessage::AskToSpeak { note: None }).await?;
    let resume = island.cut();
    chair
        .news("the site away", |message| match message {
            ServerMessage::Participants { participants } => {
                let away = |one: &&ParticipantView| one.id == site && matches!(one.presence, PresenceView::Away { .. });
                participants.iter().find(away).map(drop)
            }
            _ => None,
        })
        .await?;
    let island = Participant::come_back(&app, &token, resume).await?;
    assert_eq!(island.id, site);
    assert!(island.meeting.floor.queue.iter().any(|entry| entry.participant == site), "the hand is still raised");
    Ok(())
}
