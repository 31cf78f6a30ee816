//! A file holds one subject and a function fits a screen. Tests and these rules are held to it too.

use crate::declared::{LINES_PER_FILE_MAX, LINES_PER_FUNCTION_MAX};
use crate::finding::Finding;
use crate::source::Function;
use crate::tree::{Source, Tree};

const RULE: &str = "files_and_functions_stay_short";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let written = tree.sources.iter().filter(|source| !source.generated);
    written
        .flat_map(|source| long_file(source).into_iter().chain(long_functions(source)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    tree.sources.iter().map(|source| source.facts.functions.len()).sum()
}

fn long_file(source: &Source) -> Option<Finding> {
    let message = format!(
        "{} lines, and {LINES_PER_FILE_MAX} are allowed; split it by subject",
        source.lines
    );
    (source.lines > LINES_PER_FILE_MAX).then(|| Finding::new(RULE, &source.file, LINES_PER_FILE_MAX + 1, message))
}

fn long_functions(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    source
        .facts
        .functions
        .iter()
        .filter(|function| length(function) > LINES_PER_FUNCTION_MAX)
        .map(|function| {
            let message = format!(
                "`{}` has {} lines, and {LINES_PER_FUNCTION_MAX} are allowed; give its parts names",
                function.name,
                length(function)
            );
            Finding::new(RULE, &source.file, function.first_line, message)
        })
}

fn length(function: &Function) -> usize {
    (function.last_line + 1).saturating_sub(function.first_line)
}
