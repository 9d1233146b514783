//! An engine that answers every offer alike and remembers what it was told.
#![allow(clippy::disallowed_types)]

use std::sync::Mutex;

use sfu::command::{Command, CommandRefused, Reply, Right};
use sfu::id::{PeerId, Source};
use sfu::transport::OfferRefused;

use super::{CommandFuture, Fact, MediaPort};

/// Microphone and camera; one audio and one video slot.
pub(crate) const ANSWER: &str = "v=0\r\nm=audio 9 x 1\r\na=mid:0\r\na=recvonly\r\nm=video 9 x 1\r\na=mid:1\r\na=recvonly\r\n\
    m=audio 9 x 1\r\na=mid:2\r\na=sendonly\r\nm=video 9 x 1\r\na=mid:3\r\na=sendonly\r\n";

#[derive(Default)]
pub(crate) struct Engine {
    log: Mutex<Vec<String>>,
    joined: Mutex<Vec<PeerId>>,
}

impl MediaPort for Engine {
    fn command(&self, command: Command) -> CommandFuture {
        let (word, reply) = match &command {
            Command::Join { offer, .. } if offer == "unusable" => {
                (String::from("refuse"), Err(CommandRefused::Offer(OfferRefused::Malformed)))
            }
            Command::Join { peer, .. } => {
                self.joined.lock().unwrap().push(*peer);
                (String::from("join"), Ok(Reply::Answer(ANSWER.into())))
            }
            Command::Restart { .. } => (String::from("restart"), Ok(Reply::Answer(ANSWER.into()))),
            Command::Trickle { .. } => (String::from("trickle"), Ok(Reply::Fragment("a=ice-ufrag:x".into()))),
            Command::Leave { .. } => (String::from("leave"), Ok(Reply::Done)),
            Command::OpenRoom { .. } => (String::from("open"), Ok(Reply::Done)),
            Command::CloseRoom { .. } => (String::from("close"), Ok(Reply::Done)),
            Command::SetRights { rights, .. } => {
                let heard = rights.of(Source::Microphone) == Right::Forwarded;
                (String::from(if heard { "heard" } else { "unheard" }), Ok(Reply::Done))
            }
            Command::SetStage { .. }
            | Command::SetView { .. }
            | Command::StartTap { .. }
            | Command::StopTap { .. }
            | Command::RefreshTap { .. } => (String::from("other"), Ok(Reply::Done)),
        };
        self.log.lock().unwrap().push(word);
        Box::pin(async move { reply })
    }
}

impl Engine {
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// That the last peer who joined has begun to speak.
    pub(crate) fn speaker(&self) -> Fact {
        let peer = *self.joined.lock().unwrap().last().unwrap();
        Fact::Speaker { room: super::room_of(peer), peer: Some(peer) }
    }
}
