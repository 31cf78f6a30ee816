//! domains, ports and app are plain functions: easy to read, and a unit test needs no runtime. Async lives at the edges.

use crate::finding::Finding;
use crate::place::Ring;
use crate::tree::{Source, Tree};

const RULE: &str = "inner_rings_are_synchronous";

pub fn check(tree: &Tree) -> Vec<Finding> {
    inner(tree).flat_map(judge).collect()
}

pub fn seen(tree: &Tree) -> usize {
    inner(tree).count()
}

fn inner(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.package()
        .filter(|source| matches!(source.place.ring, Ring::Domains | Ring::Ports | Ring::App))
}

fn judge(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    let shipped = source
        .facts
        .asyncs
        .iter()
        .filter(|found| !found.in_test && !source.in_test);
    shipped.map(|found| {
        let message = format!(
            "{} is asynchronous here; make it a plain function and await at the edge",
            source.place.spoken()
        );
        Finding::new(RULE, &source.file, found.line, message)
    })
}
