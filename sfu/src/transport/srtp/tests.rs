//! Our sealing is opened by `rtc-srtp` and the other way round; forged and repeated packets are not.

use proptest::prelude::*;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

use super::*;

const PROFILES: [Profile; 2] = [Profile::Gcm, Profile::Cm];

fn exported(profile: Profile) -> Vec<u8> {
    (0..profile.exported_len()).map(|byte| byte as u8 * 3 + 1).collect()
}

fn ours(profile: Profile) -> Srtp {
    Srtp::new(profile, &exported(profile)).unwrap()
}

/// The client's contexts in the family's implementation: (what it seals with, what it opens with).
fn theirs(profile: Profile) -> (Context, Context) {
    let exported = exported(profile);
    let (keys, salts) = exported.split_at(32);
    let (client_salt, server_salt) = salts.split_at(salts.len() / 2);
    let protection = match profile {
        Profile::Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::Cm => ProtectionProfile::Aes128CmHmacSha1_80,
    };
    let provider = AwsLcRsProvider::new();
    let context = |key: &[u8], salt: &[u8]| {
        let (rtp, rtcp) = (Some(srtp_replay_protection(64)), Some(srtcp_replay_protection(64)));
        Context::new(key, salt, protection, rtp, rtcp, provider.crypto()).unwrap()
    };
    (context(&keys[..16], client_salt), context(&keys[16..], server_salt))
}

fn header(ssrc: u32, seq: u16) -> Vec<u8> {
    // One-byte extension (RFC 8285) of one word, to have something after the fixed header.
    let mut bytes = vec![0x90, 96];
    bytes.extend(seq.to_be_bytes());
    bytes.extend(90_000u32.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0]);
    bytes
}

fn seal(srtp: &mut Srtp, header: &[u8], payload: &[u8]) -> Result<Vec<u8>, Refused> {
    seal_parts(srtp, Parts { header, prefix: &[], payload })
}

fn seal_parts(srtp: &mut Srtp, parts: Parts<'_>) -> Result<Vec<u8>, Refused> {
    let mut out = vec![0; srtp.tx().rtp_len(parts)];
    srtp.tx().rtp(parts, &mut out).map(|()| out)
}

fn open(srtp: &mut Srtp, packet: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut out = vec![0; 2048];
    srtp.rx().rtp(packet, &mut out).map(|len| out[..len].to_vec())
}

fn plain(ssrc: u32, seq: u16, payload: &[u8]) -> Vec<u8> {
    [header(ssrc, seq).as_slice(), payload].concat()
}

const COMPOUND: [u8; 20] = [0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 7, 0x81, 206, 0, 1, 0, 0, 0, 9];

#[test]
fn what_we_seal_the_reference_opens() {
    for profile in PROFILES {
        let (mut srtp, (_, mut reference)) = (ours(profile), theirs(profile));
        for seq in [65_534u16, 65_535, 0, 1] {
            let sealed = seal(&mut srtp, &header(7, seq), b"one frame").unwrap();
            assert_eq!(reference.decrypt_rtp(&sealed).unwrap(), plain(7, seq, b"one frame"));
        }
        for _ in 0..3 {
            let mut sealed = vec![0; srtp.tx().rtcp_len(&COMPOUND)];
            srtp.tx().rtcp(&COMPOUND, &mut sealed).unwrap();
            assert_eq!(reference.decrypt_rtcp(&sealed).unwrap().as_ref(), COMPOUND);
        }
    }
}

#[test]
fn what_the_reference_seals_we_open() {
    for profile in PROFILES {
        let (mut srtp, (mut reference, _)) = (ours(profile), theirs(profile));
        for seq in [65_534u16, 65_535, 0, 1] {
            let sealed = reference.encrypt_rtp(&plain(7, seq, b"one frame")).unwrap();
            assert_eq!(open(&mut srtp, &sealed).unwrap(), plain(7, seq, b"one frame"));
        }
        let sealed = reference.encrypt_rtcp(&COMPOUND).unwrap();
        let mut out = [0; 256];
        let len = srtp.rx().rtcp(&sealed, &mut out).unwrap();
        assert_eq!(out[..len], COMPOUND);
    }
}

#[test]
fn a_packet_that_comes_twice_is_opened_once() {
    for profile in PROFILES {
        let (mut srtp, (mut reference, _)) = (ours(profile), theirs(profile));
        let sealed = reference.encrypt_rtp(&plain(7, 4, b"x")).unwrap();
        assert!(open(&mut srtp, &sealed).is_ok());
        assert_eq!(open(&mut srtp, &sealed), Err(Refused::Spent));
        let control = reference.encrypt_rtcp(&COMPOUND).unwrap();
        let mut out = [0; 256];
        assert!(srtp.rx().rtcp(&control, &mut out).is_ok());
        assert_eq!(srtp.rx().rtcp(&control, &mut out), Err(Refused::Spent));
    }
}

#[test]
fn a_replayed_packet_stays_refused_after_the_counter_wrapped() {
    let (mut srtp, (mut reference, _)) = (ours(Profile::Gcm), theirs(Profile::Gcm));
    let mut first = None;
    for packet in 0..70_000u32 {
        let sealed = reference.encrypt_rtp(&plain(7, packet as u16, b"x")).unwrap();
        assert!(open(&mut srtp, &sealed).is_ok());
        first.get_or_insert(sealed);
    }
    // Its sequence number now stands for another index, so the tag does not fit.
    assert!(open(&mut srtp, &first.unwrap()).is_err());
}

/// Three rollovers of which one packet in seven arrives, and what was heard before played again and again on the way: nothing of it
/// is opened, and the genuine stream is, to its last packet.
#[test]
fn a_tape_of_the_line_opens_nothing_over_three_rollovers_with_loss() {
    for profile in PROFILES {
        let (mut srtp, (mut reference, _)) = (ours(profile), theirs(profile));
        let mut tape = Vec::new();
        for arrived in 0..3 * 65_536 / 7_u32 {
            let packet = plain(7, (65_000 + 7 * arrived) as u16, b"sound");
            let sealed = reference.encrypt_rtp(&packet).unwrap();
            assert_eq!(open(&mut srtp, &sealed), Ok(packet), "packet {arrived}");
            if arrived % 200 == 0 {
                tape.push(sealed);
            }
            if arrived % 2_000 == 0 {
                assert!(tape.iter().all(|old| open(&mut srtp, old).is_err()), "after packet {arrived}");
            }
        }
    }
}

#[test]
fn control_that_was_heard_once_is_refused_however_late_it_comes_again() {
    for profile in PROFILES {
        let (mut srtp, (mut reference, _)) = (ours(profile), theirs(profile));
        let mut out = [0; 256];
        let tape: Vec<_> = (0..3_000).map(|_| reference.encrypt_rtcp(&COMPOUND).unwrap()).collect();
        assert!(tape.iter().all(|sealed| srtp.rx().rtcp(sealed, &mut out).is_ok()));
        assert!(tape.iter().all(|sealed| srtp.rx().rtcp(sealed, &mut out) == Err(Refused::Spent)));
    }
}

#[test]
fn a_changed_byte_anywhere_is_refused_and_leaves_no_trace() {
    for profile in PROFILES {
        let (mut srtp, (mut reference, _)) = (ours(profile), theirs(profile));
        let sealed = reference.encrypt_rtp(&plain(7, 4, b"payload")).unwrap();
        for at in 0..sealed.len() {
            let mut forged = sealed.to_vec();
            forged[at] ^= 0x20;
            assert!(open(&mut srtp, &forged).is_err(), "byte {at}");
        }
        assert!(srtp.rx.rtp.0.is_empty(), "a forged packet was remembered");
        assert!(open(&mut srtp, &sealed).is_ok());
    }
}

#[test]
fn a_flood_of_forged_streams_takes_no_memory() {
    let mut srtp = ours(Profile::Gcm);
    for ssrc in 0..10_000 {
        assert_eq!(open(&mut srtp, &plain(ssrc, 1, &[0; 40])), Err(Refused::Forged));
    }
    assert!(srtp.rx.rtp.0.is_empty());
}

#[test]
fn a_peer_cannot_open_streams_without_end() {
    let (mut srtp, (mut reference, _)) = (ours(Profile::Gcm), theirs(Profile::Gcm));
    for ssrc in 0..200u32 {
        let sealed = reference.encrypt_rtp(&plain(ssrc, 1, b"x")).unwrap();
        let expected = if (ssrc as usize) < STREAMS_MAX { Ok(()) } else { Err(Refused::TooManyStreams) };
        assert_eq!(open(&mut srtp, &sealed).map(drop), expected);
    }
}

#[test]
fn no_nonce_is_used_twice_even_when_asked_to() {
    let mut srtp = ours(Profile::Gcm);
    assert!(seal(&mut srtp, &header(7, 10), b"first").is_ok());
    assert_eq!(seal(&mut srtp, &header(7, 10), b"second"), Err(Refused::Spent));
    assert!(seal(&mut srtp, &header(8, 10), b"another stream").is_ok());
}

#[test]
fn unencrypted_rtcp_is_refused() {
    for profile in PROFILES {
        let mut srtp = ours(profile);
        let mut out = [0; 256];
        let clear = [COMPOUND.as_slice(), &[0; 20]].concat();
        assert_eq!(srtp.rx().rtcp(&clear, &mut out), Err(Refused::Malformed));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for profile in PROFILES {
            let mut srtp = ours(profile);
            let mut out = [0; 256];
            prop_assert!(srtp.rx().rtp(&bytes, &mut out).is_err());
            prop_assert!(srtp.rx().rtcp(&bytes, &mut out).is_err());
        }
    }

    #[test]
    fn every_payload_survives_the_way(
        payload in proptest::collection::vec(any::<u8>(), 0..1300),
        cut in 0usize..40,
        seq in any::<u16>(),
    ) {
        for profile in PROFILES {
            let (mut srtp, (_, mut reference)) = (ours(profile), theirs(profile));
            let (prefix, rest) = payload.split_at(cut.min(payload.len()));
            let sealed = seal_parts(&mut srtp, Parts { header: &header(1, seq), prefix, payload: rest }).unwrap();
            prop_assert_eq!(reference.decrypt_rtp(&sealed).unwrap().to_vec(), plain(1, seq, &payload));
        }
    }
}
