//! The corpus once more, without a fuzzer: what was found stays found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file of the corpus says one thing; whatever is larger has not been minimised.
const FILE_BYTES_MAX: usize = 20 * 1024;

/// For one file, unoptimised and on a busy machine; the fuzzer itself is held to a second with all its counters.
const SLOW: Duration = Duration::from_secs(5);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    files
}

#[test]
fn everything_a_fuzzer_ever_found_is_read_or_refused_again() {
    for (name, run) in fuzz::TARGETS {
        let files = files(&corpus().join(name));
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            let bytes = std::fs::read(&file).expect("it was listed");
            assert!(bytes.len() <= FILE_BYTES_MAX, "{} is too large to say one thing", file.display());
            // A panic says which file it was.
            println!("{}", file.display());
            let began = Instant::now();
            run(&bytes);
            assert!(began.elapsed() < SLOW, "{} took {:?}", file.display(), began.elapsed());
        }
    }
}

#[test]
fn no_corpus_lies_where_nobody_reads_it() {
    let known: BTreeSet<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    for folder in files(&corpus()) {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(known.contains(name), "{} belongs to no target", folder.display());
    }
}

#[test]
fn nothing_at_all_is_no_trouble_for_anybody() {
    for (_, run) in fuzz::TARGETS {
        run(&[]);
    }
}
