//! Who calls whom and who listens to whom is a table in `declared.rs`; the code may do less, never more, and the calls
//! have no cycle: a cycle of calls is one context in two names.

use crate::declared::{BANYAN, Graph};
use crate::finding::Finding;
use crate::place::{Place, Ring};
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "contexts_know_each_other_as_declared";

/// Where the table is, for findings about the table itself.
const TABLE: &str = "arch-tests/src/declared.rs";

pub fn check(tree: &Tree) -> Vec<Finding> {
    check_against(tree, &BANYAN)
}

pub fn seen(tree: &Tree) -> usize {
    tree.contexts
        .iter()
        .filter(|context| BANYAN.contexts.contains(&context.as_str()))
        .count()
}

/// The rule with a table of one's own, so that the table's own checks can be tested.
pub fn check_against(tree: &Tree, graph: &Graph) -> Vec<Finding> {
    let mut findings = faults_of(graph);
    for context in tree
        .contexts
        .iter()
        .filter(|context| !graph.contexts.contains(&context.as_str()))
    {
        let message = format!("context `{context}` is not in the declared graph; add it to {TABLE} with what it calls");
        findings.push(Finding::new(RULE, &format!("src/domains/{context}"), 1, message));
    }
    for source in tree.package() {
        findings.extend(
            source
                .facts
                .paths
                .iter()
                .filter_map(|path| judge(tree, source, path, graph)),
        );
    }
    findings
}

fn judge(tree: &Tree, source: &Source, path: &PathUse, graph: &Graph) -> Option<Finding> {
    let from = source.place.context()?;
    let Target::Crate(segments) = &path.target else {
        return None;
    };
    let to = Place::of(segments, &tree.contexts);
    let other = to.context().filter(|other| *other != from && to.ring == Ring::Ports)?;
    let (edges, verb) = match segments.get(2)?.as_str() {
        "operations" => (graph.calls, "calls"),
        "events" => (graph.listens, "listens to"),
        _ => return None,
    };
    let message = format!(
        "{from} {verb} {other}, which is not declared; do without, or let a reviewer agree to (\"{from}\", \"{other}\") in {TABLE}"
    );
    let is_declared = edges.contains(&(from, other));
    (!is_declared).then(|| Finding::new(RULE, &source.file, path.line, message))
}

fn faults_of(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(cycle) = find_cycle(graph.calls) {
        let message = format!(
            "the declared calls run in a circle, {}; let one of them be an event",
            cycle.join(" -> ")
        );
        findings.push(Finding::new(RULE, TABLE, 1, message));
    }
    for (from, to) in graph.calls.iter().chain(graph.listens) {
        for name in [from, to].into_iter().filter(|name| !graph.contexts.contains(name)) {
            let message =
                format!("the edge (\"{from}\", \"{to}\") names `{name}`, which is no declared context; correct it");
            findings.push(Finding::new(RULE, TABLE, 1, message));
        }
    }
    findings
}

/// A way from a context back to itself along the calls, if there is one.
pub fn find_cycle(calls: &[(&'static str, &'static str)]) -> Option<Vec<&'static str>> {
    calls.iter().find_map(|(start, _)| walk(calls, &mut vec![*start]))
}

fn walk(calls: &[(&'static str, &'static str)], way: &mut Vec<&'static str>) -> Option<Vec<&'static str>> {
    let here = *way.last()?;
    for (_, next) in calls.iter().filter(|(from, _)| *from == here) {
        let seen_at = way.iter().position(|name| name == next);
        way.push(next);
        if let Some(start) = seen_at {
            return way.get(start..).map(<[_]>::to_vec);
        }
        if let Some(cycle) = walk(calls, way) {
            return Some(cycle);
        }
        way.pop();
    }
    None
}
