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
