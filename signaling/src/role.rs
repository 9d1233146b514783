//! Who may do what: the one table. Everything that asks "may he?" asks here.

use crate::wire::{Action, Role};

/// Whether the action is open to the role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Allowed,
    Denied,
}

use Verdict::{Allowed as Y, Denied as N};

/// In the order of the columns below.
pub const ROLES: [Role; 5] = [Role::Chair, Role::Secretary, Role::Delegate, Role::Technician, Role::Leader];

/// One row an action. Recording is the chair's decision alone (Decision 45/2018: the chair decides on audio and video recording);
/// the technician silences a howling microphone and puts a picture on screen, but neither speaks nor runs the meeting.
#[rustfmt::skip]
pub const TABLE: [(Action, [Verdict; 5]); 15] = [
    //                         chair secretary delegate technician leader
    (Action::Publish,          [Y,   Y,        Y,       Y,         Y]),
    (Action::ShareScreen,      [Y,   Y,        Y,       Y,         Y]),
    (Action::AskToSpeak,       [N,   Y,        Y,       N,         Y]),
    (Action::SpeakFreely,      [Y,   Y,        N,       N,         Y]),
    (Action::GiveFloor,        [Y,   Y,        N,       N,         N]),
    (Action::Mute,             [Y,   Y,        N,       Y,         N]),
    (Action::SetStage,         [Y,   Y,        N,       Y,         N]),
    (Action::SetMode,          [Y,   Y,        N,       N,         N]),
    (Action::SetAgenda,        [Y,   Y,        N,       N,         N]),
    (Action::Record,           [Y,   N,        N,       N,         N]),
    (Action::StartSession,     [Y,   Y,        N,       N,         N]),
    (Action::EndSession,       [Y,   N,        N,       N,         N]),
    (Action::Remove,           [Y,   Y,        N,       N,         N]),
    (Action::WatchLines,       [N,   Y,        N,       Y,         N]),
    (Action::DeclareHeadcount, [Y,   Y,        Y,       N,         N]),
];

#[must_use]
pub fn verdict(role: Role, action: Action) -> Verdict {
    let column = match role {
        Role::Chair => 0,
        Role::Secretary => 1,
        Role::Delegate => 2,
        Role::Technician => 3,
        Role::Leader => 4,
    };
    TABLE.iter().find(|(row, _)| *row == action).and_then(|(_, cells)| cells.get(column)).copied().unwrap_or(N)
}

#[must_use]
pub fn allows(role: Role, action: Action) -> bool {
    verdict(role, action) == Y
}

/// What the page may offer to somebody of this role.
#[must_use]
pub fn actions_of(role: Role) -> Vec<Action> {
    TABLE.iter().map(|(action, _)| *action).filter(|action| allows(role, *action)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Action as A;
    use crate::wire::Role::{Chair, Delegate, Leader, Secretary, Technician};

    /// Written the other way round on purpose: a slip in the table has to be made twice to go unseen.
    #[test]
    fn each_cell_of_the_table_is_as_the_rules_of_a_meeting_say() {
        let granted: [(Role, &[A]); 5] = [
            (
                Chair,
                &[
                    A::Publish,
                    A::ShareScreen,
                    A::SpeakFreely,
                    A::GiveFloor,
                    A::Mute,
                    A::SetStage,
                    A::SetMode,
                    A::SetAgenda,
                    A::Record,
                    A::StartSession,
                    A::EndSession,
                    A::Remove,
                    A::DeclareHeadcount,
                ],
            ),
            (
                Secretary,
                &[
                    A::Publish,
                    A::ShareScreen,
                    A::AskToSpeak,
                    A::SpeakFreely,
                    A::GiveFloor,
                    A::Mute,
                    A::SetStage,
                    A::SetMode,
                    A::SetAgenda,
                    A::StartSession,
                    A::Remove,
                    A::WatchLines,
                    A::DeclareHeadcount,
                ],
            ),
            (Delegate, &[A::Publish, A::ShareScreen, A::AskToSpeak, A::DeclareHeadcount]),
            (Technician, &[A::Publish, A::ShareScreen, A::Mute, A::SetStage, A::WatchLines]),
            (Leader, &[A::Publish, A::ShareScreen, A::AskToSpeak, A::SpeakFreely]),
        ];
        let mut cells = 0;
        for (role, actions) in granted {
            for (action, _) in TABLE {
                let expected = if actions.contains(&action) { Y } else { N };
                assert_eq!(verdict(role, action), expected, "{role:?} x {action:?}");
                cells += 1;
            }
        }
        assert_eq!(cells, ROLES.len() * TABLE.len());
    }

    #[test]
    fn every_action_has_exactly_one_row() {
        let mut rows: Vec<Action> = TABLE.iter().map(|(action, _)| *action).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), TABLE.len());
    }

    #[test]
    fn the_list_sent_to_the_page_is_the_table() {
        for role in ROLES {
            let listed = actions_of(role);
            assert!(TABLE.iter().all(|(action, _)| listed.contains(action) == allows(role, *action)));
        }
    }
}
