use std::collections::BTreeSet;

use super::{World, at, at_day, key, now, other_request, parsed, request, secretary, site, span};
use crate::booking::{BookRefused, BookingProbe, CancelRefused, RescheduleRefused};
use crate::clash::{ClashReport, ClashWhat};
use crate::demo;
use crate::field::FieldFault;
use crate::id::{SessionId, SiteId};
use crate::policy::PolicyKey;
use crate::selection::SelectionRule;
use crate::session::{State, Status};
use crate::site::GroupId;
use crate::store::sqlite::Sqlite;
use crate::store::{Bookings, PolicySettings, Sessions};
use crate::text::Reason;
use crate::time::{Span, minutes};

fn clash(refused: BookRefused) -> ClashReport {
    match refused {
        BookRefused::Clash(report) => *report,
        other => panic!("not a clash: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_racing_bookings_that_share_one_site_exactly_one_wins() {
    let world = World::new().await;
    // Half of them come through a second process, which has a writer of its own.
    let second = Sqlite::open(world.path()).await.unwrap();
    // Each wants its own hall and people as far as there are any; all want the commune of Đầm Hà.
    let racing: Vec<_> = (0..64)
        .map(|number| {
            let store = if number % 4 < 2 { world.store.clone() } else { second.clone() };
            let mut request = other_request(&["06895"], (8, 0), 60 + number);
            request.title = format!("Phiên số {number}");
            if number % 2 == 0 {
                request.chair_id = demo::person_id("chutri3");
                request.secretary_id = demo::person_id("thuky3");
                request.central_site_id = site("SYT");
            }
            let booking = parsed(&request);
            tokio::spawn(async move { store.book(&booking, secretary(), &key(&format!("race{number}")), now()).await })
        })
        .collect();
    let mut won = Vec::new();
    for task in racing {
        match task.await.unwrap() {
            Ok(booked) => won.push(booked.session),
            Err(refused) => {
                let report = clash(refused);
                assert!(report.clashes.iter().any(|clash| clash.name == "Xã Đầm Hà"), "{report:?}");
            }
        }
    }
    assert_eq!(won.len(), 1);
    let claims = sqlx::query("SELECT session_id FROM claim WHERE resource_id = $1")
        .bind(site("06895").to_string())
        .fetch_all(&world.store.readers)
        .await
        .unwrap();
    assert_eq!(claims.len(), 1);
}

#[tokio::test]
async fn a_refusal_names_what_clashes_with_whom_and_when_and_proposes_the_next_time_for_all() {
    let world = World::new().await;
    let first = world.booked(&["06895", "06913"], (8, 0), 90).await;
    let refused =
        world.store.book(&parsed(&other_request(&["06895", "06706"], (9, 0), 60)), secretary(), &key("b"), now()).await;
    let report = clash(refused.unwrap_err());
    let [only] = report.clashes.as_slice() else { panic!("{report:?}") };
    assert_eq!((only.what, only.name.as_str(), only.id), (ClashWhat::Site, "Xã Đầm Hà", Some(site("06895").uuid())));
    assert_eq!((only.session_id, only.session_title.as_str()), (first.session.id, "Phòng, chống thiên tai quý IV"));
    assert_eq!((only.starts_at, only.ends_at), (at(8, 0), at(9, 30)));
    assert_eq!(report.free_slot, Some(span((9, 30), 60)));
}

#[tokio::test]
async fn the_same_chair_secretary_or_technician_cannot_be_in_two_sessions_at_once_whatever_their_duty() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    let mut request = other_request(&["06706"], (8, 30), 60);
    request.chair_id = demo::person_id("chutri");
    let report = clash(world.store.book(&parsed(&request), secretary(), &key("b"), now()).await.unwrap_err());
    assert_eq!(report.clashes.iter().map(|clash| clash.what).collect::<Vec<_>>(), [ClashWhat::Chair]);
    assert_eq!(report.clashes[0].name, "Trần Quốc Nghĩa");
}

#[tokio::test]
async fn a_session_may_begin_in_the_millisecond_in_which_the_other_ends() {
    let world = World::new().await;
    world.booked(&["06895"], (8, 0), 60).await;
    world.booked(&["06895"], (9, 0), 60).await;
}

#[tokio::test]
async fn the_same_key_and_body_gives_the_same_answer_and_another_body_is_refused() {
    let world = World::new().await;
    let booking = parsed(&request(&["06895", "06913"], (8, 0), 90));
    let first = world.store.book(&booking, secretary(), &key("wish"), now()).await.unwrap();
    let again = world.store.book(&booking, secretary(), &key("wish"), now().plus(minutes(5))).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(first.invitations.len(), 3);
    let other = parsed(&request(&["06895"], (8, 0), 90));
    let refused = world.store.book(&other, secretary(), &key("wish"), now()).await;
    assert!(matches!(refused, Err(BookRefused::KeyReused)), "{refused:?}");
    // Somebody else's key of the same text is his own.
    let theirs = world.store.book(&booking, demo::person_id("thuky2"), &key("wish"), now()).await;
    assert!(matches!(theirs, Err(BookRefused::Clash(_))), "{theirs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_wish_sent_sixteen_times_at_once_is_granted_once_and_answered_alike() {
    let world = World::new().await;
    let senders: Vec<_> = (0..16)
        .map(|_| {
            let (store, booking) = (world.store.clone(), parsed(&request(&["06895"], (8, 0), 60)));
            tokio::spawn(async move { store.book(&booking, secretary(), &key("wish"), now()).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for sender in senders {
        answers.push(sender.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn ticking_a_hub_books_its_sites_but_the_excepted_one() {
    let world = World::new().await;
    let mut request = request(&[], (8, 0), 60);
    let group_id = GroupId::Hub(demo::hub_id("Móng Cái"));
    request.selection = vec![SelectionRule::Subtree { group_id, except: vec![site("06757")] }];
    let booked = world.store.book(&parsed(&request), secretary(), &key("a"), now()).await.unwrap();
    let names: BTreeSet<&str> = booked.invitations.iter().map(|invitation| invitation.name.as_str()).collect();
    let expected = [
        "Phường Móng Cái 1",
        "Phường Móng Cái 2",
        "Phường Móng Cái 3",
        "Văn phòng UBND tỉnh",
        "Xã Hải Ninh",
        "Xã Hải Sơn",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    let detail = world.store.session(booked.session.id, now()).await.unwrap().unwrap();
    let groups: Vec<Option<&str>> = detail.seats.iter().skip(2).map(|seat| seat.group.as_deref()).collect();
    assert_eq!(groups[..2], [Some("Điểm cầu trung tâm"), Some("Cụm Móng Cái")]);
    assert_eq!((detail.agenda.len(), booked.session.sites), (3, 6));
}

#[tokio::test]
async fn people_without_the_role_and_things_that_do_not_exist_are_wrong_fields() {
    let world = World::new().await;
    let mut request = request(&[], (8, 0), 60);
    request.chair_id = demo::person_id("kythuat");
    request.technician_id = Some(demo::person_id("nobody"));
    request.selection = vec![SelectionRule::Site { site_id: SiteId::from_uuid(uuid::Uuid::nil()) }];
    let refused = world.store.book(&parsed(&request), secretary(), &key("a"), now()).await;
    let Err(BookRefused::Invalid(problems)) = refused else { panic!("{refused:?}") };
    let named: Vec<(&str, FieldFault)> =
        problems.iter().map(|problem| (problem.field.as_str(), problem.what)).collect();
    let expected = [
        ("chair_id", FieldFault::LacksRole),
        ("technician_id", FieldFault::Unknown),
        ("selection[0]", FieldFault::Unknown),
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn the_bridge_carries_no_more_sites_at_once_than_the_policy_says() {
    let world = World::new().await;
    world.store.set_policy(PolicyKey::CapacitySites, 4, secretary(), now()).await.unwrap();
    let first = world.booked(&["06895", "06913"], (8, 0), 60).await;
    let too_many = parsed(&other_request(&["06706"], (8, 30), 60));
    let report = clash(world.store.book(&too_many, secretary(), &key("b"), now()).await.unwrap_err());
    assert_eq!(
        report.clashes.iter().map(|clash| (clash.what, clash.session_id)).collect::<Vec<_>>(),
        [(ClashWhat::Capacity, first.session.id)]
    );
    assert_eq!(report.free_slot, Some(span((9, 0), 60)));
    // One site more than the bridge has at all: another time would not help.
    let hopeless = parsed(&other_request(&["06706", "06661", "06673", "06652"], (14, 0), 60));
    let refused = world.store.book(&hopeless, secretary(), &key("c"), now()).await;
    assert!(matches!(refused, Err(BookRefused::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn moving_a_session_frees_the_old_time_and_moving_it_onto_another_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let first = world.booked(&["06895"], (8, 0), 60).await;
    let second = world.booked(&["06895"], (9, 0), 60).await;
    let refused = world.store.reschedule(second.session.id, span((8, 30), 60), now()).await;
    let Err(RescheduleRefused::Clash(report)) = refused else { panic!("{refused:?}") };
    assert!(report.clashes.iter().all(|clash| clash.session_id == first.session.id));
    // Overlapping its own old time is no clash.
    let moved = world.store.reschedule(second.session.id, span((9, 30), 60), now()).await.unwrap();
    assert_eq!((moved.starts_at, moved.ends_at), (at(9, 30), at(10, 30)));
    world.store.reschedule(first.session.id, span((8, 30), 60), now()).await.unwrap();
    let unknown = world.store.reschedule(SessionId::DEMO, span((8, 30), 60), now()).await;
    assert!(matches!(unknown, Err(RescheduleRefused::Unknown)));
}

#[tokio::test]
async fn a_cancelled_session_gives_back_its_time_and_cannot_be_cancelled_again() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let reason = Reason::parse("Chuyển sang tuần sau").unwrap();
    world.store.cancel(booked.session.id, &reason, secretary(), now()).await.unwrap();
    let detail = world.store.session(booked.session.id, now()).await.unwrap().unwrap();
    assert_eq!(detail.session.status, Status::Cancelled { at: now(), reason: reason.to_string() });
    assert_eq!(detail.summary.state, State::Cancelled);
    let again = world.store.cancel(booked.session.id, &reason, secretary(), now()).await;
    assert!(matches!(again, Err(CancelRefused::NotPlanned)));
    world.store.book(&parsed(&request(&["06895"], (8, 0), 60)), secretary(), &key("new"), now()).await.unwrap();
}

#[tokio::test]
async fn checking_shows_who_is_busy_on_the_day_and_changes_nothing() {
    let world = World::new().await;
    let first = world.booked(&["06895"], (8, 0), 90).await;
    let probe = BookingProbe {
        starts_at: at(9, 0),
        ends_at: at(10, 0),
        selection: vec![SelectionRule::Site { site_id: site("06895") }, SelectionRule::Site { site_id: site("06706") }],
        central_site_id: None,
        chair_id: Some(demo::person_id("chutri")),
        secretary_id: None,
        technician_id: None,
        session_id: None,
    };
    let check = world.store.check_booking(&probe, now()).await.unwrap();
    assert_eq!((check.sites, check.capacity.used, check.capacity.limit), (2, 2, 300));
    assert!(check.people > 0);
    assert_eq!(check.clashes.iter().map(|clash| clash.what).collect::<Vec<_>>(), [ClashWhat::Chair, ClashWhat::Site]);
    assert_eq!(check.free_slot, Some(span((9, 30), 60)));
    let busy: Vec<(&str, usize)> = check.busy.iter().map(|row| (row.name.as_str(), row.spans.len())).collect();
    assert_eq!(busy, [("Trần Quốc Nghĩa", 1), ("Phường Tuần Châu", 0), ("Xã Đầm Hà", 1)]);
    // Moving the first one: it is not in its own way.
    let own = BookingProbe { session_id: Some(first.session.id), ..probe };
    assert!(world.store.check_booking(&own, now()).await.unwrap().clashes.is_empty());
}

#[tokio::test]
async fn a_draft_is_kept_until_its_meeting_is_booked() {
    let world = World::new().await;
    world.store.save_draft(secretary(), r#"{"title":"Gi"}"#, now()).await.unwrap();
    world.store.save_draft(secretary(), r#"{"title":"Giao ban"}"#, at(7, 1)).await.unwrap();
    let draft = world.store.draft(secretary()).await.unwrap().unwrap();
    assert_eq!((draft.json.as_str(), draft.saved_at), (r#"{"title":"Giao ban"}"#, at(7, 1)));
    world.booked(&["06895"], (8, 0), 60).await;
    assert_eq!(world.store.draft(secretary()).await.unwrap(), None);
    assert!(world.store.save_draft(secretary(), &"x".repeat(70_000), now()).await.is_err());
}

#[tokio::test]
async fn a_booking_that_was_answered_is_there_after_a_kill_with_its_links() {
    let world = World::new().await;
    let booked = world.booked(&["06895"], (8, 0), 60).await;
    let (_files, store) = world.after_a_kill().await;
    let found = store.open_invitation(&booked.invitations[0].secret, now()).await.unwrap().unwrap();
    assert_eq!(found.session.id, booked.session.id);
    let refused = store.book(&parsed(&other_request(&["06895"], (8, 0), 60)), secretary(), &key("b"), now()).await;
    assert!(matches!(refused, Err(BookRefused::Clash(_))));
}

#[tokio::test]
async fn when_the_day_is_full_the_proposal_is_the_next_working_day() {
    let world = World::new().await;
    // Friday 4 December, the whole day.
    let mut whole_day = request(&["06895"], (8, 0), 60);
    let friday = Span::new(at_day(4, 7, 30), at_day(4, 16, 30)).unwrap();
    (whole_day.starts_at, whole_day.ends_at) = (friday.from(), friday.to());
    world.store.book(&parsed(&whole_day), secretary(), &key("a"), now()).await.unwrap();
    let mut wish = other_request(&["06895"], (8, 0), 60);
    (wish.starts_at, wish.ends_at) = (at_day(4, 14, 0), at_day(4, 15, 0));
    let report = clash(world.store.book(&parsed(&wish), secretary(), &key("b"), now()).await.unwrap_err());
    assert_eq!(report.free_slot, Span::new(at_day(7, 7, 30), at_day(7, 8, 30)));
}
