//! From the office's own values to what crosses the interface.

use scheduler::{
    account, admission, agenda, attendance, booking, clash, field, invitation, mark, person, record, role, selection,
    session, site, unit,
};

use super::account as a;
use super::attendance as at;
use super::booking as b;
use super::directory as d;
use super::recording as r;
use super::session as s;
use crate::http::problem::{FieldCode, FieldProblem};

macro_rules! same_words {
    ($ours:ty = $theirs:ty { $($variant:ident),+ $(,)? }) => {
        impl From<$theirs> for $ours {
            fn from(theirs: $theirs) -> Self {
                match theirs { $(<$theirs>::$variant => Self::$variant),+ }
            }
        }
    };
}

macro_rules! same_words_both_ways {
    ($ours:ty = $theirs:ty { $($variant:ident),+ $(,)? }) => {
        same_words!($ours = $theirs { $($variant),+ });
        impl From<$ours> for $theirs {
            fn from(ours: $ours) -> Self {
                match ours { $(<$ours>::$variant => Self::$variant),+ }
            }
        }
    };
}

same_words_both_ways!(a::OfficeRole = role::Role { Secretary, Chair, Delegate, Technician, Leader, Admin });
same_words_both_ways!(d::UnitKind = unit::UnitKind { Province, Department, District, Ward, Commune, SpecialZone });
same_words_both_ways!(s::Mode = session::Mode { Discussion, Training, Conference });
same_words_both_ways!(s::SessionState = session::State { Scheduled, Open, InSession, Ended, Cancelled });
same_words_both_ways!(at::AttendanceStatus = mark::AttendanceStatus { Online, InPerson, Absent, NotCalled });
same_words!(
    a::Permission = role::Permission {
        BookSessions,
        EditAttendance,
        ReadAttendance,
        ReadRecordings,
        WatchSites,
        ManageAccounts,
        ManageDirectory,
        JoinSessions
    }
);
same_words!(
    s::SessionAct = role::SessionAction {
        Join,
        Cancel,
        Reschedule,
        End,
        EditAttendance,
        ReadAttendance,
        ReadRecordings,
        WatchSites,
        ReissueLinks
    }
);
same_words!(s::MeetingRole = admission::MeetingRole { Chair, Secretary, Delegate, Technician, Leader });
same_words!(b::BusyKind = clash::ClashWhat { Site, Chair, Secretary, Technician, Capacity });
same_words!(at::IntervalEnd = attendance::IntervalEnd { Left, Lost, SessionEnd, StillHere });
same_words!(r::RecordingFileState = record::RecordingState { Recording, Ready, Broken });

impl From<field::FieldProblem> for FieldProblem {
    fn from(problem: field::FieldProblem) -> Self {
        use field::FieldFault as F;
        let size = |max: usize| Some(i64::try_from(max).unwrap_or(i64::MAX));
        let (code, min, max) = match problem.what {
            F::Required => (FieldCode::Required, None, None),
            F::TooLong { max } => (FieldCode::TooLong, None, size(max)),
            F::Unshowable => (FieldCode::Unshowable, None, None),
            F::EndsBeforeStart => (FieldCode::EndsBeforeStart, None, None),
            F::InThePast => (FieldCode::InThePast, None, None),
            F::TooFar { max } => (FieldCode::TooFar, None, Some(i64::from(max))),
            F::TooMany { max } => (FieldCode::TooMany, None, size(max)),
            F::NumberOutOfRange { min, max } => (FieldCode::NumberOutOfRange, Some(min), Some(max)),
            F::Unknown => (FieldCode::Unknown, None, None),
            F::LacksRole => (FieldCode::LacksRole, None, None),
            F::SamePerson => (FieldCode::SamePerson, None, None),
            F::Taken => (FieldCode::Taken, None, None),
            F::Circular => (FieldCode::Circular, None, None),
        };
        Self { field: problem.field, code, min, max }
    }
}

/// The office's roles as a set; a role named twice is named once.
#[must_use]
pub fn roles(list: &[a::OfficeRole]) -> role::Roles {
    role::Roles::new(list.iter().map(|role| (*role).into()))
}

fn role_list(roles: &role::Roles) -> Vec<a::OfficeRole> {
    roles.iter().map(Into::into).collect()
}

/// `occasion` is the server's, everything else the account's.
#[must_use]
pub fn me(who: &account::SignedIn, demo: bool) -> a::Me {
    let person = &who.person;
    a::Me {
        person_id: person.id.uuid(),
        username: who.username.clone(),
        name: person.name.clone(),
        title: person.title.clone(),
        roles: role_list(&person.roles),
        site_id: person.site_id.map(scheduler::id::SiteId::uuid),
        must_change_password: who.due == account::PasswordDue::Change,
        demo,
        may: person.roles.permissions().into_iter().map(Into::into).collect(),
    }
}

impl From<account::Account> for a::Account {
    fn from(account: account::Account) -> Self {
        Self {
            person_id: account.person.id.uuid(),
            username: account.username,
            name: account.person.name,
            title: account.person.title,
            roles: role_list(&account.person.roles),
            disabled: account.state == account::AccountState::Disabled,
            must_change_password: account.due == account::PasswordDue::Change,
            created_at: account.created_at.millis(),
            last_sign_in_at: account.last_sign_in_at.map(scheduler::time::UtcTime::millis),
        }
    }
}

impl From<person::Person> for d::Person {
    fn from(person: person::Person) -> Self {
        Self {
            id: person.id.uuid(),
            name: person.name,
            title: person.title,
            unit_id: person.unit_id.map(scheduler::id::UnitId::uuid),
            unit_name: person.unit_name,
            site_id: person.site_id.map(scheduler::id::SiteId::uuid),
            phone: person.phone,
            roles: role_list(&person.roles),
        }
    }
}

impl From<unit::Unit> for d::Unit {
    fn from(unit: unit::Unit) -> Self {
        Self {
            id: unit.id.uuid(),
            code: unit.code,
            name: unit.name,
            kind: unit.kind.into(),
            parent_id: unit.parent.map(scheduler::id::UnitId::uuid),
            valid_from: unit.valid_from,
            valid_to: unit.valid_to,
            successors: unit.successors.into_iter().map(scheduler::id::UnitId::uuid).collect(),
        }
    }
}

impl From<unit::Hub> for d::Hub {
    fn from(hub: unit::Hub) -> Self {
        Self {
            id: hub.id.uuid(),
            name: hub.name,
            parent_id: hub.parent.map(scheduler::id::HubId::uuid),
            rank: hub.rank,
        }
    }
}

impl From<site::Site> for d::Site {
    fn from(site: site::Site) -> Self {
        Self {
            id: site.id.uuid(),
            code: site.code,
            name: site.name,
            short_name: site.short_name,
            room: site.room,
            unit_id: site.unit_id.uuid(),
            hub_id: site.hub_id.map(scheduler::id::HubId::uuid),
            seats: site.seats,
            contact_name: site.contact_name,
            contact_phone: site.contact_phone,
            central: site.central,
        }
    }
}

impl From<site::TreeNode> for d::TreeNode {
    fn from(node: site::TreeNode) -> Self {
        match node {
            site::TreeNode::Group { id, name, children } => Self {
                id: id.to_string(),
                name,
                kind: d::TreeNodeKind::Group,
                children: children.into_iter().map(Into::into).collect(),
                site: None,
            },
            site::TreeNode::Site(site) => Self {
                id: site.id.to_string(),
                name: site.name.clone(),
                kind: d::TreeNodeKind::Site,
                children: Vec::new(),
                site: Some(site.into()),
            },
        }
    }
}

impl From<agenda::AgendaItem> for b::AgendaItem {
    fn from(item: agenda::AgendaItem) -> Self {
        Self { title: item.title, minutes: item.minutes, presenter: item.presenter }
    }
}

impl From<b::AgendaItem> for agenda::AgendaItem {
    fn from(item: b::AgendaItem) -> Self {
        Self { title: item.title, minutes: item.minutes, presenter: item.presenter }
    }
}

/// No group of that name exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownGroup;

impl TryFrom<b::SelectionRule> for selection::SelectionRule {
    type Error = UnknownGroup;

    fn try_from(rule: b::SelectionRule) -> Result<Self, UnknownGroup> {
        use scheduler::id::SiteId;
        Ok(match rule {
            b::SelectionRule::Site { site_id } => Self::Site { site_id: SiteId::from_uuid(site_id) },
            b::SelectionRule::Subtree { group_id, except } => Self::Subtree {
                group_id: group_id.parse().map_err(|_| UnknownGroup)?,
                except: except.into_iter().map(SiteId::from_uuid).collect(),
            },
        })
    }
}

impl From<clash::Clash> for b::Clash {
    fn from(clash: clash::Clash) -> Self {
        Self {
            what: clash.what.into(),
            id: clash.id,
            name: clash.name,
            session_id: clash.session_id.to_string(),
            session_title: clash.session_title,
            starts_at: clash.starts_at.millis(),
            ends_at: clash.ends_at.millis(),
        }
    }
}

impl From<scheduler::time::Span> for b::TimeSpan {
    fn from(span: scheduler::time::Span) -> Self {
        Self { starts_at: span.from().millis(), ends_at: span.to().millis() }
    }
}

impl From<booking::BookingCheck> for b::BookingChecked {
    fn from(check: booking::BookingCheck) -> Self {
        Self {
            sites: check.sites,
            people: check.people,
            clashes: check.clashes.into_iter().map(Into::into).collect(),
            free_slot: check.free_slot.map(Into::into),
            busy: check.busy.into_iter().map(Into::into).collect(),
            capacity: b::Capacity { used: check.capacity.used, limit: check.capacity.limit },
        }
    }
}

impl From<booking::BusyRow> for b::BusyRow {
    fn from(row: booking::BusyRow) -> Self {
        let span = |span: booking::BusySpan| b::BusySpan {
            starts_at: span.starts_at.millis(),
            ends_at: span.ends_at.millis(),
            session_id: span.session_id.to_string(),
            session_title: span.session_title,
        };
        Self { what: row.what.into(), id: row.id, name: row.name, spans: row.spans.into_iter().map(span).collect() }
    }
}

/// `here` is the live meeting's; the office does not know it.
#[must_use]
pub fn summary(summary: session::SessionSummary, here: Option<u32>) -> s::SessionSummary {
    s::SessionSummary {
        id: summary.id.to_string(),
        title: summary.title,
        short_title: summary.short_title,
        mode: summary.mode.into(),
        starts_at: summary.starts_at.millis(),
        ends_at: summary.ends_at.millis(),
        opens_at: summary.opens_at.millis(),
        state: summary.state.into(),
        chair_id: summary.chair_id.uuid(),
        chair_name: summary.chair_name,
        secretary_name: summary.secretary_name,
        sites: summary.sites,
        here,
        recordings: summary.recordings,
    }
}

impl From<invitation::InvitationState> for s::InvitationProgress {
    fn from(state: invitation::InvitationState) -> Self {
        use invitation::InvitationState as I;
        match state {
            I::Issued => Self { state: s::InvitationState::Issued, opened_at: None, joined_at: None },
            I::Opened { opened_at } => {
                Self { state: s::InvitationState::Opened, opened_at: Some(opened_at.millis()), joined_at: None }
            }
            I::Joined { opened_at, joined_at } => Self {
                state: s::InvitationState::Joined,
                opened_at: Some(opened_at.millis()),
                joined_at: Some(joined_at.millis()),
            },
        }
    }
}

impl From<invitation::InvitationView> for s::InvitationView {
    fn from(view: invitation::InvitationView) -> Self {
        let session = view.session;
        Self {
            session_id: session.id.to_string(),
            title: session.title,
            short_title: session.short_title,
            starts_at: session.span.from().millis(),
            ends_at: session.span.to().millis(),
            opens_at: session.opens_at.millis(),
            state: view.state.into(),
            chair_name: view.chair_name,
            site_name: view.site_name,
            site_detail: view.site_detail,
            seats: view.seats,
            agenda: view.agenda.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<attendance::AttendanceRow> for at::AttendanceRow {
    fn from(row: attendance::AttendanceRow) -> Self {
        let interval = |interval: attendance::Interval| at::PresenceInterval {
            from: interval.from.millis(),
            to: interval.to.millis(),
            ended: interval.ended.into(),
            estimated: interval.estimated,
        };
        Self {
            id: row.participant.uuid(),
            site_id: row.site_id.map(scheduler::id::SiteId::uuid),
            participant_name: row.name,
            detail: row.detail,
            group: row.group,
            intervals: row.intervals.into_iter().map(interval).collect(),
            status: row.status.into(),
            reason: row.reason,
            declared: row.declared,
            confirmed: row.confirmed,
            edited_at: row.edited.as_ref().map(|edited| edited.at.millis()),
            edited_by: row.edited.map(|edited| edited.by_name),
            spoken_seconds: row.spoken_seconds,
        }
    }
}

/// The list beside the session it belongs to.
#[must_use]
pub fn attendance(list: attendance::Attendance, session: s::SessionSummary) -> at::Attendance {
    let agenda = |row: attendance::AgendaRow| at::AgendaSpan {
        title: row.title,
        from: row.from.map(scheduler::time::UtcTime::millis),
        to: row.to.map(scheduler::time::UtcTime::millis),
    };
    at::Attendance {
        session,
        opened_at: list.opened_at.map(scheduler::time::UtcTime::millis),
        closed_at: list.closed_at.map(scheduler::time::UtcTime::millis),
        agenda: list.agenda.into_iter().map(agenda).collect(),
        quorum: at::QuorumFigures {
            sites_present: list.quorum.sites_present,
            sites_invited: list.quorum.sites_invited,
            sites_needed: list.quorum.sites_needed,
            people_declared: list.quorum.people_declared,
            people_confirmed: list.quorum.people_confirmed,
        },
        rows: list.rows.into_iter().map(Into::into).collect(),
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl From<record::SpeakerSpan> for r::SpeakerSpan {
    fn from(span: record::SpeakerSpan) -> Self {
        Self { name: span.name, from_ms: count(span.from_ms), to_ms: count(span.to_ms) }
    }
}

impl From<record::Recording> for r::RecordingSummary {
    fn from(recording: record::Recording) -> Self {
        Self {
            id: recording.id.uuid(),
            session_id: recording.session_id.to_string(),
            title: recording.title,
            started_at: recording.started_at.millis(),
            duration_ms: count(recording.duration_ms),
            size_bytes: count(recording.size_bytes),
            state: recording.state.into(),
            chair_name: recording.chair_name,
            speakers: recording.speakers.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<record::AgendaPosition> for r::AgendaPoint {
    fn from(position: record::AgendaPosition) -> Self {
        Self { title: position.title, at_ms: count(position.at_ms) }
    }
}
