//! An operation is declared `keyed` exactly where its use case looks an idempotency key up: a call under a key is sent again
//! when its answer was lost, which must not be a second effect.

use super::every_operation_has_its_use_case::snake_case;
use crate::finding::Finding;
use crate::place::{Ring, Room};
use crate::source::{MacroCall, PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "keyed_operations_look_their_key_up";

/// The module of `app/shared` that looks keys up.
const LOOKS_UP: [&str; 3] = ["app", "shared", "idempotent"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    declared(tree)
        .filter_map(|(source, call)| judge(tree, source, call))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    declared(tree).count()
}

fn declared(tree: &Tree) -> impl Iterator<Item = (&Source, &MacroCall)> {
    let published = tree.package().filter(|source| {
        let is_ports = source.place.ring == Ring::Ports && matches!(source.place.room, Room::Context(_));
        is_ports && source.module.get(2).is_some_and(|name| name == "operations")
    });
    let calls = published.flat_map(|source| source.facts.macros.iter().map(move |call| (source, call)));
    calls.filter(|(_, call)| call.name.last().is_some_and(|name| name == "operation"))
}

fn judge(tree: &Tree, source: &Source, call: &MacroCall) -> Option<Finding> {
    let name = &call.words.first()?.text;
    let context = source.place.context()?;
    let module = snake_case(name);
    let wanted = ["app", context, module.as_str()];
    let looks_up = tree
        .package()
        .filter(|source| source.module.iter().take(3).eq(wanted.iter()))
        .any(|source| source.shipped_paths().any(leads_to_the_look_up));
    let keyed = call.words.iter().any(|word| word.text == "keyed");
    let message = match (keyed, looks_up) {
        (true, false) => {
            format!("`{name}` is keyed, and src/app/{context}/{module}.rs never names app::shared::idempotent")
        }
        (false, true) => format!("src/app/{context}/{module}.rs looks a key up; declare `{name}` as keyed"),
        (true, true) | (false, false) => return None,
    };
    Some(Finding::new(RULE, &source.file, call.line, message))
}

fn leads_to_the_look_up(path: &PathUse) -> bool {
    [&path.target, &path.canonical].into_iter().any(|target| match target {
        Target::Crate(segments) => segments.iter().take(LOOKS_UP.len()).eq(LOOKS_UP.iter()),
        Target::External(_) | Target::Unknown(_) => false,
    })
}
