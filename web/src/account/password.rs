//! Hashing with Argon2id, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use scheduler::account::PasswordHash;
use tokio::sync::Semaphore;

use super::policy::NewPassword;

/// One hash takes 19 MiB and tens of milliseconds of one core. More at once would take the cores that forward media; whoever comes
/// later waits his turn.
const HASHING_MAX: usize = 2;
/// Those who wait for their turn; beyond it sign-in answers "busy" rather than build a queue of minutes.
const WAITING_MAX: usize = 64;

#[derive(Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Of a password nobody has: an unknown user name costs the same time as a wrong password.
    nobody: Arc<str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HashFailed {
    #[error("too many sign-ins at once")]
    Busy,
    #[error("the password could not be hashed")]
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Right,
    Wrong,
}

impl Hasher {
    pub fn new() -> Result<Self, HashFailed> {
        let nobody = hash_now(b"a password that nobody has")?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(HASHING_MAX)),
            queue: Arc::new(Semaphore::new(WAITING_MAX)),
            nobody: nobody.into(),
        })
    }

    pub async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashFailed> {
        let text = password.reveal().to_owned();
        self.in_turn(move || hash_now(text.as_bytes())).await?.map(PasswordHash::new)
    }

    /// Compares with what is stored; without anything stored the answer is `Wrong`, after the same work.
    pub async fn verify(&self, password: String, stored: Option<&PasswordHash>) -> Result<Verdict, HashFailed> {
        let phc = stored.map_or_else(|| self.nobody.to_string(), |hash| hash.reveal().to_owned());
        let known = stored.is_some();
        self.in_turn(move || {
            let stored = Phc::new(&phc).map_err(|_| HashFailed::Broken)?;
            let right = Argon2::default().verify_password(password.as_bytes(), &stored).is_ok();
            Ok(if right && known { Verdict::Right } else { Verdict::Wrong })
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashFailed> {
        let _place = self.queue.try_acquire().map_err(|_| HashFailed::Busy)?;
        let _turn = self.turns.acquire().await.map_err(|_| HashFailed::Broken)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| HashFailed::Broken)
    }
}

/// Argon2id with the parameters OWASP recommends (19 MiB, two passes, one lane).
fn hash_now(password: &[u8]) -> Result<String, HashFailed> {
    let hash: Phc = Argon2::default().hash_password(password).map_err(|_| HashFailed::Broken)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_is_recognised_and_nobody_else_signs_in() {
        let hasher = Hasher::new().unwrap();
        let hash = hasher.hash(&NewPassword::parse("Cầu-Truyền-1".to_owned()).unwrap()).await.unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(hasher.verify("Cầu-Truyền-1".to_owned(), Some(&hash)).await, Ok(Verdict::Right));
        assert_eq!(hasher.verify("cầu-truyền-1".to_owned(), Some(&hash)).await, Ok(Verdict::Wrong));
        assert_eq!(hasher.verify("a password that nobody has".to_owned(), None).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn more_sign_ins_than_may_wait_are_told_to_come_back() {
        let hasher = Hasher::new().unwrap();
        let _all = hasher.queue.clone().acquire_many_owned(WAITING_MAX as u32).await.unwrap();
        assert_eq!(hasher.verify("x".to_owned(), None).await, Err(HashFailed::Busy));
    }
}
