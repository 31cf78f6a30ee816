//! A thing is imported from where it is defined: a re-export would give it a second address, in a ring it is not of, and
//! a glob an address nobody can search for.

use crate::finding::Finding;
use crate::place::{Place, Ring, Room};
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "nothing_is_reexported_across_rings";

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.package()
        .flat_map(|source| source.facts.paths.iter().filter_map(|path| judge(tree, source, path)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    tree.package().map(|source| source.facts.paths.len()).sum()
}

fn judge(tree: &Tree, source: &Source, path: &PathUse) -> Option<Finding> {
    let Target::Crate(segments) = &path.target else {
        return None;
    };
    let to = Place::of(segments, &tree.contexts);
    let message = if path.manner.reexport && !is_own_child(path, segments) {
        format!(
            "`{}` is re-exported here; let its users import it from where it is defined",
            path.target.spoken()
        )
    } else if path.manner.glob && to.room == Room::Whole && to.ring != Ring::Bootstrap {
        format!(
            "`{}::*` opens every room at once; name what you take",
            path.target.spoken()
        )
    } else if path.manner.glob && to.ring != source.place.ring {
        format!(
            "`{}::*` takes everything of another ring; name what you take",
            path.target.spoken()
        )
    } else {
        return None;
    };
    Some(Finding::new(RULE, &source.file, path.line, message))
}

/// A module may present its own parts; the crate's root may not, for its parts are the rings.
fn is_own_child(path: &PathUse, segments: &[String]) -> bool {
    let is_written_relative = path
        .raw
        .segments
        .first()
        .is_some_and(|first| first != "crate" && first != "super");
    is_written_relative
        && !path.module.is_empty()
        && segments.len() > path.module.len()
        && segments.starts_with(&path.module)
}
