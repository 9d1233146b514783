//! What a password must be: at least 8 characters with upper case, lower case, digit and another sign.

use rand::TryRng;
use rand::rngs::SysRng;

use crate::secret::{NoRandomness, Secret};

/// That of every account of the demonstration. It stands in the documentation, so nobody may choose it.
pub const OF_DEMONSTRATION: &str = "Nhipcau@2026";

const CHARACTERS_MIN: usize = 8;
/// A longer one is not stronger, and hashing it costs us.
const BYTES_MAX: usize = 256;

/// A password that may be set.
pub struct NewPassword(Secret<String>);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a password has at least {CHARACTERS_MIN} characters: upper and lower case, a digit, another sign; and is not known to all"
)]
pub struct Weak;

impl NewPassword {
    pub fn parse(text: String) -> Result<Self, Weak> {
        let has = |kind: fn(char) -> bool| text.chars().any(kind);
        let strong = text.chars().count() >= CHARACTERS_MIN
            && text.len() <= BYTES_MAX
            && has(char::is_uppercase)
            && has(char::is_lowercase)
            && has(char::is_numeric)
            && has(|sign| !sign.is_alphanumeric())
            && !has(char::is_control)
            && text != OF_DEMONSTRATION;
        if strong { Ok(Self(Secret::new(text))) } else { Err(Weak) }
    }

    #[must_use]
    pub fn of_demonstration() -> Self {
        Self(Secret::new(OF_DEMONSTRATION.to_owned()))
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// Easy to read over the telephone: no 0 and O, no 1, l and I.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP: usize = 4;

/// A password for one sign-in: 80 random bits in groups of four, and what the policy asks for.
pub fn one_time() -> Result<NewPassword, NoRandomness> {
    let mut text = String::from("N1");
    for _ in 0..GROUPS {
        text.push('-');
        for _ in 0..GROUP {
            let byte = SysRng.try_next_u32().map_err(|_| NoRandomness)?.to_le_bytes()[0];
            // 32 letters divide 256, so every letter is equally likely.
            if let Some(letter) = LETTERS.get(usize::from(byte) % LETTERS.len()) {
                text.push(char::from(*letter));
            }
        }
    }
    // The first group makes it pass the policy whatever was drawn, but for a lower-case letter.
    if !text.chars().any(char::is_lowercase) {
        text.push('k');
    }
    Ok(NewPassword(Secret::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_needs_length_both_cases_a_digit_and_another_sign() {
        for strong in ["Nhịp-Cau1", "ĐẠI biểu 2026", "aB3$aB3$"] {
            assert!(NewPassword::parse(strong.to_owned()).is_ok(), "{strong}");
        }
        for weak in ["aB3$aB3", "ab3$ab3$", "AB3$AB3$", "aBc$aBc$", "aB3xaB3x", "aB3$aB3\u{7}", OF_DEMONSTRATION] {
            assert!(NewPassword::parse(weak.to_owned()).is_err(), "{weak}");
        }
        assert!(NewPassword::parse(format!("aB3${}", "x".repeat(300))).is_err());
    }

    #[test]
    fn a_one_time_password_passes_the_policy_and_is_never_the_same() {
        let first = one_time().unwrap();
        assert!(NewPassword::parse(first.reveal().to_owned()).is_ok());
        assert_ne!(first.reveal(), one_time().unwrap().reveal());
    }
}
