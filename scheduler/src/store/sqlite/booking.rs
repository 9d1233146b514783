//! Booking, moving and cancelling: each in one transaction that holds the write lock from its first look at the calendar.

use uuid::Uuid;

use super::check::{self, Asked, Wish};
use super::failure::{Constraint, constraint};
use super::idempotency::{self, Granted};
use super::session::{self, NewSession};
use super::{Conn, Sqlite, claim, draft, invitation, policy, session_row};
use crate::admission::MeetingRole;
use crate::booking::{
    BookRefused, Booked, Booking, BookingCheck, BookingProbe, CancelRefused, DRAFT_BYTES_MAX, Draft, IdempotencyKey,
    RescheduleRefused,
};
use crate::clash::{ClashReport, ClashWhat, Resource};
use crate::id::{ParticipantId, PersonId, SessionId, derived};
use crate::person::short_name;
use crate::policy::Policies;
use crate::session::{Invited, Opening, Seat, Session, SessionSummary, Sitter, Status};
use crate::store::Bookings;
use crate::store_failure::StoreFailure;
use crate::text::Reason;
use crate::time::{Span, UtcTime};

impl Bookings for Sqlite {
    async fn book(
        &self,
        booking: &Booking,
        by: PersonId,
        wish: &IdempotencyKey,
        now: UtcTime,
    ) -> Result<Booked, BookRefused> {
        let mut tx = self.write().await?;
        if let Some(granted) = idempotency::find(&mut tx, by, wish, now).await? {
            return self.answer_again(&mut tx, booking, &granted, now).await;
        }
        let policies = policy::all(&mut tx).await?;
        let id = SessionId::from_uuid(Uuid::now_v7());
        let booked = self.add_booking(&mut tx, id, booking, Some(by), Opening::ByTime, &policies, now).await?;
        let granted = Granted { session: id, fingerprint: hex::encode(booking.fingerprint) };
        idempotency::keep(&mut tx, by, wish, &granted, now, now.plus(policies.idempotency)).await?;
        draft::drop(&mut tx, by).await?;
        tx.commit().await.map_err(StoreFailure::from)?;
        tracing::info!(session = %id, sites = booked.session.sites, "a session was booked");
        Ok(booked)
    }

    async fn check_booking(&self, probe: &BookingProbe, now: UtcTime) -> Result<BookingCheck, BookRefused> {
        let mut tx = self.read().await?;
        let policies = policy::all(&mut tx).await?;
        check::check(&mut tx, probe, &policies, now).await
    }

    async fn reschedule(&self, id: SessionId, span: Span, now: UtcTime) -> Result<SessionSummary, RescheduleRefused> {
        let mut tx = self.write().await?;
        let detail = session_row::detail(&mut tx, id, now).await?.ok_or(RescheduleRefused::Unknown)?;
        if !session::is_planned(&detail.session) {
            return Err(RescheduleRefused::NotPlanned);
        }
        let policies = policy::all(&mut tx).await?;
        let resources = check::resources_of(&mut tx, id).await?;
        claim::release(&mut tx, id).await?;
        take(&mut tx, id, span, &resources, &policies, now).await.map_err(|refused| match refused {
            TakeRefused::Clash(report) => RescheduleRefused::Clash(report),
            TakeRefused::Failed(failure) => RescheduleRefused::Failed(failure),
        })?;
        session::set_span(&mut tx, id, span).await?;
        let moved = session_row::detail(&mut tx, id, now).await?.ok_or(RescheduleRefused::Unknown)?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(moved.summary)
    }

    async fn cancel(&self, id: SessionId, reason: &Reason, by: PersonId, now: UtcTime) -> Result<(), CancelRefused> {
        let mut tx = self.write().await?;
        let detail = session_row::detail(&mut tx, id, now).await?.ok_or(CancelRefused::Unknown)?;
        if !session::is_planned(&detail.session) {
            return Err(CancelRefused::NotPlanned);
        }
        claim::release(&mut tx, id).await?;
        session::cancel(&mut tx, id, reason, by, now).await?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn save_draft(&self, person: PersonId, json: &str, now: UtcTime) -> Result<(), StoreFailure> {
        if json.len() > DRAFT_BYTES_MAX {
            // The web refuses larger bodies before they come here; a caller that forgets it must not fill the disk.
            return Err(StoreFailure::Refused { detail: "a draft over its size".to_owned() });
        }
        let mut tx = self.write().await?;
        draft::save(&mut tx, person, json, now).await?;
        Ok(tx.commit().await?)
    }

    async fn draft(&self, person: PersonId) -> Result<Option<Draft>, StoreFailure> {
        draft::of(&mut *self.read().await?, person).await
    }

    async fn drop_draft(&self, person: PersonId) -> Result<(), StoreFailure> {
        let mut tx = self.write().await?;
        draft::drop(&mut tx, person).await?;
        Ok(tx.commit().await?)
    }
}

impl Sqlite {
    /// The same wish again: the same session, with the links that are in force.
    async fn answer_again(
        &self,
        conn: &mut Conn,
        booking: &Booking,
        granted: &Granted,
        now: UtcTime,
    ) -> Result<Booked, BookRefused> {
        if granted.fingerprint != hex::encode(booking.fingerprint) {
            return Err(BookRefused::KeyReused);
        }
        let detail = session_row::detail(conn, granted.session, now).await?;
        let detail =
            detail.ok_or_else(|| StoreFailure::Corrupt { detail: "a granted wish without session".to_owned() })?;
        let invitations = invitation::current(conn, &self.link_key, &detail.seats).await?;
        Ok(Booked { session: detail.summary, invitations })
    }

    /// Everything a booking writes, inside the caller's transaction.
    #[expect(
        clippy::too_many_arguments,
        reason = "one booking, its id, its author and the moment; a struct would only rename them"
    )]
    pub(super) async fn add_booking(
        &self,
        conn: &mut Conn,
        id: SessionId,
        booking: &Booking,
        by: Option<PersonId>,
        opening: Opening,
        policies: &Policies,
        now: UtcTime,
    ) -> Result<Booked, BookRefused> {
        let asked = Wish::of_booking(booking).look_up(conn).await?;
        let resources = asked.resources();
        check::refuse_too_many_sites(&resources, policies)?;
        let session = new_session(id, booking, by, opening, policies);
        let seats = seats(id, &asked);
        let new = NewSession {
            session: &session,
            chair_name: asked.person(ClashWhat::Chair).map_or("", |chair| &chair.name),
            selection_json: serde_json::to_string(&booking.selection).unwrap_or_default(),
            agenda: &booking.agenda,
            seats: &seats,
            booked_at: now,
        };
        session::add(conn, &new).await?;
        match opening {
            Opening::ByTime => take(conn, id, booking.span, &resources, policies, now).await?,
            // The demonstration must never stand in the way of a real meeting.
            Opening::Always => {}
        }
        let invitations = invitation::issue(conn, &self.link_key, &seats.iter().collect::<Vec<_>>(), now).await?;
        let detail = session_row::detail(conn, id, now).await?;
        let detail =
            detail.ok_or_else(|| StoreFailure::Corrupt { detail: "a session just written is missing".to_owned() })?;
        Ok(Booked { session: detail.summary, invitations })
    }
}

fn new_session(
    id: SessionId,
    booking: &Booking,
    by: Option<PersonId>,
    opening: Opening,
    policies: &Policies,
) -> Session {
    Session {
        id,
        title: booking.title.to_string(),
        short_title: booking.short_title.to_string(),
        mode: booking.mode,
        span: booking.span,
        opens_at: booking.span.from().minus(policies.open_lead),
        opening,
        status: Status::Planned,
        chair: booking.chair,
        secretary: booking.secretary,
        technician: booking.technician,
        central_site: booking.central_site,
        recording_planned: booking.recording_planned,
        booked_by: by,
    }
}

/// Chair, secretary and technician first, then the sites: the order of every list of the meeting.
fn seats(session: SessionId, asked: &Asked) -> Vec<Seat> {
    let people = asked.people.iter().filter_map(|(duty, person)| {
        let role = match duty {
            ClashWhat::Chair => MeetingRole::Chair,
            ClashWhat::Secretary => MeetingRole::Secretary,
            ClashWhat::Technician => MeetingRole::Technician,
            ClashWhat::Site | ClashWhat::Capacity => return None,
        };
        Some(Seat {
            participant: participant_of(session, person.id.uuid()),
            sitter: Sitter::Person(person.id),
            role,
            name: person.name.clone(),
            short_name: short_name(&person.name),
            detail: Some(person.title.clone()),
            group: None,
            invited: Invited::AtBooking,
            invitation: None,
        })
    });
    let sites = asked.sites.iter().map(|site| Seat {
        participant: participant_of(session, site.id.uuid()),
        sitter: Sitter::Site(Box::new(site.clone())),
        role: MeetingRole::Delegate,
        name: site.name.clone(),
        short_name: site.short_name.clone(),
        detail: site.room.clone(),
        group: Some(asked.directory.group_name(asked.directory.group_of(site))),
        invited: Invited::AtBooking,
        invitation: None,
    });
    people.chain(sites).collect()
}

/// One seat for one site or person in one session, whoever asks and however often.
pub(super) fn participant_of(session: SessionId, who: Uuid) -> ParticipantId {
    ParticipantId::from_uuid(derived("participant", &[session.uuid().as_bytes(), who.as_bytes()]))
}

enum TakeRefused {
    Clash(Box<ClashReport>),
    Failed(StoreFailure),
}

impl From<StoreFailure> for TakeRefused {
    fn from(failure: StoreFailure) -> Self {
        TakeRefused::Failed(failure)
    }
}

impl From<TakeRefused> for BookRefused {
    fn from(refused: TakeRefused) -> Self {
        match refused {
            TakeRefused::Clash(report) => BookRefused::Clash(report),
            TakeRefused::Failed(failure) => BookRefused::Failed(failure),
        }
    }
}

/// Takes everything, or says what is in the way. The look before is for the sentence; the refusal is the constraint's.
async fn take(
    conn: &mut Conn,
    session: SessionId,
    span: Span,
    resources: &[Resource],
    policies: &Policies,
    now: UtcTime,
) -> Result<(), TakeRefused> {
    if let Some(report) = check::clash_report(conn, resources, span, Some(session), policies, now).await? {
        return Err(TakeRefused::Clash(Box::new(report)));
    }
    match claim::take(conn, session, span, resources).await {
        Ok(()) => Ok(()),
        Err(error) => match constraint(&error) {
            // Nothing was in the way and yet the table refuses: two of these resources are one, or the look is wrong.
            Some(Constraint::ClaimClash | Constraint::CapacityExceeded) => {
                Err(TakeRefused::Clash(Box::new(ClashReport { clashes: Vec::new(), free_slot: None })))
            }
            Some(
                Constraint::UnitCodeTaken
                | Constraint::SiteCodeTaken
                | Constraint::UsernameTaken
                | Constraint::AccountTaken
                | Constraint::Reference,
            )
            | None => Err(TakeRefused::Failed(error.into())),
        },
    }
}
