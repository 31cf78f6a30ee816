//! Each rule on a tree that breaks it: `fixtures/clean` with the rule's own folder laid over it.
//!
//! A test states every finding of every rule on that tree, so it also shows that the rule bites nothing else and that
//! no other rule bites by accident.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read proves nothing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use arch_tests::rules::{self, all_findings};
use arch_tests::tree::Tree;

mod rings;

mod rooms;

mod storage;

mod habits;

/// The lines of one file that one rule objects to.
type Bites = (&'static str, &'static str, &'static [usize]);

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixture(rule: &str) -> Tree {
    Tree::load_layers(&[&fixtures().join("clean"), &fixtures().join(rule)]).unwrap()
}

/// Asserts that the fixture of `rule` breaks it at exactly these files and lines.
fn breaks(rule: &'static str, expected: &[(&'static str, &'static [usize])]) {
    let own: Vec<Bites> = expected.iter().map(|(file, lines)| (rule, *file, *lines)).collect();
    breaks_all(rule, &own);
}

/// As [`breaks`], where a line cannot break one rule without breaking another.
fn breaks_all(folder: &str, expected: &[Bites]) {
    let findings = all_findings(&fixture(folder));
    let found: BTreeSet<_> = findings.iter().map(|f| (f.rule, f.file.as_str(), f.line)).collect();
    let wanted: BTreeSet<_> = expected
        .iter()
        .flat_map(|(rule, file, lines)| lines.iter().map(move |line| (*rule, *file, *line)))
        .collect();
    let missed: Vec<_> = wanted.difference(&found).collect();
    let too_many: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missed.is_empty() && too_many.is_empty(),
        "missed: {missed:#?}\ntoo many: {too_many:#?}"
    );
}

#[test]
fn a_clean_tree_has_no_finding() {
    breaks_all("clean", &[]);
}

#[test]
fn every_rule_looks_at_something_in_the_clean_tree_and_has_a_fixture() {
    let clean = fixture("clean");
    for rule in rules::ALL {
        assert!((rule.seen)(&clean) > 0, "{} sees nothing in the clean tree", rule.name);
        assert!(fixtures().join(rule.name).is_dir(), "{} has no fixture", rule.name);
    }
}
