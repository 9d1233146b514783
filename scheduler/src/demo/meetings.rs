//! Meetings around now: two that were held, one today, some next week, and the one that is always open.

use std::time::Duration;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike, Weekday};

use super::{hub_id, line, person_id, province::OFFICE, site_id};
use crate::admission::MeetingRole;
use crate::agenda::AgendaItem;
use crate::booking::Booking;
use crate::id::{MarkId, ParticipantId, SessionId, derived};
use crate::mark::{AttendanceEdit, AttendanceStatus, EndedBy, Fact, Identity, Mark, Via};
use crate::selection::SelectionRule;
use crate::session::{Mode, Seat};
use crate::site::GroupId;
use crate::time::{Span, UtcTime, minutes};

/// A meeting of the demonstration. The same day gives the same id, so that a second start adds nothing twice.
#[derive(Clone, Debug)]
pub struct DemoMeeting {
    pub id: SessionId,
    pub booking: Booking,
    pub past: PastPresence,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PastPresence {
    /// Still to come.
    None,
    /// It was held: [`past_marks`] says who came.
    Held,
}

struct Plan {
    name: &'static str,
    title: &'static str,
    short_title: &'static str,
    mode: Mode,
    chair: &'static str,
    secretary: &'static str,
    technician: Option<&'static str>,
    selection: Vec<SelectionRule>,
    agenda: &'static [(&'static str, u16, Option<&'static str>)],
}

fn hub(name: &str) -> SelectionRule {
    SelectionRule::Subtree { group_id: GroupId::Hub(hub_id(name)), except: Vec::new() }
}

fn site(code: &str) -> SelectionRule {
    SelectionRule::Site { site_id: site_id(code) }
}

fn communes() -> SelectionRule {
    SelectionRule::Subtree { group_id: GroupId::Communes, except: Vec::new() }
}

/// Booked around `now`, on working days.
pub fn meetings(now: UtcTime) -> Vec<DemoMeeting> {
    let today = now.office_date();
    let storm = Plan {
        name: "storm",
        title: "Rà soát công tác phòng, chống thiên tai quý IV",
        short_title: "Thiên tai quý IV",
        mode: Mode::Conference,
        chair: "chutri",
        secretary: "thuky",
        technician: Some("kythuat"),
        selection: vec![
            site("SNNMT"),
            site("DKTTV"),
            hub("Đầm Hà"),
            hub("Hải Hà"),
            hub("Móng Cái"),
            hub("Cô Tô"),
            hub("Vân Đồn"),
        ],
        agenda: &[
            ("Khai mạc, điểm danh", 10, None),
            ("Tình hình thiên tai, dự báo quý IV", 30, Some("Đài Khí tượng Thủy văn tỉnh")),
            ("Phương án của từng địa phương", 60, Some("Phường Móng Cái 1, đặc khu Cô Tô")),
            ("Ý kiến các sở, ngành", 30, Some("Sở Nông nghiệp và Môi trường")),
            ("Kết luận của chủ trì", 20, None),
        ],
    };
    let briefing = Plan {
        name: "briefing",
        title: "Giao ban công tác tháng với các xã, phường, đặc khu",
        short_title: "Giao ban tháng",
        mode: Mode::Conference,
        chair: "lanhdao",
        secretary: "thuky2",
        technician: Some("kythuat2"),
        selection: vec![communes(), site("STC"), site("SNV"), site("SXD")],
        agenda: &[
            ("Báo cáo kết quả tháng", 30, Some("Văn phòng UBND tỉnh")),
            ("Thảo luận", 60, None),
            ("Kết luận", 15, None),
        ],
    };
    let land = Plan {
        name: "land",
        title: "Tháo gỡ vướng mắc giải phóng mặt bằng cụm Hạ Long",
        short_title: "GPMB Hạ Long",
        mode: Mode::Discussion,
        chair: "chutri2",
        secretary: "thuky2",
        technician: None,
        selection: vec![site("SNNMT"), site("SXD"), hub("Hạ Long")],
        agenda: &[("Báo cáo tiến độ", 30, Some("Sở Xây dựng")), ("Trao đổi từng dự án", 75, None)],
    };
    let health = Plan {
        name: "health",
        title: "Tập huấn tiêm chủng mở rộng cho trạm y tế cơ sở",
        short_title: "Tập huấn tiêm chủng",
        mode: Mode::Training,
        chair: "chutri3",
        secretary: "thuky3",
        technician: None,
        selection: vec![site("SYT"), hub("Tiên Yên"), hub("Ba Chẽ"), hub("Bình Liêu")],
        agenda: &[("Quy trình mới", 60, Some("Sở Y tế")), ("Hỏi đáp", 45, None)],
    };
    let next_week = working_day(today, 7);
    let (soon_day, soon_time) = soon(now);
    let planned = [
        (&storm, working_day_back(today, 6), (8, 0), 150),
        (&land, working_day_back(today, 2), (14, 0), 105),
        (&health, soon_day, soon_time, 105),
        (&briefing, working_day(today, 1), (8, 0), 120),
        (&storm, next_week, (8, 0), 150),
        (&land, next_week, (14, 0), 105),
    ];
    planned.into_iter().filter_map(|(plan, day, time, length)| meeting(plan, day, time, length, now)).collect()
}

/// The session that anybody who holds a token may join. It claims nothing and never ends.
pub fn always_open(now: UtcTime) -> Option<DemoMeeting> {
    let plan = Plan {
        name: "demo",
        title: "Phiên họp trình diễn",
        short_title: "Trình diễn",
        mode: Mode::Discussion,
        chair: "chutri",
        secretary: "thuky",
        technician: Some("kythuat"),
        selection: vec![
            hub("Đầm Hà"),
            site("06712"),
            site("07192"),
            site("06994"),
            site("SNNMT"),
            site("SYT"),
            site("06688"),
            site("07093"),
        ],
        agenda: &[
            ("Khai mạc", 10, None),
            ("Tình hình chung", 30, Some("Văn phòng UBND tỉnh")),
            ("Ý kiến các điểm cầu", 60, None),
            ("Kết luận", 20, None),
        ],
    };
    let span = Span::new(now, now.plus(minutes(120)))?;
    Some(DemoMeeting { id: SessionId::DEMO, booking: booking(&plan, span), past: PastPresence::None })
}

fn meeting(plan: &Plan, day: NaiveDate, (hour, minute): (u32, u32), length: u64, now: UtcTime) -> Option<DemoMeeting> {
    let from = UtcTime::of_office(day, NaiveTime::from_hms_opt(hour, minute, 0)?);
    let span = Span::new(from, from.plus(minutes(length)))?;
    let id = derived("demo", &[b"session", plan.name.as_bytes(), day.to_string().as_bytes()]);
    let past = if span.to() <= now { PastPresence::Held } else { PastPresence::None };
    Some(DemoMeeting { id: SessionId::from_uuid(id), booking: booking(plan, span), past })
}

fn booking(plan: &Plan, span: Span) -> Booking {
    let agenda = plan.agenda.iter().map(|(title, minutes, presenter)| AgendaItem {
        title: (*title).to_owned(),
        minutes: *minutes,
        presenter: presenter.map(str::to_owned),
    });
    Booking {
        title: line(plan.title),
        short_title: line(plan.short_title),
        mode: plan.mode,
        span,
        chair: person_id(plan.chair),
        secretary: person_id(plan.secretary),
        technician: plan.technician.map(person_id),
        central_site: site_id(OFFICE),
        selection: plan.selection.clone(),
        agenda: agenda.collect(),
        recording_planned: plan.mode == Mode::Conference,
        fingerprint: [0; 32],
    }
}

/// About two hours from now, so that a meeting is about to open whenever the demonstration starts; late in the evening it is tomorrow's.
fn soon(now: UtcTime) -> (NaiveDate, (u32, u32)) {
    let (today, hour) = (now.office_date(), now.in_office().hour());
    if hour < 21 { (today, ((hour + 2).max(8), 0)) } else { (today.succ_opt().unwrap_or(today), (14, 0)) }
}

fn working_day(from: NaiveDate, ahead: u64) -> NaiveDate {
    let mut day = from.checked_add_days(Days::new(ahead)).unwrap_or(from);
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day = day.succ_opt().unwrap_or(from);
    }
    day
}

fn working_day_back(from: NaiveDate, back: u64) -> NaiveDate {
    let mut day = from.checked_sub_days(Days::new(back)).unwrap_or(from);
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day = day.pred_opt().unwrap_or(from);
    }
    day
}

/// Who came to a meeting that was held: nearly all on time, one late, one whose line dropped twice, two absent.
pub fn past_marks(meeting: &DemoMeeting, seats: &[Seat]) -> Vec<Mark> {
    let span = meeting.booking.span;
    let mut story = Story { session: meeting.id, marks: Vec::new() };
    let chair = seats.iter().find(|seat| seat.role == MeetingRole::Chair).map(|seat| seat.participant);
    for (seat, number) in seats.iter().zip(0_u64..) {
        story.attend(seat, number, span);
    }
    story.mark(span.from().plus(Duration::from_secs(65)), Fact::Started { by: chair });
    let mut item_from = span.from().plus(Duration::from_secs(70));
    for (item, index) in meeting.booking.agenda.iter().zip(0..) {
        story.mark(item_from, Fact::AgendaItem { index, by: chair });
        item_from = item_from.plus(minutes(u64::from(item.minutes)).mul_f32(0.9));
    }
    let sites = seats.iter().filter(|seat| seat.sitter.site().is_some());
    for (seat, number) in sites.filter(|seat| !absent(seat)).take(6).zip(0_u64..) {
        let from = span.from().plus(minutes(20 + 12 * number));
        story.mark(from, Fact::FloorTaken { participant: seat.participant, by: chair });
        story
            .mark(from.plus(Duration::from_secs(240 + 55 * number)), Fact::FloorLeft { participant: seat.participant });
    }
    let by = chair.map_or(EndedBy::Clock {}, |participant| EndedBy::Participant { participant });
    story.mark(span.to(), Fact::Ended { by });
    story.confirm(seats, span.to().plus(minutes(20)), meeting);
    story.marks.sort_by_key(|mark| mark.at);
    story.marks
}

struct Story {
    session: SessionId,
    marks: Vec<Mark>,
}

impl Story {
    fn mark(&mut self, at: UtcTime, fact: Fact) {
        let number = (self.marks.len() as u64).to_be_bytes();
        let id = MarkId::from_uuid(derived("demo", &[b"mark", self.session.uuid().as_bytes(), &number]));
        self.marks.push(Mark { id, session: self.session, at, fact });
    }

    fn attend(&mut self, seat: &Seat, number: u64, span: Span) {
        if absent(seat) {
            return;
        }
        let participant = seat.participant;
        // Spread over the half hour before, without chance: the same demonstration every time.
        let early = Duration::from_secs(180 + (number * 7_919) % 1_500);
        let on_time = span.from().minus(early);
        self.join(seat, if number % 17 == 9 { span.from().plus(minutes(22)) } else { on_time });
        if let Some(site) = seat.sitter.site() {
            let count = (site.seats / 2 + (number % 4) as u16).max(2);
            self.mark(on_time.plus(Duration::from_secs(40)), Fact::Declared { participant, count });
        }
        if number % 17 == 5 {
            for (lost, back) in [(31, 35), (72, 78)] {
                self.mark(span.from().plus(minutes(lost)), Fact::Lost { participant });
                self.join(seat, span.from().plus(minutes(back)));
            }
        }
    }

    fn join(&mut self, seat: &Seat, at: UtcTime) {
        let identity = Identity {
            name: seat.name.clone(),
            short_name: Some(seat.short_name.clone()),
            detail: seat.detail.clone(),
            group: seat.group.clone(),
            role: seat.role,
            site: seat.sitter.site().is_some(),
            via: Some(Via::Browser),
        };
        self.mark(at, Fact::Joined { participant: seat.participant, identity });
    }

    /// The secretary's entries afterwards.
    fn confirm(&mut self, seats: &[Seat], at: UtcTime, meeting: &DemoMeeting) {
        let by = meeting.booking.secretary;
        let declared: Vec<(ParticipantId, u16)> = self
            .marks
            .iter()
            .filter_map(|mark| match mark.fact {
                Fact::Declared { participant, count } => Some((participant, count)),
                _ => None,
            })
            .collect();
        for (participant, count) in declared {
            let edit = AttendanceEdit { confirmed: Some(count), ..AttendanceEdit::default() };
            self.mark(at, Fact::Edited { participant, by, edit });
        }
        for seat in seats.iter().filter(|seat| absent(seat)) {
            let edit = AttendanceEdit {
                status: Some(AttendanceStatus::Absent),
                reason: Some("Mất điện toàn xã từ 06:40".to_owned()),
                confirmed: Some(0),
            };
            self.mark(at, Fact::Edited { participant: seat.participant, by, edit });
        }
    }
}

/// One commune that could not come.
fn absent(seat: &Seat) -> bool {
    seat.sitter.site().is_some_and(|site| matches!(site.code.as_str(), "06967" | "06658"))
}
