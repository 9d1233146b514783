//! What was asked for: a request as it came, and a booking that may be tried against the calendar.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::agenda::{AgendaItem, ITEM_MINUTES_MAX, ITEMS_MAX};
use crate::clash::{Clash, ClashReport, ClashWhat};
use crate::field::{FieldFault, FieldProblem, Form};
use crate::id::{PersonId, SessionId, SiteId};
use crate::invitation::IssuedInvitation;
use crate::selection::{RULES_MAX, SelectionRule};
use crate::session::{Mode, SessionSummary};
use crate::text::{Name, ShortTitle, Title};
use crate::time::{Span, UtcTime};

/// Longest session: around the clock. A longer wish is several sessions.
pub const LENGTH_MAX: Duration = Duration::from_secs(24 * 3600);
/// How far ahead: two years; beyond it somebody typed a wrong year.
pub const AHEAD_MAX_DAYS: u32 = 731;
/// A meeting called "now" is still booked some minutes after the moment it says it starts.
pub const LATE_MAX: Duration = Duration::from_secs(15 * 60);
/// A saved draft is the form's own JSON.
pub const DRAFT_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingRequest {
    pub title: String,
    pub short_title: String,
    pub mode: Mode,
    pub starts_at: UtcTime,
    pub ends_at: UtcTime,
    pub chair_id: PersonId,
    pub secretary_id: PersonId,
    #[serde(default)]
    pub technician_id: Option<PersonId>,
    pub central_site_id: SiteId,
    pub selection: Vec<SelectionRule>,
    #[serde(default)]
    pub agenda: Vec<AgendaItem>,
    #[serde(default)]
    pub recording_planned: bool,
}

/// A request in which nothing is wrong by itself. Whether its people and sites exist and are free, the store finds out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Booking {
    pub title: Title,
    pub short_title: ShortTitle,
    pub mode: Mode,
    pub span: Span,
    pub chair: PersonId,
    pub secretary: PersonId,
    pub technician: Option<PersonId>,
    pub central_site: SiteId,
    pub selection: Vec<SelectionRule>,
    pub agenda: Vec<AgendaItem>,
    pub recording_planned: bool,
    /// Tells two bodies under one idempotency key apart.
    pub fingerprint: [u8; 32],
}

impl BookingRequest {
    pub fn parse(&self, now: UtcTime) -> Result<Booking, Vec<FieldProblem>> {
        let mut form = Form::default();
        let title = form.line("title", &self.title);
        let short_title = form.line("short_title", &self.short_title);
        let span = parse_span(&mut form, self.starts_at, self.ends_at, now);
        let agenda = parse_agenda(&mut form, &self.agenda);
        if self.selection.len() > RULES_MAX {
            form.refuse("selection", FieldFault::TooMany { max: RULES_MAX });
        }
        if self.secretary_id == self.chair_id {
            form.refuse("secretary_id", FieldFault::SamePerson);
        }
        if self.technician_id.is_some_and(|technician| technician == self.chair_id || technician == self.secretary_id) {
            form.refuse("technician_id", FieldFault::SamePerson);
        }
        let booking = title.zip(short_title).zip(span).map(|((title, short_title), span)| Booking {
            title,
            short_title,
            mode: self.mode,
            span,
            chair: self.chair_id,
            secretary: self.secretary_id,
            technician: self.technician_id,
            central_site: self.central_site_id,
            selection: self.selection.clone(),
            agenda,
            recording_planned: self.recording_planned,
            fingerprint: self.fingerprint(),
        });
        form.finish(booking)
    }

    /// Of the request as understood: another order of the JSON's keys is the same request.
    fn fingerprint(&self) -> [u8; 32] {
        // Serialising our own plain struct to memory has no way to fail; an empty text would only make the key unusable.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// New times for a session, checked like those of a booking.
pub fn parse_times(starts_at: UtcTime, ends_at: UtcTime, now: UtcTime) -> Result<Span, Vec<FieldProblem>> {
    let mut form = Form::default();
    let span = parse_span(&mut form, starts_at, ends_at, now);
    form.finish(span)
}

fn parse_span(form: &mut Form, starts_at: UtcTime, ends_at: UtcTime, now: UtcTime) -> Option<Span> {
    if starts_at < now.minus(LATE_MAX) {
        form.refuse("starts_at", FieldFault::InThePast);
    }
    if starts_at > now.plus(Duration::from_secs(u64::from(AHEAD_MAX_DAYS) * 86_400)) {
        form.refuse("starts_at", FieldFault::TooFar { max: AHEAD_MAX_DAYS });
    }
    let Some(span) = Span::new(starts_at, ends_at) else {
        form.refuse("ends_at", FieldFault::EndsBeforeStart);
        return None;
    };
    if span.length() > LENGTH_MAX {
        form.refuse("ends_at", FieldFault::TooFar { max: (LENGTH_MAX.as_secs() / 60) as u32 });
    }
    if ends_at <= now {
        form.refuse("ends_at", FieldFault::InThePast);
    }
    Some(span)
}

fn parse_agenda(form: &mut Form, items: &[AgendaItem]) -> Vec<AgendaItem> {
    if items.len() > ITEMS_MAX {
        form.refuse("agenda", FieldFault::TooMany { max: ITEMS_MAX });
        return Vec::new();
    }
    let mut agenda = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let title: Option<Title> = form.line(&format!("agenda[{index}].title"), &item.title);
        let presenter: Option<Name> =
            form.optional_line(&format!("agenda[{index}].presenter"), item.presenter.as_deref());
        if item.minutes == 0 || item.minutes > ITEM_MINUTES_MAX {
            let what = FieldFault::NumberOutOfRange { min: 1, max: i64::from(ITEM_MINUTES_MAX) };
            form.refuse(format!("agenda[{index}].minutes"), what);
        }
        if let Some(title) = title {
            let presenter = presenter.map(|name| name.to_string());
            agenda.push(AgendaItem { title: title.to_string(), minutes: item.minutes, presenter });
        }
    }
    agenda
}

/// The name a client gave to one wish, so that repeating the request does not repeat the booking.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IdempotencyKey(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an idempotency key is 1 to 128 visible ASCII characters")]
pub struct KeyInvalid;

impl IdempotencyKey {
    pub fn parse(raw: &str) -> Result<Self, KeyInvalid> {
        let fits = (1..=128).contains(&raw.len()) && raw.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(raw.to_owned())) } else { Err(KeyInvalid) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The answer to a booking. Asked again under the same key it is the same, links included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Booked {
    pub session: SessionSummary,
    pub invitations: Vec<IssuedInvitation>,
}

/// What the booking page asks 300 ms after each change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BookingProbe {
    pub starts_at: UtcTime,
    pub ends_at: UtcTime,
    #[serde(default)]
    pub selection: Vec<SelectionRule>,
    #[serde(default)]
    pub central_site_id: Option<SiteId>,
    #[serde(default)]
    pub chair_id: Option<PersonId>,
    #[serde(default)]
    pub secretary_id: Option<PersonId>,
    #[serde(default)]
    pub technician_id: Option<PersonId>,
    /// The session being moved, which does not clash with itself.
    #[serde(default)]
    pub session_id: Option<SessionId>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BookingCheck {
    pub sites: u32,
    /// Seats of those sites.
    pub people: u32,
    pub clashes: Vec<Clash>,
    pub free_slot: Option<Span>,
    /// The whole office day of the asked beginning, one row for each person and site asked for.
    pub busy: Vec<BusyRow>,
    pub capacity: Capacity,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BusyRow {
    pub what: ClashWhat,
    pub id: uuid::Uuid,
    pub name: String,
    pub spans: Vec<BusySpan>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BusySpan {
    pub starts_at: UtcTime,
    pub ends_at: UtcTime,
    pub session_id: SessionId,
    pub session_title: String,
}

/// Sites the bridge carries at once: the most that others hold during the asked span, and the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Capacity {
    pub used: u32,
    pub limit: u32,
}

/// What was kept of an unfinished form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    pub json: String,
    pub saved_at: UtcTime,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum BookRefused {
    #[error("something asked for is taken at that time")]
    Clash(Box<ClashReport>),
    #[error("fields are wrong")]
    Invalid(Vec<FieldProblem>),
    #[error("the idempotency key was used for another booking")]
    KeyReused,
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum RescheduleRefused {
    #[error("no such session")]
    Unknown,
    #[error("it has begun, ended or been cancelled")]
    NotPlanned,
    #[error("something it needs is taken at that time")]
    Clash(Box<ClashReport>),
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum CancelRefused {
    #[error("no such session")]
    Unknown,
    #[error("it has begun, ended or been cancelled")]
    NotPlanned,
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum EndRefused {
    #[error("no such session")]
    Unknown,
    #[error("it has ended or been cancelled")]
    Over,
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::minutes;
    use uuid::Uuid;

    const NOW: UtcTime = UtcTime::from_millis(1_780_000_000_000);

    fn person(number: u128) -> PersonId {
        PersonId::from_uuid(Uuid::from_u128(number))
    }

    fn request() -> BookingRequest {
        BookingRequest {
            title: "Giao ban".to_owned(),
            short_title: "Giao ban".to_owned(),
            mode: Mode::Conference,
            starts_at: NOW.plus(minutes(60)),
            ends_at: NOW.plus(minutes(120)),
            chair_id: person(1),
            secretary_id: person(2),
            technician_id: None,
            central_site_id: SiteId::from_uuid(Uuid::from_u128(3)),
            selection: Vec::new(),
            agenda: vec![AgendaItem { title: "Khai mạc".to_owned(), minutes: 10, presenter: None }],
            recording_planned: false,
        }
    }

    fn faults(request: &BookingRequest) -> Vec<(String, FieldFault)> {
        let problems = request.parse(NOW).unwrap_err();
        problems.into_iter().map(|problem| (problem.field, problem.what)).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_by_its_field() {
        let bad = BookingRequest {
            title: " ".to_owned(),
            short_title: "Phòng, chống thiên tai".to_owned(),
            ends_at: NOW.plus(minutes(60)),
            secretary_id: person(1),
            technician_id: Some(person(1)),
            agenda: vec![AgendaItem { title: "a\u{0}".to_owned(), minutes: 0, presenter: None }],
            ..request()
        };
        let expected = [
            ("title", FieldFault::Required),
            ("short_title", FieldFault::TooLong { max: 20 }),
            ("ends_at", FieldFault::EndsBeforeStart),
            ("agenda[0].title", FieldFault::Unshowable),
            ("agenda[0].minutes", FieldFault::NumberOutOfRange { min: 1, max: 1_440 }),
            ("secretary_id", FieldFault::SamePerson),
            ("technician_id", FieldFault::SamePerson),
        ];
        assert_eq!(faults(&bad), expected.map(|(field, fault)| (field.to_owned(), fault)));
    }

    #[test]
    fn a_meeting_called_now_may_have_begun_some_minutes_ago_but_not_yesterday_nor_in_three_years() {
        let from = |starts_at: UtcTime| BookingRequest { starts_at, ends_at: starts_at.plus(minutes(60)), ..request() };
        assert!(from(NOW.minus(minutes(10))).parse(NOW).is_ok());
        assert!(faults(&from(NOW.minus(minutes(1_440)))).contains(&("starts_at".to_owned(), FieldFault::InThePast)));
        let far = from(NOW.plus(minutes(3 * 366 * 1_440)));
        assert_eq!(faults(&far), [("starts_at".to_owned(), FieldFault::TooFar { max: AHEAD_MAX_DAYS })]);
        let long = BookingRequest { ends_at: NOW.plus(minutes(60 + 1_441)), ..request() };
        assert_eq!(faults(&long), [("ends_at".to_owned(), FieldFault::TooFar { max: 1_440 })]);
        for extreme in [i64::MIN, i64::MAX] {
            assert!(from(UtcTime::from_millis(extreme)).parse(NOW).is_err());
        }
    }

    #[test]
    fn two_bodies_differ_in_their_fingerprint_and_the_order_of_keys_does_not_matter() {
        let first = request();
        let text = serde_json::to_value(&first).unwrap();
        let again: BookingRequest = serde_json::from_value(text).unwrap();
        assert_eq!(again.parse(NOW).unwrap().fingerprint, first.parse(NOW).unwrap().fingerprint);
        let other = BookingRequest { recording_planned: true, ..request() };
        assert_ne!(other.parse(NOW).unwrap().fingerprint, first.parse(NOW).unwrap().fingerprint);
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        assert!(IdempotencyKey::parse("0190-ab_cd").is_ok());
        for bad in ["", "a b", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(IdempotencyKey::parse(bad), Err(KeyInvalid));
        }
    }
}
