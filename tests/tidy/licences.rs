//! What is linked into the binary may be used by a public office without strings: no GPL, no AGPL, no unknown source.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::{report, root};

/// SPDX identifiers of the licences that are accepted; one of them has to be among the alternatives of each crate.
const ACCEPTED: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unicode-3.0",
    "MPL-2.0",
    "CC0-1.0",
    "BSL-1.0",
    "OpenSSL",
    "CDLA-Permissive-2.0",
];

fn metadata() -> Value {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo tells its metadata");
    assert!(told.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).expect("cargo metadata is JSON")
}

/// True when an SPDX expression can be satisfied with accepted licences alone.
fn acceptable(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // `AND` binds tighter than `OR`; nested groups are flattened, which can only make the test stricter for `(A OR B) AND C`.
    let simple = |term: &str| ACCEPTED.contains(&term.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
    if expression.contains(" AND ") && expression.contains(" OR ") {
        return expression.split(" AND ").all(|part| part.split(" OR ").any(simple));
    }
    expression.split(" OR ").any(|alternative| alternative.split(" AND ").all(simple))
}

#[test]
fn every_linked_crate_has_a_licence_we_accept() {
    let metadata = metadata();
    let offenders: Vec<String> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter(|package| package["source"].is_string())
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("none given");
            (!acceptable(licence)).then(|| format!("{} {}: {licence}", package["name"], package["version"]))
        })
        .collect();
    report("a licence that is not accepted", &offenders);
}

#[test]
fn every_crate_comes_from_the_registry_or_this_repository() {
    let metadata = metadata();
    let offenders: Vec<String> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter_map(|package| package["source"].as_str().map(|source| (source, &package["name"])))
        .filter(|(source, _)| !source.starts_with("registry+"))
        .map(|(source, name)| format!("{name}: {source}"))
        .collect();
    report("a crate from elsewhere", &offenders);
}

#[test]
fn the_arrows_between_our_crates_are_those_of_the_design() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("sfu", &[][..]),
        ("scheduler", &[][..]),
        ("signaling", &["sfu"][..]),
        ("web", &["sfu", "signaling", "scheduler"][..]),
    ]);
    let metadata = metadata();
    let mut offenders = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a package has a name");
        let Some(may) = allowed.get(name).filter(|_| package["source"].is_null()) else { continue };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let to = dependency["name"].as_str().expect("a dependency has a name");
            if allowed.contains_key(to) && !may.contains(&to) {
                offenders.push(format!("{name} -> {to}"));
            }
        }
    }
    report("an arrow the design does not have", &offenders);
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    assert!(acceptable("MIT OR GPL-3.0"));
    assert!(acceptable("MIT/Apache-2.0"));
    assert!(acceptable("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!acceptable("GPL-3.0"));
    assert!(!acceptable("MIT AND AGPL-3.0"));
    assert!(!acceptable("none given"));
}
