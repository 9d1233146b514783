//! Rules about names, places and sizes of source files.

use crate::{files, read, report};

fn sources() -> impl Iterator<Item = String> {
    files().into_iter().filter(|path| {
        let code = [".rs", ".ts", ".svelte", ".sql"].iter().any(|ending| path.ends_with(ending));
        code && !path.contains("/generated/")
    })
}

/// Lines of Rust outside comments, with their numbers; tests at the end of a file included.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Places outside `rooms` where a line of Rust under `under` contains `word`.
fn outside(under: &str, rooms: &[&str], word: &str) -> Vec<String> {
    sources()
        .filter(|path| path.starts_with(under) && path.ends_with(".rs"))
        .filter(|path| !rooms.iter().any(|room| path.starts_with(room)))
        .flat_map(|path| {
            let text = read(&path);
            code_lines(&text)
                .filter(|(_, line)| line.contains(word))
                .map(|(number, line)| format!("{path}:{number}: {}", line.trim()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_top_level_holds_only_what_is_named() {
    let known = [
        "Cargo.toml",
        "Cargo.lock",
        "sfu",
        "signaling",
        "scheduler",
        "web",
        "tests",
        "README.md",
        "LICENSE",
        "Makefile",
        "rustfmt.toml",
        ".ci",
        ".config",
        ".gitignore",
        ".gitattributes",
    ];
    let strangers: Vec<String> = files()
        .iter()
        .filter_map(|path| path.split('/').next().map(str::to_owned))
        .filter(|top| !known.contains(&top.as_str()))
        .collect();
    report("a stranger on the top level", &strangers);
}

#[test]
fn nothing_is_called_after_nothing() {
    let empty = ["util", "utils", "common", "helper", "helpers", "manager", "types", "misc"];
    let offenders: Vec<String> = sources()
        .filter(|path| {
            path.split('/').any(|part| {
                let stem = part.split('.').next().unwrap_or(part);
                // The office's words are the namespace `common` of the dictionary.
                empty.contains(&stem) && !path.contains("/i18n/")
            })
        })
        .collect();
    report("a name that says nothing", &offenders);
}

#[test]
fn a_file_answers_one_question() {
    const LINES_MAX: usize = 700;
    let offenders: Vec<String> = sources()
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    report("a file that grew too large", &offenders);
}

#[test]
fn only_the_mixer_names_opus() {
    report("opus outside sfu::mix", &outside("sfu/src", &["sfu/src/mix"], "opus::"));
}

#[test]
fn only_the_transport_names_its_protocol_libraries() {
    // The engine's tests and the fuzzer's readers play the other side of the handshake; the recorder hashes its finished file.
    let rooms =
        ["sfu/src/transport", "sfu/src/engine/tests", "sfu/src/engine/fuzz.rs", "sfu/src/fuzz", "sfu/src/net/recorder"];
    for library in ["rtc_dtls", "rtc_stun", "rtc_sdp", "rtc_srtp", "aws_lc_rs"] {
        report(&format!("{library} outside sfu::transport"), &outside("sfu/src", &rooms, library));
    }
}

#[test]
fn only_the_store_speaks_sql() {
    report("sqlx outside scheduler::store", &outside("scheduler/src", &["scheduler/src/store"], "sqlx::"));
    report("sqlx in web", &outside("web/src", &[], "sqlx::"));
    report("sqlx in signaling", &outside("signaling/src", &[], "sqlx::"));
}

#[test]
fn only_media_knows_the_engine() {
    report("sfu outside signaling::media", &outside("signaling/src", &["signaling/src/media"], "sfu::"));
}

#[test]
fn the_office_knows_no_packets_and_the_engine_no_json() {
    report("sfu in scheduler", &outside("scheduler/src", &[], "sfu::"));
    report("signaling in scheduler", &outside("scheduler/src", &[], "signaling::"));
    report("serde_json in sfu", &outside("sfu/src", &["sfu/src/tap", "sfu/src/net"], "serde_json::"));
}

#[test]
fn work_is_finished_where_it_stands() {
    let marks = ["TODO", "FIXME", "XXX", "HACK", "todo!(", "unimplemented!("];
    let offenders: Vec<String> = sources()
        .filter(|path| !path.starts_with("tests/tidy/"))
        .flat_map(|path| {
            let text = read(&path);
            text.lines()
                .enumerate()
                .filter(|(_, line)| {
                    marks.iter().any(|mark| {
                        line.split(|c: char| !c.is_alphanumeric() && c != '!' && c != '(' && c != '_')
                            .any(|word| word == *mark)
                    })
                })
                .map(|(number, line)| format!("{path}:{}: {}", number + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    report("unfinished work", &offenders);
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let homes = ["/work/", "/root/", "/home/", "/Users/"];
    let offenders: Vec<String> = files()
        .into_iter()
        .filter(|path| !path.starts_with("tests/tidy/") && !path.ends_with("lock.json") && !path.ends_with(".lock"))
        .filter_map(|path| std::fs::read_to_string(crate::root().join(&path)).ok().map(|text| (path, text)))
        .flat_map(|(path, text)| {
            text.lines()
                .enumerate()
                .filter(|(_, line)| {
                    homes.iter().any(|home| {
                        line.match_indices(home).any(|(at, _)| {
                            let before = line[..at].chars().next_back();
                            before.is_none_or(|c| !c.is_alphanumeric() && c != '.' && c != '_' && c != '-' && c != '}')
                        })
                    })
                })
                .map(|(number, line)| format!("{path}:{}: {}", number + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    report("a path of some machine", &offenders);
}

#[test]
fn a_test_never_waits_by_sleeping() {
    let offenders: Vec<String> = sources()
        .filter(|path| path.ends_with(".rs") && !path.starts_with("tests/tidy/"))
        .flat_map(|path| {
            let text = read(&path);
            code_lines(&text)
                .filter(|(_, line)| line.contains("thread::sleep("))
                .map(|(number, line)| format!("{path}:{number}: {}", line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    report("a sleep", &offenders);
}
