//! A table is declared in its context's `schema.rs`, created by its context's migrations on both databases, by no other
//! context, and no foreign key leaves the context: otherwise the context cannot take its data along.

use crate::finding::Finding;
use crate::migrations::{BACKENDS, Migrations};
use crate::place::{Ring, Room};
use crate::source::MacroCall;
use crate::sql::tables_referenced;
use crate::tree::{Source, Tree};

const RULE: &str = "every_table_has_one_owner";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let migrations = Migrations::of(tree);
    let mut findings = created_twice(&migrations);
    findings.extend(foreign_keys_that_leave(&migrations));
    for (source, call) in tables(tree) {
        findings.extend(judge(source, call, &migrations));
    }
    findings
}

pub fn seen(tree: &Tree) -> usize {
    tables(tree).count()
}

fn tables(tree: &Tree) -> impl Iterator<Item = (&Source, &MacroCall)> {
    let calls = tree
        .package()
        .flat_map(|source| source.facts.macros.iter().map(move |call| (source, call)));
    calls.filter(|(_, call)| {
        let name: Vec<&str> = call.name.iter().map(String::as_str).collect();
        matches!(name.as_slice(), ["table"] | ["diesel", "table"])
    })
}

fn judge(source: &Source, call: &MacroCall, migrations: &Migrations) -> Vec<Finding> {
    let finding = |message: String| Finding::new(RULE, &source.file, call.line, message);
    let module: Vec<&str> = source.module.iter().map(String::as_str).collect();
    let ["adapters", room, "sql", "schema"] = module.as_slice() else {
        return vec![finding(
            "a table is declared outside schema.rs; move it to adapters/<its context>/sql/schema.rs".to_owned(),
        )];
    };
    if source.place.ring != Ring::Adapters || source.place.room == Room::Unknown {
        return Vec::new();
    }
    let table = table_name(call);
    let missing = BACKENDS
        .iter()
        .filter(|backend| migrations.table(room, backend, &table).is_none());
    let report = |backend: &&str| {
        let owner = migrations.owner_spoken(&table);
        finding(format!(
            "`{table}` is not created by migrations/{room}/{backend} (it is {owner}); create it there or drop it here"
        ))
    };
    missing.map(report).collect()
}

/// The word before the primary key or the columns; attributes and the schema are skipped.
fn table_name(call: &MacroCall) -> String {
    let mut name = String::new();
    let mut in_attribute = false;
    let mut in_use = false;
    for word in &call.words {
        match word.text.as_str() {
            "[" => in_attribute = true,
            "]" => in_attribute = false,
            "use" => in_use = true,
            ";" => in_use = false,
            _ if in_attribute || in_use => {}
            "(" | "{" => break,
            text => text.clone_into(&mut name),
        }
    }
    name
}

fn created_twice(migrations: &Migrations) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (room, backends) in &migrations.rooms {
        for (name, table) in backends.values().flat_map(|history| &history.schema.tables) {
            let owners = migrations.owners_of(name);
            let Some(other) = owners.iter().find(|owner| *owner != room) else {
                continue;
            };
            let message =
                format!("`{name}` is created by {room} and by {other}; a table has one owner: rename one of them");
            findings.push(Finding::new(RULE, &table.file, table.line, message));
        }
    }
    findings
}

fn foreign_keys_that_leave(migrations: &Migrations) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (room, backends) in &migrations.rooms {
        let reach = migrations.names_within_reach(room);
        for (backend, history) in backends {
            for (name, migration) in &history.migrations {
                let words = migration.up.as_deref().unwrap_or_default();
                for mention in tables_referenced(words)
                    .into_iter()
                    .filter(|found| !reach.contains(found.table.as_str()))
                {
                    let owner = migrations.owner_spoken(&mention.table);
                    let message = format!(
                        "{room} has a foreign key to `{}`, {owner}; keep the id as a plain column and check it through the port",
                        mention.table
                    );
                    let file = format!("migrations/{room}/{backend}/{name}/up.sql");
                    findings.push(Finding::new(RULE, &file, mention.line, message));
                }
            }
        }
    }
    findings
}
