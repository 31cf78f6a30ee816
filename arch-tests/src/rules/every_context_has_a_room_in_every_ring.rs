//! The contexts are the same in domains, ports, app and adapters, and nothing else lives in a ring: lifting a context
//! out is copying its rooms, so its rooms must be all there is of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::declared::{BOOTSTRAP, SHARED};
use crate::finding::Finding;
use crate::place::{RINGS_WITH_ROOMS, Ring};
use crate::tree::Tree;

const RULE: &str = "every_context_has_a_room_in_every_ring";

/// What may stand in `src/` beside the rings.
const ROOT_FILES: &[&str] = &["lib.rs", "main.rs"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if tree.contexts.is_empty() {
        findings.push(Finding::new(
            RULE,
            "src/domains",
            1,
            "there is no context here; each one needs a directory",
        ));
    }
    let rooms = rooms(tree);
    for (ring, _) in RINGS_WITH_ROOMS {
        let found = rooms.get(ring).cloned().unwrap_or_default();
        for context in tree.contexts.difference(&found) {
            let message = format!(
                "context `{context}` has a room in src/domains but none in src/{ring}; add the directory src/{ring}/{context}"
            );
            findings.push(Finding::new(RULE, &format!("src/{ring}"), 1, message));
        }
    }
    findings.extend(strangers(tree));
    findings
}

pub fn seen(tree: &Tree) -> usize {
    tree.contexts.len()
}

/// The directories of each ring.
fn rooms(tree: &Tree) -> BTreeMap<&str, BTreeSet<String>> {
    let mut rooms: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in tree.package() {
        let parts: Vec<&str> = source.file.split('/').collect();
        if let [_, ring, room, _, ..] = parts.as_slice() {
            rooms.entry(ring).or_default().insert((*room).to_owned());
        }
    }
    rooms
}

/// Files that are in no ring, or in a ring but in no room.
fn strangers(tree: &Tree) -> impl Iterator<Item = Finding> + '_ {
    tree.package().filter_map(|source| {
        let below = source.file.strip_prefix("src/")?;
        let (first, rest) = below.split_once('/').unwrap_or((below.trim_end_matches(".rs"), "mod.rs"));
        let Some((ring, kind)) = RINGS_WITH_ROOMS.iter().find(|(ring, _)| *ring == first) else {
            let message = format!("`{first}` is no ring; the house has domains, ports, app and adapters");
            return (!ROOT_FILES.contains(&below)).then(|| Finding::new(RULE, &source.file, 1, message));
        };
        let room = rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs");
        let is_bootstrap = *kind == Ring::App && room == BOOTSTRAP;
        let is_known = room == "mod" || room == SHARED || is_bootstrap || tree.contexts.contains(room);
        let message = format!(
            "`{room}` is a room of src/{ring} but no context of src/domains; move it into a context's room or {ring}/shared"
        );
        (!is_known).then(|| Finding::new(RULE, &source.file, 1, message))
    })
}
