//! The first bytes of a recording: everything before its first cluster.
//!
//! It has the same length from the first moment to the last and holds few values, so finishing a recording is one short write
//! at the start of the file, of any length. Space for what is known only at the end (where the cues are, the duration) is kept
//! by Void elements until then.

use super::ebml::{Writer, id};
use crate::mix::SAMPLE_RATE_HZ;

pub(super) const PICTURE_TRACK: u8 = 1;
pub(super) const SOUND_TRACK: u8 = 2;

/// Decoded and thrown away after a seek, so that Opus has settled (RFC 7845, section 4.6).
const SEEK_PRE_ROLL_NS: u64 = 80_000_000;

/// One tick is a millisecond.
const TIMESTAMP_SCALE_NS: u64 = 1_000_000;

const DURATION_BYTES: usize = 2 + 4 + 8;
/// Header, and three entries of 2 + 4 + (2 + 4 + 4) + (2 + 4 + 8) bytes.
const SEEK_HEAD_BYTES: usize = 4 + 4 + 3 * 30;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// Of the first key frame. Later ones may differ: a VP8 decoder follows its stream, and players scale to this box.
    pub(super) size: PictureSize,
    /// Opus samples that come out before the first that went in.
    pub(super) pre_skip: u16,
    pub(super) state: HeadState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PictureSize {
    pub(super) width: u16,
    pub(super) height: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadState {
    /// The segment's size is unknown: clusters are still being added, or the writer was killed.
    Open,
    /// `cues_at` and `file_bytes` count from the start of the file.
    Finished { duration_ms: u64, cues_at: u64, file_bytes: u64 },
}

impl Head {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut writer = Writer::default();
        ebml_header(&mut writer);
        let data_at = writer.len() as u64 + 12;
        writer.segment(match self.state {
            HeadState::Open => None,
            HeadState::Finished { file_bytes, .. } => Some(file_bytes.saturating_sub(data_at)),
        });
        let info = self.info();
        match self.state {
            HeadState::Open => writer.void(SEEK_HEAD_BYTES),
            HeadState::Finished { cues_at, .. } => {
                let info_at = SEEK_HEAD_BYTES as u64;
                let tracks_at = info_at + info.len() as u64;
                let cues_at = cues_at.saturating_sub(data_at);
                seek_head(&mut writer, &[(id::INFO, info_at), (id::TRACKS, tracks_at), (id::CUES, cues_at)]);
            }
        }
        let mut bytes = writer.finish();
        bytes.extend(info);
        bytes.extend(self.tracks());
        bytes
    }

    /// Reads back what [`Self::to_bytes`] wrote, and nothing else.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let layout = Layout::find();
        let number = |at: usize, length: usize| super::ebml::read_uint(bytes.get(at..at + length)?);
        let pre_skip = bytes.get(layout.pre_skip_at..layout.pre_skip_at + 2)?;
        let segment = number(layout.segment_size_at, 8)? & super::ebml::SEGMENT_SIZE_UNKNOWN;
        let state = if segment == super::ebml::SEGMENT_SIZE_UNKNOWN {
            HeadState::Open
        } else {
            HeadState::Finished {
                duration_ms: f64::from_bits(number(layout.duration_at, 8)?) as u64,
                cues_at: number(layout.cues_at, 8)?.checked_add(layout.data_at as u64)?,
                file_bytes: segment.checked_add(layout.data_at as u64)?,
            }
        };
        let head = Self {
            size: PictureSize {
                width: u16::try_from(number(layout.width_at, 8)?).ok()?,
                height: u16::try_from(number(layout.height_at, 8)?).ok()?,
            },
            pre_skip: u16::from_le_bytes(pre_skip.try_into().ok()?),
            state,
        };
        (bytes.get(..Self::length()) == Some(&head.to_bytes())).then_some(head)
    }

    /// Bytes of every head.
    pub(super) fn length() -> usize {
        Layout::find().length
    }

    /// Where the segment's children begin: positions inside the file count from here.
    pub(super) fn data_at() -> u64 {
        Layout::find().data_at as u64
    }

    fn info(self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.master(id::INFO, |info| {
            match self.state {
                HeadState::Open => info.void(DURATION_BYTES),
                HeadState::Finished { duration_ms, .. } => info.float(id::DURATION, duration_ms as f64),
            }
            info.uint(id::TIMESTAMP_SCALE, TIMESTAMP_SCALE_NS);
            info.text(id::MUXING_APP, "nhipcau");
            info.text(id::WRITING_APP, "nhipcau");
        });
        writer.finish()
    }

    fn tracks(self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.master(id::TRACKS, |tracks| {
            tracks.master(id::TRACK_ENTRY, |track| {
                track_start(track, PICTURE_TRACK, 1, "V_VP8");
                track.master(id::VIDEO, |video| {
                    video.uint(id::PIXEL_WIDTH, u64::from(self.size.width));
                    video.uint(id::PIXEL_HEIGHT, u64::from(self.size.height));
                });
            });
            tracks.master(id::TRACK_ENTRY, |track| {
                track_start(track, SOUND_TRACK, 2, "A_OPUS");
                track.binary(id::CODEC_PRIVATE, &self.opus_head());
                let delay_ns = u64::from(self.pre_skip) * 1_000_000_000 / u64::from(SAMPLE_RATE_HZ);
                track.uint(id::CODEC_DELAY, delay_ns);
                track.uint(id::SEEK_PRE_ROLL, SEEK_PRE_ROLL_NS);
                track.master(id::AUDIO, |audio| {
                    audio.float(id::SAMPLING_FREQUENCY, f64::from(SAMPLE_RATE_HZ));
                    audio.byte(id::CHANNELS, 1);
                });
            });
        });
        writer.finish()
    }

    /// The identification header of RFC 7845, section 5.1: one channel, no gain, mapping family 0.
    fn opus_head(self) -> Vec<u8> {
        let mut head = b"OpusHead\x01\x01".to_vec();
        head.extend(self.pre_skip.to_le_bytes());
        head.extend(SAMPLE_RATE_HZ.to_le_bytes());
        head.extend([0, 0, 0]);
        head
    }
}

fn ebml_header(writer: &mut Writer) {
    writer.master(id::EBML, |ebml| {
        ebml.byte(id::EBML_VERSION, 1);
        ebml.byte(id::EBML_READ_VERSION, 1);
        ebml.byte(id::EBML_MAX_ID_LENGTH, 4);
        ebml.byte(id::EBML_MAX_SIZE_LENGTH, 8);
        ebml.text(id::DOC_TYPE, "webm");
        ebml.byte(id::DOC_TYPE_VERSION, 4);
        ebml.byte(id::DOC_TYPE_READ_VERSION, 2);
    });
}

fn seek_head(writer: &mut Writer, entries: &[(u32, u64)]) {
    writer.master(id::SEEK_HEAD, |head| {
        for (what, position) in entries {
            head.master(id::SEEK, |seek| {
                seek.binary(id::SEEK_ID, &what.to_be_bytes());
                seek.uint(id::SEEK_POSITION, *position);
            });
        }
    });
}

fn track_start(track: &mut Writer, number: u8, kind: u8, codec: &str) {
    track.byte(id::TRACK_NUMBER, number);
    track.byte(id::TRACK_UID, number);
    track.byte(id::TRACK_TYPE, kind);
    track.byte(id::FLAG_LACING, 0);
    track.text(id::CODEC_ID, codec);
}

/// Where the values lie in every head.
struct Layout {
    length: usize,
    segment_size_at: usize,
    data_at: usize,
    cues_at: usize,
    duration_at: usize,
    width_at: usize,
    height_at: usize,
    pre_skip_at: usize,
}

impl Layout {
    /// From the writer itself: there is one truth about the layout.
    fn find() -> Self {
        let size = PictureSize { width: 0, height: 0 };
        let head = Head { size, pre_skip: 0, state: HeadState::Open };
        let mut start = Writer::default();
        ebml_header(&mut start);
        let segment_size_at = start.len() + 4;
        let data_at = segment_size_at + super::ebml::SEGMENT_SIZE_BYTES;
        let info_at = data_at + SEEK_HEAD_BYTES;
        let (info, tracks) = (head.info(), head.tracks());
        let tracks_at = info_at + info.len();
        let width_at = after(&tracks, &[0xB0, 0x10, 0, 0, 8]);
        let height_at = after(&tracks, &[0xBA, 0x10, 0, 0, 8]);
        let pre_skip_at = after(&tracks, b"OpusHead\x01\x01");
        Self {
            length: tracks_at + tracks.len(),
            segment_size_at,
            data_at,
            cues_at: info_at - 8,
            duration_at: info_at + 8 + DURATION_BYTES - 8,
            width_at: tracks_at + width_at,
            height_at: tracks_at + height_at,
            pre_skip_at: tracks_at + pre_skip_at,
        }
    }
}

/// The place behind the first occurrence of `mark`.
fn after(bytes: &[u8], mark: &[u8]) -> usize {
    bytes.windows(mark.len()).position(|window| window == mark).map_or(0, |at| at + mark.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads() -> Vec<Head> {
        let size = PictureSize { width: 1280, height: 720 };
        let open = Head { size, pre_skip: 312, state: HeadState::Open };
        let finished = HeadState::Finished { duration_ms: 7_384_020, cues_at: 1 << 33, file_bytes: (1 << 33) + 512 };
        vec![open, Head { state: finished, ..open }, Head { size: PictureSize { width: 16_383, height: 1 }, ..open }]
    }

    #[test]
    fn every_head_has_the_same_length_and_reads_back() {
        for head in heads() {
            let bytes = head.to_bytes();
            assert_eq!(bytes.len(), Head::length());
            assert_eq!(Head::parse(&bytes), Some(head));
        }
    }

    #[test]
    fn the_head_fits_in_one_sector_of_a_disk_so_that_rewriting_it_is_all_or_nothing() {
        assert!(Head::length() <= 512, "{}", Head::length());
    }

    #[test]
    fn another_programs_file_or_a_damaged_head_is_not_taken_for_ours() {
        for head in heads() {
            let bytes = head.to_bytes();
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x55;
                assert_ne!(Head::parse(&damaged), Some(head), "byte {at}");
            }
            assert_eq!(Head::parse(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Head::parse(&[0x1A, 0x45, 0xDF, 0xA3]), None);
    }
}
