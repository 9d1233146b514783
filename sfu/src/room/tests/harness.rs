//! Peers that make packets by hand, and an egress that reads what they would receive.

use std::time::{Duration, Instant};

use crate::command::{Rights, View};
use crate::egress::Egress;
use crate::fact::{Fact, SlotView};
use crate::forward::select::Choice;
use crate::id::{MediaKind, Mid, PayloadType, PeerId, Rid, RoomId, Source, Ssrc, TrackRef};
use crate::negotiated::{
    Codec, ExtensionIds, Feedback, H264Profile, NegotiatedCodec, PeerMedia, Publication, Slot, Streams,
};
use crate::packet::rtcp::{self, Rtcp};
use crate::packet::rtp::RtpPacket;
use crate::packet::vp8::Vp8Descriptor;
use crate::room::ingest::GATHER;
use crate::room::{Room, RtpDropped};
use crate::tap::TapEvent;

pub(super) const OPUS: u8 = 111;
pub(super) const VP8: u8 = 96;
pub(super) const RTX: u8 = 97;
pub(super) const VP9: u8 = 98;
pub(super) const H264: u8 = 102;
pub(super) const AV1: u8 = 45;

pub(super) const MID: u8 = 4;
pub(super) const RID: u8 = 10;
pub(super) const REPAIRED: u8 = 11;
pub(super) const LEVEL: u8 = 1;
pub(super) const TRANSPORT: u8 = 3;
pub(super) const DEPENDENCY: u8 = 12;

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn extensions() -> ExtensionIds {
    ExtensionIds {
        mid: Some(MID),
        rid: Some(RID),
        repaired_rid: Some(REPAIRED),
        audio_level: Some(LEVEL),
        transport_cc: Some(TRANSPORT),
        dependency_descriptor: Some(DEPENDENCY),
        abs_send_time: None,
    }
}

pub(super) fn codec(codec: Codec) -> NegotiatedCodec {
    let feedback = Feedback { nack: true, pli: true, fir: false, transport_cc: true };
    match codec {
        Codec::Opus => NegotiatedCodec {
            codec,
            payload_type: PayloadType(OPUS),
            repair_payload_type: None,
            red_payload_type: None,
            clock_rate_hz: 48_000,
            feedback: Feedback { nack: false, pli: false, ..feedback },
        },
        Codec::Vp8 | Codec::H264(_) | Codec::Vp9 | Codec::Av1 => {
            let payload_type = match codec {
                Codec::H264(_) => H264,
                Codec::Vp9 => VP9,
                Codec::Av1 => AV1,
                Codec::Vp8 | Codec::Opus => VP8,
            };
            NegotiatedCodec {
                codec,
                payload_type: PayloadType(payload_type),
                repair_payload_type: Some(PayloadType(payload_type + 1)),
                red_payload_type: None,
                clock_rate_hz: 90_000,
                feedback,
            }
        }
    }
}

/// One packet as a peer receives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Got {
    pub(super) to: PeerId,
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
    pub(super) seq: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) level: Option<u8>,
    pub(super) dependency: Option<Vec<u8>>,
    pub(super) payload: Vec<u8>,
    /// Header, payload and padding.
    pub(super) len: usize,
}

impl Got {
    pub(super) fn vp8(&self) -> Vp8Descriptor {
        Vp8Descriptor::parse(&self.payload).unwrap()
    }

    /// Who made it: the tag behind the descriptor and frame header.
    pub(super) fn tag(&self) -> u8 {
        self.payload[usize::from(self.vp8().len) + 10]
    }
}

/// A feedback message as a publisher receives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    KeyFrame { of: PeerId, media: u32 },
    Repair { of: PeerId, media: u32, lost: Vec<u16> },
}

#[derive(Default)]
pub(super) struct Wire {
    pub(super) rtp: Vec<Got>,
    pub(super) rtcp: Vec<(PeerId, Vec<u8>)>,
    pub(super) taps: Vec<TapEvent>,
}

impl Egress for Wire {
    fn rtp(&mut self, to: PeerId, header: &[u8], prefix: &[u8], payload: &[u8]) {
        let bytes = [header, prefix, payload].concat();
        let packet = RtpPacket::parse(&bytes).unwrap();
        self.rtp.push(Got {
            to,
            ssrc: packet.ssrc.0,
            payload_type: packet.payload_type.0,
            seq: packet.seq.0,
            timestamp: packet.timestamp,
            marker: packet.marker,
            level: packet.extensions.level(Some(LEVEL)),
            dependency: packet.extensions.find(DEPENDENCY).map(<[u8]>::to_vec),
            payload: packet.payload.to_vec(),
            len: bytes.len(),
        });
    }

    fn rtcp(&mut self, to: PeerId, compound: &[u8]) {
        assert!(compound.len() <= 1_200, "a compound of {} bytes fits no datagram", compound.len());
        assert!(rtcp::parse(compound).is_some());
        self.rtcp.push((to, compound.to_vec()));
    }

    fn tap(&mut self, _room: RoomId, event: TapEvent) {
        self.taps.push(event);
    }
}

pub(super) struct World {
    pub(super) now: Instant,
    pub(super) start: Instant,
    pub(super) room: Room,
    pub(super) wire: Wire,
    pub(super) facts: Vec<Fact>,
}

/// What a peer brings to the room.
pub(super) struct Seat {
    pub(super) publications: Vec<Publication>,
    pub(super) slots: Vec<Slot>,
    pub(super) rights: Rights,
}

impl Seat {
    /// Microphone, simulcast camera, screen; `audio` and `video` slots.
    pub(super) fn site(audio: u32, video: u32) -> Self {
        Self { publications: vec![microphone(), camera(), screen()], slots: slots(audio, video), rights: Rights::ALL }
    }

    pub(super) fn viewer(audio: u32, video: u32) -> Self {
        Self { publications: vec![], slots: slots(audio, video), rights: Rights::NONE }
    }
}

pub(super) fn publication(mid: &str, source: Source, of: Codec, streams: Streams) -> Publication {
    Publication { mid: Mid(mid.to_owned()), source, codec: codec(of), extensions: extensions(), streams }
}

pub(super) fn microphone() -> Publication {
    publication("0", Source::Microphone, Codec::Opus, Streams::BySsrc { media: Some(Ssrc(100)), repair: None })
}

pub(super) fn camera() -> Publication {
    let rids = ["q", "h", "f"].map(|rid| Rid(rid.to_owned())).to_vec();
    publication("1", Source::Camera, Codec::Vp8, Streams::ByRid(rids))
}

pub(super) fn screen() -> Publication {
    let streams = Streams::BySsrc { media: Some(Ssrc(300)), repair: Some(Ssrc(301)) };
    publication("2", Source::Screen, Codec::Vp8, streams)
}

pub(super) const AUDIO_SLOT: u32 = 0xA000;
pub(super) const VIDEO_SLOT: u32 = 0xB000;
pub(super) const REPAIR_SLOT: u32 = 0xC000;

pub(super) fn slots(audio: u32, video: u32) -> Vec<Slot> {
    let slot = |n: u32, kind, of: &[Codec], base: u32, repair| Slot {
        mid: Mid(format!("{}{n}", if kind == MediaKind::Audio { "a" } else { "v" })),
        kind,
        codecs: of.iter().map(|of| codec(*of)).collect(),
        extensions: extensions(),
        ssrc: Ssrc(base + n),
        repair_ssrc: repair,
    };
    let pictures = [Codec::Vp8, Codec::H264(H264Profile::ConstrainedBaseline), Codec::Vp9, Codec::Av1];
    let audio = (0..audio).map(|n| slot(n, MediaKind::Audio, &[Codec::Opus], AUDIO_SLOT, None));
    let video = (0..video).map(|n| slot(n, MediaKind::Video, &pictures, VIDEO_SLOT, Some(Ssrc(REPAIR_SLOT + n))));
    audio.chain(video).collect()
}

impl World {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { now, start: now, room: Room::new(RoomId(1)), wire: Wire::default(), facts: Vec::new() }
    }

    pub(super) fn join(&mut self, peer: u64, seat: Seat) -> PeerId {
        let peer = PeerId(peer);
        let media = PeerMedia { publications: seat.publications, slots: seat.slots };
        self.room.join(self.now, peer, media, seat.rights);
        self.room.connected(self.now, peer, &mut self.wire);
        self.drain();
        peer
    }

    pub(super) fn drain(&mut self) {
        while let Some(fact) = self.room.poll_fact() {
            self.facts.push(fact);
        }
    }

    /// Lets time pass in the room's own steps.
    pub(super) fn run(&mut self, for_ms: u64) {
        let end = self.now + ms(for_ms);
        while let Some(at) = self.room.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.start);
            self.now = self.now.max(at);
            self.room.handle_timeout(self.now, &mut self.wire);
            self.drain();
        }
        self.now = end;
    }

    pub(super) fn send(&mut self, from: PeerId, packet: &[u8]) -> Result<(), RtpDropped> {
        let taken = self.room.handle_rtp(self.now, from, packet, &mut self.wire);
        // It does not wait for the rest of its frame.
        self.room.handle_timeout(self.now + GATHER, &mut self.wire);
        self.drain();
        taken
    }

    pub(super) fn control(&mut self, from: PeerId, compound: &[u8]) {
        self.room.handle_rtcp(self.now, from, compound, &mut self.wire).unwrap();
        self.drain();
    }

    pub(super) fn view(&mut self, peer: PeerId, view: View) {
        self.room.set_view(self.now, peer, view, &mut self.wire);
        self.drain();
    }

    /// What the allocation by rate would say of the `n`th video slot.
    pub(super) fn allow(&mut self, peer: PeerId, n: usize, allowed: Choice) {
        self.room.allow(self.now, peer, n, allowed, &mut self.wire);
        self.drain();
    }

    pub(super) fn stage(&mut self, stage: &[TrackRef]) {
        self.room.set_stage(self.now, stage.to_vec(), &mut self.wire);
        self.drain();
    }

    pub(super) fn rights(&mut self, peer: PeerId, rights: Rights) {
        self.room.set_rights(self.now, peer, rights, &mut self.wire);
        self.drain();
    }

    /// What `to` received in its `n`th video slot since the last look.
    pub(super) fn take_video(&mut self, to: PeerId, n: u32) -> Vec<Got> {
        self.take(|got| got.to == to && got.ssrc == VIDEO_SLOT + n)
    }

    pub(super) fn take_audio(&mut self, to: PeerId) -> Vec<Got> {
        self.take(|got| got.to == to && got.payload_type == OPUS)
    }

    pub(super) fn take(&mut self, of: impl Fn(&Got) -> bool) -> Vec<Got> {
        let (taken, left) = std::mem::take(&mut self.wire.rtp).into_iter().partition(of);
        self.wire.rtp = left;
        taken
    }

    pub(super) fn take_asked(&mut self) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (of, compound) in std::mem::take(&mut self.wire.rtcp) {
            for packet in rtcp::parse(&compound).unwrap() {
                match packet {
                    Rtcp::PictureLoss { media } => asked.push(Asked::KeyFrame { of, media: media.0 }),
                    Rtcp::Nack { media, lost } => {
                        asked.push(Asked::Repair { of, media: media.0, lost: lost.collect() });
                    }
                    _ => {}
                }
            }
        }
        asked
    }

    /// The newest slots `peer` was told of, video only.
    pub(super) fn shown(&self, peer: PeerId) -> Vec<Option<TrackRef>> {
        self.slots(peer).iter().filter(|slot| slot.kind == MediaKind::Video).map(|slot| slot.track).collect()
    }

    pub(super) fn heard(&self, peer: PeerId) -> Vec<Option<TrackRef>> {
        self.slots(peer).iter().filter(|slot| slot.kind == MediaKind::Audio).map(|slot| slot.track).collect()
    }

    pub(super) fn slots(&self, of: PeerId) -> &[SlotView] {
        let told = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Slots { peer, slots } if *peer == of => Some(slots),
            _ => None,
        });
        told.unwrap()
    }
}

pub(super) fn camera_of(peer: PeerId) -> TrackRef {
    TrackRef { peer, source: Source::Camera }
}

pub(super) fn microphone_of(peer: PeerId) -> TrackRef {
    TrackRef { peer, source: Source::Microphone }
}
