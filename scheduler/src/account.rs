//! What the store holds of accounts. Hashing and checking passwords is the web's work: here a hash is an opaque text.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::field::{FieldFault, FieldProblem};
use crate::id::PersonId;
use crate::person::Person;
use crate::role::Roles;
use crate::search::fold;
use crate::text::Username;
use crate::time::UtcTime;

/// A password's hash with its parameters (PHC string). Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// The name with which somebody signs in: case does not matter, and only letters that every keyboard has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SignInName(String);

impl SignInName {
    pub fn parse(raw: &str) -> Result<Self, Vec<FieldProblem>> {
        let refuse = |what| Err(vec![FieldProblem { field: "username".to_owned(), what }]);
        match Username::parse(raw) {
            Err(problem) => refuse(problem.into()),
            Ok(name) => {
                let lower = name.as_str().to_ascii_lowercase();
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
                if lower.chars().all(plain) { Ok(Self(lower)) } else { refuse(FieldFault::Unshowable) }
            }
        }
    }

    /// What is proposed for a person: "Trần Thu Hà" gives "tran.thu.ha".
    pub fn proposed(name: &str) -> Option<Self> {
        Self::parse(&fold(name).replace(' ', ".")).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordDue {
    /// A one-time password: nothing but changing it is allowed.
    Change,
    Keep,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountState {
    Enabled,
    Disabled,
}

/// What the sign-in needs.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub person: PersonId,
    pub password: PasswordHash,
    pub due: PasswordDue,
    pub state: AccountState,
}

/// What the list of accounts shows.
#[derive(Clone, Debug)]
pub struct Account {
    pub person: Person,
    pub username: String,
    pub due: PasswordDue,
    pub state: AccountState,
    pub created_at: UtcTime,
    pub last_sign_in_at: Option<UtcTime>,
}

#[derive(Clone, Debug)]
pub struct NewAccount {
    pub person: PersonId,
    pub username: SignInName,
    pub password: PasswordHash,
    pub due: PasswordDue,
    /// Replace the person's roles.
    pub roles: Roles,
}

/// The SHA-256 of a cookie's secret. The secret itself has 256 random bits, so that a fast hash is enough to hide it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    pub fn hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

#[derive(Clone, Copy, Debug)]
pub struct WebSession {
    pub token: TokenHash,
    pub person: PersonId,
    pub expires_at: UtcTime,
}

/// Who a cookie stands for.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub person: Person,
    pub username: String,
    pub due: PasswordDue,
    pub expires_at: UtcTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_name_ignores_case_and_is_proposed_from_the_name() {
        assert_eq!(SignInName::parse("Ha.TT").unwrap().as_str(), "ha.tt");
        assert_eq!(SignInName::proposed("Trần Thu Hà").unwrap().as_str(), "tran.thu.ha");
        assert!(SignInName::parse("hà").is_err());
        assert!(SignInName::parse("a b").is_err());
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?} {:?}", PasswordHash::new("$argon2id$secret".into()), TokenHash::of(b"x"));
        assert_eq!(shown, "PasswordHash(..) TokenHash(..)");
    }
}
