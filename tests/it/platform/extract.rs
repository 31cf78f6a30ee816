//! `banyan extract scaffold`: what is in the crate of a context. That it builds and its tests pass is tried by
//! `tests/extracted.sh`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use banyan::app::bootstrap::contexts::ALL;
use banyan::app::bootstrap::databases::CONTEXTS;
use banyan::app::bootstrap::extract::scaffold;

#[test]
fn a_crate_has_the_rooms_of_its_context_and_only_what_others_publish_to_it() {
    for context in &ALL {
        let made = scaffold(context.name).unwrap();
        let neighbours: BTreeSet<&str> = context.neighbours().map(|(other, _does)| other).collect();
        for other in CONTEXTS.iter().filter(|other| **other != context.name) {
            let of_other: BTreeSet<&str> = made
                .files
                .keys()
                .filter(|file| file.split(['/', '.']).any(|part| part == *other))
                .map(String::as_str)
                .collect();
            if !neighbours.contains(other) {
                assert!(of_other.is_empty(), "{}: {of_other:?}", context.name);
            }
            let published = ["mod", "operations", "events"].map(|file| format!("src/ports/{other}/{file}.rs"));
            let rooms = format!("src/ports/{other}/operations/");
            assert!(
                of_other
                    .iter()
                    .all(|file| file.starts_with(&rooms) || published.iter().any(|allowed| allowed == file)),
                "{}: {of_other:?}",
                context.name
            );
        }
        for ring in ["domains", "ports", "app", "adapters"] {
            let room = format!("src/{ring}/{}/mod.rs", context.name);
            assert!(made.files.contains_key(&room), "{room}");
        }
    }
}

#[test]
fn every_file_of_a_crate_is_declared_and_every_declared_module_has_its_file() {
    for context in &ALL {
        let files = scaffold(context.name).unwrap().files;
        for (root, folder) in [("src/lib.rs", "src"), ("tests/it/main.rs", "tests/it")] {
            let declared = declared(&files, root, folder);
            let there = files.keys().filter(|file| {
                file.starts_with(&format!("{folder}/")) && file.ends_with("rs") && *file != "src/main.rs"
            });
            assert!(declared.iter().eq(there), "{}: {declared:?}", context.name);
        }
    }
}

/// The files that `mod` lines lead to, from the root on. A line whose file is missing fails the test.
fn declared(files: &BTreeMap<String, String>, file: &str, folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([file.to_owned()]);
    for line in files[file].lines() {
        let words: Vec<&str> = line.trim_end_matches(';').split(' ').collect();
        if !line.ends_with(';') || line.starts_with(' ') || words.len() < 2 || words[words.len() - 2] != "mod" {
            continue;
        }
        let name = words[words.len() - 1];
        let within = format!("{folder}/{name}");
        let child = [format!("{within}.rs"), format!("{within}/mod.rs")]
            .into_iter()
            .find(|child| files.contains_key(child))
            .unwrap_or_else(|| panic!("{file}: {line} has no file"));
        found.extend(declared(files, &child, &within));
    }
    found
}

#[test]
fn only_a_context_is_lifted_out_and_only_to_where_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let extract = |context: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        let command = command.env_clear().args(["extract", "scaffold", context, "--out"]);
        command.arg(folder.path()).output().unwrap()
    };
    let unknown = extract("shipping");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no context \"shipping\""));
    assert_eq!(extract("inventory").status.code(), Some(0));
    assert!(folder.path().join("src/app/inventory/reserve_stock.rs").is_file());
    let again = extract("inventory");
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}
