//! Marks: facts of a live meeting, one each, with their time. They are only ever added; what is read from them is folded anew.
//!
//! A mark may arrive twice (its sender did not hear the answer), late, or never (the machine died). Its id makes the first harmless;
//! sorting by time the second; and whoever folds must give a sensible answer to the third.

use serde::{Deserialize, Serialize};

use crate::admission::MeetingRole;
use crate::id::{MarkId, ParticipantId, PersonId, SessionId};
use crate::role::words;
use crate::session::Mode;
use crate::time::UtcTime;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    pub id: MarkId,
    pub session: SessionId,
    pub at: UtcTime,
    pub fact: Fact,
}

/// What happened. The JSON of this enum is stored: names and fields may be added, never changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// The chair began the session.
    Started {
        by: Option<ParticipantId>,
    },
    Ended {
        by: EndedBy,
    },
    ModeSet {
        by: ParticipantId,
        mode: Mode,
    },
    AgendaItem {
        index: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ParticipantId>,
    },
    /// The bridge came up again after it had died in the middle: whoever was here until then was last seen at an unknown moment.
    Interrupted {},
    /// Came in, or came back after a lost line. The name stands here because not everybody who comes was invited.
    Joined {
        participant: ParticipantId,
        identity: Identity,
    },
    /// Went out of his own accord.
    Left {
        participant: ParticipantId,
    },
    /// Turned out, for the reason given.
    Removed {
        participant: ParticipantId,
        by: ParticipantId,
        reason: String,
    },
    /// The line dropped; he was last heard at the mark's time.
    Lost {
        participant: ParticipantId,
    },
    /// Known to have been here at that time. Written when a presence was cut off with nobody to note its end.
    Seen {
        participant: ParticipantId,
    },
    /// People at the site, as the site itself says.
    Declared {
        participant: ParticipantId,
        count: u16,
    },
    /// Asked to speak; a later `FloorTaken` or `RequestWithdrawn` ends it.
    Asked {
        participant: ParticipantId,
        note: Option<String>,
    },
    RequestWithdrawn {
        participant: ParticipantId,
    },
    /// The floor is given: by the chair, or by the mode to whoever asked first.
    FloorTaken {
        participant: ParticipantId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ParticipantId>,
    },
    FloorLeft {
        participant: ParticipantId,
    },
    RecordingStarted {},
    RecordingStopped {},
    /// While a recording runs: who is heard loudest. `None`: nobody for a while.
    Speaking {
        participant: Option<ParticipantId>,
    },
    /// The secretary's entry. Each stands for ever; the latest of each kind is what is shown.
    Edited {
        participant: ParticipantId,
        by: PersonId,
        edit: AttendanceEdit,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identity {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub role: MeetingRole,
    pub site: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

words! {
    /// By what somebody came.
    Via {
        Browser = "browser",
        /// A program that publishes by the WHIP standard.
        Whip = "whip",
        /// A program that receives by the WHEP standard.
        Whep = "whep",
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum EndedBy {
    /// Somebody in the meeting; whoever was still here was here until that moment.
    Participant { participant: ParticipantId },
    /// Somebody from the office, by the session's page.
    Person { person: PersonId },
    /// Nobody: its time had passed and everybody was gone.
    Clock {},
}

words! {
    AttendanceStatus {
        InPerson = "in_person",
        Online = "online",
        Absent = "absent",
        NotCalled = "not_called",
    }
}

/// What a secretary sets; what is `None` stays as it was, and an empty reason takes the earlier one away.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AttendanceEdit {
    pub status: Option<AttendanceStatus>,
    pub reason: Option<String>,
    pub confirmed: Option<u16>,
}

impl Fact {
    /// Whose fact it is, if one participant's.
    pub fn participant(&self) -> Option<ParticipantId> {
        match self {
            Fact::Started { .. }
            | Fact::Ended { .. }
            | Fact::ModeSet { .. }
            | Fact::AgendaItem { .. }
            | Fact::RecordingStarted {}
            | Fact::RecordingStopped {}
            | Fact::Interrupted {} => None,
            Fact::Speaking { participant } => *participant,
            Fact::Joined { participant, .. }
            | Fact::Left { participant }
            | Fact::Removed { participant, .. }
            | Fact::Lost { participant }
            | Fact::Seen { participant }
            | Fact::Declared { participant, .. }
            | Fact::Asked { participant, .. }
            | Fact::RequestWithdrawn { participant }
            | Fact::FloorTaken { participant, .. }
            | Fact::FloorLeft { participant }
            | Fact::Edited { participant, .. } => Some(*participant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the first version wrote them. A line may be added here, never changed: these texts are in people's databases, and hashed.
    const STORED: &[&str] = &[
        r#"{"kind":"started","by":null}"#,
        r#"{"kind":"ended","by":{"who":"participant","participant":"00000000-0000-0000-0000-000000000001"}}"#,
        r#"{"kind":"ended","by":{"who":"person","person":"00000000-0000-0000-0000-000000000002"}}"#,
        r#"{"kind":"ended","by":{"who":"clock"}}"#,
        r#"{"kind":"mode_set","by":"00000000-0000-0000-0000-000000000001","mode":"training"}"#,
        r#"{"kind":"agenda_item","index":3}"#,
        r#"{"kind":"agenda_item","index":3,"by":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"interrupted"}"#,
        r#"{"kind":"joined","participant":"00000000-0000-0000-0000-000000000001","identity":{"name":"Xã Đầm Hà","short_name":"X Đầm Hà","detail":"Hội trường","group":"Cụm Đầm Hà","role":"delegate","site":true,"via":"whip"}}"#,
        r#"{"kind":"left","participant":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"removed","participant":"00000000-0000-0000-0000-000000000001","by":"00000000-0000-0000-0000-000000000002","reason":"Ồn"}"#,
        r#"{"kind":"lost","participant":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"seen","participant":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"declared","participant":"00000000-0000-0000-0000-000000000001","count":12}"#,
        r#"{"kind":"asked","participant":"00000000-0000-0000-0000-000000000001","note":null}"#,
        r#"{"kind":"request_withdrawn","participant":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"floor_taken","participant":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"floor_left","participant":"00000000-0000-0000-0000-000000000001"}"#,
        r#"{"kind":"recording_started"}"#,
        r#"{"kind":"recording_stopped"}"#,
        r#"{"kind":"speaking","participant":null}"#,
        r#"{"kind":"edited","participant":"00000000-0000-0000-0000-000000000001","by":"00000000-0000-0000-0000-000000000002","edit":{"status":"in_person","reason":null,"confirmed":9}}"#,
    ];

    #[test]
    fn marks_stored_by_the_first_version_are_read_and_would_be_written_the_same() {
        for stored in STORED {
            let fact: Fact = serde_json::from_str(stored).unwrap_or_else(|error| panic!("{stored}: {error}"));
            assert_eq!(serde_json::to_string(&fact).unwrap(), *stored);
        }
    }
}
