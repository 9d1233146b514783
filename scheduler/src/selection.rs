//! Which sites a booking asks for: rules ("all of the Đầm Hà hub but one") rather than a list, so that they follow the tree until the
//! links go out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::site::{GroupId, Site, SiteDirectory};

/// Rules of one booking: far more than groups exist, few enough to resolve at once.
pub const RULES_MAX: usize = 1_000;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SelectionRule {
    Subtree {
        group_id: GroupId,
        #[serde(default)]
        except: Vec<SiteId>,
    },
    Site {
        site_id: SiteId,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectionFault {
    UnknownGroup { rule: usize },
    UnknownSite { rule: usize },
}

/// The sites meant, each once, in the order of the tree. An exception binds its own rule only: a site left out of one rule and named by
/// another is in.
pub fn resolve<'a>(rules: &[SelectionRule], directory: &'a SiteDirectory) -> Result<Vec<&'a Site>, SelectionFault> {
    let mut chosen: BTreeSet<SiteId> = BTreeSet::new();
    for (rule, selection) in rules.iter().enumerate() {
        match selection {
            SelectionRule::Site { site_id } => {
                directory.site(*site_id).ok_or(SelectionFault::UnknownSite { rule })?;
                chosen.insert(*site_id);
            }
            SelectionRule::Subtree { group_id, except } => {
                if let GroupId::Hub(hub) = group_id {
                    let known = directory.hubs.iter().any(|known| known.id == *hub);
                    known.then_some(()).ok_or(SelectionFault::UnknownGroup { rule })?;
                }
                let sites = directory.sites_of(*group_id).into_iter().map(|site| site.id);
                chosen.extend(sites.filter(|site| !except.contains(site)));
            }
        }
    }
    let mut sites: Vec<&Site> = directory.sites.iter().filter(|site| chosen.contains(&site.id)).collect();
    sites.sort_by_cached_key(|site| directory.place(site));
    Ok(sites)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;
    use crate::id::HubId;
    use crate::unit::Unit;

    fn province() -> SiteDirectory {
        let units = demo::units().into_iter().map(|(id, fields)| Unit {
            id,
            code: fields.code.to_string(),
            name: fields.name.to_string(),
            kind: fields.kind,
            parent: fields.parent,
            valid_from: fields.valid_from,
            valid_to: fields.valid_to,
            successors: fields.successors,
        });
        let sites = demo::sites().into_iter().map(|(id, fields)| Site {
            id,
            code: fields.code.to_string(),
            name: fields.name.to_string(),
            short_name: fields.short_name.to_string(),
            room: fields.room.map(|room| room.to_string()),
            unit_id: fields.unit_id,
            hub_id: fields.hub_id,
            seats: fields.seats,
            contact_name: None,
            contact_phone: None,
            central: fields.central,
        });
        SiteDirectory { units: units.collect(), hubs: demo::hubs(), sites: sites.collect() }
    }

    fn names(rules: &[SelectionRule], directory: &SiteDirectory) -> Vec<String> {
        resolve(rules, directory).unwrap().into_iter().map(|site| site.name.clone()).collect()
    }

    fn subtree(group_id: GroupId, except: &[&str]) -> SelectionRule {
        SelectionRule::Subtree { group_id, except: except.iter().map(|code| demo::site_id(code)).collect() }
    }

    #[test]
    fn a_rule_gives_its_subtree_in_the_order_of_the_tree_and_each_site_once() {
        let province = province();
        let hub = GroupId::Hub(demo::hub_id("Đầm Hà"));
        let both = [SelectionRule::Site { site_id: demo::site_id("06913") }, subtree(hub, &[])];
        assert_eq!(names(&both, &province), ["Xã Đầm Hà", "Xã Quảng Tân"]);
        assert_eq!(names(&[subtree(GroupId::Communes, &[])], &province).len(), 54);
        assert_eq!(names(&[subtree(GroupId::Departments, &[])], &province).len(), 15);
        assert_eq!(names(&[subtree(GroupId::Central, &[])], &province), ["Văn phòng UBND tỉnh"]);
        assert_eq!(names(&[], &province), Vec::<String>::new());
    }

    #[test]
    fn an_exception_binds_its_own_rule_alone() {
        let province = province();
        let hub = GroupId::Hub(demo::hub_id("Đầm Hà"));
        assert_eq!(names(&[subtree(hub, &["06913"])], &province), ["Xã Đầm Hà"]);
        let named_again = [subtree(hub, &["06913"]), SelectionRule::Site { site_id: demo::site_id("06913") }];
        assert_eq!(names(&named_again, &province).len(), 2);
    }

    #[test]
    fn a_rule_follows_the_tree_when_a_site_is_added_to_it() {
        let mut province = province();
        let rule = [subtree(GroupId::Hub(demo::hub_id("Cô Tô")), &[])];
        let before = names(&rule, &province).len();
        let mut second = province.site(demo::site_id("07192")).unwrap().clone();
        (second.id, second.code) = (demo::site_id("new"), "07192-2".to_owned());
        province.sites.push(second);
        assert_eq!(names(&rule, &province).len(), before + 1);
    }

    #[test]
    fn rules_about_nothing_are_refused_by_their_place() {
        let province = province();
        let unknown_hub = GroupId::Hub(HubId::from_uuid(uuid::Uuid::nil()));
        let rules = [subtree(GroupId::Central, &[]), subtree(unknown_hub, &[])];
        assert_eq!(resolve(&rules, &province), Err(SelectionFault::UnknownGroup { rule: 1 }));
        let rules = [SelectionRule::Site { site_id: demo::site_id("none") }];
        assert_eq!(resolve(&rules, &province), Err(SelectionFault::UnknownSite { rule: 0 }));
    }

    #[test]
    fn groups_are_written_by_name_and_hubs_by_their_id() {
        let hub = GroupId::Hub(demo::hub_id("Cô Tô"));
        for group in [GroupId::Central, GroupId::Departments, GroupId::Communes, hub] {
            assert_eq!(group.to_string().parse(), Ok(group));
        }
        assert!("hub:x".parse::<GroupId>().is_err());
        let json = r#"{"kind":"subtree","group_id":"communes"}"#;
        assert_eq!(serde_json::from_str::<SelectionRule>(json).unwrap(), subtree(GroupId::Communes, &[]));
        assert!(serde_json::from_str::<SelectionRule>(r#"{"kind":"site","site_id":"x"}"#).is_err());
    }
}
