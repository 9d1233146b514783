//! AEAD_AES_128_GCM of RFC 7714 for a client that seals what no library would: packets with headers that lie, numbers out of order.

use std::collections::HashMap;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

const TAG: usize = 16;

/// One direction's keys.
struct Side {
    rtp: (LessSafeKey, [u8; 12]),
    rtcp: (LessSafeKey, [u8; 12]),
}

/// Both directions of one association, seen from the client.
pub struct Keys {
    ours: Side,
    theirs: Side,
    /// Of each stream that is sent or received: rollover counter and newest sequence number.
    rollovers: HashMap<u32, (u32, u16)>,
    rtcp_index: u32,
}

impl Keys {
    /// From the 56 bytes of the DTLS exporter.
    #[must_use]
    pub fn new(exported: &[u8]) -> Self {
        let (keys, salts) = exported.split_at(32);
        let side = |at: usize| Side::new(&keys[16 * at..16 * (at + 1)], &salts[12 * at..12 * (at + 1)]);
        Self { ours: side(0), theirs: side(1), rollovers: HashMap::new(), rtcp_index: 0 }
    }

    /// A packet whose header cannot be told from its payload is given a tag of zeros: no receiver can open it either.
    pub fn seal_rtp(&mut self, plain: &[u8]) -> Vec<u8> {
        let Some(header_len) = header_len(plain) else { return [plain, &[0; TAG]].concat() };
        let nonce = self.nonce(plain, &self.ours.rtp.1.clone());
        let (header, payload) = plain.split_at(header_len);
        let mut sealed = payload.to_vec();
        self.ours.rtp.0.seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed).expect("a short payload");
        [header, &sealed].concat()
    }

    pub fn open_rtp(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let header_len = header_len(sealed)?;
        let nonce = self.nonce(sealed, &self.theirs.rtp.1.clone());
        let (header, payload) = sealed.split_at(header_len);
        let mut payload = payload.to_vec();
        let plain = self.theirs.rtp.0.open_in_place(nonce, Aad::from(header), &mut payload).ok()?;
        Some([header, plain].concat())
    }

    pub fn seal_rtcp(&mut self, plain: &[u8]) -> Vec<u8> {
        self.rtcp_index += 1;
        self.seal_rtcp_as(plain, self.rtcp_index)
    }

    /// With an index of the caller's choice.
    #[must_use]
    pub fn seal_rtcp_as(&self, plain: &[u8], index: u32) -> Vec<u8> {
        let (key, salt) = &self.ours.rtcp;
        let (head, body) = plain.split_at(plain.len().min(8));
        let trailer = (index | 1 << 31).to_be_bytes();
        let mut sealed = body.to_vec();
        let aad = [head, &trailer].concat();
        key.seal_in_place_append_tag(rtcp_nonce(head, index, salt), Aad::from(aad), &mut sealed).expect("a short body");
        [head, &sealed, &trailer].concat()
    }

    pub fn open_rtcp(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (rest, trailer) = sealed.split_last_chunk::<4>()?;
        let (head, body) = rest.split_at_checked(8)?;
        let index = u32::from_be_bytes(*trailer) & !(1 << 31);
        let (key, salt) = &self.theirs.rtcp;
        let mut body = body.to_vec();
        let aad = [head, trailer].concat();
        let plain = key.open_in_place(rtcp_nonce(head, index, salt), Aad::from(aad), &mut body).ok()?;
        Some([head, plain].concat())
    }

    /// RFC 7714, section 8.1. Numbers that lie back are of the rollover before.
    fn nonce(&mut self, packet: &[u8], salt: &[u8; 12]) -> Nonce {
        let seq = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = [packet[8], packet[9], packet[10], packet[11]];
        let (rollover, newest) = *self.rollovers.entry(u32::from_be_bytes(ssrc)).or_insert((0, seq));
        let ahead = seq.wrapping_sub(newest).cast_signed();
        let rollover = match (ahead >= 0, seq >= newest) {
            (true, true) | (false, false) => rollover,
            (true, false) => rollover + 1,
            (false, true) => rollover.saturating_sub(1),
        };
        if ahead > 0 {
            self.rollovers.insert(u32::from_be_bytes(ssrc), (rollover, seq));
        }
        let mut iv = [0; 12];
        iv[2..6].copy_from_slice(&ssrc);
        iv[6..10].copy_from_slice(&rollover.to_be_bytes());
        iv[10..].copy_from_slice(&seq.to_be_bytes());
        folded(iv, salt)
    }
}

/// RFC 7714, section 9.1.
fn rtcp_nonce(head: &[u8], index: u32, salt: &[u8; 12]) -> Nonce {
    let mut iv = [0; 12];
    iv[2..6].copy_from_slice(head.get(4..8).unwrap_or(&[0; 4]));
    iv[8..].copy_from_slice(&index.to_be_bytes());
    folded(iv, salt)
}

fn folded(mut iv: [u8; 12], salt: &[u8; 12]) -> Nonce {
    iv.iter_mut().zip(salt).for_each(|(byte, salt)| *byte ^= salt);
    Nonce::assume_unique_for_key(iv)
}

impl Side {
    fn new(key: &[u8], salt: &[u8]) -> Self {
        let both = |key_label, salt_label| {
            let session = UnboundKey::new(&AES_128_GCM, &derived::<16>(key, salt, key_label)).expect("16 bytes");
            (LessSafeKey::new(session), derived::<12>(key, salt, salt_label))
        };
        Self { rtp: both(0, 2), rtcp: both(3, 5) }
    }
}

/// RFC 3711, section 4.3.3: counter mode over zeros, with the label folded into the salt at its seventh byte.
fn derived<const N: usize>(key: &[u8], salt: &[u8], label: u8) -> [u8; N] {
    let mut iv = [0; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label;
    let mut stream = [0; N];
    let master = UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr).expect("16 bytes");
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    master.less_safe_encrypt(&mut stream, context).expect("counter mode takes any length");
    stream
}

/// Fixed header, contributing sources and extension block. `None` when the packet is shorter than it says.
#[must_use]
pub fn header_len(packet: &[u8]) -> Option<usize> {
    let fixed = 12 + 4 * usize::from(packet.first()? & 0x0f);
    if packet[0] & 0x10 == 0 {
        return (packet.len() >= fixed).then_some(fixed);
    }
    let &[_, _, high, low] = packet.get(fixed..)?.first_chunk::<4>()?;
    let len = fixed + 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
    (packet.len() >= len).then_some(len)
}
