//! Units, hubs, sites and people: who may refer to whom, over their tables.

use chrono::NaiveDate;
use uuid::Uuid;

use super::failure::{Constraint, constraint};
use super::{Conn, Sqlite, hub, person, site, unit};
use crate::field::{FieldFault, FieldProblem};
use crate::id::{HubId, PersonId, SiteId, UnitId};
use crate::person::{Person, PersonFields};
use crate::role::Role;
use crate::site::{Site, SiteDirectory, SiteFields};
use crate::store::{Directory, DirectoryRefused};
use crate::store_failure::StoreFailure;
use crate::text::Name;
use crate::unit::{self as units, Hub, Unit, UnitFields};

impl Directory for Sqlite {
    async fn units(&self) -> Result<Vec<Unit>, StoreFailure> {
        unit::all(&mut *self.read().await?).await
    }

    async fn hubs(&self) -> Result<Vec<Hub>, StoreFailure> {
        hub::all(&mut *self.read().await?).await
    }

    async fn site_directory(&self, on: NaiveDate) -> Result<SiteDirectory, StoreFailure> {
        directory(&mut *self.read().await?, on).await
    }

    async fn site(&self, id: SiteId) -> Result<Option<Site>, StoreFailure> {
        site::one(&mut *self.read().await?, id).await
    }

    async fn people(&self, role: Option<Role>) -> Result<Vec<Person>, StoreFailure> {
        let mut people = person::all(&mut *self.read().await?).await?;
        people.retain(|person| role.is_none_or(|role| person.roles.has(role)));
        Ok(people)
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreFailure> {
        person::one(&mut *self.read().await?, id).await
    }

    async fn add_unit(&self, fields: &UnitFields) -> Result<UnitId, DirectoryRefused> {
        let id = UnitId::from_uuid(Uuid::now_v7());
        let mut tx = self.write().await?;
        put_unit(&mut tx, id, fields).await?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(id)
    }

    async fn edit_unit(&self, id: UnitId, fields: &UnitFields) -> Result<(), DirectoryRefused> {
        let mut tx = self.write().await?;
        let known = unit::all(&mut tx).await?.iter().any(|unit| unit.id == id);
        known.then_some(()).ok_or(DirectoryRefused::Unknown)?;
        put_unit(&mut tx, id, fields).await?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn add_hub(&self, name: &Name, parent: Option<HubId>) -> Result<HubId, DirectoryRefused> {
        let mut tx = self.write().await?;
        let rank = hub::next_rank(&mut tx).await?;
        let hub = Hub { id: HubId::from_uuid(Uuid::now_v7()), name: name.to_string(), parent, rank };
        hub::put(&mut tx, &hub).await.map_err(|error| refused(error, "parent"))?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(hub.id)
    }

    async fn add_site(&self, fields: &SiteFields) -> Result<SiteId, DirectoryRefused> {
        let id = SiteId::from_uuid(Uuid::now_v7());
        let mut tx = self.write().await?;
        site::put(&mut tx, id, fields).await.map_err(|error| refused(error, "unit_id"))?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(id)
    }

    async fn edit_site(&self, id: SiteId, fields: &SiteFields) -> Result<(), DirectoryRefused> {
        let mut tx = self.write().await?;
        site::one(&mut tx, id).await?.ok_or(DirectoryRefused::Unknown)?;
        site::put(&mut tx, id, fields).await.map_err(|error| refused(error, "unit_id"))?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn add_person(&self, fields: &PersonFields) -> Result<PersonId, DirectoryRefused> {
        let id = PersonId::from_uuid(Uuid::now_v7());
        let mut tx = self.write().await?;
        person::put(&mut tx, id, fields).await.map_err(|error| refused(error, "site_id"))?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(id)
    }

    async fn edit_person(&self, id: PersonId, fields: &PersonFields) -> Result<(), DirectoryRefused> {
        let mut tx = self.write().await?;
        person::one(&mut tx, id).await?.ok_or(DirectoryRefused::Unknown)?;
        person::put(&mut tx, id, fields).await.map_err(|error| refused(error, "site_id"))?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }
}

pub(super) async fn directory(conn: &mut Conn, on: NaiveDate) -> Result<SiteDirectory, StoreFailure> {
    let all = unit::all(conn).await?;
    // Sites stay when their unit ends; their group is then that of the unit's kind when it ended.
    let mut units = units::on(&all, on);
    let ended: Vec<Unit> = all.into_iter().filter(|unit| !units.iter().any(|valid| valid.id == unit.id)).collect();
    units.extend(ended);
    Ok(SiteDirectory { units, hubs: hub::all(conn).await?, sites: site::all(conn).await? })
}

async fn put_unit(conn: &mut Conn, id: UnitId, fields: &UnitFields) -> Result<(), DirectoryRefused> {
    if units::would_knot(&unit::all(conn).await?, id, fields.parent) {
        return Err(invalid("parent_id", FieldFault::Circular));
    }
    unit::put(conn, id, fields).await.map_err(|error| refused(error, "parent_id"))
}

/// `reference` is the field that names another row.
fn refused(error: sqlx::Error, reference: &str) -> DirectoryRefused {
    match constraint(&error) {
        Some(Constraint::UnitCodeTaken | Constraint::SiteCodeTaken) => invalid("code", FieldFault::Taken),
        Some(Constraint::Reference) => invalid(reference, FieldFault::Unknown),
        Some(
            Constraint::ClaimClash
            | Constraint::CapacityExceeded
            | Constraint::UsernameTaken
            | Constraint::AccountTaken,
        )
        | None => DirectoryRefused::Failed(error.into()),
    }
}

fn invalid(field: &str, what: FieldFault) -> DirectoryRefused {
    DirectoryRefused::Invalid(vec![FieldProblem { field: field.to_owned(), what }])
}
