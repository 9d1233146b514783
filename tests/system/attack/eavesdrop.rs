//! Who may not see and hear gets no packet: before he has shown who he is, after he left or was sent away, and of what was muted.

use std::time::Duration;

use signaling::wire::{ClientMessage, ServerMessage, SourceName};
use tests::insider::media::{Camera, Microphone};
use tests::insider::negotiate::Line;
use tests::insider::{Heard, Insider};
use tests::participant::Participant;
use uuid::Uuid;

use super::{Meeting, WHEP, WHIP};

/// For what was on its way when it was forbidden.
const UNDER_WAY: Duration = Duration::from_millis(300);
const A_WHILE: Duration = Duration::from_secs(2);

fn media(heard: &[Heard]) -> usize {
    heard.iter().filter(|heard| matches!(heard, Heard::Rtp(_) | Heard::Other)).count()
}

/// The participant whom everybody sees under this name.
async fn named(chair: &mut Participant, name: &str) -> anyhow::Result<Uuid> {
    let seen = chair.meeting.participants.iter().find(|one| one.name == name).map(|one| one.id);
    if let Some(id) = seen {
        return Ok(id);
    }
    let find = |message: &ServerMessage| match message {
        ServerMessage::Participants { participants } => {
            participants.iter().find(|one| one.name == name).map(|one| one.id)
        }
        _ => None,
    };
    chair.news("the participant", find).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_seen_before_the_handshake_after_leaving_or_after_being_sent_away() -> anyhow::Result<()> {
    let meeting = Meeting::of(1).await?;
    let before = meeting.before();
    let pool = meeting.app.pool_token(1_000).await?;
    let lines = [Line::VideoSlot, Line::AudioSlot];

    let mut early = Insider::negotiate(&meeting.app, &format!("{WHEP}?as=Early"), &pool, &lines).await?;
    assert_eq!(media(&early.listen(A_WHILE / 2).await?), 0, "media before the address was proven");
    early.prove().await?;
    assert_eq!(media(&early.listen(A_WHILE / 2).await?), 0, "media before the handshake");
    early.shake_hands().await?;
    assert!(media(&early.listen(A_WHILE).await?) > 0, "he was let in and sees nothing");
    early.leave().await?;
    early.listen(UNDER_WAY).await?;
    assert_eq!(media(&early.listen(A_WHILE).await?), 0, "media after he left");

    let mut removed = Insider::join(&meeting.app, &format!("{WHEP}?as=Removed"), &pool, &lines).await?;
    assert!(media(&removed.listen(A_WHILE).await?) > 0, "he was let in and sees nothing");
    // Only now: who sits in a meeting answers its pings.
    let mut chair = Participant::join(&meeting.app, &meeting.app.token("chair", "Chủ trì").await?).await?;
    let participant = named(&mut chair, "Removed").await?;
    chair.done(ClientMessage::RemoveParticipant { participant, reason: "Không được mời".into() }).await?;
    removed.listen(UNDER_WAY).await?;
    assert_eq!(media(&removed.listen(A_WHILE).await?), 0, "media after he was sent away");
    meeting.is_unharmed_since(&before).await
}

/// The muted one goes on sending both; who watches tells his packets by what is in them.
async fn sends(
    muted: &mut Insider,
    microphone: &mut Microphone,
    camera: &mut Camera,
    rounds: u32,
) -> anyhow::Result<()> {
    for round in 0..rounds {
        let sound = microphone.packet();
        muted.rtp(&sound).await?;
        if round % 2 == 0 {
            let frame = if round % 10 == 0 { camera.key_frame() } else { camera.delta_frame() };
            for packet in frame {
                muted.rtp(&packet).await?;
            }
        }
        muted.listen(Duration::from_millis(20)).await?;
    }
    Ok(())
}

fn his(heard: &[Heard], mark: &[u8]) -> usize {
    let carries = |packet: &[u8]| packet.windows(mark.len()).any(|at| at == mark);
    heard.iter().filter(|heard| matches!(heard, Heard::Rtp(packet) if carries(packet))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chair_muted_is_forwarded_to_nobody_whatever_its_sender_goes_on_sending() -> anyhow::Result<()> {
    const SOUND: &[u8] = b"a sound that was muted";
    const PICTURE: &[u8] = b"a picture that was muted";
    let meeting = Meeting::of(1).await?;
    let before = meeting.before();
    let mut chair = Participant::join(&meeting.app, &meeting.app.token("chair", "Chủ trì").await?).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let lines = [Line::Microphone, Line::Camera];
    let mut muted = Insider::join(&meeting.app, &format!("{WHIP}?as=Muted"), &pool, &lines).await?;
    let slots = [Line::AudioSlot, Line::AudioSlot, Line::VideoSlot, Line::VideoSlot];
    let mut witness = Insider::join(&meeting.app, &format!("{WHEP}?as=Witness"), &pool, &slots).await?;
    let (mut microphone, mut camera) = (Microphone::saying(SOUND), Camera::showing(PICTURE));

    let (sent, heard) = tokio::join!(
        sends(&mut muted, &mut microphone, &mut camera, 100),
        witness.listen(Duration::from_millis(2_500)),
    );
    sent?;
    let heard = heard?;
    assert!(his(&heard, SOUND) > 0 && his(&heard, PICTURE) > 0, "he was not heard or seen before");

    let participant = named(&mut chair, "Muted").await?;
    for source in [SourceName::Microphone, SourceName::Camera] {
        chair.done(ClientMessage::Mute { participant, source }).await?;
    }
    witness.listen(UNDER_WAY).await?;
    let (sent, heard) = tokio::join!(
        sends(&mut muted, &mut microphone, &mut camera, 100),
        witness.listen(Duration::from_millis(2_500)),
    );
    sent?;
    let heard = heard?;
    assert_eq!((his(&heard, SOUND), his(&heard, PICTURE)), (0, 0), "muted sound and pictures came through");
    assert!(media(&heard) > 0, "the rest of the meeting goes on for him");
    meeting.has_counted(Some("rtp_not_allowed"), 100.0).await;
    meeting.is_unharmed_since(&before).await
}
