//! Finishing what a killed process left: find the last whole cluster, cut off what lies behind it, and write what
//! [`super::Recorder`] would have written at the end. Also reads finished recordings, so that doing it twice changes nothing.

use std::io::{self, Read, Seek, SeekFrom};

use super::ebml::{self, Children, HEADER_MAX, id};
use super::head::{Head, HeadState, PICTURE_TRACK, SOUND_TRACK};
use super::index::{RecordingIndex, read_ledger};
use super::timeline::{CLUSTER_BYTES_MAX, Cue, KEY_FLAG, cues_element};

/// Sound of a block: one mixed frame.
const SOUND_MS: u64 = 20;

/// Why a file cannot be finished.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    #[error("this is not a recording of ours")]
    NotARecording,
    /// Killed before its first second was written: there is nothing to keep.
    #[error("nothing was recorded")]
    Empty,
    #[error("the recording could not be read or written")]
    Disk(#[from] io::Error),
}

/// What a file holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Survey {
    head: Head,
    state: SurveyState,
    duration_ms: u64,
    cues: Vec<Cue>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SurveyState {
    Finished,
    /// Whole clusters end here.
    Unfinished {
        clusters_end: u64,
    },
}

/// What finishing takes: cut the file to `cut_to` bytes, append `cues`, and once that is on the disk replace the first bytes
/// by `head`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    pub cut_to: u64,
    pub cues: Vec<u8>,
    pub head: Vec<u8>,
}

impl Survey {
    /// Reads the file once, a cluster at a time.
    pub fn of(file: &mut (impl Read + Seek)) -> Result<Self, SalvageError> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        let mut start = vec![0; Head::length()];
        if !read_whole(file, &mut start)? {
            return Err(if length == 0 { SalvageError::Empty } else { SalvageError::NotARecording });
        }
        let head = Head::parse(&start).ok_or(SalvageError::NotARecording)?;
        let clusters = Clusters::read(file, Head::length() as u64, length)?;
        if clusters.end == Head::length() as u64 {
            return Err(SalvageError::Empty);
        }
        Ok(match head.state {
            HeadState::Finished { duration_ms, cues_at, file_bytes }
                if file_bytes == length && cues_at == clusters.end =>
            {
                Self { head, state: SurveyState::Finished, duration_ms, cues: clusters.cues }
            }
            // A head that promises more than there is (a copy that was cut) is finished anew.
            HeadState::Finished { .. } | HeadState::Open => Self {
                head,
                state: SurveyState::Unfinished { clusters_end: clusters.end },
                duration_ms: clusters.duration_ms,
                cues: clusters.cues,
            },
        })
    }

    /// `None`: the recording is finished.
    #[must_use]
    pub fn completion(&self) -> Option<Completion> {
        let SurveyState::Unfinished { clusters_end } = self.state else { return None };
        let cues = cues_element(&self.cues);
        let state = HeadState::Finished {
            duration_ms: self.duration_ms,
            cues_at: clusters_end,
            file_bytes: clusters_end + cues.len() as u64,
        };
        Some(Completion { cut_to: clusters_end, cues, head: Head { state, ..self.head }.to_bytes() })
    }

    /// `ledger`: the text beside the file, as far as there is one.
    #[must_use]
    pub fn index(&self, ledger: &str) -> RecordingIndex {
        RecordingIndex::of(self.duration_ms, self.cues.clone(), &read_ledger(ledger))
    }
}

/// What the whole clusters of a file come to.
struct Clusters {
    end: u64,
    duration_ms: u64,
    cues: Vec<Cue>,
}

impl Clusters {
    fn read(file: &mut (impl Read + Seek), start: u64, length: u64) -> Result<Self, SalvageError> {
        let mut found = Self { end: start, duration_ms: 0, cues: Vec::new() };
        let mut body = Vec::new();
        while let Some(size) = cluster_at(file, found.end, length, &mut body)? {
            let Some(content) = Content::of(&body) else { break };
            if content.begins_with_key_frame {
                found.cues.push(Cue { at_ms: content.at_ms, cluster_at: found.end });
            }
            found.duration_ms = found.duration_ms.max(content.ends_ms);
            found.end += size;
        }
        Ok(found)
    }
}

/// Reads the body of the cluster at `at`; its whole size, or `None` when no whole cluster is there.
fn cluster_at(
    file: &mut (impl Read + Seek),
    at: u64,
    length: u64,
    body: &mut Vec<u8>,
) -> Result<Option<u64>, SalvageError> {
    file.seek(SeekFrom::Start(at))?;
    let mut start = [0; HEADER_MAX];
    if !read_whole(file, &mut start)? {
        return Ok(None); // A cluster with anything in it is longer than this.
    }
    let Some(header) = ebml::read_header(&start).filter(|header| header.id == id::CLUSTER) else { return Ok(None) };
    let Some(size) = header.size.filter(|size| *size <= CLUSTER_BYTES_MAX as u64) else { return Ok(None) };
    let whole = size + header.length as u64;
    if at + whole > length {
        return Ok(None);
    }
    body.resize(usize::try_from(size).unwrap_or(0), 0);
    file.seek(SeekFrom::Start(at + header.length as u64))?;
    Ok(read_whole(file, body)?.then_some(whole))
}

/// `false` when the file ends before.
fn read_whole(file: &mut impl Read, bytes: &mut [u8]) -> Result<bool, SalvageError> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(SalvageError::Disk(error)),
    }
}

/// One cluster, read to its last block. After a loss of power a cluster may have its length and zeros for content.
struct Content {
    at_ms: u64,
    ends_ms: u64,
    begins_with_key_frame: bool,
}

impl Content {
    fn of(body: &[u8]) -> Option<Self> {
        let mut children = Children { rest: body };
        let (id::TIMESTAMP, time) = children.next()? else { return None };
        let at_ms = ebml::read_uint(time)?;
        let mut content = Self { at_ms, ends_ms: at_ms, begins_with_key_frame: false };
        let mut newest = [None; 2];
        for (index, (element, block)) in children.by_ref().enumerate() {
            let (id::SIMPLE_BLOCK, [track, high, low, flags, ..]) = (element, block) else { return None };
            let offset = u64::try_from(i16::from_be_bytes([*high, *low])).ok()?;
            let track = track & 0x7f;
            // Each track's blocks lie in the order of their times: one that goes back was begun, and the power went.
            let before = newest.get_mut(usize::from(track == SOUND_TRACK))?.replace(offset);
            if before.is_some_and(|before| before >= offset) {
                return None;
            }
            let lasts_ms = if track == SOUND_TRACK { SOUND_MS } else { 1 };
            // A time at the end of all times is not one that we wrote.
            content.ends_ms = content.ends_ms.max(at_ms.checked_add(offset + lasts_ms)?);
            content.begins_with_key_frame |= index == 0 && track == PICTURE_TRACK && flags & KEY_FLAG != 0;
        }
        children.rest.is_empty().then_some(content)
    }
}

#[cfg(test)]
mod tests;
