//! Words that came from outside and will be shown to others.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

/// A name on a picture has to fit two lines of it.
pub const NAME_MAX: usize = 120;

/// What somebody wants to speak about: one line of the queue.
pub const NOTE_MAX: usize = 200;

/// Why somebody was removed.
pub const REASON_MAX: usize = 300;

/// One line of visible text, without blanks at its ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Line(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineRefused {
    #[error("the text is empty")]
    Empty,
    #[error("the text is longer than {max} characters")]
    TooLong { max: usize },
    #[error("the text contains a character that cannot be shown")]
    NotShowable,
}

impl Line {
    /// # Errors
    /// [`LineRefused`]. Control characters would break logs and terminals; direction overrides would make a name read as another.
    pub fn parse(text: &str, max: usize) -> Result<Self, LineRefused> {
        // Cheap before exact: a character is at most four bytes.
        if text.len() > max.saturating_mul(4) || text.chars().count() > max {
            return Err(LineRefused::TooLong { max });
        }
        if text.chars().any(is_unshowable) {
            return Err(LineRefused::NotShowable);
        }
        let trimmed = text.trim();
        if trimmed.is_empty() { Err(LineRefused::Empty) } else { Ok(Self(trimmed.to_owned())) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

fn is_unshowable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_names_are_kept_whole_and_trimmed() {
        let name = Line::parse("  Ủy ban nhân dân phường Móng Cái 1 - Hội trường tầng 2 ", NAME_MAX).unwrap();
        assert_eq!(name.as_str(), "Ủy ban nhân dân phường Móng Cái 1 - Hội trường tầng 2");
    }

    #[test]
    fn control_characters_direction_overrides_and_private_signs_are_refused() {
        for text in [
            "a\nb",
            "a\0",
            "\u{202e}gnp.exe",
            "a\u{200b}b",
            "\u{feff}a",
            "\u{2066}a",
            "\u{e001}",
            "a\u{7f}",
            "\u{9b}31m",
        ] {
            assert_eq!(Line::parse(text, 100), Err(LineRefused::NotShowable), "{text:?}");
        }
    }

    #[test]
    fn length_counts_characters_and_emptiness_is_refused() {
        assert!(Line::parse(&"ế".repeat(10), 10).is_ok());
        assert_eq!(Line::parse(&"ế".repeat(11), 10), Err(LineRefused::TooLong { max: 10 }));
        assert_eq!(Line::parse(" \u{a0} ", 10), Err(LineRefused::Empty));
    }
}
