//! A site with the manners of our page: one WebSocket, one media connection, and what it does when either breaks.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use signaling::wire::{ClientMessage, ServerMessage, SourceName, SwitchState};
use tokio::time::timeout;

use crate::app::App;
use crate::participant::Participant;
use crate::peer::{Peer, Speaking, Wanted};
use crate::probe::Voice;

/// The page's own figures (`web/ui/src/meeting/machine/link.ts` and `state.ts`).
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
const BACKOFF_MOST: Duration = Duration::from_secs(5);
const OPENING: Duration = Duration::from_secs(5);
const GREETING: Duration = Duration::from_secs(12);

/// A site that is not back after so long will not come back.
const RETURN_WITHIN: Duration = Duration::from_secs(60);

/// Whoever can come back into his seat.
pub struct Seat {
    pub token: String,
    pub resume: String,
    dice: ChaCha8Rng,
}

impl Seat {
    #[must_use]
    pub fn new(token: String, resume: String, seed: u64) -> Self {
        Self { token, resume, dice: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// After a socket that broke without `bye`: again and again, with full jitter.
    pub async fn come_back(&mut self, app: &App, from: IpAddr) -> anyhow::Result<Participant> {
        let again = async {
            let mut most = BACKOFF_FIRST;
            loop {
                most = (2 * most).min(BACKOFF_MOST);
                tokio::time::sleep(most.mul_f64(self.dice.random_range(0.0..1.0))).await;
                let entering = Participant::enter_from(app, from, &self.token, Some(self.resume.clone()));
                if let Ok(Ok(participant)) = timeout(OPENING + GREETING, entering).await {
                    return participant;
                }
            }
        };
        let participant = timeout(RETURN_WITHIN, again).await.context("the seat is reached again")?;
        self.resume.clone_from(&participant.resume);
        Ok(participant)
    }
}

pub struct Site {
    pub from: IpAddr,
    pub seat: Seat,
    /// Without one while the socket is lost.
    pub participant: Option<Participant>,
    pub peer: Peer,
}

impl Site {
    /// Takes a seat and connects media: a microphone, and as many voices to hear at once as the page has. `addresses`: where it lives, and
    /// where it may move to.
    pub async fn join(app: &App, addresses: &[IpAddr], role: &str, name: &str, seed: u64) -> anyhow::Result<Self> {
        let from = *addresses.first().context("a site lives somewhere")?;
        let token = app.token(role, name).await?;
        let mut participant = Participant::enter_from(app, from, &token, None).await?;
        let wanted = Wanted { publish: true, audio_slots: 3, video_slots: 0 };
        let (peer, offer) = Peer::offer_from(wanted, addresses).await?;
        let answer = answer(&mut participant, ClientMessage::Offer { sdp: offer }).await?;
        peer.accept(answer).await?;
        let seat = Seat::new(token, participant.resume.clone(), seed);
        Ok(Self { from, seat, participant: Some(participant), peer })
    }

    pub fn participant(&mut self) -> anyhow::Result<&mut Participant> {
        self.participant.as_mut().context("the socket is open")
    }

    pub async fn speak(&mut self, voice: Voice) -> anyhow::Result<Speaking> {
        let on = ClientMessage::SwitchSource { source: SourceName::Microphone, state: SwitchState::On };
        self.participant()?.done(on).await?;
        Ok(self.peer.speak(voice))
    }

    /// Sits in the meeting for this long.
    pub async fn stay(&mut self, time: Duration) -> anyhow::Result<()> {
        self.participant()?.stay(time).await
    }

    /// The socket is gone, without a goodbye.
    pub fn lose_socket(&mut self) {
        self.participant = None;
    }

    /// Comes back into the same seat; media is as it was.
    pub async fn come_back(&mut self, app: &App) -> anyhow::Result<()> {
        let back = self.seat.come_back(app, self.from).await?;
        ensure!(back.media_kept, "the media was given up meanwhile");
        self.participant = Some(back);
        Ok(())
    }

    /// New sockets and credentials for the same media.
    pub async fn restart_media(&mut self) -> anyhow::Result<()> {
        let offer = self.peer.restart().await?;
        let answer = answer(self.participant()?, ClientMessage::Restart { sdp: offer }).await?;
        self.peer.answered(answer).await
    }
}

async fn answer(participant: &mut Participant, request: ClientMessage) -> anyhow::Result<String> {
    match participant.ask(request).await? {
        ServerMessage::Answer { sdp, .. } => Ok(sdp),
        other => anyhow::bail!("no answer but {other:?}"),
    }
}
