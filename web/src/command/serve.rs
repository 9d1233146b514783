//! `nhipcau serve`: start, serve, drain.

use std::net::SocketAddr;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::connections::PerAddress;
use super::files;
use super::start::{self, Ready, StartRefused};
use super::tls;
use crate::account::policy::OF_DEMONSTRATION;
use crate::app::App;
use crate::config::{Front, Occasion, Settings};
use crate::{demo, http, telemetry};

/// A request in progress may finish within this after everything else has.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Slower headers are somebody holding sockets open.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

type Serving = tokio::task::JoinHandle<std::io::Result<()>>;

/// Until a signal ends it.
pub fn run(settings: Settings) -> Result<(), StartRefused> {
    telemetry::log(&settings);
    files::allow_many();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartRefused::Threads)?;
    runtime.block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), StartRefused> {
    let mut signals = Signals::new().map_err(StartRefused::Threads)?;
    let listener = start::listen(settings.http)?;
    let certificate = match &settings.front {
        Front::Tls { cert, key } => {
            let config = tls::load(cert, key).await?;
            tokio::spawn(tls::reload(config.clone(), cert.clone(), key.clone()));
            Some(config)
        }
        Front::Loopback | Front::Proxy => None,
    };
    let address = listener.local_addr().map_err(|why| StartRefused::Http { address: settings.http, why })?;
    let ready = start::ready(settings).await?;
    announce(&ready, address);
    let app = ready.app.clone();
    tokio::spawn(telemetry::keep_up(app.figures().clone()));
    let handle = Handle::new();
    let mut serving: Serving = tokio::spawn(answer(listener, certificate, app.clone(), handle.clone()));
    tokio::select! {
        () = signals.next() => drain(&app, &handle, serving, signals).await,
        // After a failed flush nobody knows what the disk holds: a new start reads it again, this process must not pretend.
        () = app.store().marks_ended() => return Err(StartRefused::DiskFailed { path: app.settings().data.clone() }),
        // It ends only by failing.
        ended = &mut serving => return ended.unwrap_or_else(|panic| Err(std::io::Error::other(panic))).map_err(StartRefused::Served),
    }
    drop(ready);
    Ok(())
}

async fn answer(
    listener: std::net::TcpListener,
    certificate: Option<RustlsConfig>,
    app: App,
    handle: Handle<SocketAddr>,
) -> std::io::Result<()> {
    let service = http::router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let door = PerAddress::new(app.settings().front.clone());
    match certificate {
        Some(config) => {
            let door = RustlsAcceptor::new(config).acceptor(door);
            let mut server = axum_server::from_tcp(listener)?.acceptor(door).handle(handle);
            server.http_builder().http1().header_read_timeout(HEADERS_WITHIN);
            server.serve(service).await
        }
        None => {
            let mut server = axum_server::from_tcp(listener)?.acceptor(door).handle(handle);
            server.http_builder().http1().header_read_timeout(HEADERS_WITHIN);
            server.serve(service).await
        }
    }
}

/// Tells everybody to come back, finishes recordings, stores marks. A second signal ends the process at once.
async fn drain(app: &App, handle: &Handle<SocketAddr>, serving: Serving, mut signals: Signals) {
    tracing::info!("stopping: telling everybody, finishing recordings, storing marks; a second signal stops at once");
    tokio::spawn(async move {
        signals.next().await;
        tracing::warn!("stopped at once");
        std::process::exit(1);
    });
    app.live().drain().await;
    handle.graceful_shutdown(Some(LAST_REQUESTS));
    // An error is the server's own; what matters now is that the store is closed.
    if let Ok(Err(failure)) =
        tokio::time::timeout(LAST_REQUESTS + Duration::from_secs(1), serving).await.unwrap_or(Ok(Ok(())))
    {
        tracing::warn!(%failure, "the last requests were cut");
    }
    app.store().close().await;
    tracing::info!("stopped");
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What the person at the terminal wants to know; passwords go here and nowhere else.
fn announce(ready: &Ready, address: SocketAddr) {
    let settings = ready.app.settings();
    let scheme = if matches!(settings.front, Front::Tls { .. }) { "https" } else { "http" };
    let shown = settings.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    println!("Nhịp Cầu {}: {shown}", env!("CARGO_PKG_VERSION"));
    match settings.occasion {
        Occasion::Demo => {
            println!("Tỉnh minh họa / demo province. Mật khẩu chung / password of all accounts: {OF_DEMONSTRATION}");
            for account in demo::accounts() {
                println!("  {:<10} {}", account.username, account.name);
            }
            println!("Phiên họp luôn mở / always open session: {shown}/join/demo");
        }
        Occasion::Real => {
            if let Some(first) = &ready.first_account {
                println!("Tài khoản quản trị đầu tiên / first administrator: {}", first.username);
                println!("Mật khẩu dùng một lần / one-time password: {}", first.password.reveal());
            }
        }
    }
}
