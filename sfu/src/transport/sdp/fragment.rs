//! `application/trickle-ice-sdpfrag` (RFC 8840), the body of a WHIP or WHEP `PATCH`.

use super::answer::{Local, Text, write_candidates};
use super::offer::is_ufrag;
use super::plan::Plan;
use crate::transport::{OFFER_MAX, OfferRefused};

/// What a fragment says to a lite agent: whose session it is about. Candidates are for the agent that sends checks.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Fragment {
    pub(crate) ufrag: String,
}

impl Fragment {
    pub(crate) fn parse(text: &str) -> Result<Self, OfferRefused> {
        if text.len() > OFFER_MAX {
            return Err(OfferRefused::TooLarge);
        }
        let ufrag = text.lines().find_map(|line| line.trim().strip_prefix("a=ice-ufrag:"));
        let ufrag = ufrag.ok_or(OfferRefused::Missing("a=ice-ufrag"))?;
        if is_ufrag(ufrag) { Ok(Self { ufrag: ufrag.to_owned() }) } else { Err(OfferRefused::Malformed) }
    }
}

impl Plan {
    /// Our side of a restart (RFC 9725 section 4.3.3).
    pub(crate) fn fragment(&self, local: &Local<'_>) -> String {
        let mut text = Text::default();
        text.line(format_args!("a=ice-lite"));
        if let Some(line) = self.tagged() {
            text.line(format_args!("{}", line.m_line()));
            text.line(format_args!("a=mid:{}", line.mid.0));
        }
        text.line(format_args!("a=ice-ufrag:{}", local.credentials.ufrag));
        text.line(format_args!("a=ice-pwd:{}", local.credentials.pwd));
        write_candidates(&mut text, local.candidates);
        text.0
    }
}
