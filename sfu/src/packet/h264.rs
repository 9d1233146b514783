//! The RTP payload of H.264 (RFC 6184, packetization mode 1) and the two things of the picture a bridge must know: can a decoder begin
//! here, and how large is it. Nothing in it counts pictures, so nothing is rewritten.

use crate::packet::bits::Bits;
use crate::packet::vp8::PictureSize;

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

const TYPE: u8 = 0x1F;
/// Of a FU-A's second byte.
const FU_STARTS: u8 = 0x80;

/// Units looked at in one aggregate: parameter sets come first.
const UNITS_MAX: usize = 16;

/// Longest sequence parameter set read, with room for scaling matrices; only the size at its end is wanted.
const SPS_MAX: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum H264Packet {
    /// A sequence parameter set is in it: the picture it belongs to can be decoded without any before.
    Parameters,
    /// An instantaneous refresh begins here, without parameter sets: enough for who has them from elsewhere.
    Refresh,
    Other,
}

impl H264Packet {
    /// `None`: nothing that packetization mode 1 allows.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        match first & TYPE {
            FU_A => {
                let second = *payload.get(1)?;
                Some(if second & FU_STARTS == 0 { Self::Other } else { Self::of(second & TYPE) })
            }
            STAP_A => {
                let mut seen = Self::Other;
                for unit in units(payload) {
                    match Self::of(unit.first()? & TYPE) {
                        Self::Parameters => return Some(Self::Parameters),
                        Self::Refresh => seen = Self::Refresh,
                        Self::Other => {}
                    }
                }
                Some(seen)
            }
            unit @ 1..=23 => Some(Self::of(unit)),
            _ => None,
        }
    }

    fn of(unit: u8) -> Self {
        match unit {
            SPS => Self::Parameters,
            IDR => Self::Refresh,
            _ => Self::Other,
        }
    }
}

/// The size in the first sequence parameter set of a payload.
pub(crate) fn picture_size(payload: &[u8]) -> Option<PictureSize> {
    let is_sps = |unit: &&[u8]| unit.first().is_some_and(|first| first & TYPE == SPS);
    let sps =
        if payload.first()? & TYPE == STAP_A { units(payload).find(is_sps)? } else { Some(payload).filter(is_sps)? };
    size_of(sps)
}

/// The units of a STAP-A, each behind its length. A length that reaches past the end ends the list.
fn units(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = payload.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&[high, low], after) = rest.split_first_chunk::<2>()?;
        let (unit, after) = after.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
        rest = after;
        Some(unit)
    })
    .take(UNITS_MAX)
}

/// Profiles whose parameter set tells the chroma format (H.264, section 7.3.2.1.1).
const HIGH: [u8; 12] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134];

fn size_of(sps: &[u8]) -> Option<PictureSize> {
    let mut plain = [0; SPS_MAX];
    let plain = without_emulation(sps.get(1..)?, &mut plain);
    let profile = *plain.first()?;
    let mut bits = Bits::of(plain);
    bits.skip(24)?;
    bits.exp_golomb()?; // seq_parameter_set_id
    let chroma = if HIGH.contains(&profile) { high_fields(&mut bits)? } else { 1 };
    bits.exp_golomb()?; // log2_max_frame_num_minus4
    picture_order(&mut bits)?;
    bits.exp_golomb()?; // max_num_ref_frames
    bits.flag()?; // gaps_in_frame_num_value_allowed_flag
    let width = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
    let units = bits.exp_golomb()?.checked_add(1)?;
    let fields: u32 = if bits.flag()? { 1 } else { 2 }; // frame_mbs_only_flag
    if fields == 2 {
        bits.flag()?;
    }
    let height = units.checked_mul(16 * fields)?;
    bits.flag()?; // direct_8x8_inference_flag
    let (mut cut_width, mut cut_height) = (0, 0);
    if bits.flag()? {
        let (across, down) = match chroma {
            1 => (2, 2 * fields),
            2 => (2, fields),
            _ => (1, fields),
        };
        let mut pair = || bits.exp_golomb()?.checked_add(bits.exp_golomb()?);
        cut_width = pair()?.checked_mul(across)?;
        cut_height = pair()?.checked_mul(down)?;
    }
    Some(PictureSize {
        width: u16::try_from(width.checked_sub(cut_width)?).ok()?,
        height: u16::try_from(height.checked_sub(cut_height)?).ok()?,
    })
}

/// The chroma format; the rest of what only the high profiles have is passed over.
fn high_fields(bits: &mut Bits<'_>) -> Option<u32> {
    let chroma = bits.exp_golomb()?;
    if chroma == 3 {
        bits.flag()?;
    }
    bits.exp_golomb()?;
    bits.exp_golomb()?;
    bits.flag()?;
    if bits.flag()? {
        for list in 0..if chroma == 3 { 12 } else { 8 } {
            if bits.flag()? {
                scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(chroma)
}

fn scaling_list(bits: &mut Bits<'_>, size: u8) -> Option<()> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..size {
        if next != 0 {
            // se(v): 1, -1, 2, -2, ...
            let coded = i64::from(bits.exp_golomb()?);
            let delta = if coded % 2 == 0 { -coded / 2 } else { (coded + 1) / 2 };
            next = (last + delta).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

fn picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.exp_golomb()? {
        0 => {
            bits.exp_golomb()?;
        }
        1 => {
            bits.flag()?;
            bits.exp_golomb()?;
            bits.exp_golomb()?;
            for _ in 0..bits.exp_golomb()?.min(256) {
                bits.exp_golomb()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// Takes out the 3 behind two zeros (H.264, section 7.4.1).
fn without_emulation<'a>(from: &[u8], into: &'a mut [u8; SPS_MAX]) -> &'a [u8] {
    let (mut zeros, mut len) = (0, 0);
    for &byte in from {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        let Some(place) = into.get_mut(len) else { break };
        *place = byte;
        len += 1;
    }
    into.get(..len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packet::bits::tests::Writer;

    /// 1280x720, constrained baseline, as x264 writes it.
    const SPS_720: &[u8] = &[
        0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00,
        0x03, 0x03, 0xC8, 0xF1, 0x83, 0x24, 0x80,
    ];
    /// 1920x1080, high profile, from the same.
    const SPS_1080: &[u8] = &[
        0x67, 0x64, 0x00, 0x28, 0xAC, 0xB2, 0x00, 0xF0, 0x04, 0x4F, 0xCB, 0x80, 0x88, 0x00, 0x00, 0x03, 0x00, 0x08,
        0x00, 0x00, 0x03, 0x01, 0xE4, 0x78, 0xC1, 0x92, 0x40,
    ];
    const PPS: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];

    fn stap(units: &[&[u8]]) -> Vec<u8> {
        let mut payload = vec![0x78];
        for unit in units {
            payload.extend(u16::try_from(unit.len()).unwrap().to_be_bytes());
            payload.extend(*unit);
        }
        payload
    }

    #[test]
    fn a_key_frame_is_found_in_each_of_its_forms() {
        for (payload, is) in [
            (SPS_720.to_vec(), H264Packet::Parameters),
            (stap(&[SPS_720, PPS]), H264Packet::Parameters),
            (stap(&[PPS, SPS_720, &[0x65, 1]]), H264Packet::Parameters),
            (stap(&[&[0x06, 5], &[0x65, 0x88]]), H264Packet::Refresh),
            (vec![0x65, 0x88, 0x84], H264Packet::Refresh),
            (vec![0x7C, 0x85, 0x88], H264Packet::Refresh),
            (vec![0x7C, 0x05, 0x88], H264Packet::Other),
            (vec![0x7C, 0x45, 0x88], H264Packet::Other),
            (vec![0x7C, 0x81, 0x88], H264Packet::Other),
            (vec![0x41, 0x9A], H264Packet::Other),
            (PPS.to_vec(), H264Packet::Other),
        ] {
            assert_eq!(H264Packet::parse(&payload), Some(is), "{payload:x?}");
        }
    }

    #[test]
    fn what_packetization_mode_one_does_not_allow_is_refused() {
        for payload in [&[][..], &[0x60], &[0x79, 0], &[0x7D, 0x85], &[0x7C], &[0x78, 0, 0]] {
            assert_eq!(H264Packet::parse(payload), None, "{payload:x?}");
        }
    }

    #[test]
    fn the_size_is_read_from_the_parameter_set_wherever_it_stands() {
        let hd = Some(PictureSize { width: 1280, height: 720 });
        assert_eq!(picture_size(SPS_720), hd);
        assert_eq!(picture_size(&stap(&[PPS, SPS_720])), hd);
        assert_eq!(picture_size(SPS_1080), Some(PictureSize { width: 1920, height: 1080 }));
        assert_eq!(picture_size(&[0x65, 0x88, 0x84]), None);
    }

    /// High profile with a scaling list, interlace tools off, cropped to 1920x1080.
    fn high(scaling: bool) -> Vec<u8> {
        let mut bits = Writer::default();
        bits.put(100, 8).put(0, 8).put(40, 8).exp_golomb(0).exp_golomb(1).exp_golomb(0).exp_golomb(0).put(0, 1);
        bits.put(u32::from(scaling), 1);
        if scaling {
            bits.put(1, 1);
            for _ in 0..16 {
                bits.exp_golomb(1);
            }
            bits.put(0, 7);
        }
        bits.exp_golomb(4).exp_golomb(2).exp_golomb(4).put(0, 1).exp_golomb(119).exp_golomb(67);
        bits.put(1, 1).put(1, 1).put(1, 1).exp_golomb(0).exp_golomb(0).exp_golomb(0).exp_golomb(4).put(0, 1);
        [&[0x67][..], &bits.bytes()].concat()
    }

    #[test]
    fn a_high_profile_and_a_cropped_picture_are_read() {
        for scaling in [false, true] {
            assert_eq!(picture_size(&high(scaling)), Some(PictureSize { width: 1920, height: 1080 }), "{scaling}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(kind in 0u8..32, bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let payload = [&[kind | 0x60][..], &bytes].concat();
            let _ = (H264Packet::parse(&payload), picture_size(&payload), H264Packet::parse(&bytes));
        }
    }
}
