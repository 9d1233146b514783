//! Sites, and the tree in which a secretary ticks them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::field::{FieldFault, FieldProblem, Form};
use crate::id::{HubId, SiteId, UnitId};
use crate::text::{Code, Name, Phone, ShortName};
use crate::unit::{Hub, Unit, UnitKind};

/// Seats of one site; a stadium is not a site. Beyond it somebody typed a wrong number.
pub const SEATS_MAX: u16 = 2_000;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Site {
    pub id: SiteId,
    pub code: String,
    /// "Phường Móng Cái 1"
    pub name: String,
    /// At most 14 characters: "P Móng Cái 1".
    pub short_name: String,
    /// "Hội trường tầng 2"
    pub room: Option<String>,
    pub unit_id: UnitId,
    pub hub_id: Option<HubId>,
    pub seats: u16,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    /// Meetings are run from here (điểm cầu trung tâm).
    pub central: bool,
}

#[derive(Clone, Debug)]
pub struct SiteForm {
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub room: Option<String>,
    pub unit_id: UnitId,
    pub hub_id: Option<HubId>,
    pub seats: u16,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    pub central: bool,
}

#[derive(Clone, Debug)]
pub struct SiteFields {
    pub code: Code,
    pub name: Name,
    pub short_name: ShortName,
    pub room: Option<Name>,
    pub unit_id: UnitId,
    pub hub_id: Option<HubId>,
    pub seats: u16,
    pub contact_name: Option<Name>,
    pub contact_phone: Option<Phone>,
    pub central: bool,
}

impl SiteForm {
    pub fn parse(&self) -> Result<SiteFields, Vec<FieldProblem>> {
        let mut form = Form::default();
        let code = form.line("code", &self.code);
        let name = form.line("name", &self.name);
        let short_name = form.line("short_name", &self.short_name);
        let room = form.optional_line("room", self.room.as_deref());
        let contact_name = form.optional_line("contact_name", self.contact_name.as_deref());
        let contact_phone = form.optional_line("contact_phone", self.contact_phone.as_deref());
        if self.seats > SEATS_MAX {
            form.refuse("seats", FieldFault::NumberOutOfRange { min: 0, max: i64::from(SEATS_MAX) });
        }
        let fields = code.zip(name).zip(short_name).map(|((code, name), short_name)| SiteFields {
            code,
            name,
            short_name,
            room,
            unit_id: self.unit_id,
            hub_id: self.hub_id,
            seats: self.seats,
            contact_name,
            contact_phone,
            central: self.central,
        });
        form.finish(fields)
    }
}

/// A group of sites that can be ticked as a rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GroupId {
    Central,
    Departments,
    Communes,
    Hub(HubId),
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupId::Central => f.write_str("central"),
            GroupId::Departments => f.write_str("departments"),
            GroupId::Communes => f.write_str("communes"),
            GroupId::Hub(hub) => write!(f, "hub:{hub}"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no such group of sites")]
pub struct UnknownGroup;

impl FromStr for GroupId {
    type Err = UnknownGroup;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "central" => Ok(GroupId::Central),
            "departments" => Ok(GroupId::Departments),
            "communes" => Ok(GroupId::Communes),
            other => {
                let hub = other.strip_prefix("hub:").ok_or(UnknownGroup)?;
                hub.parse().map(GroupId::Hub).map_err(|_| UnknownGroup)
            }
        }
    }
}

impl Serialize for GroupId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GroupId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The picker's tree: three groups, hubs in the third, sites as leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TreeNode {
    Group { id: GroupId, name: String, children: Vec<TreeNode> },
    Site(Site),
}

/// The groups' names on screens and papers.
pub const CENTRAL_GROUP: &str = "Điểm cầu trung tâm";
pub const DEPARTMENTS_GROUP: &str = "Sở, ban, ngành";
pub const COMMUNES_GROUP: &str = "Xã, phường, đặc khu";

/// What the tree is made of, read at one moment.
#[derive(Clone, Debug, Default)]
pub struct SiteDirectory {
    pub units: Vec<Unit>,
    pub hubs: Vec<Hub>,
    pub sites: Vec<Site>,
}

impl SiteDirectory {
    pub fn site(&self, id: SiteId) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == id)
    }

    /// The innermost group of a site.
    pub fn group_of(&self, site: &Site) -> GroupId {
        let kind = self.units.iter().find(|unit| unit.id == site.unit_id).map(|unit| unit.kind);
        match kind {
            _ if site.central => GroupId::Central,
            Some(UnitKind::Ward | UnitKind::Commune | UnitKind::SpecialZone) => {
                site.hub_id.map_or(GroupId::Communes, GroupId::Hub)
            }
            Some(UnitKind::Province | UnitKind::Department | UnitKind::District) | None => GroupId::Departments,
        }
    }

    /// The heading under which a site stands in lists: "Cụm Đầm Hà".
    pub fn group_name(&self, group: GroupId) -> String {
        match group {
            GroupId::Central => CENTRAL_GROUP.to_owned(),
            GroupId::Departments => DEPARTMENTS_GROUP.to_owned(),
            GroupId::Communes => COMMUNES_GROUP.to_owned(),
            GroupId::Hub(id) => {
                let hub = self.hubs.iter().find(|hub| hub.id == id);
                hub.map_or_else(|| COMMUNES_GROUP.to_owned(), |hub| format!("Cụm {}", hub.name))
            }
        }
    }

    /// The sites of a group, those of its hubs included, in the order of the tree.
    pub fn sites_of(&self, group: GroupId) -> Vec<&Site> {
        let inside = |site: &Site| {
            let own = self.group_of(site);
            own == group || (group == GroupId::Communes && matches!(own, GroupId::Hub(_)))
        };
        let mut sites: Vec<&Site> = self.sites.iter().filter(|site| inside(site)).collect();
        sites.sort_by_key(|site| self.place(site));
        sites
    }

    /// Central first, then departments, then hubs by rank; inside a group wards before communes before zones, then by code.
    pub fn place(&self, site: &Site) -> (u8, u16, u8, String) {
        let unit_rank = match self.units.iter().find(|unit| unit.id == site.unit_id).map(|unit| unit.kind) {
            Some(UnitKind::Province) => 0,
            Some(UnitKind::Department) => 1,
            Some(UnitKind::District) => 2,
            Some(UnitKind::Ward) => 3,
            Some(UnitKind::Commune) => 4,
            Some(UnitKind::SpecialZone) => 5,
            None => 6,
        };
        let (group_rank, hub_rank) = match self.group_of(site) {
            GroupId::Central => (0, 0),
            GroupId::Departments => (1, 0),
            GroupId::Hub(id) => (2, self.hubs.iter().find(|hub| hub.id == id).map_or(u16::MAX, |hub| hub.rank)),
            GroupId::Communes => (2, u16::MAX),
        };
        (group_rank, hub_rank, unit_rank, site.code.clone())
    }

    pub fn tree(&self) -> Vec<TreeNode> {
        let mut hubs: Vec<&Hub> = self.hubs.iter().collect();
        hubs.sort_by_key(|hub| hub.rank);
        let mut communes: Vec<TreeNode> =
            hubs.into_iter().map(|hub| self.group_node(GroupId::Hub(hub.id))).filter(has_sites).collect();
        communes.extend(
            self.leaves(GroupId::Communes)
                .into_iter()
                .filter(|node| matches!(node, TreeNode::Site(site) if self.group_of(site) == GroupId::Communes)),
        );
        vec![
            self.group_node(GroupId::Central),
            self.group_node(GroupId::Departments),
            TreeNode::Group { id: GroupId::Communes, name: COMMUNES_GROUP.to_owned(), children: communes },
        ]
    }

    fn group_node(&self, id: GroupId) -> TreeNode {
        TreeNode::Group { id, name: self.group_name(id), children: self.leaves(id) }
    }

    fn leaves(&self, group: GroupId) -> Vec<TreeNode> {
        self.sites_of(group).into_iter().cloned().map(TreeNode::Site).collect()
    }
}

fn has_sites(node: &TreeNode) -> bool {
    match node {
        TreeNode::Group { children, .. } => !children.is_empty(),
        TreeNode::Site(_) => true,
    }
}
