//! Every file parses, and is the module its path says: otherwise the other rules would judge a tree that is not there.

use crate::finding::Finding;
use crate::tree::{Source, Tree};

const RULE: &str = "every_file_can_be_read";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        findings.extend(unreadable(source));
        if source.is_of_the_package() {
            findings.extend(moved(source));
            findings.extend(included(source));
        }
    }
    findings
}

pub fn seen(tree: &Tree) -> usize {
    tree.sources.len()
}

fn unreadable(source: &Source) -> Option<Finding> {
    let (line, error) = source.broken.as_ref()?;
    let message =
        format!("the file is not Rust that syn can read ({error}); no other rule looked at it: mend it first");
    Some(Finding::new(RULE, &source.file, *line, message))
}

fn moved(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    source.facts.modules.iter().filter(|module| module.moved).map(|module| {
        let message = "`#[path]` puts a file where its module is not; move the file to where the module's name says";
        Finding::new(RULE, &source.file, module.line, message)
    })
}

fn included(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    let includes = source
        .facts
        .macros
        .iter()
        .filter(|call| call.name.last().is_some_and(|name| name == "include"));
    includes.map(|call| {
        let message = "`include!` brings in code that no rule sees; make it a module";
        Finding::new(RULE, &source.file, call.line, message)
    })
}
