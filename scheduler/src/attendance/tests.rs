use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::presence::{in_order, intervals};
use super::*;
use crate::admission::MeetingRole;
use crate::id::{MarkId, SessionId, UnitId};
use crate::mark::{EndedBy, Fact, Identity};
use crate::policy::Policies;
use crate::session::{Invited, Sitter};
use crate::site::Site;

const SESSION: SessionId = SessionId::from_uuid(Uuid::from_u128(1));

fn who(number: u128) -> ParticipantId {
    ParticipantId::from_uuid(Uuid::from_u128(number))
}

fn secs(count: i64) -> UtcTime {
    UtcTime::from_millis(count * 1_000)
}

/// Marks numbered in the order in which they are written here.
fn story(facts: &[(i64, Fact)]) -> Vec<Mark> {
    facts
        .iter()
        .zip(1..)
        .map(|((at, fact), number)| Mark {
            id: MarkId::from_uuid(Uuid::from_u128(number)),
            session: SESSION,
            at: secs(*at),
            fact: fact.clone(),
        })
        .collect()
}

fn joined(number: u128) -> Fact {
    let identity = Identity {
        name: format!("Xã {number}"),
        short_name: None,
        detail: None,
        group: None,
        role: MeetingRole::Delegate,
        site: true,
        via: None,
    };
    Fact::Joined { participant: who(number), identity }
}

fn left(number: u128) -> Fact {
    Fact::Left { participant: who(number) }
}

fn lost(number: u128) -> Fact {
    Fact::Lost { participant: who(number) }
}

fn seen(number: u128) -> Fact {
    Fact::Seen { participant: who(number) }
}

fn ended() -> Fact {
    Fact::Ended { by: EndedBy::Participant { participant: who(1) } }
}

/// From, to, how it ended, whether it is estimated.
type Bar = (i64, i64, IntervalEnd, bool);

fn bars(marks: &[Mark], number: u128, now: i64) -> Vec<Bar> {
    let bar = |interval: Interval| {
        (interval.from.millis() / 1_000, interval.to.millis() / 1_000, interval.ended, interval.estimated)
    };
    intervals(&in_order(marks), who(number), secs(now)).into_iter().map(bar).collect()
}

fn site_seat(number: u128) -> Seat {
    let site = Site {
        id: SiteId::from_uuid(Uuid::from_u128(number)),
        code: number.to_string(),
        name: format!("Xã {number}"),
        short_name: format!("X {number}"),
        room: None,
        unit_id: UnitId::from_uuid(Uuid::nil()),
        hub_id: None,
        seats: 10,
        contact_name: None,
        contact_phone: None,
        central: false,
    };
    Seat {
        participant: who(number),
        sitter: Sitter::Site(Box::new(site)),
        role: MeetingRole::Delegate,
        name: format!("Xã {number}"),
        short_name: format!("X {number}"),
        detail: None,
        group: Some("Cụm Đầm Hà".to_owned()),
        invited: Invited::AtBooking,
        invitation: None,
    }
}

fn folded(seats: &[Seat], marks: &[Mark], ended_at: Option<i64>, now: i64) -> Attendance {
    let agenda: Vec<AgendaItem> = ["Khai mạc", "Thảo luận"]
        .into_iter()
        .map(|title| AgendaItem { title: title.to_owned(), minutes: 10, presenter: None })
        .collect();
    let quorum = Policies::default().quorum;
    let record = Record { seats, agenda: &agenda, marks, quorum, ended_at: ended_at.map(secs), now: secs(now) };
    fold(record, |_| Some("Trần Thu Hà".to_owned()))
}

#[test]
fn a_site_that_dropped_twice_has_three_intervals_with_the_reason_of_each_end() {
    let marks = story(&[
        (0, joined(1)),
        (100, lost(1)),
        (160, joined(1)),
        (200, lost(1)),
        (300, joined(1)),
        (400, ended()),
        (401, left(1)),
    ]);
    let expected = [
        (0, 100, IntervalEnd::Lost, false),
        (160, 200, IntervalEnd::Lost, false),
        (300, 400, IntervalEnd::SessionEnd, false),
    ];
    assert_eq!(bars(&marks, 1, 1_000), expected);
}

#[test]
fn who_is_still_here_is_here_until_now() {
    let marks = story(&[(0, joined(1))]);
    assert_eq!(bars(&marks, 1, 50), [(0, 50, IntervalEnd::StillHere, false)]);
}

#[test]
fn a_lost_leave_ends_at_the_last_sign_of_life_and_is_estimated() {
    let lease = LEASE.as_secs() as i64;
    let marks = story(&[
        (0, joined(1)),
        (100, Fact::FloorTaken { participant: who(1), by: None }),
        (500, joined(1)),
        (600, left(1)),
    ]);
    let expected = [(0, 100 + lease, IntervalEnd::Lost, true), (500, 600, IntervalEnd::Left, false)];
    assert_eq!(bars(&marks, 1, 1_000), expected);
}

#[test]
fn a_lost_join_is_seen_by_the_first_trace_of_him() {
    let marks = story(&[(100, seen(1)), (200, left(1))]);
    assert_eq!(bars(&marks, 1, 1_000), [(100, 200, IntervalEnd::Left, true)]);
    let lease = LEASE.as_secs() as i64;
    let marks = story(&[(200, left(1))]);
    assert_eq!(bars(&marks, 1, 1_000), [(200 - lease, 200, IntervalEnd::Left, true)]);
}

#[test]
fn giving_up_the_seat_after_a_lost_line_says_nothing_new() {
    let marks = story(&[(0, joined(1)), (100, lost(1)), (400, left(1))]);
    assert_eq!(bars(&marks, 1, 1_000), [(0, 100, IntervalEnd::Lost, false)]);
}

#[test]
fn coming_back_in_the_moment_of_leaving_is_never_having_left() {
    let marks = story(&[(0, joined(1)), (100, lost(1)), (100, joined(1)), (200, left(1))]);
    assert_eq!(bars(&marks, 1, 1_000), [(0, 200, IntervalEnd::Left, false)]);
}

#[test]
fn a_line_lost_right_after_joining_does_not_leave_a_ghost() {
    let marks = story(&[(100, lost(1)), (100, joined(1))]);
    assert_eq!(bars(&marks, 1, 1_000), []);
}

#[test]
fn the_clock_ends_a_session_for_nobody_beyond_his_last_trace() {
    let lease = LEASE.as_secs() as i64;
    let marks = story(&[(0, joined(1)), (3_600, Fact::Ended { by: EndedBy::Clock {} })]);
    assert_eq!(bars(&marks, 1, 9_000), [(0, lease, IntervalEnd::SessionEnd, true)]);
}

#[test]
fn speaking_counts_only_while_the_line_is_up() {
    let floor = |by_secs: i64, taken: bool| {
        let participant = who(1);
        (by_secs, if taken { Fact::FloorTaken { participant, by: None } } else { Fact::FloorLeft { participant } })
    };
    let marks = story(&[
        (0, joined(1)),
        floor(10, true),
        (40, lost(1)),
        (100, joined(1)),
        floor(120, false),
        floor(130, true),
        floor(140, true),
        (200, ended()),
    ]);
    let list = folded(&[site_seat(1)], &marks, Some(200), 300);
    assert_eq!(list.rows[0].spoken_seconds, 30 + 20 + 70);
}

#[test]
fn rows_are_those_invited_in_their_order_then_those_who_came_by_themselves() {
    let mut program = joined(9);
    if let Fact::Joined { identity, .. } = &mut program {
        "Máy quay sân khấu".clone_into(&mut identity.name);
        identity.site = false;
    }
    let marks = story(&[(0, program), (10, joined(2)), (20, Fact::Declared { participant: who(2), count: 7 })]);
    let list = folded(&[site_seat(3), site_seat(2)], &marks, None, 100);
    let names: Vec<&str> = list.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["Xã 3", "Xã 2", "Máy quay sân khấu"]);
    let statuses: Vec<AttendanceStatus> = list.rows.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [AttendanceStatus::NotCalled, AttendanceStatus::Online, AttendanceStatus::Online]);
    let quorum = list.quorum;
    assert_eq!((quorum.sites_invited, quorum.sites_present, quorum.sites_needed, quorum.people_declared), (2, 1, 2, 7));
}

#[test]
fn agenda_items_reach_from_where_they_were_taken_up_to_where_they_were_last_left() {
    let item = |index| Fact::AgendaItem { index, by: None };
    let marks = story(&[(10, item(0)), (20, item(1)), (30, item(0)), (35, item(0)), (50, ended())]);
    let list = folded(&[], &marks, Some(50), 100);
    let reach: Vec<_> = list.agenda.iter().map(|row| (row.from.unwrap(), row.to.unwrap())).collect();
    assert_eq!(reach, [(secs(10), secs(50)), (secs(20), secs(30))]);
    let spans = crate::agenda::spans(&marks, secs(100));
    assert_eq!(spans.len(), 3, "pressing the current item again cut it: {spans:?}");
}

#[test]
fn a_session_held_again_begins_with_an_empty_list() {
    let marks = story(&[(0, joined(1)), (10, ended()), (20, joined(2)), (30, ended())]);
    let latest: Vec<Option<ParticipantId>> =
        latest_holding(marks.clone()).iter().map(|mark| mark.fact.participant()).collect();
    assert_eq!(latest, [Some(who(2)), None]);
    assert_eq!(latest_holding(marks[..2].to_vec()).len(), 2);
    assert_eq!(latest_holding(Vec::new()), []);
}

#[test]
fn an_absence_needs_its_reason_once() {
    let row = folded(&[site_seat(1)], &[], None, 0).rows.remove(0);
    let absent = AttendanceEdit { status: Some(AttendanceStatus::Absent), ..AttendanceEdit::default() };
    assert_eq!(parse_edit(&absent, &row), Err(EditFault::ReasonRequired));
    let blank = AttendanceEdit { reason: Some("  ".into()), ..absent.clone() };
    assert_eq!(parse_edit(&blank, &row), Err(EditFault::ReasonRequired));
    let with_reason = AttendanceRow { reason: Some("Mất điện".into()), ..row.clone() };
    assert!(parse_edit(&absent, &with_reason).is_ok());
    let many = AttendanceEdit { confirmed: Some(SEATS_MAX + 1), ..AttendanceEdit::default() };
    assert_eq!(parse_edit(&many, &row), Err(EditFault::ConfirmedOutOfRange { max: SEATS_MAX }));
    let forged = AttendanceEdit { reason: Some("a\u{202e}b".into()), ..AttendanceEdit::default() };
    assert_eq!(parse_edit(&forged, &row), Err(EditFault::ReasonInvalid));
}

/// One site's true course: present, away, present, … by alternating lengths in seconds, and then the end of the session.
fn truth() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(20_i64..400, 1..12)
}

fn marks_of(lengths: &[i64]) -> (Vec<Mark>, Vec<(i64, i64)>) {
    let mut facts = Vec::new();
    let mut present = Vec::new();
    let mut at = 0;
    for (length, step) in lengths.iter().zip(0..) {
        if step % 2 == 0 {
            facts.push((at, joined(1)));
            present.push((at, at + length));
        } else {
            facts.push((at, lost(1)));
        }
        at += length;
    }
    facts.push((at, ended()));
    (story(&facts), present)
}

fn arbitrary_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        4 => (1_u128..4).prop_map(joined),
        2 => (1_u128..4).prop_map(left),
        3 => (1_u128..4).prop_map(lost),
        1 => (1_u128..4).prop_map(seen),
        1 => (1_u128..4).prop_map(|number| Fact::Removed { participant: who(number), by: who(1), reason: String::new() }),
        1 => (1_u128..4, 0_u16..50).prop_map(|(number, count)| Fact::Declared { participant: who(number), count }),
        1 => (1_u128..4).prop_map(|number| Fact::FloorTaken { participant: who(number), by: None }),
        1 => (1_u128..4).prop_map(|number| Fact::FloorLeft { participant: who(number) }),
        1 => Just(Fact::Interrupted {}),
        1 => Just(ended()),
        1 => Just(Fact::Ended { by: EndedBy::Clock {} }),
    ]
}

fn arbitrary_marks() -> impl Strategy<Value = Vec<Mark>> {
    prop::collection::vec((0_i64..300, arbitrary_fact()), 0..60).prop_map(|facts| story(&facts))
}

proptest! {
    #[test]
    fn with_every_mark_the_list_is_the_truth(lengths in truth()) {
        let (marks, present) = marks_of(&lengths);
        let found: Vec<(i64, i64)> = bars(&marks, 1, 100_000).into_iter().map(|(from, to, _, _)| (from, to)).collect();
        prop_assert_eq!(found, present);
    }

    #[test]
    fn the_order_and_repetition_of_marks_do_not_matter(marks in arbitrary_marks(), seed in any::<u64>()) {
        let plain = folded(&[site_seat(1)], &marks, None, 400);
        let mut shuffled = marks.clone();
        shuffled.extend(marks.iter().filter(|mark| mark.at.millis() % 3_000 == 0).cloned());
        // A permutation out of the seed, by sorting on a hash of it and the place.
        let mut places: Vec<usize> = (0..shuffled.len()).collect();
        places.sort_by_key(|place| crate::id::derived("shuffle", &[&seed.to_be_bytes(), &place.to_be_bytes()]));
        let permuted: Vec<Mark> = places.into_iter().map(|place| shuffled[place].clone()).collect();
        prop_assert_eq!(folded(&[site_seat(1)], &permuted, None, 400), plain);
    }

    #[test]
    fn intervals_are_always_in_order_apart_not_empty_and_not_in_the_future(marks in arbitrary_marks(), now in 0_i64..400) {
        for number in 1..4 {
            let bars = intervals(&in_order(&marks), who(number), secs(now));
            for interval in &bars {
                prop_assert!(interval.from < interval.to && interval.to <= secs(now), "{:?}", interval);
            }
            for (before, after) in bars.iter().zip(bars.iter().skip(1)) {
                prop_assert!(before.to < after.from, "{:?} {:?}", before, after);
                prop_assert!(before.ended != IntervalEnd::StillHere);
            }
        }
    }

    #[test]
    fn a_lost_mark_never_adds_presence_beyond_one_lease_unless_it_was_the_mark_of_going(
        lengths in truth(),
        dropped in any::<prop::sample::Index>(),
    ) {
        let (mut marks, present) = marks_of(&lengths);
        // The end of the session is the one mark that the store itself writes; it is not lost without the session.
        let gone = marks.remove(dropped.index(marks.len() - 1));
        let total = |bars: &[(i64, i64)]| bars.iter().map(|(from, to)| to - from).sum::<i64>();
        let found: Vec<Bar> = bars(&marks, 1, 100_000);
        let found: Vec<(i64, i64)> = found.into_iter().map(|(from, to, _, _)| (from, to)).collect();
        let lease = LEASE.as_secs() as i64;
        let last_leave_lost = matches!(gone.fact, Fact::Lost { .. }) && marks.iter().all(|mark| {
            !matches!(mark.fact, Fact::Joined { .. }) || mark.at < gone.at
        });
        if last_leave_lost {
            // Nothing tells this apart from having stayed: he is here until the session ended.
            prop_assert!(total(&found) >= total(&present));
        } else {
            prop_assert!(total(&found) <= total(&present) + lease, "{:?} of {:?} without {:?}", found, present, gone);
        }
    }

    #[test]
    fn after_a_crash_no_presence_is_open_and_none_reaches_a_lease_beyond_what_was_known(
        marks in arbitrary_marks(),
        leases in prop::collection::btree_map(1_u128..4, 0_i64..300, 0..3),
    ) {
        let leases: BTreeMap<ParticipantId, UtcTime> = leases.into_iter().map(|(number, at)| (who(number), secs(at))).collect();
        let now = secs(1_000);
        let mut all = marks.clone();
        all.extend(close_unfinished(SESSION, &marks, &leases, now));
        prop_assert_eq!(close_unfinished(SESSION, &all, &leases, now), vec![]);
        for number in 1..4 {
            let known = marks.iter().map(|mark| mark.at).chain(leases.values().copied()).max().unwrap_or_default();
            for interval in intervals(&in_order(&all), who(number), now) {
                prop_assert!(interval.ended != IntervalEnd::StillHere);
                prop_assert!(interval.to <= known.plus(LEASE), "{:?}", interval);
            }
        }
    }
}

#[test]
fn a_presence_cut_by_a_crash_reaches_to_its_last_lease_within_a_millisecond() {
    let marks = story(&[(0, joined(1))]);
    let leases = BTreeMap::from([(who(1), secs(90))]);
    let mut all = marks.clone();
    all.extend(close_unfinished(SESSION, &marks, &leases, secs(1_000)));
    let [interval] = intervals(&in_order(&all), who(1), secs(2_000)).try_into().unwrap();
    assert_eq!((interval.to.since(secs(90)), interval.estimated), (Duration::from_millis(1), true));
}
