/** The demo province as the bridge would tell it: enough of it, and with names long enough, to judge every screen by. */
import type { Account, Hub, Person, Site, TreeNode, Unit, UnitKind } from "../../src/api/model";

const HUBS: Record<string, string[]> = {
  "Đông Triều": ["P An Sinh", "P Đông Triều", "P Bình Khê", "P Mạo Khê", "P Hoàng Quế"],
  "Uông Bí": ["P Yên Tử", "P Vàng Danh", "P Uông Bí"],
  "Quảng Yên": ["P Đông Mai", "P Hiệp Hòa", "P Quảng Yên", "P Hà An", "P Phong Cốc", "P Liên Hòa"],
  "Hạ Long": [
    "P Tuần Châu",
    "P Việt Hưng",
    "P Bãi Cháy",
    "P Hà Tu",
    "P Hà Lầm",
    "P Cao Xanh",
    "P Hồng Gai",
    "P Hạ Long",
    "P Hoành Bồ",
    "X Quảng La",
    "X Thống Nhất",
  ],
  "Cẩm Phả": ["P Mông Dương", "P Quang Hanh", "P Cẩm Phả", "P Cửa Ông", "X Hải Hòa"],
  "Tiên Yên": ["X Tiên Yên", "X Điền Xá", "X Đông Ngũ", "X Hải Lạng"],
  "Ba Chẽ": ["X Lương Minh", "X Kỳ Thượng", "X Ba Chẽ"],
  "Đầm Hà": ["X Quảng Tân", "X Đầm Hà"],
  "Hải Hà": ["X Quảng Hà", "X Đường Hoa", "X Quảng Đức", "X Cái Chiên"],
  "Bình Liêu": ["X Hoành Mô", "X Lục Hồn", "X Bình Liêu"],
  "Móng Cái": ["X Hải Sơn", "X Hải Ninh", "X Vĩnh Thực", "P Móng Cái 1", "P Móng Cái 2", "P Móng Cái 3"],
  "Vân Đồn": ["ĐK Vân Đồn"],
  "Cô Tô": ["ĐK Cô Tô"],
};
const DEPARTMENTS = [
  "Sở Nông nghiệp và Môi trường",
  "Sở Khoa học và Công nghệ",
  "Sở Tài chính",
  "Sở Xây dựng",
  "Sở Công Thương",
  "Sở Y tế",
  "Sở Giáo dục và Đào tạo",
  "Sở Nội vụ",
  "Sở Tư pháp",
  "Sở Văn hóa, Thể thao và Du lịch",
  "Bộ Chỉ huy Quân sự tỉnh",
  "Công an tỉnh",
];
const KINDS: Record<string, [string, UnitKind]> = {
  P: ["Phường", "ward"],
  X: ["Xã", "commune"],
  ĐK: ["Đặc khu", "special_zone"],
};

let serial = 0;
const nextId = () => {
  serial += 1;
  return `00000000-0000-4000-8000-${String(serial).padStart(12, "0")}`;
};

export const units: Unit[] = [];
export const hubs: Hub[] = [];
export const sites: Site[] = [];

const province = addUnit("22", "Tỉnh Quảng Ninh", "province");
const office = addUnit("22VP", "Văn phòng Ủy ban nhân dân tỉnh", "department", province.id);
export const center = addSite("TT1", "Trung tâm", "Trung tâm", office.id, "Phòng họp số 1", 22, true);
const secondRoom = addSite("TT2", "Trung tâm", "Phòng số 2", office.id, "Phòng họp số 2", 16, true);

function departmentNodes(): TreeNode[] {
  return DEPARTMENTS.map((name, index) => {
    const unit = addUnit(`SN${String(index)}`, name, "department", province.id);
    return siteNode(addSite(`SN${String(index)}`, name, name.replace(/^Sở /, "").slice(0, 14), unit.id, undefined, 6));
  });
}

function hubNodes(): TreeNode[] {
  return Object.entries(HUBS).map(([hubName, short]) => {
    const hub: Hub = { id: nextId(), name: hubName, rank: hubs.length };
    hubs.push(hub);
    const children = short.map((text) => {
      const [mark = "X", ...rest] = text.split(" ");
      const [word, kind] = KINDS[mark] ?? ["Xã", "commune"];
      const name = `${word} ${rest.join(" ")}`;
      const unit = addUnit(String(6000 + serial), name, kind, province.id);
      const long = name === "Phường Móng Cái 1";
      return siteNode(
        addSite(
          unit.code,
          long ? "Ủy ban nhân dân phường Móng Cái 1" : name,
          text.slice(0, 14),
          unit.id,
          long ? "Hội trường tầng 2" : undefined,
          long ? 120 : 8,
          false,
          hub.id,
        ),
      );
    });
    return { id: `hub:${hub.id}`, name: `Cụm ${hubName}`, kind: "group", children } satisfies TreeNode;
  });
}

export const tree: TreeNode = {
  id: "all",
  name: "Tỉnh Quảng Ninh",
  kind: "group",
  children: [
    { id: "central", name: "Điểm cầu trung tâm", kind: "group", children: [siteNode(center), siteNode(secondRoom)] },
    { id: "communes", name: "Xã, phường, đặc khu", kind: "group", children: hubNodes() },
    { id: "departments", name: "Sở, ban, ngành", kind: "group", children: departmentNodes() },
  ],
};

export const people: Person[] = [
  person("Nguyễn Đức Anh", "Phó Chủ tịch Ủy ban nhân dân tỉnh", ["chair", "leader"]),
  person("Phạm Minh Tuấn", "Chủ tịch Ủy ban nhân dân tỉnh", ["chair", "leader"]),
  person("Trần Thu Hà", "Chuyên viên Văn phòng UBND", ["secretary"]),
  person("Lê Quang Khải", "Kỹ thuật viên Trung tâm tích hợp dữ liệu", ["technician"]),
  person("Hoàng Thị Mai", "Chánh Văn phòng UBND xã Quảng Tân", ["delegate"]),
  person("Vũ Quốc Bảo", "Quản trị hệ thống", ["admin"]),
];

export const accounts: Account[] = people.map((someone, index) => ({
  created_at: Date.parse("2026-07-01T08:00:00+07:00"),
  person_id: someone.id,
  username: ["anh.nd", "tuan.pm", "ha.tt", "khai.lq", "mai.ht", "bao.vq"][index] ?? "",
  name: someone.name,
  title: someone.title,
  roles: someone.roles,
  disabled: index === 4,
  must_change_password: index === 3,
  ...(index === 3 ? {} : { last_sign_in_at: Date.parse("2026-11-23T08:10:00+07:00") - index * 86_400_000 }),
}));

export function siteNamed(name: string): Site {
  const found = sites.find((site) => site.name === name || site.short_name === name);
  if (!found) throw new Error(`no site ${name}`);
  return found;
}

export function personNamed(name: string): Person {
  const found = people.find((someone) => someone.name === name);
  if (!found) throw new Error(`no person ${name}`);
  return found;
}

function addUnit(code: string, name: string, kind: UnitKind, parent_id?: string): Unit {
  const unit: Unit = {
    id: nextId(),
    code,
    name,
    kind,
    valid_from: "2025-07-01",
    successors: [],
    ...(parent_id ? { parent_id } : {}),
  };
  units.push(unit);
  return unit;
}

function addSite(
  code: string,
  name: string,
  short_name: string,
  unit_id: string,
  room: string | undefined,
  seats: number,
  central = false,
  hub_id?: string,
): Site {
  const site: Site = { id: nextId(), code, name, short_name, unit_id, seats, central };
  if (room) site.room = room;
  if (hub_id) site.hub_id = hub_id;
  if (!central) Object.assign(site, { contact_name: "Đỗ Văn Lâm", contact_phone: "0203 3 555 112" });
  sites.push(site);
  return site;
}

function siteNode(site: Site): TreeNode {
  const name = site.room ? `${site.name} - ${site.room}` : site.name;
  return { id: site.id, name, kind: "site", children: [], site };
}

function person(name: string, title: string, roles: Person["roles"]): Person {
  return { id: nextId(), name, title, roles, unit_id: office.id, unit_name: office.name };
}
