//! Operations and events use only `domains::shared`, `ports::shared` and each other: whoever receives a message must not
//! need the sender's domain to read it.

use crate::declared::PUBLISHED;
use crate::finding::Finding;
use crate::place::{Ring, Room};
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "messages_speak_only_the_shared_kernel";

pub fn check(tree: &Tree) -> Vec<Finding> {
    published(tree)
        .flat_map(|source| source.shipped_paths().filter_map(|path| judge(source, path)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    published(tree).count()
}

fn published(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.package().filter(|source| {
        let is_of_a_context = matches!(source.place.room, Room::Context(_)) && source.place.ring == Ring::Ports;
        is_of_a_context
            && source
                .module
                .get(2)
                .is_some_and(|name| PUBLISHED.contains(&name.as_str()))
    })
}

fn judge(source: &Source, path: &PathUse) -> Option<Finding> {
    let foreign = [&path.target, &path.canonical]
        .into_iter()
        .find(|target| match target {
            Target::Crate(segments) => !is_allowed(source, segments),
            Target::External(_) | Target::Unknown(_) => false,
        })?;
    let message = format!(
        "a message names `{}`; build it from domains::shared and ports::shared, or declare the type beside the message",
        foreign.spoken()
    );
    Some(Finding::new(RULE, &source.file, path.line, message))
}

fn is_allowed(source: &Source, segments: &[String]) -> bool {
    let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let own: Vec<&str> = source.module.iter().take(2).map(String::as_str).collect();
    match texts.as_slice() {
        ["domains" | "ports", "shared", ..] => true,
        [ring, context, room, ..] => own == [*ring, *context] && PUBLISHED.contains(room),
        _ => false,
    }
}
