use super::*;

const OPEN: Terms = Terms { kind: Kind::Vp8, passage: Passage::Open, repair: Repair::ByNack };

const KEY: &[u8] = &[0x90, 0x80, 1, 0, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01];
const DELTA: &[u8] = &[0x90, 0x80, 2, 1, 0, 0];

fn packet(seq: u16, payload: &[u8]) -> Incoming<'_> {
    Incoming {
        seq: SeqNo(seq),
        timestamp: u32::from(seq) * 3_000,
        marker: true,
        level: 127,
        payload,
        dependency: &[],
        way: Way::Original,
    }
}

fn layer() -> Layer {
    let mut layer = Layer::new(1 << 32, 90_000);
    layer.tapped = true;
    layer
}

#[test]
fn the_first_packet_after_silence_is_a_beginning() {
    let now = Instant::now();
    let mut layer = layer();
    assert!(layer.accept(now, packet(1, KEY), OPEN).unwrap().began);
    assert!(!layer.accept(now, packet(2, DELTA), OPEN).unwrap().began);
    assert!(layer.dries(now + Duration::from_secs(1), Duration::from_secs(1)));
    assert!(!layer.dries(now + Duration::from_secs(2), Duration::from_secs(1)));
    assert!(layer.accept(now, packet(3, DELTA), OPEN).unwrap().began);
}

#[test]
fn a_repair_fills_the_hole_and_comes_only_once() {
    let now = Instant::now();
    let mut layer = layer();
    layer.accept(now, packet(1, KEY), OPEN).unwrap();
    layer.accept(now, packet(3, DELTA), OPEN).unwrap();
    assert!(layer.missing.next_request().is_some());
    assert_eq!(layer.replayable(9_999), None);
    let repair = Incoming { way: Way::Repair, ..packet(2, DELTA) };
    layer.accept(now, repair, OPEN).unwrap();
    assert_eq!(layer.missing.next_request(), None);
    assert_eq!(layer.accept(now, repair, OPEN), Err(RtpDropped::Duplicate));
    assert_eq!(layer.replayable(9_999).unwrap().bytes, KEY.len() + 2 * DELTA.len());
    assert_eq!(layer.replayable(20), None);
}

#[test]
fn what_is_held_back_is_counted_and_kept_nowhere() {
    let now = Instant::now();
    let mut layer = layer();
    let shut = Terms { passage: Passage::Shut, ..OPEN };
    assert_eq!(layer.accept(now, packet(1, KEY), shut), Err(RtpDropped::NotAllowed));
    assert_eq!(layer.volume.packets, 1);
    assert!(!layer.is_flowing());
    assert_eq!(layer.replayable(9_999), None);
    assert!(layer.accept(now, packet(2, DELTA), OPEN).unwrap().began);
}

#[test]
fn another_ssrc_in_the_same_place_is_another_epoch() {
    let now = Instant::now();
    let mut layer = layer();
    layer.renamed(Ssrc(1));
    let before = layer.epoch();
    layer.accept(now, packet(40_000, KEY), OPEN).unwrap();
    layer.renamed(Ssrc(2));
    assert_ne!(layer.epoch(), before);
    assert!(layer.accept(now, packet(5, KEY), OPEN).unwrap().began);
}

#[test]
fn a_torn_descriptor_and_a_giant_payload_are_refused() {
    let mut layer = layer();
    assert_eq!(layer.accept(Instant::now(), packet(1, &[0x80]), OPEN), Err(RtpDropped::Malformed));
    assert_eq!(layer.accept(Instant::now(), packet(1, &[0; PAYLOAD_MAX + 1]), OPEN), Err(RtpDropped::Malformed));
    assert!(layer.accept(Instant::now(), packet(1, &[]), OPEN).is_ok());
}
