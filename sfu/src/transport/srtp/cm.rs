//! AES_CM_128_HMAC_SHA1_80 (RFC 3711): the fallback for clients without AES-GCM. About 1 µs a packet slower, and not the path we tune.

use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use subtle::ConstantTimeEq;

use super::gcm::encrypted_index;
use super::keys::{Label, Master, NoKeys, counter_mode};
use super::{Parts, Refused, Ssrc, StreamIndex};

pub(super) const TAG: usize = 10;
const TRAILER: usize = 4;
const RTCP_CLEAR: usize = 8;
const ENCRYPTED: u32 = 1 << 31;
pub(super) const RTCP_OVERHEAD: usize = TAG + TRAILER;

pub(super) struct Cm {
    rtp: Keys,
    rtcp: Keys,
}

struct Keys {
    cipher: EncryptingKey,
    auth: hmac::Key,
    salt: [u8; 14],
}

impl Cm {
    pub(super) fn new(master: &Master) -> Result<Self, NoKeys> {
        Ok(Self {
            rtp: Keys::new(master, Label::RtpKey, Label::RtpAuth, Label::RtpSalt)?,
            rtcp: Keys::new(master, Label::RtcpKey, Label::RtcpAuth, Label::RtcpSalt)?,
        })
    }

    /// `out` is exactly as long as the parts and [`TAG`] together.
    pub(super) fn seal_rtp(&self, at: StreamIndex, parts: Parts<'_>, out: &mut [u8]) -> Result<(), Refused> {
        let (packet, tag) = split_tail(out, TAG)?;
        let (clear, body) = packet.split_at_mut_checked(parts.header.len()).ok_or(Refused::Malformed)?;
        let (prefix, payload) = body.split_at_mut_checked(parts.prefix.len()).ok_or(Refused::Malformed)?;
        if payload.len() != parts.payload.len() {
            return Err(Refused::Malformed);
        }
        clear.copy_from_slice(parts.header);
        prefix.copy_from_slice(parts.prefix);
        payload.copy_from_slice(parts.payload);
        self.rtp.apply_stream(at, body)?;
        tag.copy_from_slice(&self.rtp.tag(packet, &rollover(at)));
        Ok(())
    }

    /// `out` is `packet` without the tag.
    pub(super) fn open_rtp(
        &self,
        at: StreamIndex,
        packet: &[u8],
        header_len: usize,
        out: &mut [u8],
    ) -> Result<(), Refused> {
        let (body, tag) = packet.split_last_chunk::<TAG>().ok_or(Refused::Malformed)?;
        self.rtp.verify(body, &rollover(at), tag)?;
        if out.len() != body.len() {
            return Err(Refused::Malformed);
        }
        out.copy_from_slice(body);
        self.rtp.apply_stream(at, out.get_mut(header_len..).ok_or(Refused::Malformed)?)
    }

    /// `out` is `compound` + [`RTCP_OVERHEAD`] long. Unlike in GCM the index comes before the tag.
    pub(super) fn seal_rtcp(&self, ssrc: Ssrc, index: u32, compound: &[u8], out: &mut [u8]) -> Result<(), Refused> {
        let (packet, tag) = split_tail(out, TAG)?;
        let (body, trailer) = split_tail(packet, TRAILER)?;
        if body.len() != compound.len() {
            return Err(Refused::Malformed);
        }
        body.copy_from_slice(compound);
        trailer.copy_from_slice(&(ENCRYPTED | index).to_be_bytes());
        let at = StreamIndex { ssrc, index: u64::from(index) };
        self.rtcp.apply_stream(at, body.get_mut(RTCP_CLEAR..).ok_or(Refused::Malformed)?)?;
        tag.copy_from_slice(&self.rtcp.tag(packet, &[]));
        Ok(())
    }

    /// `out` is `packet` less [`RTCP_OVERHEAD`].
    pub(super) fn open_rtcp(&self, ssrc: Ssrc, packet: &[u8], out: &mut [u8]) -> Result<(), Refused> {
        let (signed, tag) = packet.split_last_chunk::<TAG>().ok_or(Refused::Malformed)?;
        self.rtcp.verify(signed, &[], tag)?;
        let (body, word) = signed.split_last_chunk::<TRAILER>().ok_or(Refused::Malformed)?;
        if out.len() != body.len() {
            return Err(Refused::Malformed);
        }
        out.copy_from_slice(body);
        let at = StreamIndex { ssrc, index: u64::from(encrypted_index(*word)?) };
        self.rtcp.apply_stream(at, out.get_mut(RTCP_CLEAR..).ok_or(Refused::Malformed)?)
    }

    pub(super) fn rtcp_index(packet: &[u8]) -> Result<u32, Refused> {
        let (rest, _) = packet.split_last_chunk::<TAG>().ok_or(Refused::Malformed)?;
        let (_, word) = rest.split_last_chunk::<TRAILER>().ok_or(Refused::Malformed)?;
        encrypted_index(*word)
    }
}

impl Keys {
    fn new(master: &Master, key: Label, auth: Label, salt: Label) -> Result<Self, NoKeys> {
        Ok(Self {
            cipher: counter_mode(&master.derive(key)?)?,
            auth: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &master.derive::<20>(auth)?),
            salt: master.derive(salt)?,
        })
    }

    /// RFC 3711 section 4.1.1: IV = salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16. Applying it twice gives the plain bytes back.
    fn apply_stream(&self, at: StreamIndex, bytes: &mut [u8]) -> Result<(), Refused> {
        let mut iv = ((u128::from(at.ssrc.0) << 64) ^ (u128::from(at.index) << 16)).to_be_bytes();
        iv.iter_mut().zip(self.salt).for_each(|(to, from)| *to ^= from);
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        self.cipher.less_safe_encrypt(bytes, context).map(drop).map_err(|_| Refused::Malformed)
    }

    fn tag(&self, packet: &[u8], rollover: &[u8]) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.auth);
        context.update(packet);
        context.update(rollover);
        let mut tag = [0; TAG];
        tag.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }

    fn verify(&self, packet: &[u8], rollover: &[u8], tag: &[u8; TAG]) -> Result<(), Refused> {
        let expected = self.tag(packet, rollover);
        if bool::from(expected.as_slice().ct_eq(tag)) { Ok(()) } else { Err(Refused::Forged) }
    }
}

fn rollover(at: StreamIndex) -> [u8; 4] {
    ((at.index >> 16) as u32).to_be_bytes()
}

fn split_tail(bytes: &mut [u8], tail: usize) -> Result<(&mut [u8], &mut [u8]), Refused> {
    let at = bytes.len().checked_sub(tail).ok_or(Refused::Malformed)?;
    bytes.split_at_mut_checked(at).ok_or(Refused::Malformed)
}
