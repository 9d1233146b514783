//! What an account may do in the office, and with one session. The live meeting has a table of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{PersonId, SiteId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::role::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.word() == word).ok_or($crate::role::UnknownWord)
            }
        }
    };
}
pub(crate) use words;

/// The word is none of the enum's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

words! {
    Role {
        Secretary = "secretary",
        Chair = "chair",
        Delegate = "delegate",
        Technician = "technician",
        Leader = "leader",
        Admin = "admin",
    }
}

/// The roles of one person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(roles.into_iter().collect())
    }

    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.iter().any(|role| role.may(permission))
    }

    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.may(*permission)).collect()
    }
}

words! {
    /// What an account may do anywhere in the office.
    Permission {
        BookSessions = "book_sessions",
        EditAttendance = "edit_attendance",
        ReadAttendance = "read_attendance",
        ReadRecordings = "read_recordings",
        WatchSites = "watch_sites",
        ManageAccounts = "manage_accounts",
        ManageDirectory = "manage_directory",
        JoinSessions = "join_sessions",
    }
}

impl Role {
    /// The whole table: one line a role.
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        let allowed: &[Permission] = match self {
            Role::Secretary => {
                &[P::BookSessions, P::EditAttendance, P::ReadAttendance, P::ReadRecordings, P::JoinSessions]
            }
            Role::Chair | Role::Delegate => &[P::JoinSessions],
            Role::Technician => &[P::WatchSites, P::JoinSessions],
            Role::Leader => &[P::ReadAttendance, P::ReadRecordings, P::JoinSessions],
            Role::Admin => &[P::ManageAccounts, P::ManageDirectory],
        };
        allowed.contains(&permission)
    }
}

/// Who asks: the account behind a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewer {
    pub person: PersonId,
    /// The site this person sits at, and speaks for.
    pub site: Option<SiteId>,
    pub roles: Roles,
}

/// How a viewer stands to one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Chairs it.
    Chair,
    /// Keeps its minutes, or booked it.
    Secretary,
    Technician,
    /// His site, or he himself, is invited.
    Invited,
    /// None of these.
    Stranger,
}

words! {
    /// What somebody may do with one session, besides seeing it.
    SessionAction {
        Join = "join",
        Cancel = "cancel",
        Reschedule = "reschedule",
        End = "end",
        EditAttendance = "edit_attendance",
        ReadAttendance = "read_attendance",
        ReadRecordings = "read_recordings",
        WatchSites = "watch_sites",
        ReissueLinks = "reissue_links",
    }
}

impl SessionAction {
    /// Whether the viewer has the right, whatever the session's state ([`crate::session::State::fits`] asks that).
    pub fn allowed(self, viewer: &Viewer, standing: Standing) -> bool {
        use Permission as P;
        let may = |permission| viewer.roles.may(permission);
        let chairs = standing == Standing::Chair;
        match self {
            SessionAction::Join => may(P::JoinSessions) && (standing != Standing::Stranger || joins_any(viewer)),
            SessionAction::Cancel | SessionAction::Reschedule | SessionAction::ReissueLinks => may(P::BookSessions),
            SessionAction::End => may(P::BookSessions) || chairs,
            SessionAction::EditAttendance => may(P::EditAttendance),
            SessionAction::ReadAttendance => may(P::ReadAttendance) || chairs,
            SessionAction::ReadRecordings => may(P::ReadRecordings) || chairs,
            SessionAction::WatchSites => may(P::WatchSites),
        }
    }
}

/// Secretaries prepare, technicians keep the lines, leaders look in: they need no invitation to a session.
pub(crate) fn joins_any(viewer: &Viewer) -> bool {
    [Role::Secretary, Role::Technician, Role::Leader].into_iter().any(|role| viewer.roles.has(role))
}

/// Whether the session exists at all for this viewer; without it the answer is the one for a session that does not exist.
pub fn sees(viewer: &Viewer, standing: Standing) -> bool {
    standing != Standing::Stranger || joins_any(viewer)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use uuid::Uuid;

    fn viewer(roles: &[Role]) -> Viewer {
        Viewer { person: PersonId::from_uuid(Uuid::nil()), site: None, roles: Roles::new(roles.iter().copied()) }
    }

    #[test]
    fn the_table_of_roles_and_permissions_cell_by_cell() {
        let table: Vec<String> = Role::ALL
            .iter()
            .map(|role| {
                let cells: String =
                    Permission::ALL.iter().map(|permission| if role.may(*permission) { 'x' } else { '.' }).collect();
                format!("{role} {cells}")
            })
            .collect();
        //                            book, edit/read attendance, recordings, watch, accounts, directory, join
        let expected = [
            "secretary xxxx...x",
            "chair .......x",
            "delegate .......x",
            "technician ....x..x",
            "leader ..xx...x",
            "admin .....xx.",
        ];
        assert_eq!(table, expected);
    }

    #[test]
    fn a_delegate_sees_only_what_he_is_invited_to_and_no_recording() {
        let delegate = viewer(&[Role::Delegate]);
        assert!(!sees(&delegate, Standing::Stranger));
        assert!(!SessionAction::Join.allowed(&delegate, Standing::Stranger));
        assert!(SessionAction::Join.allowed(&delegate, Standing::Invited));
        assert!(!SessionAction::ReadRecordings.allowed(&delegate, Standing::Invited));
        assert!(!SessionAction::ReadAttendance.allowed(&delegate, Standing::Invited));
    }

    #[test]
    fn a_chair_reads_the_record_of_his_own_session_alone() {
        let chair = viewer(&[Role::Chair]);
        for action in [SessionAction::ReadAttendance, SessionAction::ReadRecordings, SessionAction::End] {
            assert!(action.allowed(&chair, Standing::Chair), "{action}");
            assert!(!action.allowed(&chair, Standing::Invited), "{action}");
        }
        assert!(!SessionAction::EditAttendance.allowed(&chair, Standing::Chair));
    }

    #[test]
    fn words_and_their_enum_agree() {
        for role in Role::ALL {
            assert_eq!(Role::from_str(role.word()), Ok(*role));
            assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
        }
        assert_eq!(Role::from_str("Admin"), Err(UnknownWord));
    }
}
