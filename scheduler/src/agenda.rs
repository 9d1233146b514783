//! The agenda as booked, and when each item was in fact dealt with.

use serde::{Deserialize, Serialize};

use crate::mark::{Fact, Mark};
use crate::time::{Span, UtcTime};

/// More items than anybody can work through in a day.
pub const ITEMS_MAX: usize = 50;
/// A day.
pub const ITEM_MINUTES_MAX: u16 = 24 * 60;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AgendaItem {
    pub title: String,
    pub minutes: u16,
    pub presenter: Option<String>,
}

/// One stretch in which an item was the current one; an item taken up again has several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ItemSpan {
    pub index: u16,
    pub span: Span,
}

/// When which item was current, from the marks in order of time, up to `end`.
pub fn spans(marks: &[Mark], end: UtcTime) -> Vec<ItemSpan> {
    let mut switches: Vec<(UtcTime, Option<u16>)> = marks
        .iter()
        .filter_map(|mark| match mark.fact {
            Fact::AgendaItem { index, .. } => Some((mark.at, Some(index))),
            Fact::Ended { .. } => Some((mark.at, None)),
            _ => None,
        })
        .collect();
    switches.sort();
    switches.dedup();
    let until = switches.iter().skip(1).map(|(at, _)| *at).chain([end]);
    let mut spans: Vec<ItemSpan> = Vec::new();
    for ((from, index), to) in switches.iter().zip(until) {
        let (Some(index), Some(span)) = (*index, Span::new(*from, to.min(end))) else { continue };
        match spans.last_mut() {
            // Pressing the current item again does not cut it in two.
            Some(last) if last.index == index && last.span.to() == span.from() => {
                last.span = Span::new(last.span.from(), span.to()).unwrap_or(last.span);
            }
            Some(_) | None => spans.push(ItemSpan { index, span }),
        }
    }
    spans
}
