use super::{World, at, now, secretary, site};
use crate::account::{AccountState, NewAccount, PasswordDue, PasswordHash, SignInName, TokenHash, WebSession};
use crate::demo;
use crate::field::FieldFault;
use crate::id::PersonId;
use crate::person::PersonForm;
use crate::policy::{PolicyKey, PolicyRefused};
use crate::role::{Role, Roles};
use crate::site::{SiteForm, TreeNode};
use crate::store::{AccountRefused, Accounts, Directory, DirectoryRefused, PolicySettings};
use crate::unit::{UnitForm, UnitKind};

fn account(username: &str, roles: &[Role]) -> NewAccount {
    NewAccount {
        person: demo::person_id(username),
        username: SignInName::parse(username).unwrap(),
        password: PasswordHash::new(format!("$argon2id${username}")),
        due: PasswordDue::Keep,
        roles: Roles::new(roles.iter().copied()),
    }
}

fn cookie(person: PersonId, secret: &[u8]) -> WebSession {
    WebSession { token: TokenHash::of(secret), person, expires_at: at(12, 0) }
}

#[tokio::test]
async fn an_account_signs_in_until_its_session_expires_or_is_closed() {
    let world = World::new().await;
    assert!(!world.store.has_accounts().await.unwrap());
    world.store.add_account(&account("thuky", &[Role::Secretary]), now()).await.unwrap();
    assert!(world.store.has_accounts().await.unwrap());
    let credentials = world.store.credentials(&SignInName::parse("ThuKy").unwrap()).await.unwrap().unwrap();
    assert_eq!((credentials.person, credentials.password.reveal()), (secretary(), "$argon2id$thuky"));
    world.store.open_web_session(&cookie(secretary(), b"one"), now()).await.unwrap();
    world.store.open_web_session(&cookie(secretary(), b"two"), now()).await.unwrap();
    let signed_in = world.store.signed_in(TokenHash::of(b"one"), now()).await.unwrap().unwrap();
    assert_eq!((signed_in.person.name.as_str(), signed_in.username.as_str()), ("Trần Thu Hà", "thuky"));
    assert!(world.store.signed_in(TokenHash::of(b"one"), at(12, 0)).await.unwrap().is_none());
    assert!(world.store.signed_in(TokenHash::of(b"three"), now()).await.unwrap().is_none());
    world.store.close_web_session(TokenHash::of(b"two")).await.unwrap();
    assert!(world.store.signed_in(TokenHash::of(b"two"), now()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_password_signs_out_every_other_browser() {
    let world = World::new().await;
    world.store.add_account(&account("thuky", &[Role::Secretary]), now()).await.unwrap();
    for secret in [b"one", b"two"] {
        world.store.open_web_session(&cookie(secretary(), secret), now()).await.unwrap();
    }
    let hash = PasswordHash::new("$argon2id$new".into());
    world.store.set_password(secretary(), &hash, PasswordDue::Keep, Some(TokenHash::of(b"two"))).await.unwrap();
    assert!(world.store.signed_in(TokenHash::of(b"one"), now()).await.unwrap().is_none());
    assert!(world.store.signed_in(TokenHash::of(b"two"), now()).await.unwrap().is_some());
}

#[tokio::test]
async fn names_are_taken_once_and_the_last_administrator_stays() {
    let world = World::new().await;
    world.store.add_account(&account("quantri", &[Role::Admin]), now()).await.unwrap();
    let admin = demo::person_id("quantri");
    let twice = NewAccount { username: SignInName::parse("other").unwrap(), ..account("quantri", &[]) };
    assert!(matches!(world.store.add_account(&twice, now()).await, Err(AccountRefused::HasAccount)));
    let same_name = NewAccount { username: SignInName::parse("QUANTRI").unwrap(), ..account("thuky", &[]) };
    assert!(matches!(world.store.add_account(&same_name, now()).await, Err(AccountRefused::NameTaken)));
    let nobody = account("nobody", &[]);
    assert!(matches!(world.store.add_account(&nobody, now()).await, Err(AccountRefused::Unknown)));
    let disable = world.store.set_account_state(admin, AccountState::Disabled).await;
    assert!(matches!(disable, Err(AccountRefused::LastAdmin)));
    let demote = world.store.set_roles(admin, &Roles::new([Role::Leader])).await;
    assert!(matches!(demote, Err(AccountRefused::LastAdmin)));
    world.store.add_account(&account("thuky", &[Role::Admin]), now()).await.unwrap();
    world.store.open_web_session(&cookie(admin, b"one"), now()).await.unwrap();
    world.store.set_account_state(admin, AccountState::Disabled).await.unwrap();
    assert!(world.store.signed_in(TokenHash::of(b"one"), now()).await.unwrap().is_none());
    let accounts = world.store.accounts().await.unwrap();
    assert_eq!(
        accounts.iter().map(|account| account.state).collect::<Vec<_>>(),
        [AccountState::Disabled, AccountState::Enabled]
    );
}

#[tokio::test]
async fn the_picker_shows_the_centre_sixteen_departments_less_one_and_thirteen_hubs_of_fifty_four_sites() {
    let world = World::new().await;
    let directory = world.store.site_directory(now().office_date()).await.unwrap();
    let shape: Vec<(String, usize)> = directory
        .tree()
        .iter()
        .map(|node| match node {
            TreeNode::Group { name, children, .. } => (name.clone(), children.len()),
            TreeNode::Site(_) => panic!("a site at the top"),
        })
        .collect();
    let expected = [("Điểm cầu trung tâm", 1), ("Sở, ban, ngành", 15), ("Xã, phường, đặc khu", 13)];
    assert_eq!(shape, expected.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(directory.sites_of(crate::site::GroupId::Communes).len(), 54);
}

#[tokio::test]
async fn the_directory_is_extended_and_corrected_and_refuses_codes_taken_and_references_to_nothing() {
    let world = World::new().await;
    let mut form = SiteForm {
        code: "06895-2".into(),
        name: "Xã Đầm Hà, nhà văn hóa".into(),
        short_name: "X Đầm Hà 2".into(),
        room: None,
        unit_id: demo::unit_id("06895"),
        hub_id: Some(demo::hub_id("Đầm Hà")),
        seats: 80,
        contact_name: None,
        contact_phone: None,
        central: false,
    };
    let added = world.store.add_site(&form.parse().unwrap()).await.unwrap();
    form.seats = 90;
    world.store.edit_site(added, &form.parse().unwrap()).await.unwrap();
    assert_eq!(world.store.site(added).await.unwrap().unwrap().seats, 90);
    let fault = |refused: DirectoryRefused| match refused {
        DirectoryRefused::Invalid(problems) => (problems[0].field.clone(), problems[0].what),
        other => panic!("{other:?}"),
    };
    let taken = world.store.add_site(&form.parse().unwrap()).await.unwrap_err();
    assert_eq!(fault(taken), ("code".to_owned(), FieldFault::Taken));
    let lost = SiteForm { code: "x".into(), unit_id: demo::unit_id("none"), ..form.clone() };
    assert_eq!(
        fault(world.store.add_site(&lost.parse().unwrap()).await.unwrap_err()),
        ("unit_id".to_owned(), FieldFault::Unknown)
    );
    let unknown = world.store.edit_site(site("none"), &form.parse().unwrap()).await;
    assert!(matches!(unknown, Err(DirectoryRefused::Unknown)));

    let knot = UnitForm {
        code: "22".into(),
        name: "Tỉnh Quảng Ninh".into(),
        kind: UnitKind::Province,
        parent: Some(demo::unit_id("06895")),
        valid_from: chrono::NaiveDate::from_ymd_opt(2025, 7, 1).unwrap(),
        valid_to: None,
        successors: Vec::new(),
    };
    let knot = world.store.edit_unit(demo::unit_id("22"), &knot.parse().unwrap()).await.unwrap_err();
    assert_eq!(fault(knot), ("parent_id".to_owned(), FieldFault::Circular));

    let person = PersonForm {
        name: "Nguyễn Văn An".into(),
        title: "Chuyên viên".into(),
        unit_id: Some(demo::unit_id("STC")),
        site_id: Some(added),
        phone: None,
        roles: Roles::new([Role::Delegate]),
    };
    let id = world.store.add_person(&person.parse().unwrap()).await.unwrap();
    let kept = world.store.person(id).await.unwrap().unwrap();
    assert_eq!((kept.unit_name.as_deref(), kept.site_id), (Some("Sở Tài chính"), Some(added)));
    assert_eq!(world.store.people(Some(Role::Technician)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_policy_stays_within_its_bounds_and_remembers_who_changed_it() {
    let world = World::new().await;
    let refused = world.store.set_policy(PolicyKey::OpenLeadMinutes, -1, secretary(), now()).await;
    assert!(matches!(refused, Err(PolicyRefused::OutOfRange { min: 0, max: 1_440 })));
    world.store.set_policy(PolicyKey::OpenLeadMinutes, 90, secretary(), at(7, 5)).await.unwrap();
    let settings = world.store.policy_settings().await.unwrap();
    let changed = settings.iter().find(|setting| setting.key == PolicyKey::OpenLeadMinutes).unwrap();
    assert_eq!((changed.value, changed.changed_by, changed.changed_at), (90, Some(secretary()), Some(at(7, 5))));
    assert_eq!(world.store.policies().await.unwrap().open_lead, crate::time::minutes(90));
}

#[tokio::test]
async fn a_unit_is_renamed_under_its_own_code_and_never_under_anothers() {
    let world = World::new().await;
    let units = world.store.units().await.unwrap();
    let [one, other] = ["06652", "06658"].map(|code| units.iter().find(|unit| unit.code.as_str() == code).unwrap());
    let mut form = UnitForm {
        code: one.code.as_str().into(),
        name: "Phường Hà Tu mới".into(),
        kind: one.kind,
        parent: one.parent,
        valid_from: one.valid_from,
        valid_to: one.valid_to,
        successors: Vec::new(),
    };
    world.store.edit_unit(one.id, &form.parse().unwrap()).await.unwrap();
    let renamed = world.store.units().await.unwrap().into_iter().find(|unit| unit.id == one.id).unwrap();
    assert_eq!(renamed.name.as_str(), "Phường Hà Tu mới");
    form.code = other.code.as_str().into();
    let refused = world.store.edit_unit(one.id, &form.parse().unwrap()).await.unwrap_err();
    assert!(
        matches!(&refused, DirectoryRefused::Invalid(problems) if problems.iter().any(|one| one.what == FieldFault::Taken)),
        "{refused:?}"
    );
}
