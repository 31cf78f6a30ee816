//! domains and ports are built from a short list of crates, and app does without those of the edges: what a ring cannot
//! name it cannot depend on.

use crate::declared::{CRATES_KEPT_OUT_OF_APP, CRATES_OF_DOMAINS, MORE_CRATES_OF_PORTS};
use crate::finding::Finding;
use crate::place::Ring;
use crate::source::PathUse;
use crate::tree::{Source, Tree};

const RULE: &str = "inner_rings_use_only_their_crates";

pub fn check(tree: &Tree) -> Vec<Finding> {
    inner(tree)
        .flat_map(|source| source.shipped_paths().filter_map(|path| judge(source, path)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    inner(tree).count()
}

fn inner(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.package()
        .filter(|source| matches!(source.place.ring, Ring::Domains | Ring::Ports | Ring::App))
}

fn judge(source: &Source, path: &PathUse) -> Option<Finding> {
    let name = path.external_crate()?;
    let advice = match source.place.ring {
        Ring::Domains if !CRATES_OF_DOMAINS.contains(&name) => {
            "domains may use data types only: keep it to the outer rings"
        }
        Ring::Ports if !CRATES_OF_DOMAINS.contains(&name) && !MORE_CRATES_OF_PORTS.contains(&name) => {
            "ports may use data types only: describe the need as a trait and use the crate in an adapter"
        }
        Ring::App if CRATES_KEPT_OUT_OF_APP.contains(&name) => {
            "a use case names no technology: put it behind a trait in ports/<context>/outbound.rs"
        }
        _ => return None,
    };
    let message = format!("{} names the crate `{name}`; {advice}", source.place.spoken());
    Some(Finding::new(RULE, &source.file, path.line, message))
}
