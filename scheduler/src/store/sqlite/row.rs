//! From columns to our types. A value that does not fit is a corrupt store, never a panic and never a guess.

use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::store_failure::StoreFailure;
use crate::time::{Span, UtcTime};

/// How an id stands in a column. (`SessionId` prints the demonstration by its name; the column holds its UUID.)
pub(super) fn key(id: Uuid) -> String {
    id.to_string()
}

pub(super) fn optional_key(id: Option<Uuid>) -> Option<String> {
    id.map(key)
}

/// Rows read from one table.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Result<String, StoreFailure>;
    fn optional_text(&self, column: &str) -> Result<Option<String>, StoreFailure>;
    fn integer(&self, column: &str) -> Result<i64, StoreFailure>;
    fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreFailure>;

    /// An id, a word of an enum, a date: whatever has a text form.
    fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreFailure> {
        parse(column, &self.text(column)?)
    }

    fn optional_parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>, StoreFailure> {
        self.optional_text(column)?.map(|text| parse(column, &text)).transpose()
    }

    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreFailure> {
        T::try_from(self.integer(column)?).map_err(|_| corrupt(column, "the number is out of range"))
    }

    fn flag(&self, column: &str) -> Result<bool, StoreFailure> {
        Ok(self.integer(column)? != 0)
    }

    fn time(&self, column: &str) -> Result<UtcTime, StoreFailure> {
        self.integer(column).map(UtcTime::from_millis)
    }

    fn optional_time(&self, column: &str) -> Result<Option<UtcTime>, StoreFailure> {
        Ok(self.optional_integer(column)?.map(UtcTime::from_millis))
    }

    fn span(&self) -> Result<Span, StoreFailure> {
        Span::new(self.time("starts_at")?, self.time("ends_at")?).ok_or_else(|| corrupt("ends_at", "an empty span"))
    }

    fn optional_date(&self, column: &str) -> Result<Option<NaiveDate>, StoreFailure> {
        self.optional_parsed(column)
    }
}

impl Columns for SqliteRow {
    fn text(&self, column: &str) -> Result<String, StoreFailure> {
        Ok(self.try_get(column)?)
    }

    fn optional_text(&self, column: &str) -> Result<Option<String>, StoreFailure> {
        Ok(self.try_get(column)?)
    }

    fn integer(&self, column: &str) -> Result<i64, StoreFailure> {
        Ok(self.try_get(column)?)
    }

    fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreFailure> {
        Ok(self.try_get(column)?)
    }
}

fn parse<T: FromStr<Err: Display>>(column: &str, text: &str) -> Result<T, StoreFailure> {
    text.parse().map_err(|error: T::Err| corrupt(column, &error.to_string()))
}

pub(super) fn corrupt(column: &str, what: &str) -> StoreFailure {
    StoreFailure::Corrupt { detail: format!("column {column}: {what}") }
}

/// `LIKE` patterns: every word must begin a word of a `search` column, in which each word follows a blank.
pub(super) fn patterns(text: Option<&str>) -> Vec<String> {
    let folded = crate::search::fold(text.unwrap_or_default());
    folded
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(|word| format!("% {}%", escaped(word)))
        .collect()
}

/// Words of one search; nobody types more, and each costs a pass over the rows.
const WORDS_MAX: usize = 8;

fn escaped(word: &str) -> String {
    word.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

/// What a `search` column holds.
pub(super) fn searchable(texts: &[&str]) -> String {
    format!(" {}", crate::search::fold(&texts.join(" ")))
}
