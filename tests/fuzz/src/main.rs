//! libFuzzer's door: `FUZZ_TARGET` names the reader it calls.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static RUN: OnceLock<fuzz::Run> = OnceLock::new();

fn chosen() -> fuzz::Run {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let Some((_, run)) = fuzz::TARGETS.iter().find(|(target, _)| *target == name) else {
        let names: Vec<&str> = fuzz::TARGETS.iter().map(|(target, _)| *target).collect();
        panic!("FUZZ_TARGET is one of {names:?}");
    };
    *run
}

fuzz_target!(|bytes: &[u8]| RUN.get_or_init(chosen)(bytes));
