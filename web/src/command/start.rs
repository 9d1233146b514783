//! Everything that can end a start, in the order in which it is tried. Each refusal is one sentence that says what to do.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use scheduler::account::{NewAccount, PasswordDue, SignInName};
use scheduler::field::FieldProblem;
use scheduler::person::PersonForm;
use scheduler::role::{Role, Roles};
use scheduler::store::{
    AccountRefused, Accounts as _, Attendances as _, Directory as _, DirectoryRefused, Office, OpenFailure,
};
use scheduler::store_failure::StoreFailure;
use sfu::net::{Bridge, BridgeConfig, BridgeStartError, FactReceiver};
use signaling::serve::{Host, HostConfig, Ports};
use signaling::token::LoadTest;

use super::tls::CertificateRefused;
use crate::account::password::{HashFailed, Hasher};
use crate::account::policy;
use crate::app::{App, Parts, recordings};
use crate::config::{Load, Occasion, Settings};
use crate::demo::{DemoRefused, Mixed};
use crate::secret::{NoRandomness, Secret};
use crate::telemetry::Metrics;
use crate::wiring::key::{self, KeyRefused};
use crate::wiring::live::Live;
use crate::wiring::marks::StoredMarks;
use crate::wiring::media::pass_on;
use crate::wiring::recordings::Recordings;
use crate::wiring::sessions::OfficeSessions;
use crate::wiring::upkeep;
use crate::{clock, demo};

#[derive(Debug, thiserror::Error)]
pub enum StartRefused {
    #[error("The directory {} cannot be written ({why}): give another with --data, or change its owner or permissions.", .path.display())]
    Directory { path: PathBuf, why: std::io::Error },
    #[error("Another server is using the directory {}: stop it first, or give another directory with --data.", .path.display())]
    InUse { path: PathBuf },
    #[error("The address {address} is taken: stop the program that listens there, or give another with --http.")]
    HttpTaken { address: SocketAddr },
    #[error("The address {address} cannot be listened on ({why}): give an address of this machine with --http.")]
    Http { address: SocketAddr, why: std::io::Error },
    #[error("The media port {address} is taken: stop the program that uses it, or give another with --media-udp.")]
    MediaTaken { address: SocketAddr },
    #[error(
        "The media port {address} is taken for TCP: stop the program that uses it, give another with --media-tcp, or say --media-tcp off."
    )]
    MediaTcpTaken { address: SocketAddr },
    #[error("The media bridge cannot start ({0}): check --media-udp, --media-tcp and --public-ip.")]
    Media(BridgeStartError),
    #[error(transparent)]
    Certificate(#[from] CertificateRefused),
    #[error(transparent)]
    Key(#[from] KeyRefused),
    #[error("The database cannot be opened ({0}): check the data directory, or restore it from the backup.")]
    Database(#[from] OpenFailure),
    #[error("The database does not work ({0}): check the disk, then start again.")]
    Store(#[from] StoreFailure),
    #[error("The first account cannot be made ({0}): start again, or give another directory with --data.")]
    FirstAccount(FirstAccountRefused),
    #[error("The demo accounts cannot be made ({0}): give another directory with --data.")]
    Demo(#[from] DemoRefused),
    #[error("The directory {} holds a real office, which --demo would fill with a made-up province and known passwords: leave out --demo, or give another directory with --data.", .path.display())]
    RealOffice { path: PathBuf },
    #[error("The directory {} holds a demonstration, whose passwords everybody knows: add --demo, or give another directory with --data.", .path.display())]
    Demonstration { path: PathBuf },
    #[error("Passwords cannot be hashed on this machine ({0}): give it more memory.")]
    Hash(#[from] HashFailed),
    #[error("The disk under {} failed: mend it, then start again; what was acknowledged before is there.", .path.display())]
    DiskFailed { path: PathBuf },
    #[error("The server stopped ({0}): look at the log, then start again.")]
    Served(std::io::Error),
    #[error("The program's threads cannot be started ({0}): look at the limits of this user.")]
    Threads(std::io::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum FirstAccountRefused {
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Hash(#[from] HashFailed),
    #[error("a field is wrong: {0:?}")]
    Field(Vec<FieldProblem>),
    #[error(transparent)]
    Person(#[from] DirectoryRefused),
    #[error(transparent)]
    Account(#[from] AccountRefused),
}

/// A server that has everything it needs and has not answered anybody yet.
pub struct Ready {
    pub app: App,
    pub first_account: Option<FirstAccount>,
    /// Held for as long as the server runs.
    pub _lock: File,
}

/// Told once, on the terminal.
pub struct FirstAccount {
    pub username: String,
    pub password: Secret<String>,
}

/// Makes the directories and takes them for this process.
pub fn take_directory(data: &Path) -> Result<File, StartRefused> {
    let refused = |why| StartRefused::Directory { path: data.to_owned(), why };
    std::fs::create_dir_all(data.join("recordings")).map_err(refused)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o700)).map_err(refused)?;
    }
    let path = data.join("server.lock");
    let mut lock = File::options().create(true).truncate(false).write(true).open(path).map_err(refused)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StartRefused::InUse { path: data.to_owned() }),
        Err(TryLockError::Error(why)) => return Err(refused(why)),
    }
    // Opening is not writing: a full or read-only disk shows here, not in the middle of a meeting.
    lock.set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()))
        .and_then(|()| lock.sync_all())
        .map_err(refused)?;
    Ok(lock)
}

pub fn listen(address: SocketAddr) -> Result<TcpListener, StartRefused> {
    let listener = TcpListener::bind(address).map_err(|why| match why.kind() {
        ErrorKind::AddrInUse => StartRefused::HttpTaken { address },
        _ => StartRefused::Http { address, why },
    })?;
    listener.set_nonblocking(true).map_err(|why| StartRefused::Http { address, why })?;
    Ok(listener)
}

/// On a thread that may block: the bridge brings a runtime of its own, which a failed start drops.
async fn open_bridge(settings: &Settings) -> Result<(Bridge, FactReceiver), StartRefused> {
    let config =
        BridgeConfig { udp: settings.media_udp, tcp: settings.media_tcp, public_ips: settings.public_ips.clone() };
    let started = tokio::task::spawn_blocking(move || Bridge::start(config)).await;
    let started = started.map_err(|panic| StartRefused::Threads(std::io::Error::other(panic)))?;
    let (bridge, facts) = started.map_err(|failed| match failed {
        BridgeStartError::Port { address, source } if source.kind() == ErrorKind::AddrInUse => {
            StartRefused::MediaTaken { address }
        }
        BridgeStartError::TcpPort { address, source } if source.kind() == ErrorKind::AddrInUse => {
            StartRefused::MediaTcpTaken { address }
        }
        other => StartRefused::Media(other),
    })?;
    let was_found = settings.media_udp.ip().is_unspecified() && settings.public_ips.is_empty();
    let doubt = reach_of(bridge.candidates().iter().map(|candidate| candidate.address.ip()));
    match doubt.filter(|_| was_found) {
        None => {}
        Some(Doubt::NoNetwork) => tracing::warn!(
            "no network is up: only this machine reaches the media port; give --public-ip, or start again"
        ),
        Some(Doubt::ClosedNetwork) => tracing::warn!(
            "this machine knows only addresses of closed networks: who is to reach the media port from elsewhere needs the address \
             of the router in front of it; give it with --public-ip"
        ),
    }
    Ok((bridge, facts))
}

/// Why the addresses found may not be enough. Neither is a mistake: a laptop may be alone, and a province's network is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doubt {
    NoNetwork,
    ClosedNetwork,
}

fn reach_of(mut offered: impl Iterator<Item = IpAddr> + Clone) -> Option<Doubt> {
    if offered.clone().all(|ip| ip.is_loopback()) {
        return Some(Doubt::NoNetwork);
    }
    offered.all(|ip| ip.is_loopback() || is_private(ip)).then_some(Doubt::ClosedNetwork)
}

/// RFC 1918, RFC 6598 (the addresses of providers' own NAT), RFC 4193.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.to_bits() >> 22 == 0x6440_0000 >> 22,
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// Puts the parts together.
pub async fn ready(settings: Settings) -> Result<Ready, StartRefused> {
    let lock = take_directory(&settings.data)?;
    let keys = key::load_or_make(&settings.data)?;
    let store = Office::open(&settings.data).await?;
    check_occasion(&store, &settings).await?;
    let hasher = Hasher::new()?;
    let first_account = match settings.occasion {
        Occasion::Demo => {
            store.seed_demo(clock::now()).await?;
            demo::add_accounts(&store, &hasher).await?;
            None
        }
        Occasion::Real => first_account(&store, &hasher).await.map_err(StartRefused::FirstAccount)?,
    };
    let (bridge, facts) = open_bridge(&settings).await?;
    let recordings = Recordings::new(store.clone(), bridge.clone(), recordings(&settings));
    recordings.finish_interrupted().await?;
    for session in store.recover_attendance(clock::now()).await? {
        tracing::info!(%session, "closed the presences that the last stop left open");
    }
    let load = match settings.load {
        Load::Allowed => LoadTest::Allowed,
        Load::Refused => LoadTest::Refused,
    };
    let ports = Ports {
        media: Arc::new(bridge.clone()),
        marks: Arc::new(StoredMarks { store: store.clone() }),
        recording: Arc::new(recordings.clone()),
        sessions: Arc::new(OfficeSessions { store: store.clone() }),
    };
    let host = Host::new(HostConfig::new(keys.clone(), load), ports);
    recordings.report_to(host.clone());
    tokio::spawn(pass_on(facts, host.clone()));
    tokio::spawn(upkeep::run(store.clone(), host.clone()));
    let live = Live::new(host, bridge, keys);
    let app = App::new(Parts { settings, store, hasher, live, metrics: Metrics::install() });
    Ok(Ready { app, first_account, _lock: lock })
}

/// Before anything is written.
async fn check_occasion(store: &Office, settings: &Settings) -> Result<(), StartRefused> {
    let people: Vec<_> = store.accounts().await?.iter().map(|account| account.person.id).collect();
    let path = || settings.data.clone();
    demo::fits(settings.occasion, &people).map_err(|mixed| match mixed {
        Mixed::RealOffice => StartRefused::RealOffice { path: path() },
        Mixed::Demonstration => StartRefused::Demonstration { path: path() },
    })
}

/// Makes the administrator of a new installation.
async fn first_account(store: &Office, hasher: &Hasher) -> Result<Option<FirstAccount>, FirstAccountRefused> {
    if store.has_accounts().await.map_err(AccountRefused::from)? {
        return Ok(None);
    }
    let roles = Roles::new([Role::Admin]);
    let person = PersonForm {
        name: "Quản trị viên".to_owned(),
        title: "Quản trị hệ thống".to_owned(),
        unit_id: None,
        site_id: None,
        phone: None,
        roles: roles.clone(),
    };
    let person = store.add_person(&person.parse().map_err(FirstAccountRefused::Field)?).await?;
    let password = policy::one_time()?;
    let username = SignInName::parse("quantri").map_err(FirstAccountRefused::Field)?;
    let told = username.as_str().to_owned();
    let account =
        NewAccount { person, username, password: hasher.hash(&password).await?, due: PasswordDue::Change, roles };
    store.add_account(&account, clock::now()).await?;
    Ok(Some(FirstAccount { username: told, password: Secret::new(password.reveal().to_owned()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_serves_one_server_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let held = take_directory(&data).unwrap();
        let sentence = take_directory(&data).unwrap_err().to_string();
        assert!(sentence.starts_with("Another server is using the directory"), "{sentence}");
        drop(held);
        take_directory(&data).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a-file");
        std::fs::write(&file, b"").unwrap();
        let sentence = take_directory(&file.join("data")).unwrap_err().to_string();
        assert!(sentence.contains("cannot be written") && sentence.contains("--data"), "{sentence}");
    }

    #[test]
    fn a_machine_that_only_closed_networks_reach_is_told_so() {
        let reach = |ips: &[&str]| {
            let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().unwrap()).collect();
            reach_of(ips.into_iter())
        };
        assert_eq!(reach(&["127.0.0.1"]), Some(Doubt::NoNetwork));
        assert_eq!(reach(&["10.1.2.3", "100.64.0.9", "fd00::1", "127.0.0.1"]), Some(Doubt::ClosedNetwork));
        assert_eq!(reach(&["10.1.2.3", "203.113.1.2"]), None);
        assert_eq!(reach(&["100.128.0.1"]), None);
    }

    #[test]
    fn a_port_in_use_is_named_with_its_flag() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let sentence = listen(address).unwrap_err().to_string();
        assert_eq!(
            sentence,
            format!(
                "The address {address} is taken: stop the program that listens there, or give another with --http."
            )
        );
    }
}
