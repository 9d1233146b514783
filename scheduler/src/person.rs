//! People: who chairs, keeps minutes, speaks for a site. A person may have an account; a person without one can still be named.

use serde::Serialize;

use crate::field::{FieldProblem, Form};
use crate::id::{PersonId, SiteId, UnitId};
use crate::role::{Roles, Viewer};
use crate::text::{Name, Phone};

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// "Phó Chủ tịch UBND tỉnh"
    pub title: String,
    pub unit_id: Option<UnitId>,
    pub unit_name: Option<String>,
    /// The site this person sits at and speaks for.
    pub site_id: Option<SiteId>,
    pub phone: Option<String>,
    pub roles: Roles,
}

impl Person {
    pub fn viewer(&self) -> Viewer {
        Viewer { person: self.id, site: self.site_id, roles: self.roles.clone() }
    }
}

/// A name for small tiles: the whole name, or its last two words, or the last: in Vietnamese the given name stands last.
pub fn short_name(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let fits = |candidate: &String| candidate.chars().count() <= SHORT_NAME_MAX;
    let tail =
        |count: usize| words.iter().skip(words.len().saturating_sub(count)).copied().collect::<Vec<_>>().join(" ");
    [name.to_owned(), tail(2), tail(1)]
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| name.chars().take(SHORT_NAME_MAX).collect())
}

const SHORT_NAME_MAX: usize = 14;

#[derive(Clone, Debug)]
pub struct PersonForm {
    pub name: String,
    pub title: String,
    pub unit_id: Option<UnitId>,
    pub site_id: Option<SiteId>,
    pub phone: Option<String>,
    pub roles: Roles,
}

#[derive(Clone, Debug)]
pub struct PersonFields {
    pub name: Name,
    pub title: Name,
    pub unit_id: Option<UnitId>,
    pub site_id: Option<SiteId>,
    pub phone: Option<Phone>,
    pub roles: Roles,
}

impl PersonForm {
    pub fn parse(&self) -> Result<PersonFields, Vec<FieldProblem>> {
        let mut form = Form::default();
        let name = form.line("name", &self.name);
        let title = form.line("title", &self.title);
        let phone = form.optional_line("phone", self.phone.as_deref());
        let fields = name.zip(title).map(|(name, title)| PersonFields {
            name,
            title,
            unit_id: self.unit_id,
            site_id: self.site_id,
            phone,
            roles: self.roles.clone(),
        });
        form.finish(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_shortened_to_its_last_words() {
        assert_eq!(short_name("Trần Thu Hà"), "Trần Thu Hà");
        assert_eq!(short_name("Trần Quốc Nghĩa"), "Quốc Nghĩa");
        assert_eq!(short_name("Nguyễn-Phước Bảo-Thạch Hoàng"), "Hoàng");
        assert_eq!(short_name("Wolfeschlegelsteinhausen"), "Wolfeschlegels");
    }
}
