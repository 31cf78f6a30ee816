//! SQL text, in a literal or in a migration, names only tables of its own context and those every database has: text
//! passes by the compiler, so this is where a query into another context's tables would hide.

use std::collections::BTreeSet;

use crate::declared::SHARED;
use crate::finding::Finding;
use crate::migrations::Migrations;
use crate::place::is_under;
use crate::sql::{Mention, looks_like_sql, tables_named, words};
use crate::tree::{Source, Tree};

const RULE: &str = "sql_names_only_own_tables";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let migrations = Migrations::of(tree);
    let mut findings = in_migrations(&migrations);
    for source in sql_adapters(tree) {
        findings.extend(in_literals(source, &migrations));
    }
    findings
}

/// Tables named in SQL text, wherever.
pub fn seen(tree: &Tree) -> usize {
    let in_literals: usize = sql_adapters(tree).flat_map(mentions).count();
    in_literals + tree.sql.len()
}

fn sql_adapters(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.package()
        .filter(|source| is_under(&source.module, "adapters/*/sql"))
}

fn mentions(source: &Source) -> impl Iterator<Item = Mention> + '_ {
    source.facts.literals.iter().flat_map(|literal| {
        let words = words(&literal.text, literal.line);
        tables_named(&words, looks_like_sql(&words))
    })
}

fn in_literals(source: &Source, migrations: &Migrations) -> Vec<Finding> {
    let room = source.place.context().unwrap_or(SHARED);
    let reach = migrations.names_within_reach(room);
    mentions(source)
        .filter_map(|mention| judge(&source.file, room, &mention, &reach, migrations))
        .collect()
}

fn in_migrations(migrations: &Migrations) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (room, backends) in &migrations.rooms {
        let reach = migrations.names_within_reach(room);
        for (backend, history) in backends {
            for (name, migration) in &history.migrations {
                for (kind, words) in [("up", &migration.up), ("down", &migration.down)] {
                    let file = format!("migrations/{room}/{backend}/{name}/{kind}.sql");
                    let named = tables_named(words.as_deref().unwrap_or_default(), true);
                    findings.extend(
                        named
                            .iter()
                            .filter_map(|mention| judge(&file, room, mention, &reach, migrations)),
                    );
                }
            }
        }
    }
    findings
}

fn judge(
    file: &str,
    room: &str,
    mention: &Mention,
    reach: &BTreeSet<&str>,
    migrations: &Migrations,
) -> Option<Finding> {
    if reach.contains(mention.table.as_str()) {
        return None;
    }
    let message = format!(
        "SQL of {room} names `{}`, {}; ask its owner through an operation, or keep a copy fed by its events",
        mention.table,
        migrations.owner_spoken(&mention.table)
    );
    Some(Finding::new(RULE, file, mention.line, message))
}
