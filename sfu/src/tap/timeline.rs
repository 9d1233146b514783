//! Pictures and sound in the order of their time, cut into clusters of at most a second.
//!
//! A picture's key frame begins a cluster, so every place a player may seek to is the start of one.

use bytes::Bytes;

use super::ebml::{Writer, id};
use super::head::{Head, PICTURE_TRACK, SOUND_TRACK};

/// The longest cluster. Block times are 16-bit offsets from their cluster's, so 32 s would be the end anyway.
const CLUSTER_MS: u64 = 1_000;

/// A cluster this large is closed early: whoever reads one at a time needs a bound.
pub(super) const CLUSTER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A place to seek to: the time of a key frame and where its cluster begins in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cue {
    pub at_ms: u64,
    pub cluster_at: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Before everything else of the same millisecond: it begins a cluster.
    KeyFrame,
    Frame,
    Sound,
}

struct Block {
    at_ms: u64,
    kind: Kind,
    data: Bytes,
}

pub(super) struct Timeline {
    waiting: Vec<Block>,
    /// Everything before this is in the file.
    cut_ms: u64,
    file_bytes: u64,
    cues: Vec<Cue>,
}

impl Timeline {
    /// Of a file that has its head.
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new(), cut_ms: 0, file_bytes: Head::length() as u64, cues: Vec::new() }
    }

    pub(super) fn cut_ms(&self) -> u64 {
        self.cut_ms
    }

    pub(super) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    pub(super) fn cues(&self) -> &[Cue] {
        &self.cues
    }

    /// What belongs before the last cut comes too late for its place and gets the first one left.
    pub(super) fn push(&mut self, at_ms: u64, kind: Kind, data: Bytes) {
        self.waiting.push(Block { at_ms: at_ms.max(self.cut_ms), kind, data });
    }

    /// Moves the earliest waiting picture to `at_ms`, if there is one.
    pub(super) fn begin_pictures_at(&mut self, at_ms: u64) -> Option<()> {
        let pictures = self.waiting.iter_mut().filter(|block| block.kind != Kind::Sound);
        pictures.min_by_key(|block| block.at_ms).map(|first| first.at_ms = at_ms)
    }

    /// Everything before `until_ms` as whole clusters, to be appended to the file.
    pub(super) fn cut(&mut self, until_ms: u64) -> Vec<u8> {
        self.waiting.sort_by_key(|block| (block.at_ms, block.kind));
        let ready = self.waiting.partition_point(|block| block.at_ms < until_ms);
        let blocks: Vec<Block> = self.waiting.drain(..ready).collect();
        self.cut_ms = self.cut_ms.max(until_ms);

        let mut clusters = Vec::new();
        let mut open: Option<OpenCluster> = None;
        for block in &blocks {
            if open.as_ref().is_none_or(|cluster| cluster.ends_before(block)) {
                self.close(open.take(), &mut clusters);
                open = Some(OpenCluster::at(block));
            }
            if let Some(cluster) = &mut open {
                cluster.add(block);
            }
        }
        self.close(open, &mut clusters);
        clusters
    }

    fn close(&mut self, cluster: Option<OpenCluster>, clusters: &mut Vec<u8>) {
        let Some(cluster) = cluster else { return };
        if cluster.begins_with == Kind::KeyFrame {
            self.cues.push(Cue { at_ms: cluster.at_ms, cluster_at: self.file_bytes });
        }
        let mut writer = Writer::default();
        writer.binary(id::CLUSTER, &cluster.body.finish());
        let bytes = writer.finish();
        self.file_bytes += bytes.len() as u64;
        clusters.extend(bytes);
    }
}

struct OpenCluster {
    at_ms: u64,
    begins_with: Kind,
    body: Writer,
}

impl OpenCluster {
    fn at(block: &Block) -> Self {
        let mut body = Writer::default();
        body.uint(id::TIMESTAMP, block.at_ms);
        Self { at_ms: block.at_ms, begins_with: block.kind, body }
    }

    fn ends_before(&self, block: &Block) -> bool {
        block.kind == Kind::KeyFrame
            || block.at_ms - self.at_ms >= CLUSTER_MS
            || self.body.len() + block.data.len() > CLUSTER_BYTES_MAX - 64
    }

    fn add(&mut self, block: &Block) {
        let (track, flags) = match block.kind {
            Kind::KeyFrame => (PICTURE_TRACK, KEY_FLAG),
            Kind::Frame => (PICTURE_TRACK, 0),
            Kind::Sound => (SOUND_TRACK, KEY_FLAG),
        };
        // Within a second of the cluster's start, so it fits.
        let [high, low] = i16::try_from(block.at_ms - self.at_ms).unwrap_or(i16::MAX).to_be_bytes();
        self.body.binary_of(id::SIMPLE_BLOCK, &[&[0x80 | track, high, low, flags], &block.data]);
    }
}

/// "Keyframe" in a SimpleBlock's flags (RFC 9559, section 10.2).
pub(super) const KEY_FLAG: u8 = 0x80;

/// The index that lets a player seek without reading the whole file.
pub(super) fn cues_element(cues: &[Cue]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.master(id::CUES, |index| {
        for cue in cues {
            index.master(id::CUE_POINT, |point| {
                point.uint(id::CUE_TIME, cue.at_ms);
                point.master(id::CUE_TRACK_POSITIONS, |positions| {
                    positions.byte(id::CUE_TRACK, PICTURE_TRACK);
                    positions.uint(id::CUE_CLUSTER_POSITION, cue.cluster_at.saturating_sub(Head::data_at()));
                });
            });
        }
    });
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::super::ebml::{Children, read_uint};
    use super::*;

    /// Track, offset, flags.
    type Read = (u8, i16, u8);

    /// Each cluster's time and blocks.
    fn read(clusters: &[u8]) -> Vec<(u64, Vec<Read>)> {
        let mut all = Children { rest: clusters };
        let read = all
            .by_ref()
            .map(|(element, body)| {
                assert_eq!(element, id::CLUSTER);
                let mut children = Children { rest: body };
                let (_, time) = children.next().expect("a timestamp");
                let blocks =
                    children.map(|(_, block)| (block[0] & 0x7f, i16::from_be_bytes([block[1], block[2]]), block[3]));
                (read_uint(time).expect("a number"), blocks.collect())
            })
            .collect();
        assert!(all.rest.is_empty());
        read
    }

    fn data() -> Bytes {
        Bytes::from_static(b"x")
    }

    #[test]
    fn a_key_frame_begins_a_cluster_and_is_a_cue() {
        let mut timeline = Timeline::new();
        for at in (0..1_000).step_by(20) {
            timeline.push(at, Kind::Sound, data());
        }
        timeline.push(0, Kind::KeyFrame, data());
        timeline.push(500, Kind::KeyFrame, data());
        timeline.push(533, Kind::Frame, data());
        let clusters = timeline.cut(1_000);
        let read = read(&clusters);
        assert_eq!(read.iter().map(|(at, blocks)| (*at, blocks.len())).collect::<Vec<_>>(), [(0, 26), (500, 27)]);
        assert_eq!(read[1].1[..3], [(1, 0, 0x80), (2, 0, 0x80), (2, 20, 0x80)]);
        assert!(read[1].1.contains(&(1, 33, 0)));
        let second = Head::length() as u64
            + clusters.windows(4).rposition(|four| four == [0x1F, 0x43, 0xB6, 0x75]).expect("two") as u64;
        assert_eq!(
            timeline.cues(),
            [Cue { at_ms: 0, cluster_at: Head::length() as u64 }, Cue { at_ms: 500, cluster_at: second }]
        );
    }

    #[test]
    fn a_cluster_is_never_longer_than_a_second_and_what_is_not_due_waits() {
        let mut timeline = Timeline::new();
        for at in (0..3_500).step_by(20) {
            timeline.push(at, Kind::Sound, data());
        }
        let clusters = read(&timeline.cut(3_000));
        assert_eq!(
            clusters.iter().map(|(at, blocks)| (*at, blocks.len())).collect::<Vec<_>>(),
            [(0, 50), (1_000, 50), (2_000, 50)]
        );
        assert_eq!(
            read(&timeline.cut(4_000)).iter().map(|(at, blocks)| (*at, blocks.len())).collect::<Vec<_>>(),
            [(3_000, 25)]
        );
    }

    #[test]
    fn what_comes_after_its_time_was_cut_gets_the_first_place_left() {
        let mut timeline = Timeline::new();
        timeline.push(0, Kind::Sound, data());
        timeline.cut(1_000);
        timeline.push(900, Kind::Frame, data());
        assert_eq!(read(&timeline.cut(2_000)), [(1_000, vec![(1, 0, 0)])]);
    }
}
