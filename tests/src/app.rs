//! The server under test: the real binary, as a child process, with a data folder of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::eventually;

/// A cold start on a busy two-core machine, with migrations and the demo province.
const START_WITHIN: Duration = Duration::from_secs(60);

/// In which network the server runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// As `ip netns` knows it; without one the test's own. Away from the loopback the server speaks plain HTTP only to a proxy, so the
    /// test is one.
    pub namespace: Option<&'static str>,
    /// The server's address.
    pub host: IpAddr,
    /// The address from which clients ask that have none of their own.
    pub from: IpAddr,
}

impl Place {
    pub const LOOPBACK: Self =
        Self { namespace: None, host: IpAddr::V4(Ipv4Addr::LOCALHOST), from: IpAddr::V4(Ipv4Addr::LOCALHOST) };

    /// Free ports; where nobody else is, any are free.
    fn ports(self) -> anyhow::Result<(u16, u16)> {
        match self.namespace {
            None => {
                // Held until the other is found, so that they are two.
                let http = TcpListener::bind((self.host, 0))?;
                Ok((http.local_addr()?.port(), self.free_for_media()?))
            }
            Some(_) => Ok((8080, 7000)),
        }
    }

    /// Media takes one port number for both UDP and TCP.
    fn free_for_media(self) -> anyhow::Result<u16> {
        for _ in 0..100 {
            let udp = UdpSocket::bind((self.host, 0))?;
            let port = udp.local_addr()?.port();
            if TcpListener::bind((self.host, port)).is_ok() {
                return Ok(port);
            }
        }
        anyhow::bail!("no port is free for both UDP and TCP")
    }

    fn command(self) -> Command {
        match self.namespace {
            None => Command::new(binary()),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(binary());
                command
            }
        }
    }
}

pub struct App {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    pub http: u16,
    pub media: u16,
    pub place: Place,
    data: Arc<TempDir>,
}

/// The binary that stands beside the test binaries.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
    let binary = folder.join("nhipcau");
    assert!(binary.exists(), "{} is missing: `cargo build --workspace --bins` first", binary.display());
    binary
}

impl App {
    /// A demo server on free ports of the loopback.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_at(Place::LOOPBACK).await
    }

    pub async fn start_at(place: Place) -> anyhow::Result<Self> {
        let data = Arc::new(tempfile::tempdir().context("a data folder")?);
        Self::start_in(data, place).await
    }

    async fn start_in(data: Arc<TempDir>, place: Place) -> anyhow::Result<Self> {
        let (http, media) = place.ports()?;
        let host = place.host;
        let mut child = place
            .command()
            .args(["serve", "--demo", "--public-ip", &host.to_string()])
            .args(place.namespace.map(|_| "--behind-proxy"))
            .args(["--http", &format!("{host}:{http}"), "--media-udp", &format!("{host}:{media}")])
            .arg("--data")
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("the server starts")?;
        let log = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take(), &log);
        collect(child.stderr.take(), &log);
        let mut app = Self { child, log, http, media, place, data };
        app.wait_until_ready().await;
        Ok(app)
    }

    async fn wait_until_ready(&mut self) {
        let url = self.url("/readyz");
        let client = reqwest::Client::new();
        let child = Mutex::new(&mut self.child);
        let log = &self.log;
        eventually("the server is ready", START_WITHIN, || {
            let ended = child.lock().expect("one task").try_wait().expect("the child can be asked");
            assert!(ended.is_none(), "the server ended at start:\n{}", said(log));
            let request = client.get(&url).send();
            async move { request.await.ok().filter(|answer| answer.status().is_success()).map(drop) }
        })
        .await;
    }

    /// Power failure: SIGKILL and nothing else (by dropping). The data folder stays.
    pub fn kill(self) -> Arc<TempDir> {
        Arc::clone(&self.data)
    }

    pub async fn restart_in(data: Arc<TempDir>) -> anyhow::Result<Self> {
        Self::start_in(data, Place::LOOPBACK).await
    }

    /// SIGTERM; the server drains and ends by itself.
    pub async fn terminate(mut self) -> anyhow::Result<(ExitStatus, String)> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(told.success(), "kill -TERM failed");
        let child = Mutex::new(&mut self.child);
        let status = eventually("the server drains", Duration::from_secs(30), || {
            let ended = child.lock().expect("one task").try_wait().expect("the child can be asked");
            async move { ended }
        })
        .await;
        Ok((status, said(&self.log)))
    }

    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}:{}{path}", self.place.host, self.http)
    }

    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    #[must_use]
    pub fn log(&self) -> String {
        said(&self.log)
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A join token as `nhipcau token` prints it.
    pub async fn token(&self, role: &str, name: &str) -> anyhow::Result<String> {
        let mut command = Command::new(binary());
        command.args(["token", "--session", "demo", "--role", role, "--name", name, "--data"]).arg(self.data.path());
        let printed = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(printed.status.success(), "nhipcau token: {}", String::from_utf8_lossy(&printed.stderr));
        Ok(String::from_utf8(printed.stdout)?.trim().to_owned())
    }

    /// A token that admits several, told apart by the query `?as=NAME`.
    pub async fn pool_token(&self, admits: u32) -> anyhow::Result<String> {
        let mut command = Command::new(binary());
        command.args(["token", "--session", "demo", "--role", "delegate", "--name", "Các xã", "--pool"]);
        command.arg(admits.to_string()).arg("--data").arg(self.data.path());
        let printed = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(printed.status.success(), "nhipcau token: {}", String::from_utf8_lossy(&printed.stderr));
        Ok(String::from_utf8(printed.stdout)?.trim().to_owned())
    }

    /// Datagrams the media engine has dropped so far, for a reason or for any.
    pub async fn dropped(&self, kind: Option<&str>) -> anyhow::Result<f64> {
        let metrics = self.visitor()?.raw("/metrics").await?.text().await?;
        let wanted = kind.map_or_else(|| "sfu_dropped_packets_total".to_owned(), |kind| format!("kind=\"{kind}\""));
        let lines =
            metrics.lines().filter(|line| line.starts_with("sfu_dropped_packets_total") && line.contains(&wanted));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Memory the server holds, in bytes.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }

    /// Somebody with a browser: an own cookie jar, requests from the server's own origin.
    pub fn visitor(&self) -> anyhow::Result<Visitor> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Visitor { client, origin: self.url(""), cookie: Arc::default() })
    }

    /// A visitor signed in with the demo account of a role.
    pub async fn signed_in(&self, role: &str) -> anyhow::Result<Visitor> {
        let visitor = self.visitor()?;
        let system = visitor.get("/api/v1/system").await?;
        let accounts = system["accounts"].as_array().context("the demo offers accounts")?;
        let account = accounts
            .iter()
            .find(|account| account["role"] == role)
            .with_context(|| format!("no demo account for {role}"))?;
        let (status, answer) = visitor
            .post(
                "/api/v1/auth/sign-in",
                &serde_json::json!({"username": account["username"], "password": account["password"]}),
            )
            .await?;
        ensure!(status == 200, "sign-in as {role}: {status} {answer}");
        Ok(visitor)
    }
}

fn said(log: &Mutex<Vec<String>>) -> String {
    log.lock().map(|lines| lines.join("\n")).unwrap_or_default()
}

/// Reads what the child says until it ends; a full pipe would stop it.
fn collect(stream: Option<impl Read + Send + 'static>, log: &Arc<Mutex<Vec<String>>>) {
    let Some(stream) = stream else { return };
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Ok(mut log) = log.lock() {
                log.push(line);
            }
        }
    });
}

impl Drop for App {
    fn drop(&mut self) {
        // Already ended is fine; a test must not leave a server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Requests as a page of the server's own origin makes them.
#[derive(Clone)]
pub struct Visitor {
    client: reqwest::Client,
    origin: String,
    /// As the server last set it. Kept by hand: behind a proxy it is `Secure`, and a test stands between proxy and server.
    cookie: Arc<Mutex<Option<String>>>,
}

impl Visitor {
    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}{path}", self.origin))
            .header("origin", &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header("accept-language", "vi");
        match &*self.cookie.lock().expect("nobody panics with it") {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// The JSON of a successful answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.request(reqwest::Method::GET, path).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("GET {path} is no JSON: {text}"))
    }

    pub async fn raw(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        Ok(self.request(reqwest::Method::GET, path).send().await?)
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.send(reqwest::Method::POST, path, body, None).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.send(reqwest::Method::PUT, path, body, None).await
    }

    /// A request that may be repeated without being carried out twice.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.send(reqwest::Method::POST, path, body, Some(key)).await
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> anyhow::Result<(u16, Value)> {
        let mut request = self.request(method, path).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        if let Some(cookie) = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()) {
            let value = cookie.split(';').next().unwrap_or_default().to_owned();
            *self.cookie.lock().expect("nobody panics with it") = Some(value);
        }
        let text = answer.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).with_context(|| format!("{path}: {text}"))?
        };
        Ok((status, body))
    }

    /// WHIP and WHEP speak SDP and carry a join token instead of a cookie.
    pub async fn post_sdp(&self, path: &str, token: &str, sdp: String) -> anyhow::Result<reqwest::Response> {
        Ok(self
            .client
            .post(format!("{}{path}", self.origin))
            .header("content-type", "application/sdp")
            .bearer_auth(token)
            .body(sdp)
            .send()
            .await?)
    }

    /// Restarts ICE of a WHIP or WHEP resource.
    pub async fn patch_fragment(&self, path: &str, token: &str, fragment: String) -> anyhow::Result<(u16, String)> {
        let answer = self
            .client
            .patch(format!("{}{path}", self.origin))
            .header("content-type", "application/trickle-ice-sdpfrag")
            .header("if-match", "*")
            .bearer_auth(token)
            .body(fragment)
            .send()
            .await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    pub async fn delete(&self, path: &str, token: &str) -> anyhow::Result<u16> {
        Ok(self.client.delete(format!("{}{path}", self.origin)).bearer_auth(token).send().await?.status().as_u16())
    }
}
