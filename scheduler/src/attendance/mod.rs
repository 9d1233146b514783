//! Who was there: folded from marks and nothing else, so that anybody who has the marks comes to the same list.

mod fold;
mod presence;
#[cfg(test)]
mod tests;

pub use fold::fold;
pub use presence::{LEASE, close_unfinished, latest_holding};

use serde::Serialize;

use crate::agenda::AgendaItem;
use crate::id::{ParticipantId, PersonId, SiteId};
use crate::mark::{AttendanceEdit, AttendanceStatus, Mark};
use crate::policy::QuorumRule;
use crate::session::Seat;
use crate::site::SEATS_MAX;
use crate::text::Reason;
use crate::time::UtcTime;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Attendance {
    /// When the chair began, and when it ended.
    pub opened_at: Option<UtcTime>,
    pub closed_at: Option<UtcTime>,
    pub agenda: Vec<AgendaRow>,
    pub quorum: Quorum,
    /// Sites in the order of the invitation, then people.
    pub rows: Vec<AttendanceRow>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AgendaRow {
    pub title: String,
    /// From when it was first taken up until it was last left.
    pub from: Option<UtcTime>,
    pub to: Option<UtcTime>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Quorum {
    pub sites_invited: u32,
    /// Invited sites that are online or in person.
    pub sites_present: u32,
    pub sites_needed: u32,
    pub people_declared: u32,
    pub people_confirmed: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AttendanceRow {
    pub participant: ParticipantId,
    pub site_id: Option<SiteId>,
    pub name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    /// In order of time, never overlapping, never empty.
    pub intervals: Vec<Interval>,
    pub status: AttendanceStatus,
    pub reason: Option<String>,
    pub declared: Option<u16>,
    pub confirmed: Option<u16>,
    pub edited: Option<Editing>,
    pub spoken_seconds: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Interval {
    pub from: UtcTime,
    pub to: UtcTime,
    pub ended: IntervalEnd,
    /// One of its ends was not noted at the time but found from other evidence.
    pub estimated: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalEnd {
    Left,
    Lost,
    SessionEnd,
    StillHere,
}

/// The last signed entry for a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Editing {
    pub by: PersonId,
    pub by_name: String,
    pub at: UtcTime,
}

/// What attendance is folded from.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub seats: &'a [Seat],
    pub agenda: &'a [AgendaItem],
    /// In any order, repeated or not.
    pub marks: &'a [Mark],
    pub quorum: QuorumRule,
    /// When the session was over for good; nobody is there after it, whatever a late mark says.
    pub ended_at: Option<UtcTime>,
    pub now: UtcTime,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditFault {
    #[error("an absence needs its reason")]
    ReasonRequired,
    #[error("the reason cannot be shown or is too long")]
    ReasonInvalid,
    #[error("more people than a site can hold")]
    ConfirmedOutOfRange { max: u16 },
    #[error("nothing to change")]
    Nothing,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum EditRefused {
    #[error("no such session or row")]
    Unknown,
    #[error(transparent)]
    Invalid(#[from] EditFault),
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

/// The edit as it may be stored. An absence without its own reason may keep the reason already there.
pub fn parse_edit(raw: &AttendanceEdit, row: &AttendanceRow) -> Result<AttendanceEdit, EditFault> {
    let reason: Option<Reason> = Reason::parse_optional(raw.reason.as_deref()).map_err(|_| EditFault::ReasonInvalid)?;
    if raw.confirmed.is_some_and(|count| count > SEATS_MAX) {
        return Err(EditFault::ConfirmedOutOfRange { max: SEATS_MAX });
    }
    let status = raw.status.unwrap_or(row.status);
    let cleared = raw.reason.is_some() && reason.is_none();
    if status == AttendanceStatus::Absent && reason.is_none() && (cleared || row.reason.is_none()) {
        return Err(EditFault::ReasonRequired);
    }
    // An empty reason takes the earlier one away.
    let cleared = (cleared && row.reason.is_some()).then(String::new);
    let reason = reason.map(|text| text.to_string()).or(cleared);
    let edit = AttendanceEdit { status: raw.status, reason, confirmed: raw.confirmed };
    if edit == AttendanceEdit::default() { Err(EditFault::Nothing) } else { Ok(edit) }
}
