//! Which tables SQL names.

use std::collections::BTreeSet;

use super::words::{Kind, Word};

/// A table named in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub table: String,
    pub line: usize,
}

/// Tables that belong to the database itself.
const SYSTEM_PREFIXES: &[&str] = &["pg_", "sqlite_", "information_schema", "__diesel"];

/// Words after FROM or UPDATE that are not yet the table.
const FILLERS: &[&str] = &["only", "lateral"];

/// Words that end a list of tables, where an alias could stand.
const CLAUSES: &[&str] = &[
    "where",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "set",
    "returning",
    "for",
    "values",
    "select",
    "window",
    "fetch",
    "indexed",
    "not",
];

/// Functions with a FROM of their own: `EXTRACT(EPOCH FROM created_at)`.
const FUNCTIONS_WITH_FROM: &[&str] = &["extract", "substring", "trim", "overlay", "position"];

/// The tables after FROM, JOIN, INSERT INTO and UPDATE, without those the statement defines itself (`WITH x AS (`).
///
/// In text that is not `certainly_sql`, only keywords in capitals count: an error message may say "from" too.
pub fn tables_named(words: &[Word], certainly_sql: bool) -> Vec<Mention> {
    words
        .split(|word| word.text == ";" && word.kind == Kind::Symbol)
        .filter(|statement| {
            !statement
                .first()
                .is_some_and(|word| word.is("revoke") || word.is("grant"))
        })
        .flat_map(|statement| tables_of_statement(statement, certainly_sql))
        .collect()
}

/// The tables after REFERENCES: what a foreign key points to.
pub fn tables_referenced(words: &[Word]) -> Vec<Mention> {
    let keys = words.iter().enumerate().filter(|(_, word)| word.is("references"));
    keys.filter_map(|(at, _)| table_at(words, at + 1))
        .map(|(mention, _)| mention)
        .collect()
}

fn tables_of_statement(statement: &[Word], is_sql: bool) -> Vec<Mention> {
    let defined = names_defined(statement);
    let mut mentions = Vec::new();
    let mut calls: Vec<&str> = Vec::new();
    let is_delete = statement.first().is_some_and(|word| word.is("delete"));
    for (at, word) in statement.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| statement.get(i));
        match word.text.as_str() {
            "(" => calls.push(before.map_or("", |name| name.text.as_str())),
            ")" => {
                calls.pop();
            }
            _ if word.is_name() && (is_sql || word.kind == Kind::Shouted) => {
                let in_function = calls.last().is_some_and(|name| FUNCTIONS_WITH_FROM.contains(name));
                let is_using = is_delete && word.is("using");
                if is_using || starts_tables(word, before) && !(in_function && word.is("from")) {
                    mentions.extend(tables_from(statement, at + 1, word));
                }
            }
            _ => {}
        }
    }
    mentions.retain(|mention| !defined.contains(&mention.table) && !is_system(&mention.table));
    mentions
}

/// Whether the word is a keyword that a table follows, rather than part of `FOR UPDATE` or `IS DISTINCT FROM`.
fn starts_tables(word: &Word, before: Option<&Word>) -> bool {
    let after = |words: &[&str]| before.is_some_and(|before| words.iter().any(|text| before.is(text)));
    let is_first = before.is_none();
    match word.text.as_str() {
        _ if word.kind == Kind::Quoted => false,
        "from" => !after(&["distinct"]),
        "join" => true,
        "into" => is_first || after(&["insert", "replace", "merge", "ignore", "abort", "fail", "rollback"]),
        "update" => !after(&["for", "key", "do", "before", "after", "or", "of", "instead", "on"]),
        _ => false,
    }
}

/// Reads `a`, `a AS x`, and after FROM also `a x, b y`. A name with parentheses is a function, except after INTO.
fn tables_from(words: &[Word], start: usize, keyword: &Word) -> Vec<Mention> {
    let is_list = keyword.is("from");
    let can_be_function = is_list || keyword.is("join");
    let mut mentions = Vec::new();
    let mut at = start;
    while let Some((mention, next)) = table_at(words, at) {
        if can_be_function && words.get(next).is_some_and(|word| word.text == "(") {
            break;
        }
        mentions.push(mention);
        at = after_alias(words, next);
        if !is_list || words.get(at).is_none_or(|word| word.text != ",") {
            break;
        }
        at += 1;
    }
    mentions
}

/// The table name at a position, its schema skipped, and the position after it.
fn table_at(words: &[Word], start: usize) -> Option<(Mention, usize)> {
    let mut at = start;
    while words
        .get(at)
        .is_some_and(|word| FILLERS.iter().any(|filler| word.is(filler)))
    {
        at += 1;
    }
    if words.get(at)?.is("or") {
        at += 2;
    }
    let mut name = words.get(at).filter(|word| word.is_name())?;
    let is_keyword = CLAUSES
        .iter()
        .chain(&["skip", "nowait", "of"])
        .any(|keyword| name.is(keyword));
    if is_keyword {
        return None;
    }
    while words.get(at + 1).is_some_and(|word| word.text == ".") {
        if is_system(&name.text) {
            break;
        }
        at += 2;
        name = words.get(at).filter(|word| word.is_name())?;
    }
    Some((
        Mention {
            table: name.text.clone(),
            line: name.line,
        },
        at + 1,
    ))
}

fn after_alias(words: &[Word], at: usize) -> usize {
    let mut at = at;
    if words.get(at).is_some_and(|word| word.is("as")) {
        at += 1;
    }
    let is_alias = |word: &Word| word.is_name() && !CLAUSES.iter().any(|clause| word.is(clause));
    if words.get(at).is_some_and(is_alias) {
        at + 1
    } else {
        at
    }
}

/// `WITH due AS (` and `WITH due (a, b) AS (`.
fn names_defined(words: &[Word]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| word.is("as")) {
        let opens = words
            .iter()
            .skip(at + 1)
            .find(|word| !word.is("materialized") && !word.is("not"));
        if !opens.is_some_and(|open| open.text == "(" && open.line >= word.line) {
            continue;
        }
        let mut name_at = at.checked_sub(1);
        if name_at.and_then(|i| words.get(i)).is_some_and(|word| word.text == ")") {
            let open = words.iter().take(at).rposition(|word| word.text == "(");
            name_at = open.and_then(|open| open.checked_sub(1));
        }
        if let Some(name) = name_at.and_then(|i| words.get(i)).filter(|name| name.is_name()) {
            names.insert(name.text.clone());
        }
    }
    names
}

fn is_system(table: &str) -> bool {
    SYSTEM_PREFIXES.iter().any(|prefix| table.starts_with(prefix))
}
