//! Units, hubs and sites.

use chrono::NaiveDate;

use super::{hub_id, line, site_id, unit_id};
use crate::id::{SiteId, UnitId};
use crate::site::SiteFields;
use crate::unit::UnitKind::{self, Commune, SpecialZone, Ward};
use crate::unit::{Hub, UnitFields};

/// Its official code.
const PROVINCE: &str = "22";

struct HubRow {
    name: &'static str,
    /// code, kind, name
    units: &'static [(&'static str, UnitKind, &'static str)],
}

const HUBS: &[HubRow] = &[
    HubRow {
        name: "Đông Triều",
        units: &[
            ("07090", Ward, "An Sinh"),
            ("07093", Ward, "Đông Triều"),
            ("07081", Ward, "Bình Khê"),
            ("07069", Ward, "Mạo Khê"),
            ("07114", Ward, "Hoàng Quế"),
        ],
    },
    HubRow {
        name: "Uông Bí",
        units: &[("06832", Ward, "Yên Tử"), ("06820", Ward, "Vàng Danh"), ("06811", Ward, "Uông Bí")],
    },
    HubRow {
        name: "Quảng Yên",
        units: &[
            ("07135", Ward, "Đông Mai"),
            ("07147", Ward, "Hiệp Hòa"),
            ("07132", Ward, "Quảng Yên"),
            ("07168", Ward, "Hà An"),
            ("07183", Ward, "Phong Cốc"),
            ("07180", Ward, "Liên Hòa"),
        ],
    },
    HubRow {
        name: "Hạ Long",
        units: &[
            ("06706", Ward, "Tuần Châu"),
            ("06661", Ward, "Việt Hưng"),
            ("06673", Ward, "Bãi Cháy"),
            ("06652", Ward, "Hà Tu"),
            ("06676", Ward, "Hà Lầm"),
            ("06658", Ward, "Cao Xanh"),
            ("06685", Ward, "Hồng Gai"),
            ("06688", Ward, "Hạ Long"),
            ("07030", Ward, "Hoành Bồ"),
            ("07054", Commune, "Quảng La"),
            ("07060", Commune, "Thống Nhất"),
        ],
    },
    HubRow {
        name: "Cẩm Phả",
        units: &[
            ("06760", Ward, "Mông Dương"),
            ("06778", Ward, "Quang Hanh"),
            ("06793", Ward, "Cẩm Phả"),
            ("06781", Ward, "Cửa Ông"),
            ("06799", Commune, "Hải Hòa"),
        ],
    },
    HubRow {
        name: "Tiên Yên",
        units: &[
            ("06862", Commune, "Tiên Yên"),
            ("06874", Commune, "Điền Xá"),
            ("06877", Commune, "Đông Ngũ"),
            ("06886", Commune, "Hải Lạng"),
        ],
    },
    HubRow {
        name: "Ba Chẽ",
        units: &[("06985", Commune, "Lương Minh"), ("06979", Commune, "Kỳ Thượng"), ("06970", Commune, "Ba Chẽ")],
    },
    HubRow { name: "Đầm Hà", units: &[("06913", Commune, "Quảng Tân"), ("06895", Commune, "Đầm Hà")] },
    HubRow {
        name: "Hải Hà",
        units: &[
            ("06922", Commune, "Quảng Hà"),
            ("06946", Commune, "Đường Hoa"),
            ("06931", Commune, "Quảng Đức"),
            ("06967", Commune, "Cái Chiên"),
        ],
    },
    HubRow {
        name: "Bình Liêu",
        units: &[("06841", Commune, "Hoành Mô"), ("06856", Commune, "Lục Hồn"), ("06838", Commune, "Bình Liêu")],
    },
    HubRow {
        name: "Móng Cái",
        units: &[
            ("06724", Commune, "Hải Sơn"),
            ("06733", Commune, "Hải Ninh"),
            ("06757", Commune, "Vĩnh Thực"),
            ("06712", Ward, "Móng Cái 1"),
            ("06709", Ward, "Móng Cái 2"),
            ("06736", Ward, "Móng Cái 3"),
        ],
    },
    HubRow { name: "Vân Đồn", units: &[("06994", SpecialZone, "Vân Đồn")] },
    HubRow { name: "Cô Tô", units: &[("07192", SpecialZone, "Cô Tô")] },
];

struct DepartmentRow {
    code: &'static str,
    name: &'static str,
    short_name: &'static str,
    room: &'static str,
    seats: u16,
}

const fn department(
    code: &'static str,
    name: &'static str,
    short_name: &'static str,
    room: &'static str,
    seats: u16,
) -> DepartmentRow {
    DepartmentRow { code, name, short_name, room, seats }
}

/// The code of the unit whose first room is the central site.
pub(super) const OFFICE: &str = "VPUB";

/// A realistic choice, not the official list; codes are ours.
const DEPARTMENTS: &[DepartmentRow] = &[
    department(OFFICE, "Văn phòng UBND tỉnh", "VP UBND tỉnh", "Phòng họp số 1", 60),
    department("SNNMT", "Sở Nông nghiệp và Môi trường", "Sở NN và MT", "Phòng họp tầng 3", 24),
    department("SXD", "Sở Xây dựng", "Sở Xây dựng", "Phòng họp tầng 2", 20),
    department("SYT", "Sở Y tế", "Sở Y tế", "Hội trường", 40),
    department("SGDDT", "Sở Giáo dục và Đào tạo", "Sở GD và ĐT", "Phòng họp A", 24),
    department("STC", "Sở Tài chính", "Sở Tài chính", "Phòng họp tầng 4", 20),
    department("SNV", "Sở Nội vụ", "Sở Nội vụ", "Phòng họp tầng 2", 20),
    department("STP", "Sở Tư pháp", "Sở Tư pháp", "Phòng họp tầng 1", 16),
    department("SCT", "Sở Công Thương", "Sở Công Thương", "Phòng họp tầng 3", 20),
    department("SKHCN", "Sở Khoa học và Công nghệ", "Sở KH và CN", "Trung tâm điều hành", 18),
    department("SVHTTDL", "Sở Văn hóa, Thể thao và Du lịch", "Sở VHTTDL", "Phòng họp tầng 2", 22),
    department("SNGV", "Sở Ngoại vụ", "Sở Ngoại vụ", "Phòng khánh tiết", 14),
    department("TTT", "Thanh tra tỉnh", "Thanh tra tỉnh", "Phòng họp tầng 2", 14),
    department("CAT", "Công an tỉnh", "Công an tỉnh", "Phòng giao ban", 30),
    department("BCHQS", "Bộ Chỉ huy Quân sự tỉnh", "BCH Quân sự", "Phòng tác chiến", 26),
    department("DKTTV", "Đài Khí tượng Thủy văn tỉnh", "Đài KTTV", "Phòng dự báo", 10),
];

/// The two-level local government began on this day, and the 54 units with it.
fn began() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 7, 1).unwrap_or_default()
}

pub fn units() -> Vec<(UnitId, UnitFields)> {
    let unit = |code: &str, name: &str, kind, parent| {
        let fields = UnitFields {
            code: line(code),
            name: line(name),
            kind,
            parent,
            valid_from: began(),
            valid_to: None,
            successors: Vec::new(),
        };
        (unit_id(code), fields)
    };
    let province = unit_id(PROVINCE);
    let mut units = vec![unit(PROVINCE, "Tỉnh Quảng Ninh", UnitKind::Province, None)];
    units.extend(DEPARTMENTS.iter().map(|row| unit(row.code, row.name, UnitKind::Department, Some(province))));
    for (code, kind, name) in HUBS.iter().flat_map(|hub| hub.units) {
        units.push(unit(code, &full_name(*kind, name), *kind, Some(province)));
    }
    units
}

pub fn hubs() -> Vec<Hub> {
    let hubs = HUBS.iter().zip(0..);
    hubs.map(|(hub, rank)| Hub { id: hub_id(hub.name), name: hub.name.to_owned(), parent: None, rank }).collect()
}

pub fn sites() -> Vec<(SiteId, SiteFields)> {
    let departments = DEPARTMENTS.iter().zip(0_u16..).map(|(row, number)| {
        let fields = SiteFields {
            code: line(row.code),
            name: line(row.name),
            short_name: line(row.short_name),
            room: Some(line(row.room)),
            unit_id: unit_id(row.code),
            hub_id: None,
            seats: row.seats,
            contact_name: Some(line(contact(number))),
            contact_phone: Some(line(&phone(number))),
            central: row.code == OFFICE,
        };
        (site_id(row.code), fields)
    });
    let communes = HUBS.iter().flat_map(|hub| hub.units.iter().map(move |unit| (hub, unit))).zip(16_u16..);
    let communes = communes.map(|((hub, (code, kind, name)), number)| {
        let fields = SiteFields {
            code: line(code),
            name: line(&full_name(*kind, name)),
            short_name: line(&short_name(*kind, name)),
            room: Some(line(nth(&ROOMS, number))),
            unit_id: unit_id(code),
            hub_id: Some(hub_id(hub.name)),
            seats: 8 + number % 5 * 4,
            contact_name: Some(line(contact(number))),
            contact_phone: Some(line(&phone(number))),
            central: false,
        };
        (site_id(code), fields)
    });
    departments.chain(communes).collect()
}

fn full_name(kind: UnitKind, name: &str) -> String {
    let word = match kind {
        UnitKind::Ward => "Phường",
        UnitKind::Commune => "Xã",
        UnitKind::SpecialZone => "Đặc khu",
        UnitKind::Province | UnitKind::Department | UnitKind::District => return name.to_owned(),
    };
    format!("{word} {name}")
}

/// The abbreviations of boards and maps.
fn short_name(kind: UnitKind, name: &str) -> String {
    let letter = match kind {
        UnitKind::Ward => "P",
        UnitKind::Commune => "X",
        UnitKind::SpecialZone => "ĐK",
        UnitKind::Province | UnitKind::Department | UnitKind::District => return name.to_owned(),
    };
    format!("{letter} {name}")
}

const ROOMS: [&str; 5] =
    ["Hội trường tầng 2", "Phòng họp trực tuyến", "Phòng họp số 1", "Hội trường UBND", "Phòng họp tầng 3"];

const CONTACTS: [&str; 12] = [
    "Bùi Văn Mẫu",
    "Đỗ Thị Ví Dụ",
    "Hoàng Văn Thử",
    "Lý Thị Minh Họa",
    "Nguyễn Văn Giả Định",
    "Phạm Thị Mẫu",
    "Vũ Văn Ví Dụ",
    "Đặng Thị Thử",
    "Trần Văn Minh Họa",
    "Ngô Thị Giả Định",
    "Lê Văn Mẫu",
    "Phùng Thị Thử",
];

fn contact(number: u16) -> &'static str {
    nth(&CONTACTS, number)
}

/// Round and round.
fn nth<const N: usize>(names: &'static [&'static str; N], number: u16) -> &'static str {
    names.iter().cycle().nth(usize::from(number)).copied().unwrap_or_default()
}

/// No subscriber's number begins with 000.
fn phone(number: u16) -> String {
    format!("0000 000 {number:03}")
}
