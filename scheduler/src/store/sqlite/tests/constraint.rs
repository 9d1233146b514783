//! Written behind the program's back: what must never happen is refused by the database itself.

use super::{World, at, now, request, secretary, site};
use crate::id::SessionId;
use crate::store::sqlite::failure::{Constraint, constraint};
use crate::store::sqlite::{OpenFailure, Sqlite};
use crate::store::{Bookings, PolicySettings};

async fn execute(world: &World, sql: &'static str) -> Result<u64, sqlx::Error> {
    sqlx::query(sql).execute(&world.store.writer).await.map(|done| done.rows_affected())
}

#[tokio::test]
async fn an_overlapping_claim_cannot_be_written_nor_stretched_into_being() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    let later = world.booked(&["06895"], (9, 0), 60).await;
    let insert = sqlx::query(
        "INSERT INTO claim (resource_kind, resource_id, starts_at, ends_at, session_id) VALUES ('site', $1, $2, $3, $4)",
    )
    .bind(site("06895").to_string())
    .bind(at(8, 59).millis())
    .bind(at(9, 0).millis())
    .bind(later.session.id.uuid().to_string())
    .execute(&world.store.writer)
    .await;
    assert_eq!(constraint(&insert.unwrap_err()), Some(Constraint::ClaimClash));
    let stretch =
        execute(&world, "UPDATE claim SET ends_at = ends_at + 1 WHERE starts_at = (SELECT MIN(starts_at) FROM claim)");
    assert_eq!(constraint(&stretch.await.unwrap_err()), Some(Constraint::ClaimClash));
    let shorten = execute(&world, "UPDATE claim SET ends_at = ends_at - 1");
    assert!(shorten.await.unwrap() > 0);
}

#[tokio::test]
async fn more_demand_than_the_bridge_carries_cannot_be_written() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    let later = world.booked(&["06706"], (9, 0), 60).await;
    world.store.set_policy(crate::policy::PolicyKey::CapacitySites, 3, secretary(), now()).await.unwrap();
    execute(&world, "DELETE FROM demand WHERE starts_at = (SELECT MAX(starts_at) FROM demand)").await.unwrap();
    let insert = |from: crate::time::UtcTime, sites: i64| {
        sqlx::query("INSERT INTO demand (session_id, starts_at, ends_at, sites) VALUES ($1, $2, $3, $4)")
            .bind(later.session.id.uuid().to_string())
            .bind(from.millis())
            .bind(at(11, 0).millis())
            .bind(sites)
            .execute(&world.store.writer)
    };
    assert_eq!(constraint(&insert(at(8, 59), 2).await.unwrap_err()), Some(Constraint::CapacityExceeded));
    // Begins before the other and overlaps it later: the sum is too high at a moment that is not its own beginning.
    assert_eq!(constraint(&insert(at(7, 0), 2).await.unwrap_err()), Some(Constraint::CapacityExceeded));
    insert(at(9, 0), 3).await.unwrap();
    assert!(execute(&world, "UPDATE demand SET sites = sites + 1").await.is_err());
}

#[tokio::test]
async fn a_mark_can_neither_be_changed_nor_taken_out() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    use crate::store::Sessions as _;
    world.store.end_session(booked.session.id, secretary(), at(8, 30)).await.unwrap();
    assert!(execute(&world, "UPDATE mark SET at = at + 1").await.is_err());
    assert!(execute(&world, "DELETE FROM mark").await.is_err());
}

#[tokio::test]
async fn a_unit_code_means_one_unit_at_a_time_and_may_be_used_again_later() {
    let world = World::new().await;
    let insert = |id: &'static str, from: &'static str| {
        sqlx::query(
            "INSERT INTO unit (id, code, name, kind, valid_from) VALUES ($1, '06895', 'Xã Đầm Hà', 'commune', $2)",
        )
        .bind(id)
        .bind(from)
        .execute(&world.store.writer)
    };
    assert_eq!(constraint(&insert("a", "2026-01-01").await.unwrap_err()), Some(Constraint::UnitCodeTaken));
    execute(&world, "UPDATE unit SET valid_to = '2026-01-01' WHERE code = '06895'").await.unwrap();
    insert("a", "2026-01-01").await.unwrap();
}

#[tokio::test]
async fn an_empty_database_and_an_up_to_date_one_both_open_and_keep_what_they_have() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    world.store.close().await;
    let again = Sqlite::open(world.path()).await.unwrap();
    let refused =
        again.book(&request(&["06895"], (8, 0), 60).parse(now()).unwrap(), secretary(), &super::key("z"), now()).await;
    assert!(matches!(refused, Err(crate::booking::BookRefused::Clash(_))));
}

#[tokio::test]
async fn a_database_of_a_newer_program_and_a_changed_migration_end_the_start_with_their_reason() {
    let world = World::new().await;
    execute(
        &world,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)",
    )
    .await
    .unwrap();
    assert!(matches!(Sqlite::open(world.path()).await, Err(OpenFailure::Newer { version: 9999 })));
    execute(&world, "DELETE FROM _sqlx_migrations WHERE version = 9999").await.unwrap();
    execute(&world, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 4").await.unwrap();
    assert!(matches!(Sqlite::open(world.path()).await, Err(OpenFailure::Changed { version: 4 })));
}

#[tokio::test]
async fn the_settings_of_the_engine_are_those_that_durability_rests_on() {
    let world = World::new().await;
    let pragma = |sql: &'static str| {
        let writer = world.store.writer.clone();
        async move {
            use sqlx::Row as _;
            let row = sqlx::query(sql).fetch_one(&writer).await.unwrap();
            row.try_get::<String, _>(0).unwrap_or_else(|_| row.get::<i64, _>(0).to_string())
        }
    };
    assert_eq!(pragma("PRAGMA journal_mode").await, "wal");
    // FULL
    assert_eq!(pragma("PRAGMA synchronous").await, "2");
    assert_eq!(pragma("PRAGMA foreign_keys").await, "1");
    let reader = sqlx::query("DELETE FROM policy").execute(&world.store.readers).await;
    assert!(reader.is_err(), "a reader wrote");
}

#[tokio::test]
async fn the_demonstration_has_its_open_session_and_its_meetings_once_however_often_it_is_seeded() {
    use crate::session::{SessionQuery, State};
    use crate::store::Sessions as _;
    let world = World::new().await;
    world.store.seed_demo(now()).await.unwrap();
    let query =
        SessionQuery { viewer: super::viewer("thuky"), from: None, to: None, state: None, text: None, limit: 100 };
    let first = world.store.sessions(&query, now()).await.unwrap();
    world.store.seed_demo(now()).await.unwrap();
    assert_eq!(world.store.sessions(&query, now()).await.unwrap(), first);
    let open = first.iter().find(|session| session.id == SessionId::DEMO).unwrap();
    assert_eq!((open.title.as_str(), open.state), ("Phiên họp trình diễn", State::Open));
    assert_eq!(first.iter().filter(|session| session.state == State::Ended).count(), 2);
    assert_eq!(first.iter().filter(|session| session.state == State::Scheduled).count(), 4);
    // The open session holds nothing: its sites can be booked for any time.
    world.booked(&["06895"], (20, 0), 30).await;
}
