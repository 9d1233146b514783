//! Table `policy`.

use std::collections::HashMap;

use super::row::{Columns, key};
use super::{Conn, Sqlite};
use crate::id::PersonId;
use crate::policy::{Policies, PolicyKey, PolicyRefused, PolicySetting};
use crate::store::PolicySettings;
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

impl PolicySettings for Sqlite {
    async fn policies(&self) -> Result<Policies, StoreFailure> {
        all(&mut *self.read().await?).await
    }

    async fn policy_settings(&self) -> Result<Vec<PolicySetting>, StoreFailure> {
        let rows =
            sqlx::query("SELECT key, value, changed_by, changed_at FROM policy").fetch_all(&self.readers).await?;
        rows.iter()
            .map(|row| {
                let key: PolicyKey = row.parsed("key")?;
                Ok(PolicySetting {
                    key,
                    rule: key.rule(),
                    value: row.integer("value")?,
                    changed_by: row.optional_parsed("changed_by")?,
                    changed_at: row.optional_time("changed_at")?,
                })
            })
            .collect()
    }

    async fn set_policy(
        &self,
        setting: PolicyKey,
        value: i64,
        by: PersonId,
        now: UtcTime,
    ) -> Result<(), PolicyRefused> {
        let rule = setting.rule();
        if !(rule.min..=rule.max).contains(&value) {
            return Err(PolicyRefused::OutOfRange { min: rule.min, max: rule.max });
        }
        let mut tx = self.write().await?;
        sqlx::query("UPDATE policy SET value = $2, changed_by = $3, changed_at = $4 WHERE key = $1")
            .bind(setting.word())
            .bind(value)
            .bind(key(by.uuid()))
            .bind(now.millis())
            .execute(&mut *tx)
            .await
            .map_err(StoreFailure::from)?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }
}

pub(super) async fn all(conn: &mut Conn) -> Result<Policies, StoreFailure> {
    let mut stored: HashMap<PolicyKey, i64> = HashMap::new();
    for row in sqlx::query("SELECT key, value FROM policy").fetch_all(conn).await? {
        // A key of a newer version of the program means nothing to this one.
        if let Ok(known) = row.parsed::<PolicyKey>("key") {
            stored.insert(known, row.integer("value")?);
        }
    }
    Ok(Policies::new(|key| stored.get(&key).copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_migration_holds_the_owners_and_defaults_that_the_program_states() {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(directory.path()).await.unwrap();
        let rows = sqlx::query("SELECT * FROM policy").fetch_all(&store.readers).await.unwrap();
        assert_eq!(rows.len(), PolicyKey::ALL.len());
        for row in rows {
            let rule = row.parsed::<PolicyKey>("key").unwrap().rule();
            assert_eq!(row.text("owner").unwrap(), rule.owner.word());
            assert_eq!(row.integer("default_value").unwrap(), rule.default);
            assert_eq!(row.integer("value").unwrap(), rule.default);
        }
        assert_eq!(store.policies().await.unwrap(), Policies::default());
    }
}
