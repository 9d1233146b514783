//! Made-up people, their duties, and which of them have an account.

use super::{line, person_id, province::OFFICE, site_id, unit_id};
use crate::id::{PersonId, SiteId};
use crate::person::PersonFields;
use crate::role::{Role, Roles};

/// Somebody who can sign in. The password is the web's, and exists only with `--demo`.
#[derive(Clone, Copy, Debug)]
pub struct DemoAccount {
    pub username: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    pub role: Role,
    /// The code of the unit he belongs to, and at whose site he sits if he is a delegate.
    unit: &'static str,
}

const fn account(
    username: &'static str,
    name: &'static str,
    title: &'static str,
    role: Role,
    unit: &'static str,
) -> DemoAccount {
    DemoAccount { username, name, title, role, unit }
}

/// In the order in which the sign-in page offers them.
pub const ACCOUNTS: &[DemoAccount] = &[
    account("thuky", "Trần Thu Hà", "Thư ký, Văn phòng UBND tỉnh", Role::Secretary, OFFICE),
    account("chutri", "Trần Quốc Nghĩa", "Phó Chủ tịch UBND tỉnh", Role::Chair, OFFICE),
    account("kythuat", "Lê Quang Khải", "Cán bộ kỹ thuật, Sở Khoa học và Công nghệ", Role::Technician, "SKHCN"),
    account("lanhdao", "Nguyễn Đức Anh", "Chánh Văn phòng UBND tỉnh", Role::Leader, OFFICE),
    account("quantri", "Phạm Minh Tuấn", "Quản trị hệ thống", Role::Admin, "SKHCN"),
    account("damha", "Hoàng Thị Lan", "Phó Chủ tịch UBND xã Đầm Hà", Role::Delegate, "06895"),
    account("quangtan", "Vũ Văn Thành", "Chủ tịch UBND xã Quảng Tân", Role::Delegate, "06913"),
    account("mongcai1", "Đinh Thị Ngọc", "Phó Chủ tịch UBND phường Móng Cái 1", Role::Delegate, "06712"),
    account("coto", "Bùi Đức Hải", "Chủ tịch UBND đặc khu Cô Tô", Role::Delegate, "07192"),
    account("vandon", "Lương Thị Mai", "Phó Chủ tịch UBND đặc khu Vân Đồn", Role::Delegate, "06994"),
];

impl DemoAccount {
    pub fn person(&self) -> PersonId {
        person_id(self.username)
    }

    /// Delegates sit at the site of their unit; everybody else joins as himself.
    fn site(&self) -> Option<SiteId> {
        (self.role == Role::Delegate).then(|| site_id(self.unit))
    }

    pub fn roles(&self) -> Roles {
        let second = (self.username == "lanhdao").then_some(Role::Chair);
        Roles::new([self.role].into_iter().chain(second))
    }
}

/// People who are named in bookings and have no account.
const OTHERS: &[(&str, &str, &str, Role, &str)] = &[
    ("chutri2", "Bùi Thị Kim Oanh", "Giám đốc Sở Nông nghiệp và Môi trường", Role::Chair, "SNNMT"),
    ("chutri3", "Đào Xuân Trường", "Giám đốc Sở Y tế", Role::Chair, "SYT"),
    ("thuky2", "Nguyễn Thị Bích Ngọc", "Chuyên viên Văn phòng UBND tỉnh", Role::Secretary, OFFICE),
    ("thuky3", "Phan Văn Đạt", "Chuyên viên Sở Y tế", Role::Secretary, "SYT"),
    ("kythuat2", "Đỗ Mạnh Cường", "Cán bộ kỹ thuật, Sở Khoa học và Công nghệ", Role::Technician, "SKHCN"),
];

pub fn people() -> Vec<(PersonId, PersonFields)> {
    let with_account = ACCOUNTS.iter().map(|account| {
        let fields = PersonFields {
            name: line(account.name),
            title: line(account.title),
            unit_id: Some(unit_id(account.unit)),
            site_id: account.site(),
            phone: None,
            roles: account.roles(),
        };
        (account.person(), fields)
    });
    let without = OTHERS.iter().map(|(key, name, title, role, unit)| {
        let fields = PersonFields {
            name: line(name),
            title: line(title),
            unit_id: Some(unit_id(unit)),
            site_id: None,
            phone: None,
            roles: Roles::new([*role]),
        };
        (person_id(key), fields)
    });
    with_account.chain(without).collect()
}
