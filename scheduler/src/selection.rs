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
