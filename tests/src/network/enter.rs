//! A test in a network of its own: the test binary runs itself once more in new network, mount and process namespaces. Whatever is made
//! there, namespaces, devices, rules and processes, is gone when that run ends, however it ends; nothing has names that could clash.

use std::fs::{File, metadata};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

/// Not `NHIPCAU_…`: the server refuses variables of that kind that it does not know.
const INSIDE: &str = "TESTS_INSIDE_A_NETWORK";

const NAMESPACES: [&str; 6] = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

pub(super) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(NAMESPACES);
    // Without root, root of a user namespace; some systems forbid that.
    if metadata("/proc/self").is_ok_and(|process| process.uid() != 0) {
        command.arg("--map-root-user");
    }
    command.arg("--");
    command
}

/// What this machine lacks for such a test, as a sentence for the person who reads that it was skipped.
pub(super) fn missing(tools: &[&str]) -> Option<String> {
    for tool in ["unshare", "ip"].iter().chain(tools) {
        if Command::new(tool).arg("-V").stdin(Stdio::null()).output().is_err() {
            return Some(format!("there is no program `{tool}`; `tests/setup test` installs it"));
        }
    }
    if let Err(error) = File::options().read(true).write(true).open("/dev/net/tun") {
        return Some(format!("/dev/net/tun cannot be opened: {error}"));
    }
    match unshare().args(["ip", "link", "set", "lo", "up"]).output() {
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => Some(format!(
            "namespaces cannot be made: {}",
            String::from_utf8_lossy(&tried.stderr).trim().replace('\n', "; ")
        )),
        Err(error) => Some(format!("namespaces cannot be made: {error}")),
    }
}

/// Runs the test that this thread runs once more, inside.
pub(super) fn again() -> anyhow::Result<()> {
    let test = test_name()?;
    let binary = std::env::current_exe().context("a test knows its own path")?;
    let ended = unshare().arg(binary).args([&test, "--exact", "--nocapture"]).env(INSIDE, "1").status()?;
    ensure!(ended.success(), "{test} failed inside its network ({ended})");
    Ok(())
}

/// The test harness names its threads after the tests, or runs a single test on the main thread.
fn test_name() -> anyhow::Result<String> {
    match std::thread::current().name() {
        Some(name) if name != "main" => Ok(name.to_owned()),
        _ => match std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
            Some(name) => Ok(name),
            None => bail!("on one thread, these tests run one by one: name one with --exact, or use cargo nextest"),
        },
    }
}
