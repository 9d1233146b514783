//! Lists of sessions, and their doors: who is let in, by account or by link.

use super::booking::participant_of;
use super::{Sqlite, invitation, mark, participant, policy, session_row};
use crate::admission::{self, AdmitRefused, Grant, JoinRefused, SeatTaken};
use crate::booking::EndRefused;
use crate::id::{MarkId, ParticipantId, PersonId, SessionId, SiteId};
use crate::invitation::{InvitationState, InvitationView, IssuedInvitation, LinkSecret, ReissueRefused};
use crate::mark::{EndedBy, Fact, Mark};
use crate::person::short_name;
use crate::role::Viewer;
use crate::session::{Invited, Seat, SessionDetail, SessionQuery, SessionSummary, Sitter, Status};
use crate::store::Sessions;
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

impl Sessions for Sqlite {
    async fn sessions(&self, query: &SessionQuery, now: UtcTime) -> Result<Vec<SessionSummary>, StoreFailure> {
        session_row::list(&mut *self.read().await?, query, now).await
    }

    async fn session(&self, id: SessionId, now: UtcTime) -> Result<Option<SessionDetail>, StoreFailure> {
        session_row::detail(&mut *self.read().await?, id, now).await
    }

    async fn seats(&self, id: SessionId) -> Result<Vec<Seat>, StoreFailure> {
        participant::of(&mut *self.read().await?, id).await
    }

    async fn admit(&self, id: SessionId, viewer: &Viewer, now: UtcTime) -> Result<Grant, AdmitRefused> {
        let mut tx = self.write().await?;
        let detail = session_row::detail(&mut tx, id, now).await?.ok_or(JoinRefused::NotInvited)?;
        // Who is not invited is not told whether the doors are open.
        let taken = admission::seat_for(&detail, viewer)?;
        let policies = policy::all(&mut tx).await?;
        let until = admission::open_until(&detail.session, &policies, now)?;
        let participant = match taken {
            SeatTaken::Kept(participant) => participant,
            SeatTaken::Added(role) => {
                let person = super::person::one(&mut tx, viewer.person).await?.ok_or(JoinRefused::NotInvited)?;
                let seat = Seat {
                    participant: participant_of(id, person.id.uuid()),
                    sitter: Sitter::Person(person.id),
                    role,
                    short_name: short_name(&person.name),
                    name: person.name,
                    detail: Some(person.title),
                    group: None,
                    invited: Invited::WalkedIn,
                    invitation: None,
                };
                participant::add(&mut tx, id, &seat).await.map_err(StoreFailure::from)?;
                seat.participant
            }
        };
        let seats = participant::of(&mut tx, id).await?;
        tx.commit().await.map_err(StoreFailure::from)?;
        let seat = seats.iter().find(|seat| seat.participant == participant).ok_or(JoinRefused::NotInvited)?;
        Ok(admission::grant(&detail.session, seat, until))
    }

    async fn open_invitation(&self, secret: &LinkSecret, now: UtcTime) -> Result<Option<InvitationView>, StoreFailure> {
        let mut tx = self.write().await?;
        let Some((id, participant)) = invitation::find(&mut tx, secret).await? else { return Ok(None) };
        invitation::note_opened(&mut tx, participant, now).await?;
        let detail = session_row::detail(&mut tx, id, now).await?;
        tx.commit().await?;
        Ok(detail.and_then(|detail| invitation_view(detail, participant, now)))
    }

    async fn admit_invited(&self, secret: &LinkSecret, now: UtcTime) -> Result<Grant, AdmitRefused> {
        let mut tx = self.write().await?;
        let found = invitation::find(&mut tx, secret).await?;
        let (id, participant) = found.ok_or(JoinRefused::NotInvited)?;
        let detail = session_row::detail(&mut tx, id, now).await?.ok_or(JoinRefused::NotInvited)?;
        let policies = policy::all(&mut tx).await?;
        let until = admission::open_until(&detail.session, &policies, now)?;
        let seat = detail.seat(participant).ok_or(JoinRefused::NotInvited)?;
        invitation::note_opened(&mut tx, participant, now).await?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(admission::grant(&detail.session, seat, until))
    }

    async fn reissue_links(
        &self,
        id: SessionId,
        sites: Option<&[SiteId]>,
        now: UtcTime,
    ) -> Result<Vec<IssuedInvitation>, ReissueRefused> {
        let mut tx = self.write().await?;
        let detail = session_row::detail(&mut tx, id, now).await?.ok_or(ReissueRefused::Unknown)?;
        if matches!(detail.session.status, Status::Ended { .. } | Status::Cancelled { .. }) {
            return Err(ReissueRefused::Over);
        }
        let invited: Vec<&Seat> = detail.seats.iter().filter(|seat| seat.sitter.site().is_some()).collect();
        let is = |seat: &Seat, site: SiteId| seat.sitter.site().is_some_and(|own| own.id == site);
        let chosen: Vec<&Seat> = match sites {
            None => invited,
            Some(sites) => {
                let stranger = sites.iter().find(|site| !invited.iter().any(|seat| is(seat, **site)));
                if let Some(site) = stranger {
                    return Err(ReissueRefused::NotInvited { site: *site });
                }
                invited.into_iter().filter(|seat| sites.iter().any(|site| is(seat, *site))).collect()
            }
        };
        let issued = invitation::issue(&mut tx, &self.link_key, &chosen, now).await?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(issued)
    }

    async fn end_session(&self, id: SessionId, by: PersonId, now: UtcTime) -> Result<(), EndRefused> {
        let mut tx = self.write().await?;
        let detail = session_row::detail(&mut tx, id, now).await?.ok_or(EndRefused::Unknown)?;
        if matches!(detail.session.status, Status::Ended { .. } | Status::Cancelled { .. }) {
            return Err(EndRefused::Over);
        }
        let ended = Mark {
            id: MarkId::from_uuid(uuid::Uuid::now_v7()),
            session: id,
            at: now,
            fact: Fact::Ended { by: EndedBy::Person { person: by } },
        };
        mark::append(&mut tx, &[ended]).await?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }
}

fn invitation_view(detail: SessionDetail, participant: ParticipantId, now: UtcTime) -> Option<InvitationView> {
    let seat = detail.seats.into_iter().find(|seat| seat.participant == participant)?;
    let seats = seat.sitter.site().map_or(0, |site| site.seats);
    Some(InvitationView {
        state: detail.session.state(now),
        session: detail.session,
        participant,
        chair_name: detail.summary.chair_name,
        site_name: seat.name,
        site_detail: seat.detail,
        seats,
        agenda: detail.agenda,
        invitation: seat.invitation.unwrap_or(InvitationState::Issued),
    })
}
