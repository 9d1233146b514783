//! The store on a real file. The same stories will run on the second engine.

mod attendance;
mod booking;
mod constraint;
mod door;
mod office;
mod recording;

use std::path::Path;

use tempfile::TempDir;

use super::Sqlite;
use crate::admission::MeetingRole;
use crate::agenda::AgendaItem;
use crate::booking::{Booked, Booking, BookingRequest, IdempotencyKey};
use crate::demo;
use crate::id::{PersonId, SiteId};
use crate::mark::Identity;
use crate::role::{Role, Roles, Viewer};
use crate::selection::SelectionRule;
use crate::session::Mode;
use crate::store::Bookings;
use crate::time::{Span, UtcTime, minutes};

/// The province without its meetings, at seven in the morning of Tuesday 1 December 2026.
pub(super) struct World {
    pub(super) store: Sqlite,
    directory: TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(directory.path()).await.unwrap();
        store.seed_province().await.unwrap();
        Self { store, directory }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What a new process finds after this one was killed: the files as they are, nothing closed, nothing flushed on purpose.
    pub(super) async fn after_a_kill(&self) -> (TempDir, Sqlite) {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.path()).unwrap() {
            let path = entry.unwrap().path();
            // The shared-memory index is rebuilt from the log by whoever opens the database after a crash.
            if !path.to_string_lossy().ends_with("-shm") {
                std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        let store = Sqlite::open(copy.path()).await.unwrap();
        (copy, store)
    }

    pub(super) async fn booked(&self, sites: &[&str], from: (u32, u32), length: u64) -> Booked {
        let request = request(sites, from, length);
        let wish = key(&format!("{sites:?}{from:?}"));
        self.store.book(&parsed(&request), demo::person_id("thuky"), &wish, now()).await.unwrap()
    }
}

pub(super) fn at(hour: u32, minute: u32) -> UtcTime {
    at_day(1, hour, minute)
}

pub(super) fn at_day(day: u32, hour: u32, minute: u32) -> UtcTime {
    let date = chrono::NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
    UtcTime::of_office(date, chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

pub(super) fn now() -> UtcTime {
    at(7, 0)
}

pub(super) fn span(from: (u32, u32), length: u64) -> Span {
    let from = at(from.0, from.1);
    Span::new(from, from.plus(minutes(length))).unwrap()
}

pub(super) fn site(code: &str) -> SiteId {
    demo::site_id(code)
}

pub(super) fn key(text: &str) -> IdempotencyKey {
    let graphic: String = text.chars().filter(char::is_ascii_graphic).collect();
    IdempotencyKey::parse(&graphic).unwrap()
}

pub(super) fn request(sites: &[&str], from: (u32, u32), length: u64) -> BookingRequest {
    let span = span(from, length);
    BookingRequest {
        title: "Phòng, chống thiên tai quý IV".to_owned(),
        short_title: "Thiên tai quý IV".to_owned(),
        mode: Mode::Conference,
        starts_at: span.from(),
        ends_at: span.to(),
        chair_id: demo::person_id("chutri"),
        secretary_id: demo::person_id("thuky"),
        technician_id: None,
        central_site_id: site("VPUB"),
        selection: sites.iter().map(|code| SelectionRule::Site { site_id: site(code) }).collect(),
        agenda: ["Khai mạc", "Thảo luận", "Kết luận"]
            .into_iter()
            .map(|title| AgendaItem { title: title.to_owned(), minutes: 20, presenter: None })
            .collect(),
        recording_planned: false,
    }
}

/// The same wish of other people, in another hall: nothing of it stands in the first one's way.
pub(super) fn other_request(sites: &[&str], from: (u32, u32), length: u64) -> BookingRequest {
    BookingRequest {
        title: "Giao ban đất đai".to_owned(),
        short_title: "Đất đai".to_owned(),
        chair_id: demo::person_id("chutri2"),
        secretary_id: demo::person_id("thuky2"),
        central_site_id: site("SNNMT"),
        ..request(sites, from, length)
    }
}

pub(super) fn parsed(request: &BookingRequest) -> Booking {
    request.parse(now()).unwrap()
}

pub(super) fn viewer(username: &str) -> Viewer {
    let account = demo::ACCOUNTS.iter().find(|account| account.username == username).unwrap();
    let fields = demo::people().into_iter().find(|(id, _)| *id == account.person()).unwrap().1;
    Viewer { person: account.person(), site: fields.site_id, roles: account.roles() }
}

pub(super) fn stranger() -> Viewer {
    Viewer { person: demo::person_id("damha"), site: Some(site("06706")), roles: Roles::new([Role::Delegate]) }
}

pub(super) fn secretary() -> PersonId {
    demo::person_id("thuky")
}

pub(super) fn identity(name: &str) -> Identity {
    Identity {
        name: name.to_owned(),
        short_name: None,
        detail: None,
        group: None,
        role: MeetingRole::Delegate,
        site: true,
        via: None,
    }
}
