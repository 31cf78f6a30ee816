//! One operation, one use case, one file, one name: `ports/orders/operations.rs` declares `PlaceOrder`, and
//! `app/orders/place_order.rs` handles it. So the way from a URL to its code needs no search.

use crate::finding::Finding;
use crate::place::{Ring, Room};
use crate::tree::{Source, Tree};

const RULE: &str = "every_operation_has_its_use_case";

struct Operation<'a> {
    name: String,
    context: &'a str,
    file: &'a str,
    line: usize,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    operations(tree)
        .into_iter()
        .filter_map(|operation| judge(tree, &operation))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    operations(tree).len()
}

/// All operations: the context and the type's name.
pub fn operation_names(tree: &Tree) -> Vec<(String, String)> {
    let operations = operations(tree).into_iter();
    operations
        .map(|operation| (operation.context.to_owned(), operation.name))
        .collect()
}

fn operations(tree: &Tree) -> Vec<Operation<'_>> {
    let published = tree.package().filter(|source| {
        let is_ports = source.place.ring == Ring::Ports && matches!(source.place.room, Room::Context(_));
        is_ports && source.module.get(2).is_some_and(|name| name == "operations")
    });
    published.flat_map(declared_in).collect()
}

/// `impl Operation for PlaceOrder` or `operation!(PlaceOrder => ..)`.
fn declared_in(source: &Source) -> Vec<Operation<'_>> {
    let Some(context) = source.place.context() else {
        return Vec::new();
    };
    let by_impl = source
        .facts
        .impls
        .iter()
        .filter(|found| found.trait_name == "Operation");
    let by_impl = by_impl.map(|found| (found.type_name.clone(), found.line));
    let by_macro = source
        .facts
        .macros
        .iter()
        .filter(|call| call.name.last().is_some_and(|name| name == "operation"));
    let by_macro = by_macro.filter_map(|call| Some((call.words.first()?.text.clone(), call.line)));
    by_impl
        .chain(by_macro)
        .map(|(name, line)| Operation {
            name,
            context,
            file: &source.file,
            line,
        })
        .collect()
}

fn judge(tree: &Tree, operation: &Operation<'_>) -> Option<Finding> {
    let Operation {
        name,
        context,
        file,
        line,
    } = operation;
    let module = snake_case(name);
    let wanted = ["app", context, module.as_str()];
    let files: Vec<&Source> = tree
        .package()
        .filter(|source| source.module.iter().take(3).eq(wanted.iter()))
        .collect();
    let handles = |source: &&Source| {
        let impls = &source.facts.impls;
        impls
            .iter()
            .any(|found| found.trait_name == "Handler" && found.argument.as_deref() == Some(name))
    };
    let path = format!("src/app/{context}/{module}.rs");
    let message = if files.is_empty() {
        format!("`{name}` has no use case; write {path} with `impl Handler<{name}>`")
    } else if files.iter().any(handles) {
        return None;
    } else {
        format!("{path} does not handle `{name}`; its `impl Handler<{name}>` belongs there")
    };
    Some(Finding::new(RULE, file, *line, message))
}

/// `PlaceOrder` is `place_order`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
