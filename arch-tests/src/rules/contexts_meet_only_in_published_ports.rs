//! Another context may be named only as `crate::ports::<other>::{operations, events}`: never its domain, its stores,
//! its use cases, its tables. Tests too: a context is lifted out together with its tests.

use crate::declared::PUBLISHED;
use crate::finding::Finding;
use crate::place::{Place, Ring};
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "contexts_meet_only_in_published_ports";

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.package()
        .flat_map(|source| source.facts.paths.iter().filter_map(|path| judge(tree, source, path)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    tree.package().filter(|source| source.place.context().is_some()).count()
}

fn judge(tree: &Tree, source: &Source, path: &PathUse) -> Option<Finding> {
    let own = source.place.context()?;
    let trespass = [&path.target, &path.canonical].into_iter().find_map(|target| {
        let Target::Crate(segments) = target else { return None };
        let to = Place::of(segments, &tree.contexts);
        let other = to.context().filter(|other| *other != own)?;
        let is_published =
            to.ring == Ring::Ports && segments.get(2).is_some_and(|name| PUBLISHED.contains(&name.as_str()));
        (!is_published).then(|| (target, other.to_owned()))
    });
    let (target, other) = trespass?;
    let message = format!(
        "{own} names `{}` of {other}; use crate::ports::{other}::operations or ::events, and publish there what is missing",
        target.spoken()
    );
    Some(Finding::new(RULE, &source.file, path.line, message))
}
