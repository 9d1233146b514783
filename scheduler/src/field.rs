//! What was wrong with one field of a form; the page puts the sentence under the field.

use serde::Serialize;

use crate::text::{Line, TextProblem};

/// `field` is the name in the JSON, with an index where it is a list: `agenda[2].title`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldProblem {
    pub field: String,
    #[serde(flatten)]
    pub what: FieldFault,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FieldFault {
    Required,
    TooLong {
        max: usize,
    },
    Unshowable,
    /// It ends before or when it starts.
    EndsBeforeStart,
    InThePast,
    /// Longer or further away than the office books; `max` in minutes or days as the field goes.
    TooFar {
        max: u32,
    },
    TooMany {
        max: usize,
    },
    NumberOutOfRange {
        min: i64,
        max: i64,
    },
    /// No such unit, site, person or group.
    Unknown,
    /// A person who lacks the role asked for here.
    LacksRole,
    /// Two duties that must be two people.
    SamePerson,
    /// Somebody else has it: a username, a code.
    Taken,
    /// A unit under itself, or another knot in the tree.
    Circular,
}

/// Collects the problems of one form, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub struct Form {
    problems: Vec<FieldProblem>,
}

impl Form {
    pub fn refuse(&mut self, field: impl Into<String>, what: FieldFault) {
        self.problems.push(FieldProblem { field: field.into(), what });
    }

    pub fn line<const MAX: usize>(&mut self, field: &str, raw: &str) -> Option<Line<MAX>> {
        self.take(field, Line::parse(raw))
    }

    pub fn optional_line<const MAX: usize>(&mut self, field: &str, raw: Option<&str>) -> Option<Line<MAX>> {
        self.take(field, Line::parse_optional(raw)).flatten()
    }

    fn take<T>(&mut self, field: &str, parsed: Result<T, TextProblem>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(problem) => {
                self.refuse(field, problem.into());
                None
            }
        }
    }

    /// The finished value, or everything that is wrong. A missing value always has its problem beside it.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldProblem>> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            Some(_) | None => Err(self.problems),
        }
    }
}

impl From<TextProblem> for FieldFault {
    fn from(problem: TextProblem) -> Self {
        match problem {
            TextProblem::Empty => FieldFault::Required,
            TextProblem::TooLong { max } => FieldFault::TooLong { max },
            TextProblem::Unshowable => FieldFault::Unshowable,
        }
    }
}
