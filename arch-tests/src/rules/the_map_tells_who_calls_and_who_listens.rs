//! What `banyan map` draws and the settings rely on is true: `CALLS` in `app/<context>/mod.rs` names exactly the operations
//! of other contexts that the context's use cases name, and `CONSUMERS` there every consumer that it has.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::place::Ring;
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

use super::every_operation_has_its_use_case::operation_names;

const RULE: &str = "the_map_tells_who_calls_and_who_listens";

/// The constant by which a consumer is listed.
const INFO: &str = "INFO";

/// Where something is named first.
type Places = BTreeMap<String, (String, usize)>;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let operations = operation_names(tree);
    let contexts = tree.contexts.iter();
    contexts
        .flat_map(|context| check_context(tree, context, &operations))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    let operations = operation_names(tree);
    let called = tree
        .contexts
        .iter()
        .map(|context| called(tree, context, &operations, false).len());
    called.sum::<usize>() + consumers(tree).count()
}

fn check_context(tree: &Tree, context: &str, operations: &[(String, String)]) -> Vec<Finding> {
    let table = format!("src/app/{context}/mod.rs");
    let made = called(tree, context, operations, false);
    let listed = called(tree, context, operations, true);
    let mut findings = Vec::new();
    for (operation, (file, line)) in made.iter().filter(|(operation, _)| !listed.contains_key(*operation)) {
        let message = format!("`{operation}` is called and not on the map; add it to `CALLS` in {table}");
        findings.push(Finding::new(RULE, file, *line, message));
    }
    for (operation, (file, line)) in listed.iter().filter(|(operation, _)| !made.contains_key(*operation)) {
        let message = format!("`{operation}` is on the map and nobody in `{context}` calls it; take it from `CALLS`");
        findings.push(Finding::new(RULE, file, *line, message));
    }
    for (source, line) in consumers(tree).filter(|(source, _)| source.place.context() == Some(context)) {
        if !is_listed(tree, context, source) {
            let message = format!("this consumer is not on the map; add its `{INFO}` to `CONSUMERS` in {table}");
            findings.push(Finding::new(RULE, &source.file, line, message));
        }
    }
    findings
}

/// The operations of other contexts that the use cases of `context` name, or with `in_table` those that its table names.
fn called(tree: &Tree, context: &str, operations: &[(String, String)], in_table: bool) -> Places {
    let mut places = Places::new();
    let rooms = tree.package().filter(|source| is_in_app(source, context));
    for source in rooms.filter(|source| (source.module.len() == 2) == in_table) {
        for path in source.shipped_paths() {
            if let Some(operation) = operation_named_by(path, context, operations) {
                places.entry(operation).or_insert((source.file.clone(), path.line));
            }
        }
    }
    places
}

fn operation_named_by(path: &PathUse, context: &str, operations: &[(String, String)]) -> Option<String> {
    let Target::Crate(segments) = &path.canonical else {
        return None;
    };
    let [ports, other, module, name] = segments.get(..4)? else {
        return None;
    };
    let is_operation = ports == "ports" && module == "operations" && other != context;
    let known = operations
        .iter()
        .any(|(owner, operation)| owner == other && operation == name);
    (is_operation && known).then(|| format!("{other}::{name}"))
}

/// The files with `impl Consumer for`, and the line where it stands.
fn consumers(tree: &Tree) -> impl Iterator<Item = (&Source, usize)> {
    let in_app = tree
        .package()
        .filter(|source| source.place.ring == Ring::App && !source.in_test);
    in_app.filter_map(|source| {
        let found = source.facts.impls.iter().find(|found| found.trait_name == "Consumer")?;
        source.place.context()?;
        Some((source, found.line))
    })
}

fn is_listed(tree: &Tree, context: &str, consumer: &Source) -> bool {
    let Some(table) = tree.module_file(&["app", context]) else {
        return false;
    };
    table.shipped_paths().any(|path| match &path.canonical {
        Target::Crate(segments) => segments
            .split_last()
            .is_some_and(|(last, module)| last == INFO && module == consumer.module),
        Target::External(_) | Target::Unknown(_) => false,
    })
}

fn is_in_app(source: &Source, context: &str) -> bool {
    source.place.ring == Ring::App && source.place.context() == Some(context)
}
