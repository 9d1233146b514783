//! `nhipcau verify`: is what a data directory holds what was ever written into it?

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use scheduler::chain::ChainVerdict;
use scheduler::record::{Recording, RecordingState};
use scheduler::store::{Archive, Inspection as _, OpenFailure};
use scheduler::store_failure::StoreFailure;
use sha2::{Digest as _, Sha256};

use crate::clock;

#[derive(Args)]
pub struct VerifyArgs {
    /// The server's data directory
    #[arg(long, env = "NHIPCAU_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

#[derive(Debug, thiserror::Error)]
enum VerifyFailed {
    #[error("There is no database in {}: give the server's data directory with --data.", .0.display())]
    NoDatabase(PathBuf),
    #[error("Nothing was checked: {0}.")]
    Open(#[from] OpenFailure),
    #[error("The database cannot be read ({0}): check the disk.")]
    Store(#[from] StoreFailure),
    #[error("A server was started on this directory in the middle of the check: check again.")]
    Disturbed,
    #[error("The program's threads cannot be started ({0}): look at the limits of this user.")]
    Threads(std::io::Error),
}

/// One line of the table.
struct Finding {
    what: String,
    verdict: Verdict,
}

#[derive(PartialEq, Eq)]
enum Verdict {
    Good(String),
    /// Not wrong, not finished: a recording in progress.
    Open(String),
    Bad(String),
}

/// 0: everything is as it was written. 1: something is not, or cannot be read.
pub fn run(arguments: &VerifyArgs) -> ExitCode {
    match findings(&arguments.data) {
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            let bad = findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Bad(_))).count();
            println!("{} checked, {bad} bad", findings.len());
            if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failed) => {
            eprintln!("{failed}");
            ExitCode::FAILURE
        }
    }
}

fn findings(data: &Path) -> Result<Vec<Finding>, VerifyFailed> {
    if !data.join("nhipcau.db").is_file() {
        return Err(VerifyFailed::NoDatabase(data.to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(VerifyFailed::Threads)?;
    runtime.block_on(async {
        let store = Archive::open(data).await?;
        let found = check(&store, &data.join("recordings")).await;
        let disturbed = store.was_disturbed();
        store.close().await;
        if disturbed { Err(VerifyFailed::Disturbed) } else { found }
    })
}

async fn check(store: &Archive, recordings: &Path) -> Result<Vec<Finding>, VerifyFailed> {
    let complaints = store.check_integrity().await?;
    let verdict = if complaints.is_empty() {
        Verdict::Good("integrity_check ok".to_owned())
    } else {
        Verdict::Bad(complaints.join("; "))
    };
    let mut findings = vec![Finding { what: "database".to_owned(), verdict }];
    for session in store.all_sessions().await? {
        let verdict = match store.verify_marks(session).await? {
            ChainVerdict::BrokenAt { entry } => Verdict::Bad(format!("the chain of marks is broken at entry {entry}")),
            ChainVerdict::Whole { entries, head } => match store.fold_attendance(session, clock::now()).await {
                Ok(_) => Verdict::Good(format!("{entries} marks to {head}, attendance can be folded")),
                Err(failure) => Verdict::Bad(format!("attendance cannot be folded: {failure}")),
            },
        };
        findings.push(Finding { what: format!("session {session}"), verdict });
    }
    for recording in store.all_recordings().await? {
        let verdict = check_recording(&recording, &recordings.join(&recording.file));
        findings.push(Finding { what: format!("recording {}", recording.id), verdict });
    }
    Ok(findings)
}

fn check_recording(recording: &Recording, file: &Path) -> Verdict {
    let size = std::fs::metadata(file).map(|metadata| metadata.len());
    match (recording.state, size) {
        (RecordingState::Broken, _) => Verdict::Open("known to be broken".to_owned()),
        (RecordingState::Recording, Ok(_)) => Verdict::Open("not finished; the next start finishes it".to_owned()),
        (RecordingState::Recording | RecordingState::Ready, Err(why)) => {
            Verdict::Bad(format!("its file cannot be read: {why}"))
        }
        (RecordingState::Ready, Ok(size)) if size != recording.size_bytes => {
            Verdict::Bad(format!("{size} bytes, should be {}", recording.size_bytes))
        }
        (RecordingState::Ready, Ok(_)) => match hash(file) {
            Ok(found) if Some(&found) == recording.sha256.as_ref() => {
                Verdict::Good(format!("{} bytes, sha256 as entered", recording.size_bytes))
            }
            Ok(found) => Verdict::Bad(format!("sha256 is {found}, not the one entered")),
            Err(why) => Verdict::Bad(format!("its file cannot be read: {why}")),
        },
    }
}

fn hash(file: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(file)?, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, text) = match &self.verdict {
            Verdict::Good(text) => ("ok  ", text),
            Verdict::Open(text) => ("open", text),
            Verdict::Bad(text) => ("BAD ", text),
        };
        write!(f, "{mark}  {:<48}  {text}", self.what)
    }
}
