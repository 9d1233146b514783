//! One continuous stream out of many: the numbers of an outgoing stream while its source changes.
//!
//! An *era* is the time in which a stream is fed by one stretch of one layer. Within an era every number is the source's number plus a
//! constant, so nothing has to be remembered per packet: a packet that comes late still fits, a packet the source lost is a hole that
//! the receiver sees and asks for, and a request for a repair is answered by subtracting again. The last few eras are kept for that.

use crate::id::Ssrc;
use crate::packet::vp8::DESCRIPTOR_MAX;
use crate::track::history::PacketMeta;
use crate::track::layer::LayerKey;

/// Eras that repairs can still be asked for. Sources change a few times a second at the very most, and requests come within one.
const ERAS: usize = 8;

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
    out_first: u64,
    /// One past the newest number used.
    out_end: u64,
    times: Times,
    picture_offset: u16,
    tl0_offset: u8,
}

/// The numbers one packet goes out with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rewritten {
    /// Unwrapped; the low half goes on the wire.
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
    /// The first packet of an era.
    pub(crate) opens_era: bool,
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

/// Where a packet of the outgoing stream came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub(crate) layer: LayerKey,
    pub(crate) source_seq: u64,
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
    next: u64,
    newest: Newest,
    /// The least distance in time between two eras, in RTP clock units: their frames must not share a timestamp.
    step: u32,
}

/// The numbers of the newest packet that went out.
#[derive(Clone, Copy, Debug)]
struct Newest {
    timestamp: u32,
    source_timestamp: u32,
    picture_id: u16,
    tl0: u8,
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
            picture_id: (spread >> 4) as u16 & 0x7FFF,
            tl0: (spread >> 8) as u8,
            sent: false,
        };
        Self { eras: [None; ERAS], current: 0, next: (1 << 16) | u64::from(spread >> 17), newest, step: step.max(1) }
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
        let source_picture = first.vp8.and_then(|vp8| vp8.picture_id()).unwrap_or(0);
        let source_tl0 = first.vp8.and_then(|vp8| vp8.tl0()).unwrap_or(0);
        self.push(Era {
            origin,
            source_first: first.seq,
            out_first: self.next,
            out_end: self.next,
            times,
            picture_offset: self.newest.picture_id.wrapping_add(1).wrapping_sub(source_picture),
            tl0_offset: self.newest.tl0.wrapping_add(1).wrapping_sub(source_tl0),
        });
    }

    /// The replay has reached the present, at source packet `newest`: from here on the stream runs in step with its source.
    pub(crate) fn catch_up(&mut self, newest: u64) {
        let Some(&era) = self.era() else { return };
        let offset = self.newest.timestamp.wrapping_sub(self.newest.source_timestamp);
        self.push(Era {
            source_first: newest + 1,
            out_first: self.next,
            out_end: self.next,
            times: Times::Live { offset },
            ..era
        });
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

    /// The numbers of a packet of the current era. `None` for one from before the era began.
    pub(crate) fn rewrite(&mut self, meta: &PacketMeta) -> Option<Rewritten> {
        let era = self.eras.get_mut(self.current)?.as_mut()?;
        let seq = era.out_first + meta.seq.checked_sub(era.source_first)?;
        let rewritten = era.apply(meta, seq);
        if seq >= self.next {
            era.out_end = seq + 1;
            self.next = seq + 1;
            let newest = &mut self.newest;
            newest.timestamp = rewritten.timestamp;
            newest.source_timestamp = meta.timestamp;
            newest.sent = true;
            if let Some(id) = meta.vp8.and_then(|vp8| vp8.picture_id()) {
                newest.picture_id = id.wrapping_add(era.picture_offset) & 0x7FFF;
            }
            if let Some(tl0) = meta.vp8.and_then(|vp8| vp8.tl0()) {
                newest.tl0 = tl0.wrapping_add(era.tl0_offset);
            }
        }
        Some(rewritten)
    }

    /// Which packet was sent (or would have been) under this number.
    pub(crate) fn origin(&self, wire: u16) -> Option<(Origin, u64)> {
        let newest = self.next.checked_sub(1)?;
        let seq = newest.checked_sub(u64::from((newest as u16).wrapping_sub(wire)))?;
        let (index, era) = self.eras.iter().enumerate().find_map(|(index, era)| {
            let era = era.as_ref()?;
            (era.out_first..era.out_end).contains(&seq).then_some((index, era))
        })?;
        let source_seq = era.source_first + (seq - era.out_first);
        Some((Origin { layer: era.origin, source_seq, era: index }, seq))
    }

    /// The numbers a packet went out with, once more.
    pub(crate) fn again(&self, origin: Origin, meta: &PacketMeta) -> Option<Rewritten> {
        let era = self.eras.get(origin.era)?.as_ref()?;
        let seq = era.out_first + meta.seq.checked_sub(era.source_first)?;
        Some(era.apply(meta, seq))
    }

    /// One past the newest number used.
    pub(crate) fn next(&self) -> u64 {
        self.next
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
    fn apply(&self, meta: &PacketMeta, seq: u64) -> Rewritten {
        let timestamp = match self.times {
            Times::Live { offset } => meta.timestamp.wrapping_add(offset),
            Times::Squeezed { source_first, out_first } => {
                out_first.wrapping_add(meta.timestamp.wrapping_sub(source_first) / SQUEEZE)
            }
        };
        let (descriptor, len, replaced) = match meta.vp8 {
            Some(vp8) => {
                let id = vp8.picture_id().unwrap_or(0).wrapping_add(self.picture_offset) & 0x7FFF;
                let (bytes, len) = vp8.write(id, vp8.tl0().unwrap_or(0).wrapping_add(self.tl0_offset));
                (bytes, len, vp8.len)
            }
            None => ([0; DESCRIPTOR_MAX], 0, 0),
        };
        Rewritten {
            seq,
            timestamp,
            opens_era: meta.seq == self.source_first,
            descriptor,
            descriptor_len: u8::try_from(len).unwrap_or(0),
            replaced,
        }
    }
}

#[cfg(test)]
mod tests;
