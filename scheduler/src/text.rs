//! Text from outside becomes a type whose existence is the proof: one line, no control characters, not too long.

use std::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

/// One line of at most `MAX` characters, in the composed form (NFC), without blanks around it, never empty.
///
/// Vietnamese is typed both composed and decomposed; kept apart, two equal names would differ and a count of characters lie.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Line<const MAX: usize>(String);

pub type Title = Line<200>;
/// Fits a bar of the calendar.
pub type ShortTitle = Line<20>;
pub type Name = Line<120>;
/// Fits a small tile.
pub type ShortName = Line<14>;
pub type Code = Line<32>;
pub type Phone = Line<32>;
pub type Reason = Line<500>;
pub type Username = Line<64>;

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TextProblem {
    #[error("nothing was written")]
    Empty,
    #[error("longer than {max} characters")]
    TooLong { max: usize },
    #[error("holds a character that cannot be shown")]
    Unshowable,
}

impl<const MAX: usize> Line<MAX> {
    pub fn parse(raw: &str) -> Result<Self, TextProblem> {
        let trimmed = raw.trim();
        // Counted before normalising: the work is bounded by what can be accepted at all (at most 18 characters compose into one).
        if trimmed.chars().take(MAX * 18 + 1).count() > MAX * 18 {
            return Err(TextProblem::TooLong { max: MAX });
        }
        let composed: String = trimmed.nfc().collect();
        if composed.chars().any(unshowable) {
            return Err(TextProblem::Unshowable);
        }
        match composed.chars().count() {
            0 => Err(TextProblem::Empty),
            count if count > MAX => Err(TextProblem::TooLong { max: MAX }),
            _ => Ok(Self(composed)),
        }
    }

    /// For a field that may be left out: blank counts as left out.
    pub fn parse_optional(raw: Option<&str>) -> Result<Option<Self>, TextProblem> {
        match raw {
            Some(raw) if !raw.trim().is_empty() => Self::parse(raw).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// Stands where a text of our own did not parse; a test keeps it from ever being seen.
    pub(crate) fn fallback() -> Self {
        Self("?".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and those that reorder the text around them: a name could pretend to be another one.
fn unshowable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Serialize for Line<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_typed_with_loose_accents_is_the_same_name() {
        let composed = Name::parse("Đầm Hà").unwrap();
        let loose: String = "Đầm Hà".nfd().collect();
        assert_eq!(Name::parse(&format!("  {loose} ")).unwrap(), composed);
    }

    #[test]
    fn control_and_reordering_characters_are_refused() {
        for bad in ["a\u{0}b", "a\nb", "a\u{202e}b", "a\u{2066}b", "\u{feff}a", "a\u{200b}b", "a\u{7f}"] {
            assert_eq!(Name::parse(bad), Err(TextProblem::Unshowable), "{bad:?}");
        }
    }

    #[test]
    fn length_counts_characters_that_people_see_as_one() {
        assert!(ShortName::parse("P Móng Cái 1").is_ok());
        assert!(ShortName::parse(&"ế".repeat(14).nfd().collect::<String>()).is_ok());
        assert_eq!(ShortName::parse(&"ế".repeat(15)), Err(TextProblem::TooLong { max: 14 }));
        assert_eq!(ShortName::parse(&"a".repeat(5_000_000)), Err(TextProblem::TooLong { max: 14 }));
        assert_eq!(ShortName::parse("   "), Err(TextProblem::Empty));
        assert_eq!(ShortName::parse_optional(Some("  ")), Ok(None));
    }
}
