//! What a secretary asks for, and what stands in its way.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::{Mode, SessionSummary};

/// Sites by rule ("all of the Đầm Hà hub but these") or one by one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SelectionRule {
    Subtree {
        /// As in the tree: `central`, `departments`, `communes`, `hub:` and the hub's id.
        group_id: String,
        #[serde(default)]
        except: Vec<Uuid>,
    },
    Site {
        site_id: Uuid,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgendaItem {
    pub title: String,
    pub minutes: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presenter: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookingRequest {
    pub title: String,
    /// At most 20 characters, for calendar bars.
    pub short_title: String,
    pub mode: Mode,
    pub starts_at: i64,
    /// The first moment after the meeting: two bookings may touch.
    pub ends_at: i64,
    pub chair_id: Uuid,
    pub secretary_id: Uuid,
    #[serde(default)]
    pub technician_id: Option<Uuid>,
    pub central_site_id: Uuid,
    pub selection: Vec<SelectionRule>,
    #[serde(default)]
    pub agenda: Vec<AgendaItem>,
    #[serde(default)]
    pub recording_planned: bool,
}

/// A booking still being written: who and what is free at that time?
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookingCheck {
    pub starts_at: i64,
    pub ends_at: i64,
    #[serde(default)]
    pub selection: Vec<SelectionRule>,
    #[serde(default)]
    pub central_site_id: Option<Uuid>,
    #[serde(default)]
    pub chair_id: Option<Uuid>,
    #[serde(default)]
    pub secretary_id: Option<Uuid>,
    #[serde(default)]
    pub technician_id: Option<Uuid>,
    /// When an existing session is being moved: it does not clash with itself.
    #[serde(default)]
    pub session_id: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookingChecked {
    pub sites: u32,
    /// Seats of the chosen sites.
    pub people: u32,
    pub clashes: Vec<Clash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_slot: Option<TimeSpan>,
    pub busy: Vec<BusyRow>,
    pub capacity: Capacity,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BusyKind {
    Site,
    Chair,
    Secretary,
    Technician,
    Capacity,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Clash {
    pub what: BusyKind,
    /// Of the site or person; absent for capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    pub name: String,
    /// The meeting that has it.
    pub session_id: String,
    pub session_title: String,
    pub starts_at: i64,
    pub ends_at: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimeSpan {
    pub starts_at: i64,
    pub ends_at: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BusyRow {
    pub what: BusyKind,
    pub id: Uuid,
    pub name: String,
    /// The whole office day on which the asked time begins.
    pub spans: Vec<BusySpan>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BusySpan {
    pub starts_at: i64,
    pub ends_at: i64,
    pub session_id: String,
    pub session_title: String,
}

/// Sites at once on this bridge: the most that others hold during the asked time, and the limit.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Capacity {
    pub used: u32,
    pub limit: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Booked {
    pub session: SessionSummary,
    pub invitations: Vec<IssuedInvitation>,
}

/// The link's secret is told here and nowhere else; only its hash is kept.
#[derive(Clone, Serialize, ToSchema)]
pub struct IssuedInvitation {
    pub participant_id: Uuid,
    pub site_id: Uuid,
    pub name: String,
    #[schema(example = "/j/Kc0Tz5…")]
    pub link: String,
}

/// Without a `Debug` that shows the link: it opens the door.
impl std::fmt::Debug for IssuedInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedInvitation").field("site_id", &self.site_id).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuedInvitations {
    pub invitations: Vec<IssuedInvitation>,
}

/// Whose links are issued anew; absent: everybody's. The old links die.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reissue {
    #[serde(default)]
    pub site_ids: Option<Vec<Uuid>>,
}
