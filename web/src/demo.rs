//! What only a demonstration has: known passwords.

use scheduler::account::{NewAccount, PasswordDue, SignInName};
use scheduler::demo::ACCOUNTS;
use scheduler::field::FieldProblem;
use scheduler::id::PersonId;
use scheduler::store::{AccountRefused, Accounts as _, Office};

use crate::account::password::{HashFailed, Hasher};
use crate::account::policy::{NewPassword, OF_DEMONSTRATION};
use crate::api::system::DemoAccount;
use crate::clock;
use crate::config::Occasion;

#[derive(Debug, thiserror::Error)]
pub enum DemoRefused {
    #[error(transparent)]
    Hash(#[from] HashFailed),
    #[error("a demo account has an unusable name: {0:?}")]
    Name(Vec<FieldProblem>),
    #[error(transparent)]
    Store(#[from] AccountRefused),
}

/// Why a data directory and an occasion do not belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mixed {
    /// A demonstration was started on a real office: it would be filled with a made-up province and known passwords.
    RealOffice,
    /// A real start on a demonstration's data: everybody knows its passwords.
    Demonstration,
}

/// What tells a demonstration is its people: their accounts are made with it, and nobody else has their ids.
pub fn fits(occasion: Occasion, accounts: &[PersonId]) -> Result<(), Mixed> {
    let is_demonstration = accounts.iter().any(|known| ACCOUNTS.iter().any(|account| account.person() == *known));
    match occasion {
        Occasion::Real if is_demonstration => Err(Mixed::Demonstration),
        Occasion::Demo if !is_demonstration && !accounts.is_empty() => Err(Mixed::RealOffice),
        Occasion::Real | Occasion::Demo => Ok(()),
    }
}

#[must_use]
pub fn accounts() -> Vec<DemoAccount> {
    ACCOUNTS
        .iter()
        .map(|account| DemoAccount {
            username: account.username.to_owned(),
            password: OF_DEMONSTRATION.to_owned(),
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
    let password = hasher.hash(&NewPassword::of_demonstration()).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demonstration_and_a_real_office_never_share_a_directory() {
        let somebody = PersonId::from_uuid(uuid::Uuid::from_u128(7));
        let demo: Vec<PersonId> = ACCOUNTS.iter().map(scheduler::demo::DemoAccount::person).collect();
        let grown: Vec<PersonId> = demo.iter().copied().chain([somebody]).collect();
        assert_eq!(fits(Occasion::Demo, &[]), Ok(()));
        assert_eq!(fits(Occasion::Demo, &grown), Ok(()));
        assert_eq!(fits(Occasion::Demo, &[somebody]), Err(Mixed::RealOffice));
        assert_eq!(fits(Occasion::Real, &[]), Ok(()));
        assert_eq!(fits(Occasion::Real, &[somebody]), Ok(()));
        // One known password is enough, also after an interrupted first start.
        assert_eq!(fits(Occasion::Real, &demo[4..5]), Err(Mixed::Demonstration));
    }
}
