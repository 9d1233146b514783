//! The demonstration's province, used only when the server was started with `--demo`.
//!
//! The 54 units, their codes and the former districts that survive as network hubs are public facts. Everything else (departments chosen,
//! rooms, seats, people, telephone numbers, meetings) is made up to be plausible and stands for nobody.

mod meetings;
mod people;
mod province;

pub use meetings::{DemoMeeting, PastPresence, always_open, meetings, past_marks};
pub use people::{ACCOUNTS, DemoAccount, people};
pub use province::{hubs, sites, units};

use uuid::Uuid;

use crate::id::{HubId, PersonId, SiteId, UnitId, derived};
use crate::text::Line;

/// What a person of the demonstration is written with everywhere below.
fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    // Names of this module are checked by its tests; an empty one cannot be made.
    Line::parse(text).unwrap_or_else(|_| Line::fallback())
}

fn id(space: &str, name: &str) -> Uuid {
    derived("demo", &[space.as_bytes(), name.as_bytes()])
}

pub fn unit_id(code: &str) -> UnitId {
    UnitId::from_uuid(id("unit", code))
}

pub fn hub_id(name: &str) -> HubId {
    HubId::from_uuid(id("hub", name))
}

/// The site of a unit, by the unit's code.
pub fn site_id(code: &str) -> SiteId {
    SiteId::from_uuid(id("site", code))
}

pub fn person_id(username: &str) -> PersonId {
    PersonId::from_uuid(id("person", username))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::time::{UtcTime, minutes};

    #[test]
    fn no_text_of_the_demonstration_failed_to_parse_and_no_short_name_is_cut() {
        let mut texts: Vec<String> = Vec::new();
        for (_, unit) in units() {
            texts.extend([unit.code.to_string(), unit.name.to_string()]);
        }
        for (_, site) in sites() {
            texts.extend([site.code.to_string(), site.name.to_string(), site.short_name.to_string()]);
            texts.extend(site.room.iter().chain(&site.contact_name).map(ToString::to_string));
            texts.extend(site.contact_phone.map(|phone| phone.to_string()));
        }
        for (_, person) in people() {
            texts.extend([person.name.to_string(), person.title.to_string()]);
        }
        let now = UtcTime::from_millis(1_796_000_000_000);
        for meeting in meetings(now).into_iter().chain(always_open(now)) {
            texts.extend([meeting.booking.title.to_string(), meeting.booking.short_title.to_string()]);
        }
        assert!(texts.iter().all(|text| text != "?" && !text.is_empty()));
    }

    #[test]
    fn the_province_has_fifty_four_units_of_thirty_wards_twenty_two_communes_and_two_special_zones() {
        use crate::unit::UnitKind;
        let count = |kind| units().iter().filter(|(_, unit)| unit.kind == kind).count();
        assert_eq!([count(UnitKind::Ward), count(UnitKind::Commune), count(UnitKind::SpecialZone)], [30, 22, 2]);
        assert_eq!((hubs().len(), sites().len()), (13, 70));
        let codes: BTreeSet<String> = units().iter().map(|(_, unit)| unit.code.to_string()).collect();
        assert_eq!(codes.len(), units().len());
    }

    #[test]
    fn whenever_the_demonstration_starts_some_meetings_are_past_and_some_to_come() {
        let start = UtcTime::from_millis(1_796_000_000_000);
        for quarter in 0..(14 * 96) {
            let now = start.plus(minutes(15 * quarter));
            let meetings = meetings(now);
            assert_eq!(meetings.len(), 6);
            assert_eq!(meetings.iter().filter(|meeting| meeting.past == PastPresence::Held).count(), 2);
            assert!(meetings.iter().skip(2).all(|meeting| meeting.booking.span.from() > now));
            let ids: BTreeSet<_> = meetings.iter().map(|meeting| meeting.id).collect();
            assert_eq!(ids.len(), 6);
        }
    }
}
