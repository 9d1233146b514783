//! Table `account`.

use super::failure::{Constraint, constraint};
use super::row::{Columns, key};
use super::{Conn, Sqlite, person, web_session};
use crate::account::{
    Account, AccountState, Credentials, NewAccount, PasswordDue, PasswordHash, SignInName, SignedIn, TokenHash,
    WebSession,
};
use crate::id::PersonId;
use crate::role::{Role, Roles};
use crate::store::{AccountRefused, Accounts};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

impl Accounts for Sqlite {
    async fn accounts(&self) -> Result<Vec<Account>, StoreFailure> {
        let mut tx = self.read().await?;
        let people = person::all(&mut tx).await?;
        let rows = sqlx::query("SELECT * FROM account ORDER BY username").fetch_all(&mut *tx).await?;
        rows.iter()
            .map(|row| {
                let id: PersonId = row.parsed("person")?;
                let person = people.iter().find(|person| person.id == id).cloned();
                Ok(Account {
                    person: person
                        .ok_or_else(|| StoreFailure::Corrupt { detail: format!("account without person {id}") })?,
                    username: row.text("username")?,
                    due: due(row.flag("must_change")?),
                    state: state(row.flag("disabled")?),
                    created_at: row.time("created_at")?,
                    last_sign_in_at: row.optional_time("last_sign_in_at")?,
                })
            })
            .collect()
    }

    async fn has_accounts(&self) -> Result<bool, StoreFailure> {
        Ok(sqlx::query("SELECT 1 FROM account LIMIT 1").fetch_optional(&self.readers).await?.is_some())
    }

    async fn credentials(&self, name: &SignInName) -> Result<Option<Credentials>, StoreFailure> {
        let row = sqlx::query("SELECT person, password, must_change, disabled FROM account WHERE username = $1")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| {
            Ok(Credentials {
                person: row.parsed("person")?,
                password: PasswordHash::new(row.text("password")?),
                due: due(row.flag("must_change")?),
                state: state(row.flag("disabled")?),
            })
        })
        .transpose()
    }

    async fn add_account(&self, account: &NewAccount, now: UtcTime) -> Result<(), AccountRefused> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO account (person, username, password, must_change, disabled, created_at) VALUES ($1, $2, $3, $4, 0, $5)",
        )
        .bind(key(account.person.uuid()))
        .bind(account.username.as_str())
        .bind(account.password.reveal())
        .bind(i64::from(account.due == PasswordDue::Change))
        .bind(now.millis())
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
        person::put_roles(&mut tx, account.person, &account.roles).await.map_err(refused)?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn set_password(
        &self,
        person: PersonId,
        password: &PasswordHash,
        due: PasswordDue,
        keep: Option<TokenHash>,
    ) -> Result<(), AccountRefused> {
        let mut tx = self.write().await?;
        let changed = sqlx::query("UPDATE account SET password = $2, must_change = $3 WHERE person = $1")
            .bind(key(person.uuid()))
            .bind(password.reveal())
            .bind(i64::from(due == PasswordDue::Change))
            .execute(&mut *tx)
            .await
            .map_err(refused)?;
        known(changed.rows_affected())?;
        web_session::close_all(&mut tx, person, keep).await?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn set_account_state(&self, person: PersonId, state: AccountState) -> Result<(), AccountRefused> {
        let mut tx = self.write().await?;
        let changed = sqlx::query("UPDATE account SET disabled = $2 WHERE person = $1")
            .bind(key(person.uuid()))
            .bind(i64::from(state == AccountState::Disabled))
            .execute(&mut *tx)
            .await
            .map_err(refused)?;
        known(changed.rows_affected())?;
        if state == AccountState::Disabled {
            an_admin_remains(&mut tx).await?;
            web_session::close_all(&mut tx, person, None).await?;
        }
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn set_roles(&self, person: PersonId, roles: &Roles) -> Result<(), AccountRefused> {
        let mut tx = self.write().await?;
        known(u64::from(person::exists(&mut tx, person).await?))?;
        let had = person::one(&mut tx, person).await?.is_some_and(|person| person.roles.has(Role::Admin));
        person::put_roles(&mut tx, person, roles).await.map_err(refused)?;
        if had && !roles.has(Role::Admin) {
            an_admin_remains(&mut tx).await?;
        }
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn open_web_session(&self, session: &WebSession, now: UtcTime) -> Result<(), AccountRefused> {
        let mut tx = self.write().await?;
        web_session::open(&mut tx, session, now).await.map_err(refused)?;
        sqlx::query("UPDATE account SET last_sign_in_at = $2 WHERE person = $1")
            .bind(key(session.person.uuid()))
            .bind(now.millis())
            .execute(&mut *tx)
            .await
            .map_err(refused)?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn signed_in(&self, token: TokenHash, now: UtcTime) -> Result<Option<SignedIn>, StoreFailure> {
        web_session::signed_in(&mut *self.read().await?, token, now).await
    }

    async fn close_web_session(&self, token: TokenHash) -> Result<(), StoreFailure> {
        let mut tx = self.write().await?;
        web_session::close(&mut tx, token).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn due(must_change: bool) -> PasswordDue {
    if must_change { PasswordDue::Change } else { PasswordDue::Keep }
}

fn state(disabled: bool) -> AccountState {
    if disabled { AccountState::Disabled } else { AccountState::Enabled }
}

fn known(rows: u64) -> Result<(), AccountRefused> {
    if rows == 0 { Err(AccountRefused::Unknown) } else { Ok(()) }
}

/// Asked inside the transaction that would take the last one away, which is then not committed.
async fn an_admin_remains(conn: &mut Conn) -> Result<(), AccountRefused> {
    let admin = sqlx::query(
        "SELECT 1 FROM account a JOIN person_role r ON r.person = a.person WHERE r.role = 'admin' AND a.disabled = 0 LIMIT 1",
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreFailure::from)?;
    admin.map(|_| ()).ok_or(AccountRefused::LastAdmin)
}

fn refused(error: sqlx::Error) -> AccountRefused {
    match constraint(&error) {
        Some(Constraint::UsernameTaken) => AccountRefused::NameTaken,
        Some(Constraint::AccountTaken) => AccountRefused::HasAccount,
        Some(Constraint::Reference) => AccountRefused::Unknown,
        Some(
            Constraint::ClaimClash
            | Constraint::CapacityExceeded
            | Constraint::UnitCodeTaken
            | Constraint::SiteCodeTaken,
        )
        | None => AccountRefused::Failed(error.into()),
    }
}
