//! The questions and orders the store answers. No SQL, no engine: web and tests are written against these.

use std::future::Future;

use chrono::NaiveDate;

use crate::account::{
    Account, AccountState, Credentials, NewAccount, PasswordDue, PasswordHash, SignInName, SignedIn, TokenHash,
    WebSession,
};
use crate::admission::{AdmitRefused, Grant};
use crate::attendance::{Attendance, AttendanceRow, EditRefused};
use crate::booking::{
    BookRefused, Booked, Booking, BookingCheck, BookingProbe, CancelRefused, Draft, EndRefused, IdempotencyKey,
    RescheduleRefused,
};
use crate::chain::ChainVerdict;
use crate::field::FieldProblem;
use crate::id::{HubId, ParticipantId, PersonId, RecordingId, SessionId, SiteId, UnitId};
use crate::invitation::{InvitationView, IssuedInvitation, LinkSecret, ReissueRefused};
use crate::mark::{AttendanceEdit, Mark};
use crate::person::{Person, PersonFields};
use crate::policy::{Policies, PolicyKey, PolicyRefused, PolicySetting};
use crate::record::{Recording, RecordingEnd, SpeakerSpan};
use crate::role::{Role, Roles, Viewer};
use crate::session::{Seat, SessionDetail, SessionQuery, SessionSummary};
use crate::site::{Site, SiteDirectory, SiteFields};
use crate::store_failure::StoreFailure;
use crate::text::Reason;
use crate::time::{Span, UtcTime};
use crate::unit::{Hub, Unit, UnitFields};

/// The answer of a store, when it comes.
pub trait Answer<T, E = StoreFailure>: Future<Output = Result<T, E>> + Send {}
impl<F: Future<Output = Result<T, E>> + Send, T, E> Answer<T, E> for F {}

pub trait Store: Directory + Accounts + Bookings + Sessions + Attendances + Recordings + PolicySettings {}
impl<S: Directory + Accounts + Bookings + Sessions + Attendances + Recordings + PolicySettings> Store for S {}

/// Units, hubs, sites and people.
pub trait Directory: Send + Sync + 'static {
    /// All versions of all units; [`crate::unit::on`] picks those of one day.
    fn units(&self) -> impl Answer<Vec<Unit>>;
    fn hubs(&self) -> impl Answer<Vec<Hub>>;
    /// The units of that day, with all hubs and sites: what trees and rules are resolved from.
    fn site_directory(&self, on: NaiveDate) -> impl Answer<SiteDirectory>;
    fn site(&self, id: SiteId) -> impl Answer<Option<Site>>;
    /// By name; all, or those with a role.
    fn people(&self, role: Option<Role>) -> impl Answer<Vec<Person>>;
    fn person(&self, id: PersonId) -> impl Answer<Option<Person>>;
    fn add_unit(&self, unit: &UnitFields) -> impl Answer<UnitId, DirectoryRefused>;
    fn edit_unit(&self, id: UnitId, unit: &UnitFields) -> impl Answer<(), DirectoryRefused>;
    fn add_hub(&self, name: &crate::text::Name, parent: Option<HubId>) -> impl Answer<HubId, DirectoryRefused>;
    fn add_site(&self, site: &SiteFields) -> impl Answer<SiteId, DirectoryRefused>;
    fn edit_site(&self, id: SiteId, site: &SiteFields) -> impl Answer<(), DirectoryRefused>;
    fn add_person(&self, person: &PersonFields) -> impl Answer<PersonId, DirectoryRefused>;
    fn edit_person(&self, id: PersonId, person: &PersonFields) -> impl Answer<(), DirectoryRefused>;
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum DirectoryRefused {
    #[error("no such unit, site or person")]
    Unknown,
    /// A code that is taken, a parent, unit, hub or site that does not exist.
    #[error("fields are wrong")]
    Invalid(Vec<FieldProblem>),
    #[error(transparent)]
    Failed(#[from] StoreFailure),
}

/// Accounts and the sessions of signed-in browsers.
pub trait Accounts: Send + Sync + 'static {
    fn accounts(&self) -> impl Answer<Vec<Account>>;
    /// False only before the first start has made its administrator.
    fn has_accounts(&self) -> impl Answer<bool>;
    fn credentials(&self, name: &SignInName) -> impl Answer<Option<Credentials>>;
    fn add_account(&self, account: &NewAccount, now: UtcTime) -> impl Answer<(), AccountRefused>;
    /// Also signs the person out everywhere but in `keep`.
    fn set_password(
        &self,
        person: PersonId,
        password: &PasswordHash,
        due: PasswordDue,
        keep: Option<TokenHash>,
    ) -> impl Answer<(), AccountRefused>;
    /// Disabling also signs the person out everywhere.
    fn set_account_state(&self, person: PersonId, state: AccountState) -> impl Answer<(), AccountRefused>;
    fn set_roles(&self, person: PersonId, roles: &Roles) -> impl Answer<(), AccountRefused>;
    fn open_web_session(&self, session: &WebSession, now: UtcTime) -> impl Answer<(), AccountRefused>;
    /// Who the cookie stands for; `None` when it is unknown, expired, or its account disabled.
    fn signed_in(&self, token: TokenHash, now: UtcTime) -> impl Answer<Option<SignedIn>>;
    fn close_web_session(&self, token: TokenHash) -> impl Answer<()>;
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountRefused {
    #[error("no such person or account")]
    Unknown,
    #[error("the name is taken")]
    NameTaken,
    #[error("the person has an account")]
    HasAccount,
    /// Without an administrator nobody could undo it.
    #[error("this is the last administrator")]
    LastAdmin,
    #[error(transparent)]
    Failed(#[from] StoreFailure),
}

/// From the wish to the calendar.
pub trait Bookings: Send + Sync + 'static {
    fn book(
        &self,
        booking: &Booking,
        by: PersonId,
        key: &IdempotencyKey,
        now: UtcTime,
    ) -> impl Answer<Booked, BookRefused>;
    /// Changes nothing. Rules and people that do not exist are [`BookRefused::Invalid`].
    fn check_booking(&self, probe: &BookingProbe, now: UtcTime) -> impl Answer<BookingCheck, BookRefused>;
    fn reschedule(
        &self,
        session: SessionId,
        span: Span,
        now: UtcTime,
    ) -> impl Answer<SessionSummary, RescheduleRefused>;
    fn cancel(&self, session: SessionId, reason: &Reason, by: PersonId, now: UtcTime)
    -> impl Answer<(), CancelRefused>;
    fn save_draft(&self, person: PersonId, json: &str, now: UtcTime) -> impl Answer<()>;
    fn draft(&self, person: PersonId) -> impl Answer<Option<Draft>>;
    fn drop_draft(&self, person: PersonId) -> impl Answer<()>;
}

/// Sessions, their doors and their links.
pub trait Sessions: Send + Sync + 'static {
    fn sessions(&self, query: &SessionQuery, now: UtcTime) -> impl Answer<Vec<SessionSummary>>;
    /// For anybody: whoever answers a viewer asks [`crate::role::sees`] with the detail's standing first.
    fn session(&self, id: SessionId, now: UtcTime) -> impl Answer<Option<SessionDetail>>;
    /// Lets a signed-in person in: finds or adds his seat.
    fn admit(&self, session: SessionId, viewer: &Viewer, now: UtcTime) -> impl Answer<Grant, AdmitRefused>;
    /// What the link's page shows; notes that it was opened. `None`: no such link, or one that died.
    fn open_invitation(&self, secret: &LinkSecret, now: UtcTime) -> impl Answer<Option<InvitationView>>;
    /// Lets the link's holder in; notes that he joined.
    fn admit_invited(&self, secret: &LinkSecret, now: UtcTime) -> impl Answer<Grant, AdmitRefused>;
    /// New links for these sites, or for all; the old ones die.
    fn reissue_links(
        &self,
        session: SessionId,
        sites: Option<&[SiteId]>,
        now: UtcTime,
    ) -> impl Answer<Vec<IssuedInvitation>, ReissueRefused>;
    /// Ends a session from the office. (A meeting that is running ends by its own mark.)
    fn end_session(&self, session: SessionId, by: PersonId, now: UtcTime) -> impl Answer<(), EndRefused>;
    /// The seats a live meeting starts from.
    fn seats(&self, session: SessionId) -> impl Answer<Vec<Seat>>;
}

/// Marks and what is folded from them.
pub trait Attendances: Send + Sync + 'static {
    /// Returns when all of them are on the disk. A mark whose id is known already counts as stored. Marks of many callers share a flush.
    fn store_marks(&self, marks: Vec<Mark>) -> impl Answer<(), MarkRefused>;
    /// Notes who is here now. Asked every few seconds by whoever runs the meeting; after a crash it bounds the error of attendance.
    fn renew_leases(&self, session: SessionId, here: &[ParticipantId], now: UtcTime) -> impl Answer<()>;
    /// In the order in which they were stored.
    fn marks(&self, session: SessionId) -> impl Answer<Vec<Mark>>;
    fn attendance(&self, session: SessionId, now: UtcTime) -> impl Answer<Option<Attendance>>;
    fn edit_attendance(
        &self,
        session: SessionId,
        row: ParticipantId,
        edit: &AttendanceEdit,
        by: PersonId,
        now: UtcTime,
    ) -> impl Answer<AttendanceRow, EditRefused>;
    /// Confirms what was declared wherever nothing is confirmed yet; nothing to confirm is no refusal.
    fn confirm_declared(&self, session: SessionId, by: PersonId, now: UtcTime) -> impl Answer<Attendance, EditRefused>;
    /// To be called once at start, before any meeting runs: ends the presences that a crash left open, at their last lease.
    /// Returns the sessions it mended.
    fn recover_attendance(&self, now: UtcTime) -> impl Answer<Vec<SessionId>>;
    /// Ends what the clock ends: sessions whose time has passed and in which nobody is. Returns them.
    fn end_overdue(&self, now: UtcTime) -> impl Answer<Vec<SessionId>>;
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum MarkRefused {
    /// None of the call's marks was stored.
    #[error("no such session: {session}")]
    UnknownSession { session: SessionId },
    #[error(transparent)]
    Failed(#[from] StoreFailure),
}

/// What `nhipcau verify` asks of a database it only reads: everything, whoever may see it.
pub trait Inspection: Send + Sync + 'static {
    /// What the engine finds wrong with its own file; empty when nothing is.
    fn check_integrity(&self) -> impl Answer<Vec<String>>;
    fn all_sessions(&self) -> impl Answer<Vec<SessionId>>;
    /// Walks the chain of hashes over all marks of a session.
    fn verify_marks(&self, session: SessionId) -> impl Answer<ChainVerdict>;
    fn fold_attendance(&self, session: SessionId, now: UtcTime) -> impl Answer<Option<Attendance>>;
    fn all_recordings(&self) -> impl Answer<Vec<Recording>>;
}

/// The catalogue of recordings.
pub trait Recordings: Send + Sync + 'static {
    fn begin_recording(&self, recording: &NewRecording) -> impl Answer<(), RecordingRefused>;
    /// Adds to who spoke when; may be called while the recording runs.
    fn add_speakers(&self, recording: RecordingId, speakers: &[SpeakerSpan]) -> impl Answer<(), RecordingRefused>;
    fn finish_recording(&self, recording: RecordingId, end: &RecordingEnd) -> impl Answer<(), RecordingRefused>;
    /// Those still marked as running: at start, what a crash left behind.
    fn unfinished_recordings(&self) -> impl Answer<Vec<Recording>>;
    fn recording(&self, id: RecordingId) -> impl Answer<Option<Recording>>;
    /// Newest first; only those the viewer may see.
    fn recordings(&self, query: &RecordingQuery) -> impl Answer<Vec<Recording>>;
}

#[derive(Clone, Debug)]
pub struct NewRecording {
    pub id: RecordingId,
    pub session: SessionId,
    /// Relative to the directory of recordings.
    pub file: String,
    pub started_at: UtcTime,
}

#[derive(Clone, Debug)]
pub struct RecordingQuery {
    pub viewer: Viewer,
    pub from: Option<UtcTime>,
    pub to: Option<UtcTime>,
    /// Words of title, chair or speakers.
    pub text: Option<String>,
    pub session: Option<SessionId>,
    pub limit: u16,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordingRefused {
    #[error("no such session or recording")]
    Unknown,
    #[error("the recording has ended")]
    Over,
    #[error(transparent)]
    Failed(#[from] StoreFailure),
}

pub trait PolicySettings: Send + Sync + 'static {
    fn policies(&self) -> impl Answer<Policies>;
    fn policy_settings(&self) -> impl Answer<Vec<PolicySetting>>;
    fn set_policy(&self, key: PolicyKey, value: i64, by: PersonId, now: UtcTime) -> impl Answer<(), PolicyRefused>;
}
