//! The items of the agenda and the time spent on each.

use crate::clock::UtcMs;
use crate::wire::{AgendaItem, AgendaView};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Agenda {
    items: Vec<AgendaItem>,
    spent_seconds: Vec<u32>,
    current: Option<(u16, UtcMs)>,
    revision: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoSuchItem;

impl Agenda {
    pub(super) fn new(items: Vec<AgendaItem>) -> Self {
        let spent_seconds = vec![0; items.len()];
        Self { items, spent_seconds, current: None, revision: 0 }
    }

    pub(super) fn current(&self) -> Option<u16> {
        self.current.map(|(index, _)| index)
    }

    /// Changes with every change.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Going back to an item adds to its time.
    pub(super) fn turn_to(&mut self, index: u16, at: UtcMs) -> Result<(), NoSuchItem> {
        if usize::from(index) >= self.items.len() {
            return Err(NoSuchItem);
        }
        self.close_current(at);
        self.current = Some((index, at));
        self.revision = self.revision.wrapping_add(1);
        Ok(())
    }

    pub(super) fn close(&mut self, at: UtcMs) {
        if self.current.is_some() {
            self.close_current(at);
            self.current = None;
            self.revision = self.revision.wrapping_add(1);
        }
    }

    pub(super) fn start_over(&mut self) {
        *self = Self { revision: self.revision.wrapping_add(1), ..Self::new(std::mem::take(&mut self.items)) };
    }

    fn close_current(&mut self, at: UtcMs) {
        if let Some((index, since)) = self.current
            && let Some(spent) = self.spent_seconds.get_mut(usize::from(index))
        {
            *spent = spent.saturating_add(at.seconds_since(since));
        }
    }

    pub(super) fn view(&self) -> AgendaView {
        AgendaView {
            items: self.items.clone(),
            current: self.current(),
            current_since: self.current.map(|(_, since)| since.0),
            spent_seconds: self.spent_seconds.clone(),
        }
    }
}
