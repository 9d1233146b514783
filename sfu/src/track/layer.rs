//! One RTP stream of a publisher: the only one of a microphone, or one of the simulcast layers of a camera.

use std::time::{Duration, Instant};

use crate::id::{SeqNo, Ssrc};
use crate::packet::descriptor::Descriptor;
use crate::packet::frame::Cell;
use crate::packet::report::ReceiverState;
use crate::packet::rtcp::ReportBlock;
use crate::packet::vp8::PictureSize;
use crate::room::RtpDropped;
use crate::slab::{PeerAt, TrackAt};
use crate::track::clock::StreamClock;
use crate::track::history::{History, PAYLOAD_MAX, PacketMeta};
use crate::track::inside::{Inside, Kind, Reader, is_readable};
use crate::track::keyframes::KeyFrames;
use crate::track::missing::{Gap, Missing};
use crate::track::pictures::Pictures;
use crate::track::rates::Rates;
use crate::track::reception::{Arrival, Reception};

/// A packet that comes later than this many others is of use to nobody, and its place in the history is a newer one's.
const REACH: u64 = 1_000;

/// Names one unbroken stretch of one layer: sequence numbers of different epochs have nothing to do with each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LayerKey {
    pub(crate) track: TrackAt,
    pub(crate) layer: u8,
    pub(crate) epoch: u64,
}

/// A receive slot of a peer, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlotAt {
    pub(crate) peer: PeerAt,
    pub(crate) slot: u16,
}

/// A media packet as published, after a repair was unwrapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) seq: SeqNo,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) level: u8,
    pub(crate) payload: &'a [u8],
    /// AV1's dependency descriptor; empty without one.
    pub(crate) dependency: &'a [u8],
    pub(crate) way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Original,
    Repair,
}

/// What became of a packet that was taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Accepted {
    pub(crate) seq: u64,
    /// The layer was silent before (or began again), or a picture in it: whoever waits for it must be told before this packet is
    /// passed on.
    pub(crate) began: bool,
    /// It showed holes; the earliest request for a repair is due then.
    pub(crate) repair_at: Option<Instant>,
}

/// What a layer may ask of its publisher and whether its packets are passed on at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Terms {
    pub(crate) kind: Kind,
    pub(crate) passage: Passage,
    pub(crate) repair: Repair,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Passage {
    Open,
    /// Counted for the publisher's reports, kept nowhere.
    Shut,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repair {
    ByNack,
    None,
}

/// Received since the layer was made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Volume {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
}

impl Volume {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            packets: self.packets - before.packets,
            bytes: self.bytes - before.bytes,
            frames: self.frames - before.frames,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) ssrc: Option<Ssrc>,
    epoch: u64,
    pub(crate) reception: Reception,
    pub(crate) history: History,
    pub(crate) missing: Missing,
    pub(crate) key_frames: KeyFrames,
    pub(crate) clock: StreamClock,
    reader: Reader,
    pub(crate) pictures: Pictures,
    pub(crate) volume: Volume,
    pub(crate) rates: Rates,
    /// The volume when figures were last taken, and when the last report was written.
    measured: Volume,
    reported: Volume,
    /// One past the newest packet that went on to the subscribers.
    handed_on: u64,
    /// Packets that came since then and leave together.
    gathered: Option<Gathered>,
    /// First packet of the newest key frame in the history.
    key_frame: Option<u64>,
    newest_timestamp: Option<u32>,
    heard_at: Option<Instant>,
    flowing: bool,
    /// Slots that are fed by this layer or wait for its next key frame.
    pub(crate) subscribers: Vec<SlotAt>,
    /// The recording is fed by it or waits for it.
    pub(crate) tapped: bool,
    /// Middle bits of the publisher's last sender report, and when it came.
    pub(crate) last_report: Option<(u32, Instant)>,
}

impl Layer {
    /// `epoch` must be one no other layer of the room has used; the low half is the layer's own to count in.
    pub(crate) fn new(epoch: u64, clock_rate_hz: u32) -> Self {
        Self {
            ssrc: None,
            epoch,
            reception: Reception::default(),
            history: History::default(),
            missing: Missing::default(),
            key_frames: KeyFrames::default(),
            clock: StreamClock::new(clock_rate_hz),
            reader: Reader::default(),
            pictures: Pictures::default(),
            volume: Volume::default(),
            rates: Rates::default(),
            measured: Volume::default(),
            reported: Volume::default(),
            handed_on: 0,
            gathered: None,
            key_frame: None,
            newest_timestamp: None,
            heard_at: None,
            flowing: false,
            subscribers: Vec::new(),
            tapped: false,
            last_report: None,
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn is_flowing(&self) -> bool {
        self.flowing
    }

    /// Somebody is fed by this layer or waits for it: its losses and key frames matter.
    pub(crate) fn is_wanted(&self) -> bool {
        self.tapped || !self.subscribers.is_empty()
    }

    /// Whether a key frame has come since: whoever lost this packet has begun again with that.
    pub(crate) fn begins_after(&self, seq: u64) -> bool {
        self.key_frame.is_some_and(|first| first > seq)
    }

    pub(crate) fn newest_timestamp(&self) -> Option<u32> {
        self.newest_timestamp
    }

    pub(crate) fn heard_at(&self) -> Option<Instant> {
        self.heard_at
    }

    /// Another SSRC took the layer's place.
    pub(crate) fn renamed(&mut self, ssrc: Ssrc) {
        if self.ssrc.replace(ssrc).is_some() {
            self.reception = Reception::default();
            self.begin_again();
        }
    }

    /// Forgets what may not be sent again; the next packet is a beginning.
    pub(crate) fn shut(&mut self) {
        self.history.clear();
        self.missing.clear();
        self.gathered = None;
        self.key_frame = None;
        self.flowing = false;
        self.heard_at = None;
    }

    fn begin_again(&mut self) {
        self.shut();
        self.handed_on = 0;
        self.epoch += 1;
        self.newest_timestamp = None;
        self.reader = Reader::default();
        self.pictures = Pictures::default();
        self.last_report = None;
        self.clock = StreamClock::new(self.clock.rate_hz());
    }

    /// Marks the layer dry when nothing came for `patience`. Returns whether it was flowing until now.
    pub(crate) fn dries(&mut self, now: Instant, patience: Duration) -> bool {
        let silent = self.heard_at.is_none_or(|at| now.saturating_duration_since(at) >= patience);
        let dries = self.flowing && silent;
        if dries {
            self.flowing = false;
        }
        dries
    }

    /// Takes one packet in: refuses it, or keeps it in the history and says under which number.
    pub(crate) fn accept(&mut self, now: Instant, packet: Incoming<'_>, terms: Terms) -> Result<Accepted, RtpDropped> {
        if packet.payload.len() + packet.dependency.len() > PAYLOAD_MAX || !is_readable(terms.kind, packet.payload) {
            return Err(RtpDropped::Malformed);
        }
        let (seq, gap) = self.place(now, &packet, terms)?;
        if terms.passage == Passage::Shut {
            return Err(RtpDropped::NotAllowed);
        }
        if self.history.contains(seq) {
            return Err(RtpDropped::Duplicate);
        }
        if self.reception.newest().is_some_and(|newest| newest.saturating_sub(seq) >= REACH) {
            return Err(RtpDropped::OutOfWindow);
        }
        let inside = self.reader.read(terms.kind, seq, packet.payload, packet.dependency);
        let told = if inside.opens { self.reader.sizes(terms.kind, &inside, packet.payload) } else { None };
        let mut pictures_changed = told.is_some_and(|sizes| self.pictures.tell(sizes));
        pictures_changed |= self.keep(now, seq, &packet, &inside);
        let began = !self.flowing || pictures_changed;
        self.flowing = true;
        self.heard_at = Some(now);
        let repair_at = if gap == Some(Gap::Repairable) { self.missing.next_request() } else { None };
        Ok(Accepted { seq, began, repair_at })
    }

    /// The packet's full number, and what kind of gap it shows before it.
    fn place(&mut self, now: Instant, packet: &Incoming<'_>, terms: Terms) -> Result<(u64, Option<Gap>), RtpDropped> {
        self.volume.packets += 1;
        self.volume.bytes += packet.payload.len() as u64;
        if packet.way == Way::Repair {
            let seq = self.reception.place(packet.seq).ok_or(RtpDropped::OutOfWindow)?;
            self.missing.arrived(seq);
            return Ok((seq, None));
        }
        match self.reception.arrived(packet.seq) {
            Arrival::Newest { seq, skipped } => {
                self.reception.timed(now, packet.timestamp, self.clock.rate_hz());
                self.clock.heard(now, packet.timestamp);
                let matters = skipped > 0 && self.is_wanted() && terms.passage == Passage::Open;
                let gap = matters.then(|| match terms.repair {
                    Repair::ByNack => self.missing.skipped(now, seq, skipped),
                    Repair::None => Gap::Hopeless,
                });
                if gap == Some(Gap::Hopeless) && terms.kind != Kind::Sound {
                    self.key_frames.want();
                }
                Ok((seq, gap))
            }
            Arrival::Late { seq } => {
                self.missing.arrived(seq);
                Ok((seq, None))
            }
            Arrival::Restarted { seq } => {
                self.begin_again();
                Ok((seq, None))
            }
            Arrival::Stray => Err(RtpDropped::OutOfWindow),
        }
    }

    /// Returns whether the pictures of the stream have become more or fewer.
    fn keep(&mut self, now: Instant, seq: u64, packet: &Incoming<'_>, inside: &Inside) -> bool {
        let &Incoming { timestamp, marker, level, payload, dependency, .. } = packet;
        let &Inside { descriptor, frame, opens } = inside;
        let front = if matches!(descriptor, Descriptor::Av1(_)) { dependency } else { &[] };
        let meta = PacketMeta { seq, timestamp, marker, level, opens, frame, descriptor };
        self.history.insert(now, meta, [front, payload]);
        self.rates.add(now, frame.cell, timestamp, payload.len());
        let newer = self.newest_timestamp.is_none_or(|newest| (timestamp.wrapping_sub(newest) as i32) > 0);
        if newer {
            self.newest_timestamp = Some(timestamp);
            self.volume.frames += 1;
        }
        if opens {
            self.key_frame = self.key_frame.max(Some(seq));
        }
        self.pictures.came(&frame, timestamp)
    }

    /// Of the picture that is shown to who is shown this cell of the stream.
    pub(crate) fn size_of(&self, cell: Cell) -> PictureSize {
        let upto = cell.spatial().min(self.pictures.present().saturating_sub(1));
        self.pictures.size(upto)
    }

    /// Of the largest picture.
    pub(crate) fn size(&self) -> PictureSize {
        self.size_of(Cell::at(u8::MAX, 0))
    }

    /// A packet is in the history: it joins what is gathered, or goes on by itself when its neighbours have gone already.
    pub(crate) fn gather(&mut self, now: Instant, seq: u64) -> Gathering {
        if seq < self.handed_on {
            return Gathering::Late;
        }
        let gathered = self.gathered.get_or_insert(Gathered { first: seq, last: seq, packets: 0, since: now });
        gathered.first = gathered.first.min(seq);
        gathered.last = gathered.last.max(seq);
        gathered.packets += 1;
        if gathered.packets == 1 { Gathering::Begun } else { Gathering::Joined }
    }

    pub(crate) fn gathered(&self) -> Option<Gathered> {
        self.gathered
    }

    /// What was gathered goes on now.
    pub(crate) fn take_gathered(&mut self) -> Option<Gathered> {
        let gathered = self.gathered.take()?;
        self.handed_on = gathered.last + 1;
        Some(gathered)
    }

    /// One past the newest packet that went on to the subscribers.
    pub(crate) fn handed_on(&self) -> u64 {
        self.handed_on
    }

    /// The publisher said goodbye to this stream: it is silent as of now.
    pub(crate) fn ended(&mut self) {
        self.heard_at = None;
    }

    /// Received since the previous call.
    pub(crate) fn measure(&mut self) -> Volume {
        let before = std::mem::replace(&mut self.measured, self.volume);
        self.volume.since(before)
    }

    /// What we tell the publisher about this stream; nothing when nothing came since the last time.
    pub(crate) fn report(&mut self, now: Instant) -> Option<ReceiverState> {
        let before = std::mem::replace(&mut self.reported, self.volume);
        let ssrc = self.ssrc.filter(|_| self.volume.since(before).packets > 0)?;
        self.reception.newest()?;
        let (last_report, delay) = self.last_report.map_or((0, 0), |(middle, at)| {
            let since = now.saturating_duration_since(at).as_micros();
            (middle, u32::try_from(since * 65_536 / 1_000_000).unwrap_or(u32::MAX))
        });
        let fraction_lost = self.reception.fraction_lost();
        let block = ReportBlock { ssrc, fraction_lost, jitter: self.reception.jitter(), last_report, delay };
        let (total_lost, highest) = (self.reception.total_lost(), self.reception.extended_highest());
        Some(ReceiverState { block, total_lost, highest })
    }

    /// The stretch from the newest key frame to the newest packet, if all of it is here and it is at most `bytes_max` long.
    pub(crate) fn replayable(&self, bytes_max: usize) -> Option<Replay> {
        let (first, last) = (self.key_frame?, self.reception.newest()?);
        let bytes = self.history.run(first, last).filter(|bytes| *bytes <= bytes_max)?;
        Some(Replay { first, last, bytes })
    }
}

/// Packets that wait to leave together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gathered {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) packets: u32,
    pub(crate) since: Instant,
}

/// What became of a packet that may wait for its neighbours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gathering {
    /// It is the first to wait.
    Begun,
    Joined,
    /// Newer ones have gone on before it.
    Late,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Replay {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) bytes: usize,
}

#[cfg(test)]
mod tests;
