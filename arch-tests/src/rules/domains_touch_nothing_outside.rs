//! domains do no I/O and read no clock, environment or process, although the standard library would let them.

use crate::declared::IMPURE_PATHS;
use crate::finding::Finding;
use crate::place::Ring;
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "domains_touch_nothing_outside";

pub fn check(tree: &Tree) -> Vec<Finding> {
    domains(tree)
        .flat_map(|source| source.shipped_paths().filter_map(|path| judge(source, path)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    domains(tree).count()
}

fn domains(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.package().filter(|source| source.place.ring == Ring::Domains)
}

fn judge(source: &Source, path: &PathUse) -> Option<Finding> {
    let Target::External(segments) = &path.canonical else {
        return None;
    };
    let named = segments.join("::");
    let impure = IMPURE_PATHS.iter().find(|impure| {
        let is_inside = named == **impure || named.starts_with(&format!("{impure}::"));
        let is_starred = path.manner.glob && impure.starts_with(&format!("{named}::"));
        is_inside || is_starred
    })?;
    let message =
        format!("a business rule reaches `{impure}`; take the value as an argument and let an adapter fetch it");
    Some(Finding::new(RULE, &source.file, path.line, message))
}
