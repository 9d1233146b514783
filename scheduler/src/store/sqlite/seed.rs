//! Filling a new database with the demonstration's province.

use super::{Sqlite, hub, mark, participant, person, policy, session, session_row, site, unit};
use crate::booking::BookRefused;
use crate::demo::{self, DemoMeeting, PastPresence};
use crate::session::Opening;
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

impl Sqlite {
    /// Adds what is missing of the demonstration: the province once, the always-open session once, and meetings around `now` if they are
    /// not there yet and nothing of what people booked meanwhile is in their way. Accounts are the web's to add, with their passwords.
    pub async fn seed_demo(&self, now: UtcTime) -> Result<(), StoreFailure> {
        self.seed_province().await?;
        if let Some(meeting) = demo::always_open(now) {
            self.seed_meeting(&meeting, Opening::Always, now).await?;
        }
        for meeting in demo::meetings(now) {
            self.seed_meeting(&meeting, Opening::ByTime, now).await?;
        }
        Ok(())
    }

    /// Only into a database without units: what an administrator changed stays changed.
    pub(super) async fn seed_province(&self) -> Result<(), StoreFailure> {
        let mut tx = self.write().await?;
        if !unit::all(&mut tx).await?.is_empty() {
            return Ok(());
        }
        for (id, fields) in demo::units() {
            unit::put(&mut tx, id, &fields).await?;
        }
        for known in demo::hubs() {
            hub::put(&mut tx, &known).await?;
        }
        for (id, fields) in demo::sites() {
            site::put(&mut tx, id, &fields).await?;
        }
        for (id, fields) in demo::people() {
            person::put(&mut tx, id, &fields).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn seed_meeting(&self, meeting: &DemoMeeting, opening: Opening, now: UtcTime) -> Result<(), StoreFailure> {
        let mut tx = self.write().await?;
        if session_row::detail(&mut tx, meeting.id, now).await?.is_some() {
            if opening == Opening::Always {
                // It is of today, whenever the demonstration was first started.
                session::set_span(&mut tx, meeting.id, meeting.booking.span).await?;
            }
            return Ok(tx.commit().await?);
        }
        let policies = policy::all(&mut tx).await?;
        let by = Some(meeting.booking.secretary);
        match self.add_booking(&mut tx, meeting.id, &meeting.booking, by, opening, &policies, now).await {
            Ok(_) => {}
            // Dropping the transaction undoes the attempt. Somebody's own meeting, or his changes of the directory, come first.
            Err(BookRefused::Clash(_) | BookRefused::Invalid(_) | BookRefused::KeyReused) => return Ok(()),
            Err(BookRefused::Failed(failure)) => return Err(failure),
        }
        match meeting.past {
            PastPresence::None => {}
            PastPresence::Held => {
                let seats = participant::of(&mut tx, meeting.id).await?;
                mark::append(&mut tx, &demo::past_marks(meeting, &seats)).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}
