//! AEAD_AES_128_GCM (RFC 7714): the profile of every current browser, sealed straight from the shared payload into the send batch.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::keys::{Label, Master, NoKeys};
use super::{Parts, Refused, Ssrc, StreamIndex};

pub(super) const TAG: usize = 16;
/// Encryption flag and index at the end of every SRTCP packet.
const TRAILER: usize = 4;
/// Header and SSRC of the first RTCP packet stay readable.
const RTCP_CLEAR: usize = 8;
const ENCRYPTED: u32 = 1 << 31;

/// Bytes a sealed RTCP packet is longer than the plain one.
pub(super) const RTCP_OVERHEAD: usize = TAG + TRAILER;

pub(super) struct Gcm {
    rtp: LessSafeKey,
    rtp_salt: [u8; 12],
    rtcp: LessSafeKey,
    rtcp_salt: [u8; 12],
}

impl Gcm {
    pub(super) fn new(master: &Master) -> Result<Self, NoKeys> {
        Ok(Self {
            rtp: key(&master.derive(Label::RtpKey)?)?,
            rtp_salt: master.derive(Label::RtpSalt)?,
            rtcp: key(&master.derive(Label::RtcpKey)?)?,
            rtcp_salt: master.derive(Label::RtcpSalt)?,
        })
    }

    /// `out` is exactly as long as the parts and [`TAG`] together. The library's "extra" input carries the shared payload, so that
    /// a prefix costs no copy.
    pub(super) fn seal_rtp(&self, at: StreamIndex, parts: Parts<'_>, out: &mut [u8]) -> Result<(), Refused> {
        let (clear, rest) = out.split_at_mut_checked(parts.header.len()).ok_or(Refused::Malformed)?;
        let (prefix, payload_and_tag) = rest.split_at_mut_checked(parts.prefix.len()).ok_or(Refused::Malformed)?;
        clear.copy_from_slice(parts.header);
        let (nonce, aad) = (rtp_nonce(at, &self.rtp_salt), Aad::from(parts.header));
        self.rtp
            .seal_out_of_place_scatter(nonce, aad, parts.prefix, prefix, parts.payload, payload_and_tag)
            .map_err(|_| Refused::Malformed)
    }

    /// `out` is `packet` without the tag.
    pub(super) fn open_rtp(
        &self,
        at: StreamIndex,
        packet: &[u8],
        header_len: usize,
        out: &mut [u8],
    ) -> Result<(), Refused> {
        let (header, rest) = packet.split_at_checked(header_len).ok_or(Refused::Malformed)?;
        let (sealed, tag) =
            rest.len().checked_sub(TAG).and_then(|at| rest.split_at_checked(at)).ok_or(Refused::Malformed)?;
        let (clear, opened) = out.split_at_mut_checked(header_len).ok_or(Refused::Malformed)?;
        self.rtp
            .open_separate_gather(rtp_nonce(at, &self.rtp_salt), Aad::from(header), sealed, tag, opened)
            .map_err(|_| Refused::Forged)?;
        clear.copy_from_slice(header);
        Ok(())
    }

    /// `out` is `compound` + [`RTCP_OVERHEAD`] long. The tag comes before the index, which is authenticated too.
    pub(super) fn seal_rtcp(&self, ssrc: Ssrc, index: u32, compound: &[u8], out: &mut [u8]) -> Result<(), Refused> {
        let (header, plain) = compound.split_at_checked(RTCP_CLEAR).ok_or(Refused::Malformed)?;
        let (clear, rest) = out.split_at_mut_checked(RTCP_CLEAR).ok_or(Refused::Malformed)?;
        let (sealed, rest) = rest.split_at_mut_checked(plain.len()).ok_or(Refused::Malformed)?;
        let (tag, trailer) = rest.split_at_mut_checked(TAG).ok_or(Refused::Malformed)?;
        if trailer.len() != TRAILER {
            return Err(Refused::Malformed);
        }
        let word = (ENCRYPTED | index).to_be_bytes();
        clear.copy_from_slice(header);
        trailer.copy_from_slice(&word);
        let nonce = rtcp_nonce(ssrc, index, &self.rtcp_salt);
        self.rtcp
            .seal_out_of_place_scatter(nonce, Aad::from(rtcp_aad(header, word)), plain, sealed, &[], tag)
            .map_err(|_| Refused::Malformed)
    }

    /// `out` is `packet` less [`RTCP_OVERHEAD`].
    pub(super) fn open_rtcp(&self, ssrc: Ssrc, packet: &[u8], out: &mut [u8]) -> Result<(), Refused> {
        let (rest, word) = packet.split_last_chunk::<TRAILER>().ok_or(Refused::Malformed)?;
        let (header, rest) = rest.split_at_checked(RTCP_CLEAR).ok_or(Refused::Malformed)?;
        let (sealed, tag) =
            rest.len().checked_sub(TAG).and_then(|at| rest.split_at_checked(at)).ok_or(Refused::Malformed)?;
        let index = u32::from_be_bytes(*word) & !ENCRYPTED;
        let (clear, opened) = out.split_at_mut_checked(RTCP_CLEAR).ok_or(Refused::Malformed)?;
        let nonce = rtcp_nonce(ssrc, index, &self.rtcp_salt);
        self.rtcp
            .open_separate_gather(nonce, Aad::from(rtcp_aad(header, *word)), sealed, tag, opened)
            .map_err(|_| Refused::Forged)?;
        clear.copy_from_slice(header);
        Ok(())
    }

    pub(super) fn rtcp_index(packet: &[u8]) -> Result<u32, Refused> {
        let (_, word) = packet.split_last_chunk::<TRAILER>().ok_or(Refused::Malformed)?;
        encrypted_index(*word)
    }
}

/// WebRTC encrypts all RTCP: a packet that says it is not encrypted is not from a peer of ours.
pub(super) fn encrypted_index(word: [u8; 4]) -> Result<u32, Refused> {
    let word = u32::from_be_bytes(word);
    if word & ENCRYPTED == 0 { Err(Refused::Malformed) } else { Ok(word & !ENCRYPTED) }
}

fn key(bytes: &[u8; 16]) -> Result<LessSafeKey, NoKeys> {
    UnboundKey::new(&AES_128_GCM, bytes).map(LessSafeKey::new).map_err(|_| NoKeys)
}

/// RFC 7714 section 8.1: 00 00 | SSRC | rollover counter | sequence number, exclusive-or the salt.
fn rtp_nonce(at: StreamIndex, salt: &[u8; 12]) -> Nonce {
    masked((u128::from(at.ssrc.0) << 48) | u128::from(at.index), salt)
}

/// RFC 7714 section 9.1: 00 00 | SSRC | 00 00 | index, exclusive-or the salt.
fn rtcp_nonce(ssrc: Ssrc, index: u32, salt: &[u8; 12]) -> Nonce {
    masked((u128::from(ssrc.0) << 48) | u128::from(index), salt)
}

fn masked(value: u128, salt: &[u8; 12]) -> Nonce {
    let mut nonce = *salt;
    // The value is 80 bits: the 6 leading bytes of the u128 (and 2 of the nonce) stay as they are.
    let bytes = value.to_be_bytes();
    nonce.iter_mut().rev().zip(bytes.iter().rev()).for_each(|(to, from)| *to ^= from);
    Nonce::assume_unique_for_key(nonce)
}

fn rtcp_aad(header: &[u8], word: [u8; 4]) -> [u8; 12] {
    let mut aad = [0; 12];
    aad.iter_mut().zip(header.iter().chain(&word)).for_each(|(to, from)| *to = *from);
    aad
}
