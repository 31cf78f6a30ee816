//! No test is switched off, none passes by panicking anywhere at all, and a lint is silenced only by
//! `#[expect(.., reason = "..")]`, which says why and reports itself when it is no longer needed.

use crate::finding::Finding;
use crate::source::AttributeUse;
use crate::tree::Tree;

const RULE: &str = "tests_run_and_lints_are_argued";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        for attribute in &source.facts.attributes {
            if let Some(advice) = advice(attribute) {
                findings.push(Finding::new(RULE, &source.file, attribute.line, advice));
            }
        }
    }
    findings
}

pub fn seen(tree: &Tree) -> usize {
    tree.sources.iter().map(|source| source.facts.attributes.len()).sum()
}

/// In a macro, `expect` may be unfulfilled at some of its uses, so a reasoned `allow` is accepted there.
fn advice(attribute: &AttributeUse) -> Option<&'static str> {
    match attribute.name.as_str() {
        "ignore" => Some("an ignored test guards nothing; mend it or delete it"),
        "should_panic" => Some("any panic would do; return the error and assert on it"),
        "allow" if !(attribute.in_macro && attribute.has_reason) => {
            Some("write `#[expect(.., reason = \"..\")]`: it says why and tells when it is no longer needed")
        }
        "expect" if !attribute.has_reason => Some("say why: add `reason = \"..\"`"),
        _ => None,
    }
}
