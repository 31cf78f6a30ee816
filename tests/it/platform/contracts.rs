//! `banyan contracts`, and the files in `contracts`, which hold them as they were released last.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use banyan::app::bootstrap::contracts;
use banyan::ports::shared::contract::Contract;
use banyan::ports::shared::contract::release::breaches;

fn released(context: &str) -> Contract {
    let path = folder().join(format!("{context}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contracts")
}

/// Names in a folder, without what is behind the dot.
fn names_in(folder: &str) -> BTreeSet<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_context_has_a_contract_and_a_released_one() {
    let mut contexts = names_in("src/ports");
    contexts.remove("shared");
    contexts.remove("mod");
    assert!(!contexts.is_empty());
    let described: BTreeSet<String> = contracts::all().into_iter().map(|contract| contract.context).collect();
    assert_eq!(described, contexts);
    assert_eq!(names_in("contracts"), contexts);
}

#[test]
fn the_contracts_change_only_on_purpose() {
    for contract in contracts::all() {
        insta::assert_json_snapshot!(contract.context.clone(), contract);
    }
}

#[test]
fn this_version_works_beside_the_released_one() {
    let found: Vec<String> = contracts::all()
        .iter()
        .flat_map(|contract| breaches(&released(&contract.context), contract))
        .map(|breach| breach.to_string())
        .collect();
    assert!(
        found.is_empty(),
        "these changes break what is released (docs/adr/0008-messages-are-contracts.md says how to make them in two \
         steps):\n  {}",
        found.join("\n  ")
    );
}

#[test]
fn the_program_prints_the_contracts_and_writes_them_as_the_released_ones() {
    let folder = tempfile::tempdir().unwrap();
    let banyan = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        let output = command
            .env_clear()
            .current_dir(&folder)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let printed: Vec<Contract> = serde_json::from_slice(&banyan(&["contracts"])).unwrap();
    assert_eq!(printed, contracts::all());
    assert_eq!(banyan(&["contracts", "--release-to", "released"]), b"");
    for contract in contracts::all() {
        let file = folder
            .path()
            .join("released")
            .join(format!("{}.json", contract.context));
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            contracts::text(&contract).unwrap()
        );
    }
}
