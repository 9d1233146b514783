//! Who is signed in and what he may do; accounts as the administrator sees them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a person is in the office. One person may be several.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfficeRole {
    Secretary,
    Chair,
    Delegate,
    Technician,
    Leader,
    Admin,
}

/// A right in the office. The table role x permission is `scheduler::role`; what somebody may do inside a running meeting is
/// signaling's table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    BookSessions,
    EditAttendance,
    ReadAttendance,
    ReadRecordings,
    WatchSites,
    ManageAccounts,
    ManageDirectory,
    JoinSessions,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    #[schema(example = "thuky")]
    pub username: String,
    pub password: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    pub person_id: Uuid,
    pub username: String,
    pub name: String,
    pub title: String,
    pub roles: Vec<OfficeRole>,
    /// The site this person is responsible for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<Uuid>,
    /// Until it is changed, only the password route answers.
    pub must_change_password: bool,
    pub demo: bool,
    pub may: Vec<Permission>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current: String,
    /// At least 8 characters with an upper-case and a lower-case letter, a digit and another sign.
    pub new: String,
}

/// A person has at most one account; its address is the person's id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Account {
    pub person_id: Uuid,
    pub username: String,
    pub name: String,
    pub title: String,
    pub roles: Vec<OfficeRole>,
    pub disabled: bool,
    pub must_change_password: bool,
    pub created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    pub person_id: Uuid,
    /// Letters `a-z`, digits, `.`, `_`, `-`, `@`; case does not matter. Absent: proposed from the person's name.
    #[serde(default)]
    pub username: Option<String>,
    pub roles: Vec<OfficeRole>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    #[serde(default)]
    pub disabled: Option<bool>,
    #[serde(default)]
    pub roles: Option<Vec<OfficeRole>>,
}

/// Shown once; only its hash is kept. It must be changed at the first sign-in.
#[derive(Serialize, ToSchema)]
pub struct OneTimePassword {
    pub person_id: Uuid,
    pub username: String,
    pub one_time_password: String,
}
