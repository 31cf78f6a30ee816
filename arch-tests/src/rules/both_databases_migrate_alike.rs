//! SQLite and PostgreSQL have the same migrations with the same tables and columns, each with a way back. Whoever adds a
//! column to one database only would learn it from a user of the other.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::migrations::{BACKENDS, History, Migration, Migrations};
use crate::tree::Tree;

const RULE: &str = "both_databases_migrate_alike";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let migrations = Migrations::of(tree);
    let stray =
        "the place is not migrations/<context or shared>/{sqlite,postgres}/<timestamp>_<name>/{up,down}.sql; move it";
    let mut findings: Vec<Finding> = migrations
        .strays
        .iter()
        .map(|file| Finding::new(RULE, file, 1, stray))
        .collect();
    for room in migrations.rooms.keys() {
        findings.extend(incomplete(&migrations, room));
        findings.extend(missing_folders(&migrations, room));
        findings.extend(different_tables(&migrations, room));
    }
    findings
}

pub fn seen(tree: &Tree) -> usize {
    let migrations = Migrations::of(tree);
    let histories = migrations.rooms.values().flat_map(|backends| backends.values());
    histories.map(|history| history.migrations.len()).sum()
}

fn incomplete(migrations: &Migrations, room: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for backend in BACKENDS {
        let Some(history) = migrations.history(room, backend) else {
            continue;
        };
        for (name, migration) in &history.migrations {
            let Migration { up, down } = migration;
            for (kind, words) in [("up", up), ("down", down)] {
                let file = format!("migrations/{room}/{backend}/{name}/{kind}.sql");
                if words.as_ref().is_none_or(Vec::is_empty) {
                    findings.push(Finding::new(
                        RULE,
                        &file,
                        1,
                        format!("there is no statement in it; write the {kind} migration"),
                    ));
                }
            }
        }
    }
    findings
}

/// The rooms' backends side by side: each is asked for what the other has.
fn pairs<'a>(
    migrations: &'a Migrations,
    room: &'a str,
) -> impl Iterator<Item = (&'static str, &'a History, &'static str, &'a History)> {
    static EMPTY: std::sync::LazyLock<History> = std::sync::LazyLock::new(History::default);
    let side = move |backend| migrations.history(room, backend).unwrap_or(&EMPTY);
    BACKENDS.iter().flat_map(move |has| {
        let others = BACKENDS.iter().filter(move |lacks| *lacks != has);
        others.map(move |lacks| (*has, side(has), *lacks, side(lacks)))
    })
}

fn missing_folders(migrations: &Migrations, room: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (has, having, lacks, lacking) in pairs(migrations, room) {
        for name in having
            .migrations
            .keys()
            .filter(|name| !lacking.migrations.contains_key(*name))
        {
            let message = format!("the migration is missing for {lacks}; add migrations/{room}/{lacks}/{name}");
            findings.push(Finding::new(
                RULE,
                &format!("migrations/{room}/{has}/{name}/up.sql"),
                1,
                message,
            ));
        }
    }
    findings
}

fn different_tables(migrations: &Migrations, room: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, having, lacks, lacking) in pairs(migrations, room) {
        for (name, table) in &having.schema.tables {
            let message = match lacking.schema.tables.get(name) {
                None => format!("`{name}` does not exist on {lacks}; create it there too"),
                Some(other) => {
                    let missing: BTreeSet<&String> = table.columns.difference(&other.columns).collect();
                    if missing.is_empty() {
                        continue;
                    }
                    format!("`{name}` lacks {missing:?} on {lacks}; add what is missing there")
                }
            };
            findings.push(Finding::new(RULE, &table.file, table.line, message));
        }
    }
    findings
}
