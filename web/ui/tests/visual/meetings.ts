/** Meetings, attendance and recordings of the demo province around Monday 23 November 2026, 09:12. */
import type {
  AgendaItem,
  Attendance,
  AttendanceRow,
  BookingChecked,
  InvitedSite,
  PresenceInterval,
  RecordingDetail,
  SessionAct,
  SessionDetail,
  SessionState,
  SessionSummary,
} from "../../src/api/model";
import { center, personNamed, siteNamed, sites } from "./province";

export const NOW = Date.parse("2026-11-23T09:12:00+07:00");
export const at = (text: string) => Date.parse(`2026-11-${text}:00+07:00`);

const MAY_ALL: SessionAct[] = [
  "join",
  "cancel",
  "reschedule",
  "reissue_links",
  "read_attendance",
  "edit_attendance",
  "watch_sites",
];

function summary(
  id: string,
  title: string,
  short_title: string,
  from: string,
  to: string,
  state: SessionState,
  more: Partial<SessionSummary> = {},
): SessionSummary {
  return {
    id,
    title,
    short_title,
    mode: "conference",
    starts_at: at(from),
    ends_at: at(to),
    state,
    chair_id: personNamed("Nguyễn Đức Anh").id,
    chair_name: "Nguyễn Đức Anh",
    opens_at: at(from) - 3_600_000,
    secretary_name: "Trần Thu Hà",
    sites: 66,
    recordings: 0,
    ...more,
  };
}

export const sessions: SessionSummary[] = [
  summary(
    "demo",
    "Giao ban Văn phòng Ủy ban nhân dân tỉnh",
    "Giao ban Văn phòng",
    "23T08:00",
    "23T09:30",
    "in_session",
    {
      here: 14,
      sites: 16,
      mode: "discussion",
    },
  ),
  summary("s-ho-so", "Rà soát hồ sơ giải phóng mặt bằng", "Rà soát hồ sơ GPMB", "23T14:00", "23T17:00", "scheduled", {
    sites: 12,
  }),
  summary(
    "s-thien-tai",
    "Hội nghị triển khai phòng, chống thiên tai quý IV",
    "Phòng, chống thiên tai",
    "24T08:00",
    "24T10:30",
    "scheduled",
  ),
  summary("s-gia-dat", "Thẩm định giá đất", "Thẩm định giá đất", "24T14:00", "24T15:30", "scheduled", { sites: 5 }),
  summary(
    "s-chu-ky-so",
    "Tập huấn chữ ký số cho 54 xã, phường, đặc khu",
    "Tập huấn chữ ký số",
    "25T09:00",
    "25T11:00",
    "scheduled",
    {
      mode: "training",
      sites: 55,
    },
  ),
  summary(
    "s-thuong-truc",
    "Giao ban Thường trực Ủy ban nhân dân tỉnh",
    "Giao ban tuần",
    "26T07:30",
    "26T09:00",
    "scheduled",
    {
      mode: "discussion",
      sites: 1,
    },
  ),
  summary("s-dau-tu", "Kế hoạch đầu tư công năm 2027", "Kế hoạch đầu tư 2027", "26T14:00", "26T16:30", "cancelled", {
    sites: 40,
  }),
  summary("s-de-an", "Hội nghị toàn tỉnh tổng kết Đề án 06", "Tổng kết Đề án 06", "27T08:00", "27T11:30", "scheduled", {
    sites: 68,
  }),
  summary("s-ho-chua", "Rà soát hồ chứa, đê kè trước mùa mưa lũ", "Hồ chứa, đê kè", "11T08:00", "11T09:46", "ended", {
    recordings: 1,
    sites: 31,
  }),
  summary("s-thang", "Giao ban công tác tháng 10", "Giao ban tháng 10", "03T08:00", "03T10:04", "ended", {
    recordings: 1,
    sites: 54,
  }),
  // A full day and meetings that touch: where the labels of the boards would meet.
  summary(
    "s-tiep-dan",
    "Tiếp công dân định kỳ tháng 11",
    "Tiếp công dân định kỳ",
    "24T16:00",
    "24T17:00",
    "cancelled",
    { sites: 3 },
  ),
  summary("s-hoi-y", "Hội ý trước hội nghị toàn tỉnh", "Hội ý trước hội nghị", "27T07:30", "27T08:00", "scheduled", {
    sites: 2,
  }),
];

export const agenda: AgendaItem[] = [
  { title: "Khai mạc, điểm danh", minutes: 10, presenter: "Văn phòng UBND tỉnh" },
  { title: "Tình hình thiên tai, dự báo quý IV", minutes: 30, presenter: "Đài Khí tượng thủy văn tỉnh" },
  { title: "Phương án từng địa phương", minutes: 45, presenter: "P Hạ Long, ĐK Cô Tô, X Hoành Mô" },
  { title: "Nguồn lực, vật tư dự phòng", minutes: 40, presenter: "Sở Nông nghiệp và Môi trường" },
  { title: "Kết luận", minutes: 20, presenter: "Phó Chủ tịch Nguyễn Đức Anh" },
];

export function detail(found: SessionSummary): SessionDetail {
  const live = found.state === "in_session";
  const invited = sites.slice(0, Math.max(found.sites, 1)).map((site, index): InvitedSite => {
    const state = live ? (index < 14 ? "joined" : "issued") : index % 7 === 3 ? "issued" : "opened";
    const entry: InvitedSite = { site, invitation: { state } };
    if (site.hub_id) entry.group = "Cụm Hạ Long";
    if (state !== "issued") entry.invitation.opened_at = at("20T09:00") + index * 60_000;
    if (state === "joined") entry.invitation.joined_at = at("23T07:52") + index * 20_000;
    if (live) entry.presence = index === 5 ? "away" : index < 14 ? "here" : "expected";
    return entry;
  });
  return {
    ...found,
    may: MAY_ALL,
    secretary_id: personNamed("Trần Thu Hà").id,
    technician_name: "Lê Quang Khải",
    central_site_id: center.id,
    recording_planned: true,
    agenda,
    invited,
    my_role: "secretary",
    ...(found.state === "cancelled" ? { cancel_reason: "Chuyển sang họp trực tiếp tại Trung tâm hội nghị tỉnh" } : {}),
  };
}

export function attendance(found: SessionSummary): Attendance {
  const chosen = [
    center.name,
    "Đặc khu Cô Tô",
    "Đặc khu Vân Đồn",
    "Phường Cao Xanh",
    "Phường Hà Tu",
    "Phường Hạ Long",
    "Phường Hồng Gai",
    "Ủy ban nhân dân phường Móng Cái 1",
    "Sở Văn hóa, Thể thao và Du lịch",
    "Sở Nông nghiệp và Môi trường",
    "Xã Cái Chiên",
    "Xã Kỳ Thượng",
    "Xã Quảng Tân",
    "Xã Lương Minh",
  ];
  const rows = chosen.map((name, index) => attendanceRow(name, index));
  return {
    session: { ...found, state: "ended" },
    opened_at: at("24T08:00"),
    closed_at: at("24T10:30"),
    agenda: [
      { title: "Khai mạc, điểm danh", from: at("24T08:00"), to: at("24T08:10") },
      { title: "Tình hình thiên tai, dự báo quý IV", from: at("24T08:10"), to: at("24T08:40") },
      { title: "Phương án từng địa phương", from: at("24T08:40"), to: at("24T09:25") },
      { title: "Nguồn lực, vật tư dự phòng", from: at("24T09:25"), to: at("24T10:05") },
      { title: "Kết luận", from: at("24T10:05"), to: at("24T10:30") },
    ],
    quorum: { sites_present: 12, sites_invited: 14, people_confirmed: 98, people_declared: 204, sites_needed: 10 },
    rows,
  };
}

function attendanceRow(name: string, index: number): AttendanceRow {
  const site = siteNamed(name);
  const here = (from: string, to: string, ended: PresenceInterval["ended"] = "session_end"): PresenceInterval => ({
    from: at(`24T${from}`),
    to: at(`24T${to}`),
    ended,
    estimated: false,
  });
  const row: AttendanceRow = {
    id: `row-${String(index)}`,
    site_id: site.id,
    participant_name: site.name,
    intervals: [here(`07:${String(46 + (index % 9))}`, "10:29")],
    status: "online",
    declared: 4 + (index % 6),
    confirmed: 4 + (index % 6),
    spoken_seconds: index * 70,
  };
  if (site.room) row.detail = site.room;
  switch (index) {
    case 0:
      return {
        ...row,
        status: "in_person",
        intervals: [here("07:32", "10:33", "left")],
        declared: 22,
        confirmed: 22,
        reason: "10 đơn vị tại chỗ",
      };
    case 1:
      return {
        ...row,
        intervals: [here("07:44", "08:36", "lost"), here("08:42", "09:32", "lost"), here("09:37", "10:30")],
      };
    case 4:
      return {
        ...row,
        intervals: [here("08:22", "10:30")],
        declared: 5,
        confirmed: 4,
        reason: "Muộn 22 phút · thay: Đỗ Văn Lâm",
        edited_by: "Trần Thu Hà",
        edited_at: at("24T10:40"),
      };
    case 7:
      return { ...row, declared: 120, confirmed: 111, reason: "Đếm theo ảnh lúc 08:30" };
    case 8:
    case 11: {
      const absent: AttendanceRow = {
        ...row,
        status: "absent",
        intervals: [],
        reason: "Vắng: công tác Hà Nội, văn bản 812",
      };
      delete absent.declared;
      return { ...absent, confirmed: 0 };
    }
    case 10:
      return { ...row, intervals: [here("07:31", "08:20", "lost"), here("08:41", "10:30")] };
    case 12:
      delete row.confirmed;
      return row;
    case 13:
      delete row.confirmed;
      delete row.declared;
      return { ...row, status: "not_called", intervals: [] };
    default:
      return row;
  }
}

const MINUTE = 60_000;
export const recordings: RecordingDetail[] = [
  {
    id: "r-thien-tai",
    session_id: "s-thien-tai",
    title: "Hội nghị triển khai phòng, chống thiên tai quý IV",
    started_at: at("24T08:00"),
    duration_ms: 151 * MINUTE + 7_000,
    size_bytes: 1_932_000_000,
    state: "ready",
    chair_name: "Nguyễn Đức Anh",
    speakers: spans([
      ["Nguyễn Đức Anh", 0, 10],
      ["Đài Khí tượng thủy văn tỉnh", 10, 40],
      ["Nguyễn Đức Anh", 40, 43],
      ["Đặc khu Cô Tô", 43, 57.5],
      ["Phường Hạ Long", 57.5, 72],
      ["Xã Hoành Mô", 72, 76],
      ["Nguyễn Đức Anh", 77, 84.5],
      ["Sở Nông nghiệp và Môi trường", 85, 105],
      ["Ủy ban nhân dân phường Móng Cái 1", 105.5, 111],
      ["Đặc khu Cô Tô", 112, 116.5],
      ["Xã Quảng Tân", 117, 122],
      ["Sở Tài chính", 122, 124],
      ["Nguyễn Đức Anh", 125, 149],
    ]),
    agenda: [
      { title: "Khai mạc, điểm danh", at_ms: 0 },
      { title: "Tình hình thiên tai, dự báo quý IV", at_ms: 10 * MINUTE },
      { title: "Phương án từng địa phương", at_ms: 40 * MINUTE },
      { title: "Nguồn lực, vật tư dự phòng", at_ms: 85 * MINUTE },
      { title: "Kết luận", at_ms: 125 * MINUTE },
    ],
    sha256: "9f2c71abe04d5b839f2c71abe04d5b839f2c71abe04d5b839f2c71abe04d5b83",
  },
  {
    id: "r-ho-chua",
    session_id: "s-ho-chua",
    title: "Rà soát hồ chứa, đê kè trước mùa mưa lũ",
    started_at: at("11T08:00"),
    duration_ms: 106 * MINUTE,
    size_bytes: 1_220_000_000,
    state: "ready",
    chair_name: "Nguyễn Đức Anh",
    speakers: spans([
      ["Đặc khu Cô Tô", 0, 14],
      ["Nguyễn Đức Anh", 15, 18],
      ["Phường Hạ Long", 19, 44],
      ["Xã Hoành Mô", 45, 70],
      ["Nguyễn Đức Anh", 72, 104],
    ]),
    agenda: [{ title: "Hiện trạng hồ chứa", at_ms: 0 }],
  },
  {
    id: "r-dang-ghi",
    session_id: "demo",
    title: "Giao ban Văn phòng Ủy ban nhân dân tỉnh",
    started_at: at("23T08:05"),
    duration_ms: 67 * MINUTE,
    size_bytes: 640_000_000,
    state: "recording",
    chair_name: "Nguyễn Đức Anh",
    speakers: [],
    agenda: [],
  },
  {
    id: "r-hong",
    session_id: "s-thang",
    title: "Giao ban công tác tháng 10",
    started_at: at("03T08:00"),
    duration_ms: 124 * MINUTE,
    size_bytes: 1_500_000_000,
    state: "broken",
    chair_name: "Phạm Minh Tuấn",
    speakers: [],
    agenda: [],
  },
];

/** What a check answers for a booking on the morning of Tuesday 1 December. */
export function checked(chosen: number, clash: boolean): BookingChecked {
  const day = (clock: string) => Date.parse(`2026-12-01T${clock}:00+07:00`);
  const span = (from: string, to: string, session_title = "Giao ban đất đai") => ({
    starts_at: day(from),
    ends_at: day(to),
    session_id: "s-other",
    session_title,
  });
  const hongGai = siteNamed("Phường Hồng Gai");
  const busy: BookingChecked["busy"] = [
    {
      what: "chair",
      id: personNamed("Nguyễn Đức Anh").id,
      name: "Nguyễn Đức Anh",
      spans: [span("14:00", "15:30", "Tiếp công dân")],
    },
    {
      what: "secretary",
      id: personNamed("Trần Thu Hà").id,
      name: "Trần Thu Hà",
      spans: [span("16:00", "17:00", "Họp chi bộ")],
    },
    {
      what: "technician",
      id: personNamed("Lê Quang Khải").id,
      name: "Lê Quang Khải",
      spans: [span("07:00", "07:45", "Trực"), span("15:00", "16:30", "Bảo trì")],
    },
  ];
  if (clash) busy.push({ what: "site", id: hongGai.id, name: hongGai.name, spans: [span("08:00", "09:30")] });
  busy.push({
    what: "site",
    id: center.id,
    name: "Trung tâm - Phòng họp số 1",
    spans: [span("14:00", "16:00", "Tiếp công dân")],
  });
  return {
    sites: chosen,
    people: chosen * 7,
    clashes: clash
      ? [
          {
            what: "site",
            id: hongGai.id,
            name: hongGai.name,
            session_id: "s-dat-dai",
            session_title: "Giao ban đất đai",
            starts_at: day("08:00"),
            ends_at: day("09:30"),
          },
          ...sites.slice(4, 14).map((site) => ({
            what: "site" as const,
            id: site.id,
            name: site.name,
            session_id: "s-chuyen-doi-so",
            session_title: "Tập huấn chuyển đổi số cho cán bộ cấp xã",
            starts_at: day("07:30"),
            ends_at: day("11:00"),
          })),
        ]
      : [],
    ...(clash ? { free_slot: { starts_at: day("09:45"), ends_at: day("12:15") } } : {}),
    busy,
    capacity: { used: 46 + chosen, limit: 300 },
  };
}

function spans(list: [string, number, number][]) {
  return list.map(([name, from, to]) => ({ name, from_ms: from * MINUTE, to_ms: to * MINUTE }));
}
