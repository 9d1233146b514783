//! The programs that lay networks: `ip`, `nft`, `conntrack`.

use std::process::Command;

use anyhow::{Context, ensure};

/// `ip` of iproute2.
pub fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    run("ip", arguments)
}

/// A program in another namespace.
pub fn at(namespace: &str, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut words = vec!["netns", "exec", namespace, program];
    words.extend(arguments);
    run("ip", &words)
}

pub(super) fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let sentence = || format!("{program} {}", arguments.join(" "));
    let done = Command::new(program).args(arguments).output().with_context(sentence)?;
    ensure!(done.status.success(), "{}: {}", sentence(), String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}
