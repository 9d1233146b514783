//! What lies where in a recording: who spoke, whose picture was shown, what is missing.
//!
//! Each fact is one line of text, written beside the recording as it happens, because a killed process keeps nothing else:
//!
//! ```text
//! picture 0 -
//! picture 1520 7 camera
//! speaker 2040 7
//! gap 20000 21480
//! ```

use crate::id::{PeerId, Source, TrackRef};
use crate::tap::Cue;

/// Of a finished recording. Times are milliseconds from its start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecordingIndex {
    pub duration_ms: u64,
    /// Where a player can seek to, in order.
    pub cues: Vec<Cue>,
    pub speakers: Vec<Span<PeerId>>,
    pub pictures: Vec<Span<TrackRef>>,
    pub gaps: Vec<Gap>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span<T> {
    pub from_ms: u64,
    pub to_ms: u64,
    pub what: T,
}

/// The picture stood still because packets were lost for good; `to_ms` is the key frame it went on with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    pub from_ms: u64,
    pub to_ms: u64,
}

/// One line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    Speaker { at_ms: u64, peer: Option<PeerId> },
    Picture { at_ms: u64, track: Option<TrackRef> },
    Gap(Gap),
}

impl Entry {
    pub(super) fn to_line(self) -> String {
        match self {
            Self::Speaker { at_ms, peer: Some(PeerId(peer)) } => format!("speaker {at_ms} {peer}\n"),
            Self::Speaker { at_ms, peer: None } => format!("speaker {at_ms} -\n"),
            Self::Picture { at_ms, track: Some(TrackRef { peer: PeerId(peer), source }) } => {
                format!("picture {at_ms} {peer} {}\n", source_word(source))
            }
            Self::Picture { at_ms, track: None } => format!("picture {at_ms} -\n"),
            Self::Gap(Gap { from_ms, to_ms }) => format!("gap {from_ms} {to_ms}\n"),
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let kind = words.next()?;
        let at_ms = words.next()?.parse().ok()?;
        let rest: Vec<&str> = words.collect();
        match (kind, rest.as_slice()) {
            ("speaker", ["-"]) => Some(Self::Speaker { at_ms, peer: None }),
            ("speaker", [peer]) => Some(Self::Speaker { at_ms, peer: Some(PeerId(peer.parse().ok()?)) }),
            ("picture", ["-"]) => Some(Self::Picture { at_ms, track: None }),
            ("picture", [peer, source]) => {
                let track = TrackRef { peer: PeerId(peer.parse().ok()?), source: source_of(source)? };
                Some(Self::Picture { at_ms, track: Some(track) })
            }
            ("gap", [to_ms]) => Some(Self::Gap(Gap { from_ms: at_ms, to_ms: to_ms.parse().ok()? })),
            _ => None,
        }
    }
}

fn source_word(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
    }
}

fn source_of(word: &str) -> Option<Source> {
    [Source::Microphone, Source::Camera, Source::Screen].into_iter().find(|source| source_word(*source) == word)
}

/// The lines that are whole; a line the kill cut in two is dropped.
pub(super) fn read_ledger(text: &str) -> Vec<Entry> {
    text.split_inclusive('\n').filter_map(|line| Entry::from_line(line.strip_suffix('\n')?)).collect()
}

impl RecordingIndex {
    /// Nothing of it lies behind the recording's end, whatever the ledger says.
    pub(super) fn of(duration_ms: u64, cues: Vec<Cue>, entries: &[Entry]) -> Self {
        let speakers = entries.iter().filter_map(|entry| match entry {
            Entry::Speaker { at_ms, peer } => Some((*at_ms, *peer)),
            Entry::Picture { .. } | Entry::Gap(_) => None,
        });
        let pictures = entries.iter().filter_map(|entry| match entry {
            Entry::Picture { at_ms, track } => Some((*at_ms, *track)),
            Entry::Speaker { .. } | Entry::Gap(_) => None,
        });
        let gaps = entries.iter().filter_map(|entry| match entry {
            Entry::Gap(gap) if gap.from_ms < duration_ms => Some(Gap { to_ms: gap.to_ms.min(duration_ms), ..*gap }),
            Entry::Gap(_) | Entry::Speaker { .. } | Entry::Picture { .. } => None,
        });
        Self {
            duration_ms,
            cues,
            speakers: spans(speakers, duration_ms),
            pictures: spans(pictures, duration_ms),
            gaps: gaps.collect(),
        }
    }
}

/// From "since then it is this" to spans that end where the next begins.
fn spans<T: Copy + PartialEq>(changes: impl Iterator<Item = (u64, Option<T>)>, end_ms: u64) -> Vec<Span<T>> {
    let mut spans: Vec<Span<T>> = Vec::new();
    let mut open: Option<Span<T>> = None;
    for (at_ms, what) in changes.chain([(end_ms, None)]) {
        let at_ms = at_ms.min(end_ms);
        if what.is_some() && open.as_ref().map(|span| span.what) == what {
            continue;
        }
        spans.extend(open.take().map(|span| Span { to_ms: at_ms, ..span }).filter(|span| span.to_ms > span.from_ms));
        open = what.map(|what| Span { from_ms: at_ms, to_ms: at_ms, what });
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(peer: u64) -> TrackRef {
        TrackRef { peer: PeerId(peer), source: Source::Camera }
    }

    #[test]
    fn every_line_reads_back_and_a_line_cut_in_two_is_dropped() {
        let entries = [
            Entry::Picture { at_ms: 0, track: None },
            Entry::Picture { at_ms: 15, track: Some(camera(7)) },
            Entry::Speaker { at_ms: 20, peer: Some(PeerId(u64::MAX)) },
            Entry::Speaker { at_ms: 30, peer: None },
            Entry::Gap(Gap { from_ms: 40, to_ms: 50 }),
        ];
        let text: String = entries.iter().map(|entry| entry.to_line()).collect();
        assert_eq!(read_ledger(&text), entries);
        for cut in 0..text.len() {
            let whole = text[..cut].matches('\n').count();
            assert_eq!(read_ledger(&text[..cut]), entries[..whole]);
        }
    }

    #[test]
    fn the_index_tells_who_spoke_when_and_nothing_behind_the_end() {
        let speaker = |at_ms, peer: Option<u64>| Entry::Speaker { at_ms, peer: peer.map(PeerId) };
        let entries = [
            speaker(100, Some(1)),
            speaker(200, Some(1)),
            speaker(900, Some(2)),
            speaker(1_500, None),
            speaker(1_800, Some(1)),
            Entry::Picture { at_ms: 0, track: Some(camera(1)) },
            Entry::Gap(Gap { from_ms: 1_900, to_ms: 2_500 }),
            Entry::Gap(Gap { from_ms: 2_000, to_ms: 2_500 }),
            speaker(5_000, Some(3)),
        ];
        let index = RecordingIndex::of(2_000, Vec::new(), &entries);
        let span = |from_ms, to_ms, peer| Span { from_ms, to_ms, what: PeerId(peer) };
        assert_eq!(index.speakers, [span(100, 900, 1), span(900, 1_500, 2), span(1_800, 2_000, 1)]);
        assert_eq!(index.pictures, [Span { from_ms: 0, to_ms: 2_000, what: camera(1) }]);
        assert_eq!(index.gaps, [Gap { from_ms: 1_900, to_ms: 2_000 }]);
    }
}
