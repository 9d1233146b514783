//! The catalogue of recordings. The files themselves are written by the media plane and served by the web.

use std::time::Duration;

use serde::Serialize;

use crate::agenda::{self, AgendaItem};
use crate::id::{ParticipantId, RecordingId, SessionId};
use crate::mark::{Fact, Mark};
use crate::role::words;
use crate::session::Seat;
use crate::time::{Span, UtcTime};

words! {
    RecordingState {
        Recording = "recording",
        Ready = "ready",
        /// The file could not be made playable.
        Broken = "broken",
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Recording {
    pub id: RecordingId,
    pub session_id: SessionId,
    pub title: String,
    pub chair_name: String,
    /// Relative to the directory of recordings; never leaves the server.
    #[serde(skip)]
    pub file: String,
    pub started_at: UtcTime,
    pub duration_ms: u64,
    pub size_bytes: u64,
    pub sha256: Option<String>,
    pub state: RecordingState,
    pub speakers: Vec<SpeakerSpan>,
}

/// Somebody spoke, in milliseconds from the recording's beginning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SpeakerSpan {
    #[serde(skip)]
    pub participant: Option<ParticipantId>,
    pub name: String,
    pub from_ms: u64,
    pub to_ms: u64,
}

/// Who was heard in a recording and when, from the marks of its session.
pub fn speaker_spans(seats: &[Seat], marks: &[Mark], started_at: UtcTime, duration_ms: u64) -> Vec<SpeakerSpan> {
    let Some(recorded) = Span::new(started_at, started_at.plus(Duration::from_millis(duration_ms))) else {
        return Vec::new();
    };
    let mut turns: Vec<(UtcTime, Option<ParticipantId>)> = marks
        .iter()
        .filter_map(|mark| match mark.fact {
            Fact::Speaking { participant } => Some((mark.at, participant)),
            Fact::Ended { .. } | Fact::RecordingStopped {} | Fact::Interrupted {} => Some((mark.at, None)),
            _ => None,
        })
        .collect();
    turns.sort();
    turns.dedup();
    let until = turns.iter().skip(1).map(|(at, _)| *at).chain([recorded.to()]);
    let mut spans: Vec<SpeakerSpan> = Vec::new();
    for ((from, speaker), to) in turns.iter().zip(until) {
        let heard = Span::new(*from, to).and_then(|span| span.overlap(recorded));
        let (Some(speaker), Some(heard)) = (*speaker, heard) else { continue };
        let (from_ms, to_ms) = (offset_ms(heard.from(), started_at), offset_ms(heard.to(), started_at));
        match spans.last_mut() {
            // Heard again without anybody in between.
            Some(last) if last.participant == Some(speaker) && last.to_ms == from_ms => last.to_ms = to_ms,
            Some(_) | None => {
                let name = name_of(speaker, seats, marks);
                spans.push(SpeakerSpan { participant: Some(speaker), name, from_ms, to_ms });
            }
        }
    }
    spans
}

fn offset_ms(at: UtcTime, started_at: UtcTime) -> u64 {
    u64::try_from(at.since(started_at).as_millis()).unwrap_or(u64::MAX)
}

/// As the list of seats says, or as he came; the beginning of his id if neither knows him.
fn name_of(who: ParticipantId, seats: &[Seat], marks: &[Mark]) -> String {
    let seated = seats.iter().find(|seat| seat.participant == who).map(|seat| seat.name.clone());
    let came = || {
        marks.iter().find_map(|mark| match &mark.fact {
            Fact::Joined { participant, identity } if *participant == who => Some(identity.name.clone()),
            _ => None,
        })
    };
    seated.or_else(came).unwrap_or_else(|| who.to_string().chars().take(8).collect())
}

/// How a recording ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordingEnd {
    Ready { duration_ms: u64, size_bytes: u64, sha256: [u8; 32] },
    Broken { size_bytes: u64 },
}

/// An agenda item's place in the recording.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AgendaPosition {
    pub title: String,
    pub at_ms: u64,
}

/// Where each item begins in a recording. An item already running when the recording began is at its beginning.
pub fn agenda_positions(
    items: &[AgendaItem],
    marks: &[Mark],
    started_at: UtcTime,
    duration_ms: u64,
) -> Vec<AgendaPosition> {
    let end = started_at.plus(Duration::from_millis(duration_ms));
    agenda::spans(marks, end)
        .into_iter()
        .filter(|item| item.span.to() > started_at)
        .filter_map(|item| {
            let title = items.get(usize::from(item.index))?.title.clone();
            let at_ms = offset_ms(item.span.from(), started_at);
            Some(AgendaPosition { title, at_ms })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::MeetingRole;
    use crate::id::MarkId;
    use crate::mark::Identity;
    use uuid::Uuid;

    fn at(secs: i64) -> UtcTime {
        UtcTime::from_millis(secs * 1_000)
    }

    fn mark(number: u128, secs: i64, fact: Fact) -> Mark {
        Mark { id: MarkId::from_uuid(Uuid::from_u128(number)), session: SessionId::DEMO, at: at(secs), fact }
    }

    fn who(number: u128) -> ParticipantId {
        ParticipantId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn speakers_are_cut_to_the_recording_and_named_as_they_came() {
        let identity = Identity {
            name: "Đặc khu Cô Tô".to_owned(),
            short_name: None,
            detail: None,
            group: None,
            role: MeetingRole::Delegate,
            site: true,
            via: None,
        };
        let speaking =
            |number, secs, speaker: Option<u128>| mark(number, secs, Fact::Speaking { participant: speaker.map(who) });
        let marks = [
            mark(1, 0, Fact::Joined { participant: who(1), identity }),
            speaking(2, 90, Some(1)),
            speaking(4, 130, Some(2)),
            speaking(3, 120, Some(1)),
            speaking(5, 140, None),
            speaking(6, 150, Some(1)),
        ];
        let spans = speaker_spans(&[], &marks, at(100), 60_000);
        let found: Vec<(&str, u64, u64)> =
            spans.iter().map(|span| (span.name.as_str(), span.from_ms, span.to_ms)).collect();
        assert_eq!(
            found,
            [("Đặc khu Cô Tô", 0, 30_000), ("00000000", 30_000, 40_000), ("Đặc khu Cô Tô", 50_000, 60_000)]
        );
        assert_eq!(speaker_spans(&[], &marks, at(100), 0), []);
    }

    #[test]
    fn an_item_that_ran_already_stands_at_the_beginning_and_one_dealt_with_before_does_not_stand_at_all() {
        let items: Vec<AgendaItem> = ["Một", "Hai", "Ba"]
            .into_iter()
            .map(|title| AgendaItem { title: title.to_owned(), minutes: 5, presenter: None })
            .collect();
        let item = |number, secs, index| mark(number, secs, Fact::AgendaItem { index, by: None });
        let marks = [item(1, 0, 0), item(2, 50, 1), item(3, 130, 2), item(4, 140, 9)];
        let positions = agenda_positions(&items, &marks, at(100), 60_000);
        let found: Vec<(&str, u64)> =
            positions.iter().map(|position| (position.title.as_str(), position.at_ms)).collect();
        assert_eq!(found, [("Hai", 0), ("Ba", 30_000)]);
    }
}
