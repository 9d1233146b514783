use super::*;

/// Who passes the gate of each route: nobody signed in, then secretary, chair, delegate, technician, leader, admin.
/// `x`: past the gate. `-`: 403. `?`: 401. A route that is not here fails the test.
#[rustfmt::skip]
const CELLS: &[(&str, &str)] = &[
    ("GET /api/v1/accounts", "?-----x"),
    ("POST /api/v1/accounts", "?-----x"),
    ("PATCH /api/v1/accounts/{person}", "?-----x"),
    ("POST /api/v1/accounts/{person}/reset", "?-----x"),
    ("GET /api/v1/auth/me", "?xxxxxx"),
    ("POST /api/v1/auth/password", "?xxxxxx"),
    ("POST /api/v1/auth/sign-in", "xxxxxxx"),
    ("POST /api/v1/bookings", "?x-----"),
    ("POST /api/v1/bookings/check", "?x-----"),
    ("DELETE /api/v1/bookings/draft", "?x-----"),
    ("GET /api/v1/bookings/draft", "?x-----"),
    ("PUT /api/v1/bookings/draft", "?x-----"),
    ("GET /api/v1/hubs", "?xxxxxx"),
    ("GET /api/v1/invitations/{secret}", "xxxxxxx"),
    ("POST /api/v1/invitations/{secret}/join", "xxxxxxx"),
    ("GET /api/v1/people", "?xxxxxx"),
    ("POST /api/v1/people", "?-----x"),
    ("PATCH /api/v1/people/{id}", "?-----x"),
    ("GET /api/v1/recordings", "?xxxxxx"),
    ("GET /api/v1/recordings/{id}", "?xxxxxx"),
    ("GET /api/v1/recordings/{id}/media", "?xxxxxx"),
    ("GET /api/v1/sessions", "?xxxxxx"),
    ("GET /api/v1/sessions/{id}", "?xxxxxx"),
    ("PATCH /api/v1/sessions/{id}", "?xxxxxx"),
    ("GET /api/v1/sessions/{id}/attendance", "?xxxxxx"),
    ("GET /api/v1/sessions/{id}/attendance.xlsx", "?xxxxxx"),
    ("POST /api/v1/sessions/{id}/attendance/confirm-declared", "?xxxxxx"),
    ("PUT /api/v1/sessions/{id}/attendance/{row}", "?xxxxxx"),
    ("POST /api/v1/sessions/{id}/cancel", "?xxxxxx"),
    ("POST /api/v1/sessions/{id}/end", "?xxxxxx"),
    ("POST /api/v1/sessions/{id}/invitations", "?xxxxxx"),
    ("POST /api/v1/sessions/{id}/join", "?xxxxxx"),
    ("POST /api/v1/sessions/{id}/whep", "???????"),
    ("DELETE /api/v1/sessions/{id}/whep/{resource}", "???????"),
    ("PATCH /api/v1/sessions/{id}/whep/{resource}", "???????"),
    ("POST /api/v1/sessions/{id}/whip", "???????"),
    ("DELETE /api/v1/sessions/{id}/whip/{resource}", "???????"),
    ("PATCH /api/v1/sessions/{id}/whip/{resource}", "???????"),
    ("GET /api/v1/site-tree", "?xxxxxx"),
    ("GET /api/v1/sites", "?xxxxxx"),
    ("POST /api/v1/sites", "?-----x"),
    ("PATCH /api/v1/sites/{id}", "?-----x"),
    ("GET /api/v1/system", "xxxxxxx"),
    ("GET /api/v1/units", "?xxxxxx"),
    ("POST /api/v1/units", "?-----x"),
    ("PATCH /api/v1/units/{id}", "?-----x"),
    ("POST /api/v1/auth/sign-out", "?xxxxxx"),
];

const ACCOUNTS: [&str; 6] = ["thuky", "chutri", "damha", "kythuat", "lanhdao", "quantri"];

/// Every operation of the document, signing out last: it ends the cookies the others need.
fn operations() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&crate::http::document()).unwrap();
    let mut all: Vec<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    all.sort_by_key(|(method, path)| (path.ends_with("sign-out"), path.clone(), method.clone()));
    all
}

/// An address of the route that leads to nothing.
fn somewhere(path: &str) -> String {
    let nothing = "00000000-0000-4000-8000-000000000000";
    let filled: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { nothing } else { part }).collect();
    filled.join("/")
}

async fn cell(world: &World, method: &str, path: &str, cookie: Option<&str>) -> char {
    let headers = vec![("content-type", "application/json")];
    let sent = Sent { cookie, headers, body: Some(b"{}".to_vec()) };
    let answer = world.send(method, &somewhere(path), sent).await;
    match answer.status.as_u16() {
        401 => '?',
        403 => '-',
        status if status < 500 => 'x',
        status => panic!("{method} {path}: {status}"),
    }
}

#[tokio::test]
async fn every_route_lets_in_exactly_the_roles_the_table_names() {
    let world = World::demo().await;
    let mut cookies = vec![None];
    for account in ACCOUNTS {
        cookies.push(Some(world.signed_in(account).await));
    }
    let mut found = Vec::new();
    for (method, path) in operations() {
        let mut row = String::new();
        for cookie in &cookies {
            row.push(cell(&world, &method, &path, cookie.as_deref()).await);
        }
        found.push((format!("{method} {path}"), row));
    }
    let expected: Vec<(String, String)> =
        CELLS.iter().map(|(route, row)| ((*route).to_owned(), (*row).to_owned())).collect();
    assert_eq!(found, expected);
}
