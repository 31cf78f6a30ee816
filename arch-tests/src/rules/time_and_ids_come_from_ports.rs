//! The clock is read and ids are made in one place each, so a test can hold both still.
//!
//! Test modules are exempt: they may well want just any id.

use crate::declared::{CLOCK_AND_ID_FUNCTIONS, HOMES_OF_CLOCK_AND_IDS};
use crate::finding::Finding;
use crate::place::is_under;
use crate::source::PathUse;
use crate::tree::{Source, Tree};

const RULE: &str = "time_and_ids_come_from_ports";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let strangers = tree.package().filter(|source| !is_home(source));
    strangers
        .flat_map(|source| source.shipped_paths().filter_map(|path| judge(source, path)))
        .collect()
}

/// The places where the clock is read or an id is made: if there are none, the names in the table are wrong.
pub fn seen(tree: &Tree) -> usize {
    let homes = tree.package().filter(|source| is_home(source));
    homes
        .flat_map(Source::shipped_paths)
        .filter(|path| function_of(path).is_some())
        .count()
}

fn is_home(source: &Source) -> bool {
    HOMES_OF_CLOCK_AND_IDS.iter().any(|home| is_under(&source.module, home))
}

fn function_of(path: &PathUse) -> Option<&'static (&'static str, &'static str)> {
    CLOCK_AND_ID_FUNCTIONS.iter().find(|(kind, function)| {
        path.canonical
            .segments()
            .ends_with(&[(*kind).to_owned(), (*function).to_owned()])
    })
}

fn judge(source: &Source, path: &PathUse) -> Option<Finding> {
    let (kind, function) = function_of(path)?;
    let message =
        format!("`{kind}::{function}` is called here; take the time from the `Clock` port and ids from `IdSource`");
    Some(Finding::new(RULE, &source.file, path.line, message))
}
