use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{World, at, secretary};
use crate::attendance::{EditFault, EditRefused, IntervalEnd};
use crate::booking::Booked;
use crate::chain::ChainVerdict;
use crate::id::{MarkId, ParticipantId, SessionId, SiteId};
use crate::mark::{AttendanceEdit, AttendanceStatus, EndedBy, Fact, Mark};
use crate::session::State;
use crate::store::sqlite::{Archive, OpenFailure, Sqlite};
use crate::store::{Attendances, Inspection, MarkRefused, Sessions};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

fn seat_of(booked: &Booked, site: SiteId) -> ParticipantId {
    booked.invitations.iter().find(|invitation| invitation.site == site).unwrap().participant
}

fn mark(number: u128, session: SessionId, at: UtcTime, fact: Fact) -> Mark {
    Mark { id: MarkId::from_uuid(uuid::Uuid::from_u128(number)), session, at, fact }
}

async fn verdict(directory: &Path, id: SessionId) -> ChainVerdict {
    Archive::open(directory).await.unwrap().verify_marks(id).await.unwrap()
}

fn joined(participant: ParticipantId) -> Fact {
    let identity = super::identity("Xã Đầm Hà");
    Fact::Joined { participant, identity }
}

#[tokio::test]
async fn marks_are_stored_once_however_often_they_are_sent_and_the_session_follows_them() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let story = vec![
        mark(1, id, at(7, 50), joined(who)),
        mark(2, id, at(8, 0), Fact::Started { by: None }),
        mark(3, id, at(8, 40), Fact::Ended { by: EndedBy::Participant { participant: who } }),
    ];
    world.store.store_marks(story.clone()).await.unwrap();
    world.store.store_marks(story.clone()).await.unwrap();
    assert_eq!(world.store.marks(id).await.unwrap(), story);
    let detail = world.store.session(id, at(8, 41)).await.unwrap().unwrap();
    assert_eq!(detail.summary.state, State::Ended);
    let attendance = world.store.attendance(id, at(12, 0)).await.unwrap().unwrap();
    let row = attendance.rows.iter().find(|row| row.participant == who).unwrap();
    assert_eq!(row.intervals.len(), 1);
    assert_eq!(
        (row.intervals[0].from, row.intervals[0].to, row.intervals[0].ended),
        (at(7, 50), at(8, 40), IntervalEnd::SessionEnd)
    );
    assert_eq!((attendance.opened_at, attendance.closed_at), (Some(at(8, 0)), Some(at(8, 40))));
    assert_eq!(
        (attendance.quorum.sites_invited, attendance.quorum.sites_present, attendance.quorum.sites_needed),
        (2, 1, 2)
    );
}

#[tokio::test]
async fn a_mark_for_an_unknown_session_is_refused_without_harm_to_those_beside_it() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let unknown = SessionId::from_uuid(uuid::Uuid::from_u128(99));
    let (good, bad) = tokio::join!(
        world.store.store_marks(vec![mark(1, id, at(8, 0), joined(who))]),
        world.store.store_marks(vec![mark(2, unknown, at(8, 0), Fact::Interrupted {})]),
    );
    good.unwrap();
    assert!(matches!(bad, Err(MarkRefused::UnknownSession { session }) if session == unknown));
    assert_eq!(world.store.marks(id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_marks_from_a_hundred_senders_are_there_after_a_kill_and_their_chain_is_whole() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let senders: Vec<_> = (0..100_u128)
        .map(|sender| {
            let store = world.store.clone();
            tokio::spawn(async move {
                for step in 0..10 {
                    let number = sender * 10 + step + 1;
                    let time = at(8, 0).plus(Duration::from_millis(number as u64));
                    store.store_marks(vec![mark(number, id, time, Fact::Seen { participant: who })]).await.unwrap();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let (files, store) = world.after_a_kill().await;
    assert_eq!(store.marks(id).await.unwrap().len(), 1_000);
    assert!(matches!(verdict(files.path(), id).await, ChainVerdict::Whole { entries: 1_000, .. }));
}

#[tokio::test]
async fn a_full_disk_is_said_stores_nothing_and_is_over_when_there_is_room_again() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let limit = async |pages: i64| {
        let pragma = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::query(pragma).execute(&world.store.writer).await.unwrap();
    };
    // Less than the file has now: it may not grow by a page.
    limit(1).await;
    let removal = |number: u128| Fact::Removed { participant: who, by: who, reason: format!("{number:0>400}") };
    let story: Vec<Mark> = (1..=200).map(|number| mark(number, id, at(8, 0), removal(number))).collect();
    let refused = world.store.store_marks(story.clone()).await;
    assert!(matches!(refused, Err(MarkRefused::Failed(StoreFailure::DiskFull))), "{refused:?}");
    assert_eq!(world.store.marks(id).await.unwrap(), []);
    limit(1_000_000).await;
    world.store.store_marks(story.clone()).await.unwrap();
    assert_eq!(world.store.marks(id).await.unwrap().len(), story.len());
}

#[tokio::test]
async fn after_closing_nothing_is_stored_and_nothing_pretends_to_be() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let last = world.store.store_marks(vec![mark(1, id, at(8, 0), joined(who))]);
    let (stored, ()) = tokio::join!(last, world.store.close());
    stored.unwrap();
    let late = world.store.store_marks(vec![mark(2, id, at(8, 1), joined(who))]).await;
    assert!(matches!(late, Err(MarkRefused::Failed(StoreFailure::Closed))), "{late:?}");
    world.store.marks_ended().await;
    let again = Sqlite::open(world.path()).await.unwrap();
    assert_eq!(again.marks(id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_mark_changed_behind_the_programs_back_is_found_by_its_number() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    for number in 1..=5_u128 {
        let seen = Fact::Seen { participant: who };
        world.store.store_marks(vec![mark(number, id, at(8, number as u32), seen)]).await.unwrap();
    }
    // Whoever has the file can drop the trigger too.
    for sql in ["DROP TRIGGER mark_stands", "UPDATE mark SET at = at + 60000 WHERE entry = 3"] {
        sqlx::query(sql).execute(&world.store.writer).await.unwrap();
    }
    assert_eq!(verdict(world.path(), id).await, ChainVerdict::BrokenAt { entry: 3 });
}

#[tokio::test]
async fn an_archive_is_read_without_a_trace_and_says_when_a_server_came_in_between() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    world.store.store_marks(vec![mark(1, id, at(8, 0), joined(who))]).await.unwrap();
    world.store.close().await;
    let files = || {
        let entries = std::fs::read_dir(world.path()).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect::<BTreeMap<_, _>>()
    };
    let before = files();
    let archive = Archive::open(world.path()).await.unwrap();
    assert!(archive.check_integrity().await.unwrap().is_empty());
    assert!(matches!(archive.verify_marks(id).await.unwrap(), ChainVerdict::Whole { entries: 1, .. }));
    assert!(archive.fold_attendance(id, at(9, 0)).await.unwrap().is_some());
    assert!(files() == before, "nothing was written beside the database or into it");
    assert!(!archive.was_disturbed());
    let server = Sqlite::open(world.path()).await.unwrap();
    server.store_marks(vec![mark(2, id, at(8, 1), Fact::Seen { participant: who })]).await.unwrap();
    assert!(archive.was_disturbed());
    let beside = Archive::open(world.path()).await.unwrap();
    assert!(matches!(beside.verify_marks(id).await.unwrap(), ChainVerdict::Whole { entries: 2, .. }));
    assert!(!beside.was_disturbed());
}

#[tokio::test]
async fn an_archive_of_another_version_is_not_touched() {
    let world = World::new().await;
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version > 6").execute(&world.store.writer).await.unwrap();
    assert!(matches!(Archive::open(world.path()).await, Err(OpenFailure::Older { version: 6 })));
    sqlx::query("UPDATE _sqlx_migrations SET version = 1000 WHERE version = 6")
        .execute(&world.store.writer)
        .await
        .unwrap();
    assert!(matches!(Archive::open(world.path()).await, Err(OpenFailure::Newer { version: 1_000 })));
}

#[tokio::test]
async fn after_a_crash_presences_end_where_they_were_last_seen_and_say_that_this_is_estimated() {
    let world = World::new().await;
    let booked = world.booked(&["06895", "06913"], (8, 0), 60).await;
    let id = booked.session.id;
    let (first, second) = (seat_of(&booked, super::site("06895")), seat_of(&booked, super::site("06913")));
    world
        .store
        .store_marks(vec![mark(1, id, at(7, 50), joined(first)), mark(2, id, at(7, 55), joined(second))])
        .await
        .unwrap();
    world.store.renew_leases(id, &[first, second], at(8, 10)).await.unwrap();
    world.store.renew_leases(id, &[first], at(8, 20)).await.unwrap();
    let (_files, store) = world.after_a_kill().await;
    assert_eq!(store.recover_attendance(at(8, 30)).await.unwrap(), [id]);
    assert_eq!(store.recover_attendance(at(8, 31)).await.unwrap(), []);
    // One comes back, the other does not.
    store.store_marks(vec![mark(3, id, at(8, 32), joined(first))]).await.unwrap();
    let attendance = store.attendance(id, at(8, 40)).await.unwrap().unwrap();
    let row = |who| attendance.rows.iter().find(|row| row.participant == who).unwrap();
    let crash = Duration::from_millis(1);
    let [before, after] = row(first).intervals.as_slice() else { panic!("{:?}", row(first)) };
    assert_eq!(
        (before.from, before.to, before.ended, before.estimated),
        (at(7, 50), at(8, 20).plus(crash), IntervalEnd::Lost, true)
    );
    assert_eq!((after.from, after.ended, after.estimated), (at(8, 32), IntervalEnd::StillHere, false));
    let [only] = row(second).intervals.as_slice() else { panic!() };
    assert!(only.estimated && only.to >= at(8, 10) && only.to <= at(8, 10).plus(crate::attendance::LEASE));
}

#[tokio::test]
async fn the_secretarys_entries_are_added_with_her_name_and_an_absence_needs_its_reason() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let edit = |status, reason: Option<&str>, confirmed| AttendanceEdit {
        status,
        reason: reason.map(str::to_owned),
        confirmed,
    };
    let absent = Some(AttendanceStatus::Absent);
    let refused = world.store.edit_attendance(id, who, &edit(absent, None, None), secretary(), at(9, 0)).await;
    assert!(matches!(refused, Err(EditRefused::Invalid(EditFault::ReasonRequired))));
    let row = world
        .store
        .edit_attendance(id, who, &edit(absent, Some("Mất điện"), None), secretary(), at(9, 1))
        .await
        .unwrap();
    assert_eq!((row.status, row.reason.as_deref()), (AttendanceStatus::Absent, Some("Mất điện")));
    let row = world.store.edit_attendance(id, who, &edit(None, None, Some(0)), secretary(), at(9, 2)).await.unwrap();
    assert_eq!((row.status, row.confirmed), (AttendanceStatus::Absent, Some(0)));
    let editing = row.edited.unwrap();
    assert_eq!((editing.by_name.as_str(), editing.at), ("Trần Thu Hà", at(9, 2)));
    let nothing = world.store.edit_attendance(id, who, &edit(None, None, None), secretary(), at(9, 3)).await;
    assert!(matches!(nothing, Err(EditRefused::Invalid(EditFault::Nothing))));
    let unknown = ParticipantId::from_uuid(uuid::Uuid::nil());
    let unknown = world.store.edit_attendance(id, unknown, &edit(absent, Some("x"), None), secretary(), at(9, 3)).await;
    assert!(matches!(unknown, Err(EditRefused::Unknown)));
    assert_eq!(world.store.marks(id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_absence_that_is_taken_back_takes_its_reason_and_its_number_with_it() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (id, who) = (booked.session.id, seat_of(&booked, super::site("06895")));
    let mut minute = 0;
    let mut edit = async |status, reason: Option<&str>, confirmed| {
        minute += 1;
        let edit = AttendanceEdit { status: Some(status), reason: reason.map(str::to_owned), confirmed };
        let row = world.store.edit_attendance(id, who, &edit, secretary(), at(9, minute)).await.unwrap();
        (row.status, row.reason, row.confirmed)
    };
    edit(AttendanceStatus::Absent, Some("Mất điện"), Some(0)).await;
    let back = edit(AttendanceStatus::Online, None, None).await;
    assert_eq!(back, (AttendanceStatus::Online, None, None));
    let late = edit(AttendanceStatus::InPerson, Some("Tắc đường"), Some(9)).await;
    assert_eq!(late, (AttendanceStatus::InPerson, Some("Tắc đường".to_owned()), Some(9)));
    let cleared = edit(AttendanceStatus::InPerson, Some(" "), None).await;
    assert_eq!(cleared, (AttendanceStatus::InPerson, None, Some(9)));
}

#[tokio::test]
async fn what_was_declared_is_confirmed_at_once_where_nothing_is_confirmed_yet() {
    let world = World::new().await;
    let booked = world.booked(&["06895", "06913"], (8, 0), 60).await;
    let id = booked.session.id;
    let (first, second) = (seat_of(&booked, super::site("06895")), seat_of(&booked, super::site("06913")));
    let declared = |participant, count| Fact::Declared { participant, count };
    let story = vec![
        mark(1, id, at(7, 50), joined(first)),
        mark(2, id, at(7, 51), declared(first, 12)),
        mark(3, id, at(7, 52), joined(second)),
        mark(4, id, at(7, 53), declared(second, 5)),
    ];
    world.store.store_marks(story).await.unwrap();
    let own = AttendanceEdit { confirmed: Some(11), ..AttendanceEdit::default() };
    world.store.edit_attendance(id, first, &own, secretary(), at(9, 0)).await.unwrap();
    let attendance = world.store.confirm_declared(id, secretary(), at(9, 1)).await.unwrap();
    let confirmed: Vec<Option<u16>> =
        [first, second].map(|who| attendance.rows.iter().find(|row| row.participant == who).unwrap().confirmed).into();
    assert_eq!(confirmed, [Some(11), Some(5)]);
    assert_eq!((attendance.quorum.people_declared, attendance.quorum.people_confirmed), (17, 16));
    let again = world.store.confirm_declared(id, secretary(), at(9, 1)).await.unwrap();
    assert_eq!(again, attendance);
}

#[tokio::test]
async fn the_clock_ends_a_deserted_session_once_and_leaves_a_running_one_alone() {
    let world = World::new().await;
    let deserted = world.booked(&["06895"], (8, 0), 60).await.session.id;
    let running = world.booked(&["06895"], (9, 0), 60).await.session.id;
    let who = world.store.seats(running).await.unwrap()[2].participant;
    world.store.store_marks(vec![mark(1, running, at(9, 0), Fact::Started { by: None })]).await.unwrap();
    world.store.renew_leases(running, &[who], at(10, 14)).await.unwrap();
    assert_eq!(world.store.end_overdue(at(8, 59)).await.unwrap(), []);
    assert_eq!(world.store.end_overdue(at(10, 15)).await.unwrap(), [deserted]);
    assert_eq!(world.store.end_overdue(at(10, 15)).await.unwrap(), []);
    // Nobody for longer than a seat is kept: it ended when he was last seen.
    assert_eq!(world.store.end_overdue(at(10, 20)).await.unwrap(), [running]);
    let attendance = world.store.attendance(running, at(12, 0)).await.unwrap().unwrap();
    assert_eq!(attendance.closed_at, Some(at(10, 14)));
}
