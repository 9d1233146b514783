//! One continuous stream out of many: the numbers of an outgoing stream while its source changes.
//!
//! An *era* is the time in which a stream is fed by one stretch of one layer. Within an era every packet has a *place*: the source's
//! number plus a constant, so nothing has to be remembered per packet: a packet that comes late still fits, a packet the source lost is
//! a hole that the receiver sees and asks for, and a request for a repair is answered by subtracting again. The last few eras are kept
//! for that.
//!
//! Packets of frames that a receiver is not shown are taken out: a [`Sieve`] makes numbers without holes of the places that are left.
//! One that comes late and is not shown has a number already, because what came behind it has been numbered; it goes out *blank*,
//! without content. The same is done with the numbers of pictures where a receiver would wait for the missing ones.

use crate::forward::sieve::{Ring, Sieve};
use crate::id::Ssrc;
use crate::packet::descriptor::{Gaps, PictureId};
use crate::packet::vp8::DESCRIPTOR_MAX;
use crate::track::history::PacketMeta;
use crate::track::layer::LayerKey;

/// Eras that repairs can still be asked for. Sources change a few times a second at the very most, and requests come within one.
const ERAS: usize = 8;

/// Places remembered, in words of 64: as many as a layer's history holds, so that no late packet is without one.
const PLACES: usize = 16;

/// Pictures remembered, in words of 64: four seconds at 60 a second, more than any history spans.
const PICTURES: usize = 4;

/// How source timestamps become ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Times {
    /// In step with the source.
    Live { offset: u32 },
    /// Frames from the past, sent in one burst: squeezed together, so that the receiver decodes through them at once instead of
    /// playing a second of history and staying a second late.
    Squeezed { source_first: u32, out_first: u32 },
}

/// A replayed second lasts this fraction of a second: 60 frames a second still get times of their own.
const SQUEEZE: u32 = 32;

#[derive(Clone, Copy, Debug)]
struct Era {
    origin: LayerKey,
    source_first: u64,
    first: u64,
    /// One past the newest place used.
    end: u64,
    times: Times,
    /// Which of our pictures one of the source's is: the newest of the era.
    picture: Option<Picture>,
    tl0_offset: u8,
    frame_offset: u16,
}

#[derive(Clone, Copy, Debug)]
struct Picture {
    source: u16,
    number: u64,
}

impl Picture {
    /// The number of another picture of the same source, near this one.
    fn near(self, id: PictureId) -> u64 {
        let ahead = id.value.wrapping_sub(self.source) % id.of;
        let behind = self.source.wrapping_sub(id.value) % id.of;
        if ahead <= behind { self.number + u64::from(ahead) } else { self.number.saturating_sub(u64::from(behind)) }
    }
}

/// The numbers one packet goes out with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rewritten {
    /// Unwrapped; the low half goes on the wire.
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
    /// AV1's number of the frame.
    pub(crate) frame_number: u16,
    /// The first packet of an era.
    pub(crate) opens_era: bool,
    pub(crate) content: Content,
    descriptor: [u8; DESCRIPTOR_MAX],
    descriptor_len: u8,
    /// Bytes of the source's payload that the descriptor replaces.
    pub(crate) replaced: u8,
}

impl Rewritten {
    pub(crate) fn descriptor(&self) -> &[u8] {
        self.descriptor.get(..usize::from(self.descriptor_len)).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    Whole,
    /// Nothing: its frame is not shown to this receiver.
    Blank,
}

/// Where a packet of the outgoing stream came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub(crate) layer: LayerKey,
    pub(crate) source_seq: u64,
    pub(crate) place: u64,
    era: usize,
}

/// How an era begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Opening {
    /// With the packet that has just arrived, `ticks` of the RTP clock after the last one that was sent.
    Live { ticks: i64 },
    /// With a packet from the history; [`Rewriter::catch_up`] ends it.
    Replay { ticks: i64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Rewriter {
    eras: [Option<Era>; ERAS],
    /// Index of the current era.
    current: usize,
    places: Sieve<PLACES>,
    blank: Ring<PLACES>,
    pictures: Sieve<PICTURES>,
    newest: Newest,
    /// The least distance in time between two eras, in RTP clock units: their frames must not share a timestamp.
    step: u32,
}

/// The numbers of the newest packet that went out.
#[derive(Clone, Copy, Debug)]
struct Newest {
    timestamp: u32,
    source_timestamp: u32,
    tl0: u8,
    frame_number: u16,
    sent: bool,
}

impl Rewriter {
    /// Numbers should start anywhere (RFC 3550, section 5.1). The SSRC was drawn at random where randomness is at home; ours follow
    /// from it. The sequence number starts in the lower half, so that no receiver has to guess the roll-over counter (RFC 3711).
    pub(crate) fn new(ssrc: Ssrc, step: u32) -> Self {
        let spread = ssrc.0.wrapping_mul(0x9E37_79B9) ^ (ssrc.0 >> 15);
        let newest = Newest {
            timestamp: spread,
            source_timestamp: 0,
            tl0: (spread >> 8) as u8,
            frame_number: (spread >> 3) as u16,
            sent: false,
        };
        let first = (1 << 16) | u64::from(spread >> 17);
        Self {
            eras: [None; ERAS],
            current: 0,
            places: Sieve::after(first - 1),
            blank: Ring::default(),
            pictures: Sieve::after((1 << 16) | u64::from(spread >> 4 & 0x7FFF)),
            newest,
            step: step.max(1),
        }
    }

    pub(crate) fn begin(&mut self, origin: LayerKey, first: &PacketMeta, opening: Opening) {
        let (Opening::Live { ticks } | Opening::Replay { ticks }) = opening;
        let ahead = u32::try_from(ticks.max(i64::from(self.step))).unwrap_or(self.step);
        let out_first =
            if self.newest.sent { self.newest.timestamp.wrapping_add(ahead) } else { self.newest.timestamp };
        let times = match opening {
            Opening::Live { .. } => Times::Live { offset: out_first.wrapping_sub(first.timestamp) },
            Opening::Replay { .. } => Times::Squeezed { source_first: first.timestamp, out_first },
        };
        let next = self.places.newest() + 1;
        let source_tl0 = first.descriptor.tl0().unwrap_or(0);
        let source_frame = first.descriptor.frame_number().unwrap_or(0);
        self.push(Era {
            origin,
            source_first: first.seq,
            first: next,
            end: next,
            times,
            picture: first.descriptor.picture_id().map(|id| self.next_picture(id)),
            tl0_offset: self.newest.tl0.wrapping_add(1).wrapping_sub(source_tl0),
            frame_offset: self.newest.frame_number.wrapping_add(1).wrapping_sub(source_frame),
        });
    }

    fn next_picture(&self, id: PictureId) -> Picture {
        Picture { source: id.value, number: self.pictures.newest() + 1 }
    }

    /// The replay has reached the present, at source packet `newest`: from here on the stream runs in step with its source.
    pub(crate) fn catch_up(&mut self, newest: u64) {
        let Some(&era) = self.era() else { return };
        let offset = self.newest.timestamp.wrapping_sub(self.newest.source_timestamp);
        let next = self.places.newest() + 1;
        self.push(Era { source_first: newest + 1, first: next, end: next, times: Times::Live { offset }, ..era });
    }

    fn push(&mut self, era: Era) {
        self.current = (self.current + 1) % ERAS;
        if let Some(place) = self.eras.get_mut(self.current) {
            *place = Some(era);
        }
    }

    fn era(&self) -> Option<&Era> {
        self.eras.get(self.current)?.as_ref()
    }

    /// Where a packet of the current era belongs. `None` for one from before the era began.
    pub(crate) fn place(&self, meta: &PacketMeta) -> Option<u64> {
        let era = self.era()?;
        Some(era.first + meta.seq.checked_sub(era.source_first)?)
    }

    /// The newest place, and the timestamp its source gave the newest packet that was passed on.
    pub(crate) fn newest(&self) -> (u64, u32) {
        (self.places.newest(), self.newest.source_timestamp)
    }

    /// The numbers of a packet of the current era that is passed on. `None` for one from before the era began, or too old to be
    /// numbered.
    pub(crate) fn rewrite(&mut self, meta: &PacketMeta) -> Option<Rewritten> {
        let place = self.place(meta)?;
        if place <= self.places.newest() {
            let Some(numbers) = self.numbers(self.current, place, meta) else { return self.refuse(meta) };
            return Some(numbers);
        }
        self.occupy(place);
        self.places.advance(place);
        if let Some(number) = self.picture_of(meta) {
            self.pictures.advance(number);
        }
        let Some(numbers) = self.numbers(self.current, place, meta) else { return self.refuse(meta) };
        let era = self.era()?;
        let (tl0_offset, frame_offset) = (era.tl0_offset, era.frame_offset);
        let newest = &mut self.newest;
        newest.timestamp = numbers.timestamp;
        newest.source_timestamp = meta.timestamp;
        newest.sent = true;
        if let Some(tl0) = meta.descriptor.tl0() {
            newest.tl0 = tl0.wrapping_add(tl0_offset);
        }
        if let Some(frame) = meta.descriptor.frame_number() {
            newest.frame_number = frame.wrapping_add(frame_offset);
        }
        Some(numbers)
    }

    /// A packet of the current era that is not passed on. The numbers it has to go out with all the same, blank, if it has any.
    pub(crate) fn refuse(&mut self, meta: &PacketMeta) -> Option<Rewritten> {
        let place = self.place(meta)?;
        if place <= self.places.newest() {
            self.places.out_of(place)?;
            self.blank.set(place);
            return self.numbers(self.current, place, meta);
        }
        self.occupy(place);
        self.places.take_out(place);
        if let Some(number) = self.picture_of(meta)
            && meta.descriptor.gaps() == Gaps::Closed
        {
            self.pictures.take_out(number);
        }
        None
    }

    /// A new place in the current era.
    fn occupy(&mut self, place: u64) {
        self.blank.clear(self.places.newest() + 1, place);
        if let Some(era) = self.eras.get_mut(self.current).and_then(Option::as_mut) {
            era.end = place + 1;
        }
    }

    /// Which of our pictures this packet belongs to; the newest is what the next is counted from.
    fn picture_of(&mut self, meta: &PacketMeta) -> Option<u64> {
        let id = meta.descriptor.picture_id()?;
        let first = self.next_picture(id);
        let era = self.eras.get_mut(self.current)?.as_mut()?;
        let picture = era.picture.get_or_insert(first);
        let number = picture.near(id);
        if number > picture.number {
            *picture = Picture { source: id.value, number };
        }
        Some(number)
    }

    /// Which packet was sent (or would have been) under this number.
    pub(crate) fn origin(&self, wire: u16) -> Option<(Origin, u64)> {
        let newest = self.next().checked_sub(1)?;
        let seq = newest.checked_sub(u64::from((newest as u16).wrapping_sub(wire)))?;
        let place = self.places.source_of(seq)?;
        let (index, era) = self.eras.iter().enumerate().find_map(|(index, era)| {
            let era = era.as_ref()?;
            (era.first..era.end).contains(&place).then_some((index, era))
        })?;
        let source_seq = era.source_first + (place - era.first);
        Some((Origin { layer: era.origin, source_seq, place, era: index }, seq))
    }

    /// The numbers a packet went out with, once more.
    pub(crate) fn again(&self, origin: Origin, meta: &PacketMeta) -> Option<Rewritten> {
        self.numbers(origin.era, origin.place, meta)
    }

    fn numbers(&self, era: usize, place: u64, meta: &PacketMeta) -> Option<Rewritten> {
        let era = self.eras.get(era)?.as_ref()?;
        let seq = self.places.out_of(place)?;
        if self.blank.has(place) {
            return Some(era.apply(meta, seq, None));
        }
        let picture = match (meta.descriptor.picture_id(), era.picture) {
            (Some(id), Some(picture)) => self.pictures.out_of(picture.near(id))?,
            _ => 0,
        };
        Some(era.apply(meta, seq, Some(picture)))
    }

    /// Numbers from `next` on were given to packets that never left: they are free again. The stream must begin an era next.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for packets that wait for their line and are then not wanted any more")
    )]
    pub(crate) fn rewind(&mut self, next: u64) {
        if next >= self.next() {
            return;
        }
        self.places.rewind(next);
        let end = self.places.newest() + 1;
        for era in self.eras.iter_mut().flatten() {
            era.first = era.first.min(end);
            era.end = era.end.min(end);
        }
    }

    /// One past the newest number used.
    pub(crate) fn next(&self) -> u64 {
        self.places.next_out()
    }

    /// Our timestamp at the moment the current source's clock shows `source`.
    pub(crate) fn timestamp_for(&self, source: u32) -> Option<u32> {
        match self.era()?.times {
            Times::Live { offset } => Some(source.wrapping_add(offset)),
            Times::Squeezed { .. } => None,
        }
    }

    /// The source's timestamp of the newest packet of the current era.
    pub(crate) fn newest_source_timestamp(&self) -> Option<u32> {
        self.newest.sent.then_some(self.newest.source_timestamp)
    }
}

impl Era {
    /// `picture`: our number of it; `None` for a packet without content.
    fn apply(&self, meta: &PacketMeta, seq: u64, picture: Option<u64>) -> Rewritten {
        let timestamp = match self.times {
            Times::Live { offset } => meta.timestamp.wrapping_add(offset),
            Times::Squeezed { source_first, out_first } => {
                out_first.wrapping_add(meta.timestamp.wrapping_sub(source_first) / SQUEEZE)
            }
        };
        let source = &meta.descriptor;
        let (content, (descriptor, len)) = match picture {
            Some(picture) => {
                let tl0 = source.tl0().unwrap_or(0).wrapping_add(self.tl0_offset);
                (Content::Whole, source.write(picture as u16 & 0x7FFF, tl0))
            }
            None => (Content::Blank, ([0; DESCRIPTOR_MAX], 0)),
        };
        Rewritten {
            seq,
            timestamp,
            frame_number: source.frame_number().unwrap_or(0).wrapping_add(self.frame_offset),
            opens_era: meta.seq == self.source_first,
            content,
            descriptor,
            descriptor_len: u8::try_from(len).unwrap_or(0),
            replaced: source.replaced(),
        }
    }
}

#[cfg(test)]
mod tests;
