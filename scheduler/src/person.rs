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
