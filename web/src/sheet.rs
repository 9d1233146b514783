//! The attendance list as a workbook, for the file of the meeting.
//!
//! Every text is written as a text cell: a name that begins with `=` stays a name.

use chrono::{DateTime, Utc};
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use scheduler::time::OFFICE_ZONE;

use crate::api::attendance::{Attendance, AttendanceRow, AttendanceStatus, IntervalEnd, PresenceInterval};

pub const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Heading and width in characters.
const COLUMNS: [(&str, f64); 12] = [
    ("STT", 5.0),
    ("Điểm cầu / Đại biểu", 38.0),
    ("Phòng họp / Chức vụ", 26.0),
    ("Nhóm", 22.0),
    ("Trạng thái", 18.0),
    ("Số người khai báo", 12.0),
    ("Số người xác nhận", 12.0),
    ("Có mặt (giờ vào - giờ ra)", 30.0),
    ("Tổng thời gian (phút)", 13.0),
    ("Phát biểu (phút)", 12.0),
    ("Lý do vắng mặt", 30.0),
    ("Người xác nhận", 24.0),
];
const TITLE_ROWS: u32 = 7;

/// `place`: the central site's name.
pub fn attendance(list: &Attendance, place: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Điểm danh")?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(TITLE_ROWS, TITLE_ROWS)?;
    sheet.set_footer("&C&P / &N");
    title_block(sheet, list, place)?;
    header_row(sheet)?;
    for (index, row) in list.rows.iter().enumerate() {
        body_row(sheet, index, row)?;
    }
    sheet.set_freeze_panes(TITLE_ROWS + 1, 2)?;
    if let Some(last) = u32::try_from(list.rows.len()).ok().filter(|rows| *rows > 0) {
        sheet.autofilter(TITLE_ROWS, 0, TITLE_ROWS + last, 11)?;
    }
    workbook.save_to_buffer()
}

/// For a file name: the day of the meeting, and its id.
#[must_use]
pub fn file_stem(list: &Attendance) -> String {
    let day = local(list.session.starts_at).format("%Y%m%d");
    let id: String = list.session.id.chars().take(8).filter(char::is_ascii_alphanumeric).collect();
    format!("{day}-{id}")
}

fn title_block(sheet: &mut Worksheet, list: &Attendance, place: Option<&str>) -> Result<(), XlsxError> {
    let big = Format::new().set_bold().set_font_size(16.0).set_align(FormatAlign::Center);
    let plain = Format::new().set_align(FormatAlign::Left);
    sheet.merge_range(0, 0, 0, 11, "DANH SÁCH DỰ HỌP", &big)?;
    sheet.merge_range(
        1,
        0,
        1,
        11,
        &list.session.title,
        &Format::new().set_bold().set_font_size(13.0).set_align(FormatAlign::Center).set_text_wrap(),
    )?;
    let (from, to) = (local(list.session.starts_at), local(list.session.ends_at));
    let lines = [
        format!("Thời gian: {} - {}, ngày {}", from.format("%H:%M"), to.format("%H:%M"), from.format("%d/%m/%Y")),
        format!(
            "Chủ trì: {}. Thư ký: {}. Điểm cầu trung tâm: {}",
            list.session.chair_name,
            list.session.secretary_name,
            place.unwrap_or("-")
        ),
        format!("Khai mạc: {}. Bế mạc: {}", clock_time(list.opened_at), clock_time(list.closed_at)),
        format!(
            "Điểm cầu có mặt: {} / {}. Số người khai báo: {}. Số người đã xác nhận: {}",
            list.quorum.sites_present,
            list.quorum.sites_invited,
            list.quorum.people_declared,
            list.quorum.people_confirmed
        ),
    ];
    for (row, line) in (2..).zip(lines) {
        sheet.merge_range(row, 0, row, 11, &line, &plain)?;
    }
    Ok(())
}

fn header_row(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let format = cell().set_bold().set_background_color("#E4ECF2").set_align(FormatAlign::Center);
    for (column, (name, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(TITLE_ROWS, column, name, &format)?;
    }
    sheet.set_row_height(TITLE_ROWS, 32)?;
    Ok(())
}

fn body_row(sheet: &mut Worksheet, index: usize, row: &AttendanceRow) -> Result<(), XlsxError> {
    let (text, number) = (cell(), cell().set_align(FormatAlign::Right));
    let line = TITLE_ROWS + 1 + u32::try_from(index).unwrap_or(u32::MAX - TITLE_ROWS - 1);
    let minutes = |milliseconds: i64| (milliseconds as f64 / 60_000.0).round();
    let present: i64 = row.intervals.iter().map(|interval| interval.to - interval.from).sum();
    sheet.write_number_with_format(line, 0, index as f64 + 1.0, &number)?;
    sheet.write_string_with_format(line, 1, &row.participant_name, &text)?;
    sheet.write_string_with_format(line, 2, row.detail.as_deref().unwrap_or(""), &text)?;
    sheet.write_string_with_format(line, 3, row.group.as_deref().unwrap_or(""), &text)?;
    sheet.write_string_with_format(line, 4, status(row.status), &text)?;
    optional_number(sheet, line, 5, row.declared, &number)?;
    optional_number(sheet, line, 6, row.confirmed, &number)?;
    sheet.write_string_with_format(line, 7, intervals(&row.intervals), &text)?;
    sheet.write_number_with_format(line, 8, minutes(present), &number)?;
    sheet.write_number_with_format(line, 9, minutes(i64::from(row.spoken_seconds) * 1000), &number)?;
    sheet.write_string_with_format(line, 10, row.reason.as_deref().unwrap_or(""), &text)?;
    sheet.write_string_with_format(line, 11, signature(row), &text)?;
    Ok(())
}

fn optional_number(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    number: Option<u16>,
    format: &Format,
) -> Result<(), XlsxError> {
    match number {
        Some(number) => sheet.write_number_with_format(row, column, f64::from(number), format)?,
        None => sheet.write_blank(row, column, format)?,
    };
    Ok(())
}

fn cell() -> Format {
    Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter).set_text_wrap()
}

fn status(status: AttendanceStatus) -> &'static str {
    match status {
        AttendanceStatus::Online => "Có mặt trực tuyến",
        AttendanceStatus::InPerson => "Có mặt trực tiếp",
        AttendanceStatus::Absent => "Vắng mặt",
        AttendanceStatus::NotCalled => "Chưa điểm danh",
    }
}

/// "07:58 - 09:12; 09:14 - 11:31"; `≈` marks an end that was found from other evidence.
fn intervals(list: &[PresenceInterval]) -> String {
    let span = |interval: &PresenceInterval| {
        let about = if interval.estimated { "≈ " } else { "" };
        let end = match interval.ended {
            IntervalEnd::StillHere => "đang họp".to_owned(),
            IntervalEnd::Lost => format!("{} (mất kết nối)", clock_time(Some(interval.to))),
            IntervalEnd::Left | IntervalEnd::SessionEnd => clock_time(Some(interval.to)),
        };
        format!("{about}{} - {end}", clock_time(Some(interval.from)))
    };
    list.iter().map(span).collect::<Vec<_>>().join("; ")
}

fn signature(row: &AttendanceRow) -> String {
    match (&row.edited_by, row.edited_at) {
        (Some(name), Some(at)) => format!("{name}, {}", local(at).format("%H:%M %d/%m/%Y")),
        (Some(name), None) => name.clone(),
        (None, _) => String::new(),
    }
}

fn clock_time(at: Option<i64>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| local(at).format("%H:%M").to_string())
}

fn local(at: i64) -> DateTime<chrono_tz::Tz> {
    DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default().with_timezone(&OFFICE_ZONE)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader as _, Xlsx};
    use uuid::Uuid;

    use super::*;
    use crate::api::attendance::QuorumFigures;
    use crate::api::session::{Mode, SessionState, SessionSummary};

    fn session() -> SessionSummary {
        SessionSummary {
            id: "demo".to_owned(),
            title: "Giao ban tháng 11 với 54 xã, phường, đặc khu".to_owned(),
            short_title: "Giao ban T11".to_owned(),
            mode: Mode::Conference,
            // 24 November 2026, 08:00 in Hạ Long.
            starts_at: 1_795_482_000_000,
            ends_at: 1_795_491_000_000,
            opens_at: 1_795_478_400_000,
            state: SessionState::Ended,
            chair_id: Uuid::nil(),
            chair_name: "Nguyễn Văn Bình".to_owned(),
            secretary_name: "Trần Thu Hà".to_owned(),
            sites: 2,
            here: None,
            recordings: 0,
        }
    }

    fn row(name: &str) -> AttendanceRow {
        let interval = |from: i64, to: i64, ended| PresenceInterval {
            from: 1_795_482_000_000 + from * 60_000,
            to: 1_795_482_000_000 + to * 60_000,
            ended,
            estimated: false,
        };
        AttendanceRow {
            id: Uuid::nil(),
            site_id: None,
            participant_name: name.to_owned(),
            detail: Some("Hội trường tầng 2".to_owned()),
            group: Some("Cụm Móng Cái".to_owned()),
            intervals: vec![interval(-2, 72, IntervalEnd::Lost), interval(74, 150, IntervalEnd::SessionEnd)],
            status: AttendanceStatus::Online,
            reason: None,
            declared: Some(14),
            confirmed: None,
            edited_by: None,
            edited_at: None,
            spoken_seconds: 330,
        }
    }

    fn written(names: &[&str]) -> calamine::Range<Data> {
        let list = Attendance {
            session: session(),
            opened_at: Some(1_795_482_000_000),
            closed_at: None,
            agenda: Vec::new(),
            quorum: QuorumFigures {
                sites_present: 1,
                sites_invited: 2,
                sites_needed: 2,
                people_declared: 14,
                people_confirmed: 0,
            },
            rows: names.iter().map(|name| row(name)).collect(),
        };
        let bytes = attendance(&list, Some("Trung tâm Hội nghị tỉnh")).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        book.worksheet_range("Điểm danh").unwrap()
    }

    fn text(range: &calamine::Range<Data>, row: u32, column: u32) -> String {
        range.get_value((row, column)).map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn the_workbook_says_who_was_there_from_when_to_when() {
        let range = written(&["Ủy ban nhân dân phường Móng Cái 1"]);
        assert_eq!(text(&range, 0, 0), "DANH SÁCH DỰ HỌP");
        assert_eq!(text(&range, 2, 0), "Thời gian: 08:00 - 10:30, ngày 24/11/2026");
        assert_eq!(text(&range, TITLE_ROWS, 4), "Trạng thái");
        assert_eq!(text(&range, 8, 1), "Ủy ban nhân dân phường Móng Cái 1");
        assert_eq!(text(&range, 8, 4), "Có mặt trực tuyến");
        assert_eq!(text(&range, 8, 7), "07:58 - 09:12 (mất kết nối); 09:14 - 10:30");
        assert_eq!(range.get_value((8, 5)), Some(&Data::Float(14.0)));
        assert_eq!(range.get_value((8, 8)), Some(&Data::Float(150.0)));
        assert_eq!(range.get_value((8, 9)), Some(&Data::Float(6.0)));
    }

    #[test]
    fn a_name_that_looks_like_a_formula_stays_a_name() {
        let names = ["=HYPERLINK(\"http://evil\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", "=cmd|' /C calc'!A0"];
        let range = written(&names);
        for (index, name) in (0..).zip(names) {
            assert_eq!(range.get_value((8 + index, 1)), Some(&Data::String(name.to_owned())));
        }
        let formulas = {
            let list = Attendance {
                session: session(),
                opened_at: None,
                closed_at: None,
                agenda: Vec::new(),
                quorum: QuorumFigures {
                    sites_present: 0,
                    sites_invited: 0,
                    sites_needed: 0,
                    people_declared: 0,
                    people_confirmed: 0,
                },
                rows: names.iter().map(|name| row(name)).collect(),
            };
            let mut book: Xlsx<_> =
                calamine::open_workbook_from_rs(Cursor::new(attendance(&list, None).unwrap())).unwrap();
            book.worksheet_formula("Điểm danh").unwrap()
        };
        assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()));
    }
}
