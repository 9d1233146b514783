//! What only a demonstration has: known passwords.

use scheduler::account::{NewAccount, PasswordDue, SignInName};
use scheduler::demo::ACCOUNTS;
use scheduler::field::FieldProblem;
use scheduler::store::{AccountRefused, Accounts as _, Office};

use crate::account::password::{HashFailed, Hasher};
use crate::account::policy::{NewPassword, Weak};
use crate::api::system::DemoAccount;
use crate::clock;

/// One for all of them; it is printed at the start and shown on the sign-in page.
pub const PASSWORD: &str = "Nhipcau@2026";

#[derive(Debug, thiserror::Error)]
pub enum DemoRefused {
    #[error(transparent)]
    Password(#[from] Weak),
    #[error(transparent)]
    Hash(#[from] HashFailed),
    #[error("a demo account has an unusable name: {0:?}")]
    Name(Vec<FieldProblem>),
    #[error(transparent)]
    Store(#[from] AccountRefused),
}

#[must_use]
pub fn accounts() -> Vec<DemoAccount> {
    ACCOUNTS
        .iter()
        .map(|account| DemoAccount {
            username: account.username.to_owned(),
            password: PASSWORD.to_owned(),
            name: account.name.to_owned(),
            role: account.role.into(),
        })
        .collect()
}

/// Adds the accounts that are missing. One whose password was changed keeps it.
pub async fn add_accounts(store: &Office, hasher: &Hasher) -> Result<(), DemoRefused> {
    let known = store.accounts().await.map_err(AccountRefused::from)?;
    let missing = || ACCOUNTS.iter().filter(|account| !known.iter().any(|known| known.person.id == account.person()));
    if missing().next().is_none() {
        return Ok(());
    }
    // One hash for all: it is the same password, and a start should take a moment.
    let password = hasher.hash(&NewPassword::parse(PASSWORD.to_owned())?).await?;
    for account in missing() {
        let new = NewAccount {
            person: account.person(),
            username: SignInName::parse(account.username).map_err(DemoRefused::Name)?,
            password: password.clone(),
            due: PasswordDue::Keep,
            roles: account.roles(),
        };
        store.add_account(&new, clock::now()).await?;
    }
    Ok(())
}
