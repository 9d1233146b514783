//! The program itself: how it refuses to start, what it logs, how it stops, and what `verify` finds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

const PASSWORD: &str = "Nhipcau@2026";

fn nhipcau() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nhipcau"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NHIPCAU_")) {
        command.env_remove(name);
    }
    command
}

fn serve(data: &Path) -> Command {
    let mut command = nhipcau();
    command.args(["serve", "--demo", "--http", "127.0.0.1:0", "--media-udp", "127.0.0.1:0", "--data"]).arg(data);
    command
}

/// The one sentence with which the start ends.
#[track_caller]
fn sentence(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(!status.success());
    let said = String::from_utf8(stderr).unwrap();
    let lines: Vec<&str> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
    assert_eq!(lines.len(), 1, "not one sentence: {said}");
    assert!(lines[0].ends_with('.'), "{said}");
    lines[0].to_owned()
}

#[test]
fn every_mistake_ends_the_start_with_one_sentence_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    assert_eq!(
        sentence(nhipcau().args(["serve", "--htp", "x"])),
        "unexpected argument '--htp' found; see `nhipcau serve --help`."
    );
    let variable = sentence(serve(&data).env("NHIPCAU_HTP", "x"));
    assert!(variable.starts_with("The environment variable NHIPCAU_HTP is not a setting"), "{variable}");
    let file = dir.path().join("settings.toml");
    std::fs::write(&file, "log = \"info\"\nhtp = 1\n").unwrap();
    let key = sentence(serve(&data).arg("--config").arg(&file));
    assert!(key.contains("is wrong in line 2 (unknown field `htp`"), "{key}");
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    let port = sentence(nhipcau().args(["serve", "--http", &taken.to_string(), "--data"]).arg(&data));
    assert_eq!(
        port,
        format!("The address {taken} is taken: stop the program that listens there, or give another with --http.")
    );
    drop(held);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let media = udp.local_addr().unwrap().to_string();
    let port = sentence(
        nhipcau().args(["serve", "--demo", "--http", "127.0.0.1:0", "--media-udp", &media, "--data"]).arg(&data),
    );
    assert_eq!(
        port,
        format!("The media port {media} is taken: stop the program that uses it, or give another with --media-udp.")
    );
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let media = tcp.local_addr().unwrap().to_string();
    let port = sentence(serve(&data).args(["--media-tcp", &media]));
    assert_eq!(
        port,
        format!(
            "The media port {media} is taken for TCP: stop the program that uses it, give another with --media-tcp, or say --media-tcp off."
        )
    );
    std::fs::write(dir.path().join("cert.pem"), "no certificate").unwrap();
    let certificate = dir.path().join("cert.pem");
    let certificate = sentence(serve(&data).arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&certificate));
    assert!(certificate.contains("holds no certificate: give the PEM file"), "{certificate}");
    let nowhere = dir.path().join("nowhere");
    let token = ["token", "--session", "demo", "--role", "chair", "--name", "Trần Quốc Nghĩa", "--data"];
    let elsewhere = sentence(nhipcau().args(token).arg(&nowhere));
    assert!(elsewhere.starts_with(&format!("No server has run on the directory {}", nowhere.display())), "{elsewhere}");
    let unwritable = sentence(&mut serve(&file.join("data")));
    assert!(unwritable.contains("cannot be written") && unwritable.contains("--data"), "{unwritable}");
    let abroad = sentence(nhipcau().args(["serve", "--http", "0.0.0.0:0", "--data"]).arg(&data));
    assert!(
        abroad.starts_with("Plain HTTP on 0.0.0.0:0 would leave browsers without camera and microphone"),
        "{abroad}"
    );
}

/// A running demo server.
struct Running {
    child: Child,
    address: String,
    log: JoinHandle<String>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // All it says is read from the first moment, so that it never waits for us.
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = said.next().unwrap().unwrap();
        let address = first.split_once("http://").unwrap().1.to_owned();
        std::thread::spawn(move || said.map_while(Result::ok).for_each(drop));
        Self { child, address, log }
    }

    fn ask(&self, request: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        let text = format!(
            "{request}\r\nHost: {}\r\nOrigin: http://{}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.address, self.address
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stops it as a service manager does. What it logged.
    fn terminate(mut self) -> String {
        let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(kill.success());
        let status = self.child.wait().unwrap();
        let log = self.log.join().unwrap();
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }
}

#[test]
fn known_passwords_stay_in_the_demonstration_whatever_flag_is_forgotten_or_added() {
    let dir = tempfile::tempdir().unwrap();
    let (demo, real) = (dir.path().join("demo"), dir.path().join("real"));
    let without_demo = |data: &Path| {
        let mut command = nhipcau();
        command.args(["serve", "--http", "127.0.0.1:0", "--media-udp", "127.0.0.1:0", "--data"]).arg(data);
        command
    };
    Running::start(&mut serve(&demo)).terminate();
    let refused = sentence(&mut without_demo(&demo));
    assert!(refused.contains("holds a demonstration, whose passwords everybody knows: add --demo"), "{refused}");

    Running::start(&mut without_demo(&real)).terminate();
    let refused = sentence(&mut serve(&real));
    assert!(refused.contains("holds a real office") && refused.contains("leave out --demo"), "{refused}");
    // Nothing was written before the refusal: the office starts as it was, and makes no second administrator.
    let again = Running::start(&mut without_demo(&real));
    let known = again.ask(
        "POST /api/v1/auth/sign-in HTTP/1.1\r\nContent-Type: application/json",
        &format!("{{\"username\":\"thuky\",\"password\":\"{PASSWORD}\"}}"),
    );
    assert!(known.starts_with("HTTP/1.1 401"), "{known}");
    again.terminate();
}

#[test]
fn a_reader_that_has_seen_enough_of_the_document_is_no_failure() {
    let mut child = nhipcau().arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

/// The text between two marks.
#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

#[test]
fn no_password_cookie_token_or_link_reaches_the_log_even_at_trace() {
    let dir = tempfile::tempdir().unwrap();
    // The database's own statements and the sockets' bytes would drown the rest; sqlx logs no bound values.
    let server = Running::start(serve(dir.path()).args(["--log", "trace"]));
    let json = "Content-Type: application/json";
    let sign_in = |password: &str| {
        let body = format!("{{\"username\":\"thuky\",\"password\":\"{password}\"}}");
        server.ask(&format!("POST /api/v1/auth/sign-in HTTP/1.1\r\n{json}"), &body)
    };
    assert!(sign_in("Sai-Mat-Khau-1").starts_with("HTTP/1.1 401"));
    let cookie = between(&sign_in(PASSWORD), "nc_session=", ";").to_owned();
    let with = format!("HTTP/1.1\r\n{json}\r\nCookie: nc_session={cookie}");
    let joining = server.ask(&format!("POST /api/v1/sessions/demo/join {with}"), "");
    let token = between(&joining, "\"token\":\"", "\"").to_owned();
    let links = server.ask(&format!("POST /api/v1/sessions/demo/invitations {with}"), "{}");
    let link = between(&links, "\"link\":\"/j/", "\"").to_owned();
    assert!(server.ask(&format!("GET /api/v1/invitations/{link} HTTP/1.1"), "").starts_with("HTTP/1.1 200"));
    let whip = format!(
        "POST /api/v1/sessions/demo/whip HTTP/1.1\r\nContent-Type: application/sdp\r\nAuthorization: Bearer {token}"
    );
    assert!(server.ask(&whip, "v=0\r\n").starts_with("HTTP/1.1 400"));
    let log = server.terminate();
    assert!(log.contains("signed in") && log.contains("DEBUG"), "the log is not the one meant: {log}");
    for (what, secret) in [
        ("password", PASSWORD),
        ("password", "Sai-Mat-Khau-1"),
        ("cookie", &cookie),
        ("token", &token),
        ("link", &link),
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a {what} is in the log");
    }
}

#[test]
fn what_a_server_leaves_behind_can_be_verified_and_a_changed_file_is_found() {
    let dir = tempfile::tempdir().unwrap();
    Running::start(&mut serve(dir.path())).terminate();
    let verify = || nhipcau().arg("verify").arg("--data").arg(dir.path()).output().unwrap();
    let good = verify();
    let table = String::from_utf8(good.stdout).unwrap();
    assert!(good.status.success(), "{table}");
    assert!(
        table.contains("integrity_check ok") && table.contains("session demo") && table.ends_with(" 0 bad\n"),
        "{table}"
    );
    let token = nhipcau()
        .args(["token", "--session", "demo", "--role", "delegate", "--name", "Xã Đầm Hà", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(token.stdout).unwrap().matches('.').count(), 2);
    let nowhere = nhipcau().args(["verify", "--data"]).arg(dir.path().join("nowhere")).output().unwrap();
    assert!(!nowhere.status.success());
    // A page in the middle of the database, so that it still opens.
    let path = dir.path().join("nhipcau.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2048].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    assert!(!verify().status.success());
}
