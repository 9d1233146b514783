//! Units: a tree with dates, because names, levels and parents change by law and old minutes must keep the old names.

use chrono::NaiveDate;
use serde::Serialize;

use crate::field::{FieldFault, FieldProblem, Form};
use crate::id::{HubId, UnitId};
use crate::role::words;
use crate::text::{Code, Name};

words! {
    UnitKind {
        Province = "province",
        Department = "department",
        /// Abolished on 1 July 2025; kept for what happened before.
        District = "district",
        Ward = "ward",
        Commune = "commune",
        SpecialZone = "special_zone",
    }
}

/// One version of a unit: it had this name, kind and parent from `valid_from` until the day before `valid_to`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unit {
    pub id: UnitId,
    /// The official code; several versions of a unit may share it, one at a time.
    pub code: String,
    pub name: String,
    pub kind: UnitKind,
    pub parent: Option<UnitId>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    /// What it became, when it ended: one unit may become several, several one.
    pub successors: Vec<UnitId>,
}

impl Unit {
    pub fn valid_on(&self, date: NaiveDate) -> bool {
        self.valid_from <= date && self.valid_to.is_none_or(|end| date < end)
    }
}

/// A node of the network tree, along which lines and relays run. It may bear a former district's name without being a unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Hub {
    pub id: HubId,
    /// "Đầm Hà"; the screen says "Cụm Đầm Hà".
    pub name: String,
    pub parent: Option<HubId>,
    /// Place among its siblings, fixed: people learn positions by heart.
    pub rank: u16,
}

/// A unit as somebody wrote it.
#[derive(Clone, Debug)]
pub struct UnitForm {
    pub code: String,
    pub name: String,
    pub kind: UnitKind,
    pub parent: Option<UnitId>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub successors: Vec<UnitId>,
}

/// A unit that may be stored.
#[derive(Clone, Debug)]
pub struct UnitFields {
    pub code: Code,
    pub name: Name,
    pub kind: UnitKind,
    pub parent: Option<UnitId>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub successors: Vec<UnitId>,
}

impl UnitForm {
    pub fn parse(&self) -> Result<UnitFields, Vec<FieldProblem>> {
        let mut form = Form::default();
        let code = form.line("code", &self.code);
        let name = form.line("name", &self.name);
        if self.valid_to.is_some_and(|end| end <= self.valid_from) {
            form.refuse("valid_to", FieldFault::EndsBeforeStart);
        }
        if self.valid_to.is_none() && !self.successors.is_empty() {
            form.refuse("valid_to", FieldFault::Required);
        }
        let fields = code.zip(name).map(|(code, name)| UnitFields {
            code,
            name,
            kind: self.kind,
            parent: self.parent,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            successors: self.successors.clone(),
        });
        form.finish(fields)
    }
}

/// The units of one day. A parent that has ended leads on to its only successor, so that no unit hangs in the air.
pub fn on(units: &[Unit], date: NaiveDate) -> Vec<Unit> {
    let mut valid: Vec<Unit> = units.iter().filter(|unit| unit.valid_on(date)).cloned().collect();
    for unit in &mut valid {
        unit.parent = unit.parent.and_then(|parent| standing(units, parent, date));
    }
    valid
}

/// The unit that stands for `id` on that day: itself, or what it became if that is one unit.
pub fn standing(units: &[Unit], id: UnitId, date: NaiveDate) -> Option<UnitId> {
    let mut current = id;
    // Successors cannot loop for longer than there are units.
    for _ in 0..=units.len() {
        let unit = units.iter().find(|unit| unit.id == current)?;
        match unit.successors.as_slice() {
            _ if unit.valid_on(date) => return Some(current),
            [only] => current = *only,
            _ => return None,
        }
    }
    None
}

/// Whether hanging `id` under `parent` would tie a knot.
pub fn would_knot(units: &[Unit], id: UnitId, parent: Option<UnitId>) -> bool {
    let mut above = parent;
    for _ in 0..=units.len() {
        match above {
            None => return false,
            Some(up) if up == id => return true,
            Some(up) => above = units.iter().find(|unit| unit.id == up).and_then(|unit| unit.parent),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    fn unit(n: u128, parent: Option<u128>, from: NaiveDate, to: Option<NaiveDate>, successors: &[u128]) -> Unit {
        Unit {
            id: UnitId::from_uuid(Uuid::from_u128(n)),
            code: n.to_string(),
            name: format!("Unit {n}"),
            kind: UnitKind::Commune,
            parent: parent.map(|p| UnitId::from_uuid(Uuid::from_u128(p))),
            valid_from: from,
            valid_to: to,
            successors: successors.iter().map(|s| UnitId::from_uuid(Uuid::from_u128(*s))).collect(),
        }
    }

    #[test]
    fn the_district_level_is_there_the_day_before_it_was_abolished_and_gone_the_day_after() {
        let (born, ended) = (day(2010, 1, 1), day(2025, 7, 1));
        let units = [
            unit(1, None, born, None, &[]),
            unit(2, Some(1), born, Some(ended), &[1]),
            unit(3, Some(2), born, None, &[]),
        ];
        let before: Vec<_> = on(&units, day(2025, 6, 30)).into_iter().map(|u| (u.id, u.parent)).collect();
        assert_eq!(before, [(units[0].id, None), (units[1].id, Some(units[0].id)), (units[2].id, Some(units[1].id))]);
        let after: Vec<_> = on(&units, ended).into_iter().map(|u| (u.id, u.parent)).collect();
        assert_eq!(after, [(units[0].id, None), (units[2].id, Some(units[0].id))]);
    }

    #[test]
    fn a_unit_split_in_two_has_no_single_successor_and_a_loop_of_successors_ends() {
        let (born, ended, later) = (day(2010, 1, 1), day(2025, 7, 1), day(2026, 1, 1));
        let split = [
            unit(1, None, born, Some(ended), &[2, 3]),
            unit(2, None, ended, None, &[]),
            unit(3, None, ended, None, &[]),
        ];
        assert_eq!(standing(&split, split[0].id, later), None);
        let looped = [unit(1, None, born, Some(ended), &[2]), unit(2, None, born, Some(ended), &[1])];
        assert_eq!(standing(&looped, looped[0].id, later), None);
    }

    #[test]
    fn a_unit_may_not_hang_under_its_own_child() {
        let born = day(2010, 1, 1);
        let units =
            [unit(1, None, born, None, &[]), unit(2, Some(1), born, None, &[]), unit(3, Some(2), born, None, &[])];
        assert!(would_knot(&units, units[0].id, Some(units[2].id)));
        assert!(would_knot(&units, units[0].id, Some(units[0].id)));
        assert!(!would_knot(&units, units[2].id, Some(units[0].id)));
    }
}
