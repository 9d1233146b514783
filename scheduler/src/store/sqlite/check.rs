//! What a booking asks for, looked up: its people, its sites, and what is in their way.

use uuid::Uuid;

use super::row::{Columns, key};
use super::{Conn, claim, directory, person};
use crate::booking::{BookRefused, Booking, BookingCheck, BookingProbe, BusyRow, BusySpan, Capacity};
use crate::clash::{self, ClashReport, ClashWhat, Resource, SEARCH_SPAN};
use crate::field::{FieldFault, FieldProblem, Form};
use crate::id::{PersonId, SessionId, SiteId};
use crate::person::Person;
use crate::policy::Policies;
use crate::role::Role;
use crate::selection::{self, SelectionFault, SelectionRule};
use crate::site::{Site, SiteDirectory};
use crate::store_failure::StoreFailure;
use crate::time::{Span, UtcTime, minutes};

/// Everything asked for, each thing once: people first, then sites in the order of the tree, the central one before all.
pub(super) struct Asked {
    pub(super) directory: SiteDirectory,
    pub(super) people: Vec<(ClashWhat, Person)>,
    pub(super) sites: Vec<Site>,
}

/// What to look up. A probe may still lack most of it.
pub(super) struct Wish<'a> {
    pub(super) on: UtcTime,
    pub(super) selection: &'a [SelectionRule],
    pub(super) central_site: Option<SiteId>,
    pub(super) chair: Option<PersonId>,
    pub(super) secretary: Option<PersonId>,
    pub(super) technician: Option<PersonId>,
}

impl<'a> Wish<'a> {
    pub(super) fn of_booking(booking: &'a Booking) -> Self {
        Self {
            on: booking.span.from(),
            selection: &booking.selection,
            central_site: Some(booking.central_site),
            chair: Some(booking.chair),
            secretary: Some(booking.secretary),
            technician: booking.technician,
        }
    }

    fn of_probe(probe: &'a BookingProbe) -> Self {
        Self {
            on: probe.starts_at,
            selection: &probe.selection,
            central_site: probe.central_site_id,
            chair: probe.chair_id,
            secretary: probe.secretary_id,
            technician: probe.technician_id,
        }
    }

    /// What does not exist, or lacks the role asked for, is a problem of its field.
    pub(super) async fn look_up(&self, conn: &mut Conn) -> Result<Asked, BookRefused> {
        let directory = directory::directory(conn, self.on.office_date()).await?;
        let mut form = Form::default();
        let mut people = Vec::new();
        let duties = [
            (ClashWhat::Chair, Role::Chair, "chair_id", self.chair),
            (ClashWhat::Secretary, Role::Secretary, "secretary_id", self.secretary),
            (ClashWhat::Technician, Role::Technician, "technician_id", self.technician),
        ];
        for (what, role, field, id) in duties {
            let Some(id) = id else { continue };
            match person::one(conn, id).await? {
                Some(person) if person.roles.has(role) => people.push((what, person)),
                Some(_) => form.refuse(field, FieldFault::LacksRole),
                None => form.refuse(field, FieldFault::Unknown),
            }
        }
        let sites = self.sites(&directory, &mut form);
        form.finish(Some(Asked { directory, people, sites })).map_err(BookRefused::Invalid)
    }

    fn sites(&self, directory: &SiteDirectory, form: &mut Form) -> Vec<Site> {
        let mut sites: Vec<Site> = match selection::resolve(self.selection, directory) {
            Ok(sites) => sites.into_iter().cloned().collect(),
            Err(SelectionFault::UnknownGroup { rule } | SelectionFault::UnknownSite { rule }) => {
                form.refuse(format!("selection[{rule}]"), FieldFault::Unknown);
                Vec::new()
            }
        };
        let Some(central) = self.central_site else { return sites };
        sites.retain(|site| site.id != central);
        match directory.site(central) {
            Some(site) => sites.insert(0, site.clone()),
            None => form.refuse("central_site_id", FieldFault::Unknown),
        }
        sites
    }
}

impl Asked {
    pub(super) fn resources(&self) -> Vec<Resource> {
        let people = self.people.iter().map(|(what, person)| Resource {
            what: *what,
            id: person.id.uuid(),
            name: person.name.clone(),
        });
        let sites = self.sites.iter().map(|site| Resource {
            what: ClashWhat::Site,
            id: site.id.uuid(),
            name: site.name.clone(),
        });
        people.chain(sites).collect()
    }

    pub(super) fn person(&self, duty: ClashWhat) -> Option<&Person> {
        self.people.iter().find(|(what, _)| *what == duty).map(|(_, person)| person)
    }
}

/// More sites than the bridge carries at all: no other time helps, so it is the selection that is wrong.
pub(super) fn refuse_too_many_sites(resources: &[Resource], policies: &Policies) -> Result<(), BookRefused> {
    let sites = resources.iter().filter(|resource| resource.what == ClashWhat::Site).count();
    let max = usize::try_from(policies.capacity_sites).unwrap_or(usize::MAX);
    if sites <= max {
        return Ok(());
    }
    let what = FieldFault::TooMany { max };
    Err(BookRefused::Invalid(vec![FieldProblem { field: "selection".to_owned(), what }]))
}

/// `None` when nothing is in the way.
pub(super) async fn clash_report(
    conn: &mut Conn,
    resources: &[Resource],
    span: Span,
    except: Option<SessionId>,
    policies: &Policies,
    now: UtcTime,
) -> Result<Option<ClashReport>, StoreFailure> {
    let horizon = Span::new(span.from(), span.to().max(now).plus(SEARCH_SPAN)).unwrap_or(span);
    let calendar = claim::calendar(conn, horizon, except, policies).await?;
    let clashes = calendar.clashes(resources, span);
    if clashes.is_empty() {
        return Ok(None);
    }
    let free_slot = calendar.free_slot(resources, span, now, policies.working_hours);
    Ok(Some(ClashReport { clashes, free_slot }))
}

/// The whole answer for the booking page.
pub(super) async fn check(
    conn: &mut Conn,
    probe: &BookingProbe,
    policies: &Policies,
    now: UtcTime,
) -> Result<BookingCheck, BookRefused> {
    let invalid = |field: &str, what| BookRefused::Invalid(vec![FieldProblem { field: field.to_owned(), what }]);
    let span =
        Span::new(probe.starts_at, probe.ends_at).ok_or_else(|| invalid("ends_at", FieldFault::EndsBeforeStart))?;
    if span.length() > crate::booking::LENGTH_MAX {
        return Err(invalid("ends_at", FieldFault::TooFar { max: (crate::booking::LENGTH_MAX.as_secs() / 60) as u32 }));
    }
    let asked = Wish::of_probe(probe).look_up(conn).await?;
    let resources = asked.resources();
    let day = office_day(span);
    let window = Span::new(day.from(), day.to().max(now).plus(SEARCH_SPAN)).unwrap_or(day);
    let calendar = claim::calendar(conn, window, probe.session_id, policies).await?;
    let clashes = calendar.clashes(&resources, span);
    let busy = resources.iter().map(|resource| BusyRow {
        what: resource.what,
        id: resource.id,
        name: resource.name.clone(),
        spans: calendar.holding(resource.id, day).map(busy_span).collect(),
    });
    Ok(BookingCheck {
        sites: u32::try_from(asked.sites.len()).unwrap_or(u32::MAX),
        people: asked.sites.iter().map(|site| u32::from(site.seats)).sum(),
        free_slot: if clashes.is_empty() {
            None
        } else {
            calendar.free_slot(&resources, span, now, policies.working_hours)
        },
        clashes,
        busy: busy.collect(),
        capacity: Capacity { used: clash::peak(&calendar.demands, span), limit: policies.capacity_sites },
    })
}

fn busy_span(held: &clash::Held) -> BusySpan {
    BusySpan {
        starts_at: held.span.from(),
        ends_at: held.span.to(),
        session_id: held.session,
        session_title: held.title.clone(),
    }
}

/// From midnight to midnight on the office's calendar, stretched to the end of a span that runs past it.
fn office_day(span: Span) -> Span {
    let midnight = UtcTime::of_office(span.from().office_date(), chrono::NaiveTime::MIN);
    Span::new(midnight, span.to().max(midnight.plus(minutes(24 * 60)))).unwrap_or(span)
}

/// The resources a session holds already, for moving it.
pub(super) async fn resources_of(conn: &mut Conn, session: SessionId) -> Result<Vec<Resource>, StoreFailure> {
    let rows = sqlx::query(
        "SELECT c.resource_kind, c.resource_id, COALESCE(t.name, p.name) AS name, s.chair, s.secretary
         FROM claim c JOIN session s ON s.id = c.session_id
         LEFT JOIN site t ON c.resource_kind = 'site' AND t.id = c.resource_id
         LEFT JOIN person p ON c.resource_kind = 'person' AND p.id = c.resource_id
         WHERE c.session_id = $1 ORDER BY c.resource_kind, name",
    )
    .bind(key(session.uuid()))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.parsed("resource_id")?;
            let what = match row.text("resource_kind")?.as_str() {
                "site" => ClashWhat::Site,
                _ if row.parsed::<Uuid>("chair")? == id => ClashWhat::Chair,
                _ if row.parsed::<Uuid>("secretary")? == id => ClashWhat::Secretary,
                _ => ClashWhat::Technician,
            };
            Ok(Resource { what, id, name: row.text("name")? })
        })
        .collect()
}
