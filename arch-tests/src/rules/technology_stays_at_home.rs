//! Each technology has its places (diesel in `sql/`, actix in `http/`, ...), so replacing one is editing those places.

use crate::declared::{TECHNOLOGIES, Technology};
use crate::finding::Finding;
use crate::place::is_under;
use crate::source::PathUse;
use crate::tree::{Source, Tree};

const RULE: &str = "technology_stays_at_home";

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.package()
        .flat_map(|source| source.shipped_paths().filter_map(|path| judge(source, path)))
        .collect()
}

/// The places that use a technology at all: if there are none, the names in the table are wrong.
pub fn seen(tree: &Tree) -> usize {
    let uses_one = |source: &&Source| source.shipped_paths().any(|path| technology_of(path).is_some());
    tree.package().filter(uses_one).count()
}

fn technology_of(path: &PathUse) -> Option<(&str, &'static Technology)> {
    let name = path.external_crate()?;
    let technology = TECHNOLOGIES
        .iter()
        .find(|technology| technology.crates.contains(&name))?;
    Some((name, technology))
}

fn judge(source: &Source, path: &PathUse) -> Option<Finding> {
    let (name, technology) = technology_of(path)?;
    let is_at_home = technology.homes.iter().any(|home| is_under(&source.module, home));
    let homes = technology.homes.join(", ");
    let message = format!("the crate `{name}` is named outside its places; move this code to one of: {homes}");
    (!is_at_home).then(|| Finding::new(RULE, &source.file, path.line, message))
}
