//! Units, sites and people.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::account::OfficeRole;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    Province,
    Department,
    /// Abolished on 1 July 2025; kept for what happened before.
    District,
    Ward,
    Commune,
    SpecialZone,
}

/// A node of the administrative tree, with the days on which it existed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Unit {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub kind: UnitKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    pub valid_from: NaiveDate,
    /// The first day on which it no longer exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// What it became, when it ended.
    pub successors: Vec<Uuid>,
}

/// A node of the network tree, along which the lines run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hub {
    pub id: Uuid,
    /// "Đầm Hà"; the screen says "Cụm Đầm Hà".
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Its fixed place among its siblings.
    pub rank: u16,
}

/// A place that joins as one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Site {
    pub id: Uuid,
    pub code: String,
    /// "Ủy ban nhân dân phường Móng Cái 1"
    pub name: String,
    /// At most 14 characters: "P Móng Cái 1"
    pub short_name: String,
    /// "Hội trường tầng 2"
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub unit_id: Uuid,
    /// The hub of the network tree ("Cụm Đầm Hà") this site hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub_id: Option<Uuid>,
    pub seats: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_phone: Option<String>,
    /// May be the central site of a meeting.
    pub central: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TreeNodeKind {
    Group,
    Site,
}

/// The sites as the secretary ticks them. Ticking a group stores a rule, not a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TreeNode {
    /// Of a group: what a selection rule names (`central`, `departments`, `communes`, `hub:` and the hub's id). Of a site: its id.
    #[schema(example = "communes")]
    pub id: String,
    pub name: String,
    pub kind: TreeNodeKind,
    #[schema(no_recursion)]
    pub children: Vec<TreeNode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    pub id: Uuid,
    pub name: String,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    pub roles: Vec<OfficeRole>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitInput {
    pub code: String,
    pub name: String,
    pub kind: UnitKind,
    #[serde(default)]
    pub parent_id: Option<Uuid>,
    pub valid_from: NaiveDate,
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    #[serde(default)]
    pub successors: Vec<Uuid>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    pub code: String,
    pub name: String,
    pub short_name: String,
    #[serde(default)]
    pub room: Option<String>,
    pub unit_id: Uuid,
    #[serde(default)]
    pub hub_id: Option<Uuid>,
    pub seats: u16,
    #[serde(default)]
    pub contact_name: Option<String>,
    #[serde(default)]
    pub contact_phone: Option<String>,
    pub central: bool,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    pub name: String,
    /// "Phó Chủ tịch UBND tỉnh"
    pub title: String,
    #[serde(default)]
    pub unit_id: Option<Uuid>,
    #[serde(default)]
    pub site_id: Option<Uuid>,
    #[serde(default)]
    pub phone: Option<String>,
    pub roles: Vec<OfficeRole>,
}
