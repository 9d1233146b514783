use super::*;
use crate::id::Source;
use crate::negotiated::{Codec, Feedback, NegotiatedCodec};
use crate::slab::Place;

fn camera_at() -> TrackAt {
    TrackAt::of(0)
}

fn camera(streams: Streams) -> Publication {
    Publication {
        mid: Mid("1".to_owned()),
        source: Source::Camera,
        codec: NegotiatedCodec {
            codec: Codec::Vp8,
            payload_type: PayloadType(96),
            repair_payload_type: Some(PayloadType(97)),
            red_payload_type: None,
            clock_rate_hz: 90_000,
            feedback: Feedback::default(),
        },
        extensions: ExtensionIds { mid: Some(1), rid: Some(2), repaired_rid: Some(3), ..ExtensionIds::default() },
        streams,
    }
}

fn peer(streams: Streams) -> Peer {
    let media = PeerMedia { publications: vec![camera(streams)], slots: vec![] };
    Peer::new(Instant::now(), PeerId(1), 0, &media, &[camera_at()])
}

fn rids() -> Streams {
    Streams::ByRid(["q", "h", "f"].map(|rid| Rid(rid.to_owned())).to_vec())
}

/// A packet with one-byte extensions of one character each.
fn packet(ssrc: u32, payload_type: u8, extensions: &[(u8, u8)]) -> Vec<u8> {
    let mut bytes = vec![0x90, payload_type, 0, 1, 0, 0, 0, 0];
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([0xBE, 0xDE, 0, u8::try_from(extensions.len()).unwrap()]);
    for (id, value) in extensions {
        bytes.extend([id << 4, *value, 0, 0]);
    }
    bytes.extend([0, 0, 0, 0]);
    bytes
}

fn identify(peer: &mut Peer, bytes: &[u8]) -> Result<Found, RtpDropped> {
    peer.identify(&RtpPacket::parse(bytes).unwrap())
}

fn at(layer: u8, way: Way) -> StreamAt {
    StreamAt { track: camera_at(), layer, way }
}

#[test]
fn a_layer_and_its_repairs_are_found_by_their_rids_and_then_by_ssrc() {
    let mut peer = peer(rids());
    assert_eq!(identify(&mut peer, &packet(10, 96, &[(1, b'1'), (2, b'h')])), Ok(Found::Learnt(at(1, Way::Original))));
    assert_eq!(identify(&mut peer, &packet(11, 97, &[(1, b'1'), (3, b'h')])), Ok(Found::Learnt(at(1, Way::Repair))));
    assert_eq!(identify(&mut peer, &packet(10, 96, &[])), Ok(Found::Known(at(1, Way::Original))));
    assert_eq!(identify(&mut peer, &packet(11, 97, &[])), Ok(Found::Known(at(1, Way::Repair))));
}

#[test]
fn an_unknown_ssrc_without_a_name_is_refused() {
    let mut peer = peer(rids());
    assert_eq!(identify(&mut peer, &packet(10, 96, &[])), Err(RtpDropped::UnknownSsrc));
    assert_eq!(identify(&mut peer, &packet(10, 96, &[(2, b'x')])), Err(RtpDropped::UnknownSsrc));
    assert_eq!(identify(&mut peer, &packet(10, 50, &[(2, b'q')])), Err(RtpDropped::UnknownPayloadType));
}

#[test]
fn a_known_ssrc_with_a_foreign_payload_type_is_refused() {
    let mut peer = peer(Streams::BySsrc { media: Some(Ssrc(10)), repair: Some(Ssrc(11)) });
    assert_eq!(identify(&mut peer, &packet(10, 96, &[])), Ok(Found::Known(at(0, Way::Original))));
    assert_eq!(identify(&mut peer, &packet(11, 97, &[])), Ok(Found::Known(at(0, Way::Repair))));
    assert_eq!(identify(&mut peer, &packet(10, 13, &[])), Err(RtpDropped::UnknownPayloadType));
}

#[test]
fn without_announced_ssrcs_the_payload_type_tells() {
    let mut peer = peer(Streams::BySsrc { media: None, repair: None });
    assert_eq!(identify(&mut peer, &packet(77, 96, &[])), Ok(Found::Learnt(at(0, Way::Original))));
}

#[test]
fn a_peer_that_invents_ssrcs_fills_no_memory() {
    let mut peer = peer(rids());
    for ssrc in 0..10_000 {
        identify(&mut peer, &packet(ssrc, 96, &[(1, b'1'), (2, b'q')])).unwrap();
    }
    assert_eq!(peer.bindings.len(), 1);
}

#[test]
fn replays_are_rationed() {
    let mut peer = peer(rids());
    let start = peer.heard_at;
    assert_eq!(peer.replay_bytes(start), REPLAY_BYTES_MAX);
    peer.replayed(REPLAY_BYTES_MAX);
    assert_eq!(peer.replay_bytes(start + Duration::from_secs(1)), REPLAY_BYTES_PER_S);
    assert_eq!(peer.replay_bytes(start + Duration::from_secs(60)), REPLAY_BYTES_MAX);
}
