//! No `utils`, no `helpers`, no `common`: such a name collects what nobody wanted to name, and then everything.

use crate::declared::NAMES_THAT_SAY_NOTHING;
use crate::finding::Finding;
use crate::tree::{Source, Tree};

const RULE: &str = "names_say_what_a_thing_is";

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.package()
        .flat_map(|source| file_name(source).into_iter().chain(inline_modules(source)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    tree.package().count()
}

fn file_name(source: &Source) -> Option<Finding> {
    let name = source
        .module
        .iter()
        .find(|name| NAMES_THAT_SAY_NOTHING.contains(&name.as_str()))?;
    Some(Finding::new(RULE, &source.file, 1, advice(name)))
}

/// The declaration `mod utils;` is reported at the declaration as well: that is where one reads the name.
fn inline_modules(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    source.facts.modules.iter().filter_map(|module| {
        let name = module
            .path
            .last()
            .filter(|name| NAMES_THAT_SAY_NOTHING.contains(&name.as_str()))?;
        Some(Finding::new(RULE, &source.file, module.line, advice(name)))
    })
}

fn advice(name: &str) -> String {
    format!("`{name}` does not say what it holds; name the thing, and put it in `shared` if it serves all rooms")
}
