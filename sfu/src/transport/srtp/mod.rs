//! SRTP and SRTCP (RFC 3711, RFC 7714). Hot path: nothing here allocates once a stream is known.
//!
//! It is our own because the forwarding path seals each packet straight from the shared payload, and because a receiver must
//! not remember anything about a packet before its tag is verified (the family's context makes an entry for every SSRC it sees).
//! `rtc-srtp` is the oracle of its tests.

mod cm;
mod gcm;
mod keys;
mod replay;

use cm::Cm;
use gcm::Gcm;
pub(crate) use keys::EXPORTER_LABEL;
use keys::Master;
pub(crate) use keys::{NoKeys, Profile};
use replay::Window;

use crate::id::Ssrc;

/// Streams one peer may open: three layers and their repair, screen, microphone, and as many again for restarted sources. An
/// authenticated peer that opens more is mistaken or hostile; its further streams are dropped, not remembered.
const STREAMS_MAX: usize = 64;

/// Why a packet was neither sealed nor opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    #[error("not an RTP or RTCP packet")]
    Malformed,
    #[error("the authentication tag does not fit")]
    Forged,
    #[error("the packet index was used before")]
    Spent,
    #[error("more streams than one peer may open")]
    TooManyStreams,
}

/// What a nonce is made of; it may be used for one packet only.
#[derive(Clone, Copy)]
struct StreamIndex {
    ssrc: Ssrc,
    index: u64,
}

/// One RTP packet before sealing: the header stays readable, prefix and payload together are what is encrypted.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a [u8],
    pub(crate) prefix: &'a [u8],
    pub(crate) payload: &'a [u8],
}

enum Cipher {
    Gcm(Box<Gcm>),
    Cm(Box<Cm>),
}

impl Cipher {
    fn new(profile: Profile, master: &Master) -> Result<Self, NoKeys> {
        Ok(match profile {
            Profile::Gcm => Self::Gcm(Box::new(Gcm::new(master)?)),
            Profile::Cm => Self::Cm(Box::new(Cm::new(master)?)),
        })
    }
}

/// Both directions of one DTLS association's media keys. We are always the DTLS server.
pub(crate) struct Srtp {
    rx: Opener,
    tx: Sealer,
}

impl Srtp {
    /// From the exported keying material; it is [`Profile::exported_len`] long.
    pub(crate) fn new(profile: Profile, exported: &[u8]) -> Result<Self, NoKeys> {
        let (client, server) = Master::split(profile, exported)?;
        Ok(Self {
            rx: Opener { cipher: Cipher::new(profile, &client)?, rtp: Streams::new(), rtcp: Streams::new() },
            tx: Sealer { cipher: Cipher::new(profile, &server)?, rtp: Streams::new(), rtcp_index: 0 },
        })
    }

    pub(crate) fn rx(&mut self) -> &mut Opener {
        &mut self.rx
    }

    pub(crate) fn tx(&mut self) -> &mut Sealer {
        &mut self.tx
    }
}

pub(crate) struct Sealer {
    cipher: Cipher,
    rtp: Streams,
    /// One counter for all our SSRCs: it is unique for each, which is what RFC 3711 asks.
    rtcp_index: u32,
}

/// After 2^31 SRTCP packets a key is spent (RFC 3711 section 9.2): at ten a second, after seven years.
const RTCP_INDEX_MAX: u32 = (1 << 31) - 1;

impl Sealer {
    /// How long the sealed packet will be.
    #[must_use]
    pub(crate) fn rtp_len(&self, parts: Parts<'_>) -> usize {
        parts.header.len() + parts.prefix.len() + parts.payload.len() + self.tag_len()
    }

    /// Fills `out`, whose length is [`Sealer::rtp_len`]. A sequence number of a stream is sealed once and never again, whatever
    /// the caller believes: with GCM a second packet under one nonce would give the key away.
    pub(crate) fn rtp(&mut self, parts: Parts<'_>, out: &mut [u8]) -> Result<(), Refused> {
        let (ssrc, seq) = ssrc_and_seq(parts.header)?;
        let window = self.rtp.of(ssrc);
        let index = window.map_or(Some(u64::from(seq)), |window| window.index_of(seq)).ok_or(Refused::Spent)?;
        if window.is_some_and(|window| window.is_spent(index)) {
            return Err(Refused::Spent);
        }
        self.rtp.accept(ssrc, index, SENT_STREAMS_MAX)?;
        let at = StreamIndex { ssrc, index };
        match &self.cipher {
            Cipher::Gcm(gcm) => gcm.seal_rtp(at, parts, out),
            Cipher::Cm(cm) => cm.seal_rtp(at, parts, out),
        }
    }

    #[must_use]
    pub(crate) fn rtcp_len(&self, compound: &[u8]) -> usize {
        compound.len()
            + match self.cipher {
                Cipher::Gcm(_) => gcm::RTCP_OVERHEAD,
                Cipher::Cm(_) => cm::RTCP_OVERHEAD,
            }
    }

    /// Fills `out`, whose length is [`Sealer::rtcp_len`].
    pub(crate) fn rtcp(&mut self, compound: &[u8], out: &mut [u8]) -> Result<(), Refused> {
        let ssrc = rtcp_ssrc(compound)?;
        if self.rtcp_index == RTCP_INDEX_MAX {
            return Err(Refused::Spent);
        }
        self.rtcp_index += 1;
        match &self.cipher {
            Cipher::Gcm(gcm) => gcm.seal_rtcp(ssrc, self.rtcp_index, compound, out),
            Cipher::Cm(cm) => cm.seal_rtcp(ssrc, self.rtcp_index, compound, out),
        }
    }

    fn tag_len(&self) -> usize {
        match self.cipher {
            Cipher::Gcm(_) => gcm::TAG,
            Cipher::Cm(_) => cm::TAG,
        }
    }
}

/// What we send is bounded by the offer: two streams for each of its slots.
const SENT_STREAMS_MAX: usize = 2 * super::MEDIA_MAX;

pub(crate) struct Opener {
    cipher: Cipher,
    rtp: Streams,
    rtcp: Streams,
}

impl Opener {
    /// Writes header and plain payload into `out` and returns how many bytes they are. Nothing is remembered unless the tag fits.
    pub(crate) fn rtp(&mut self, packet: &[u8], out: &mut [u8]) -> Result<usize, Refused> {
        let (ssrc, seq) = ssrc_and_seq(packet)?;
        let header_len = rtp_header_len(packet).ok_or(Refused::Malformed)?;
        let window = self.rtp.of(ssrc);
        let index = window.map_or(Some(u64::from(seq)), |window| window.index_of(seq)).ok_or(Refused::Spent)?;
        if window.is_some_and(|window| window.is_spent(index)) {
            return Err(Refused::Spent);
        }
        let at = StreamIndex { ssrc, index };
        let len = match &self.cipher {
            Cipher::Gcm(gcm) => {
                let out = opened(packet, gcm::TAG, out)?;
                gcm.open_rtp(at, packet, header_len, out)?;
                out.len()
            }
            Cipher::Cm(cm) => {
                let out = opened(packet, cm::TAG, out)?;
                cm.open_rtp(at, packet, header_len, out)?;
                out.len()
            }
        };
        self.rtp.accept(ssrc, index, STREAMS_MAX)?;
        Ok(len)
    }

    pub(crate) fn rtcp(&mut self, packet: &[u8], out: &mut [u8]) -> Result<usize, Refused> {
        let ssrc = rtcp_ssrc(packet)?;
        let index = u64::from(match self.cipher {
            Cipher::Gcm(_) => Gcm::rtcp_index(packet)?,
            Cipher::Cm(_) => Cm::rtcp_index(packet)?,
        });
        if self.rtcp.of(ssrc).is_some_and(|window| window.is_spent(index)) {
            return Err(Refused::Spent);
        }
        let len = match &self.cipher {
            Cipher::Gcm(gcm) => {
                let out = opened(packet, gcm::RTCP_OVERHEAD, out)?;
                gcm.open_rtcp(ssrc, packet, out)?;
                out.len()
            }
            Cipher::Cm(cm) => {
                let out = opened(packet, cm::RTCP_OVERHEAD, out)?;
                cm.open_rtcp(ssrc, packet, out)?;
                out.len()
            }
        };
        self.rtcp.accept(ssrc, index, STREAMS_MAX)?;
        Ok(len)
    }
}

fn opened<'a>(packet: &[u8], overhead: usize, out: &'a mut [u8]) -> Result<&'a mut [u8], Refused> {
    packet.len().checked_sub(overhead).and_then(|len| out.get_mut(..len)).ok_or(Refused::Malformed)
}

/// The windows of one direction, sorted by SSRC: some dozens at most, so a binary search beats hashing.
struct Streams(Vec<(Ssrc, Window)>);

impl Streams {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn of(&self, ssrc: Ssrc) -> Option<&Window> {
        let at = self.0.binary_search_by_key(&ssrc, |(known, _)| *known).ok()?;
        self.0.get(at).map(|(_, window)| window)
    }

    fn accept(&mut self, ssrc: Ssrc, index: u64, max: usize) -> Result<(), Refused> {
        let at = match self.0.binary_search_by_key(&ssrc, |(known, _)| *known) {
            Ok(at) => at,
            Err(_) if self.0.len() >= max => return Err(Refused::TooManyStreams),
            Err(at) => {
                self.0.insert(at, (ssrc, Window::new()));
                at
            }
        };
        if let Some((_, window)) = self.0.get_mut(at) {
            window.accept(index);
        }
        Ok(())
    }
}

fn ssrc_and_seq(packet: &[u8]) -> Result<(Ssrc, u16), Refused> {
    let [_, _, seq_high, seq_low, _, _, _, _, ssrc @ ..] = packet.first_chunk::<12>().ok_or(Refused::Malformed)?;
    Ok((Ssrc(u32::from_be_bytes(*ssrc)), u16::from_be_bytes([*seq_high, *seq_low])))
}

fn rtcp_ssrc(compound: &[u8]) -> Result<Ssrc, Refused> {
    let [_, _, _, _, ssrc @ ..] = compound.first_chunk::<8>().ok_or(Refused::Malformed)?;
    Ok(Ssrc(u32::from_be_bytes(*ssrc)))
}

/// Fixed header, contributing sources and the extension (RFC 3550 section 5.1): what stays readable.
pub(crate) fn rtp_header_len(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let fixed = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 == 0 {
        return (packet.len() >= fixed).then_some(fixed);
    }
    let extension = packet.get(fixed..)?.first_chunk::<4>()?;
    let [_, _, words_high, words_low] = *extension;
    let len = fixed + 4 + 4 * usize::from(u16::from_be_bytes([words_high, words_low]));
    (packet.len() >= len).then_some(len)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
