//! `migrations/<room>/<backend>/<timestamp>_<name>/{up,down}.sql`, as what each room's database looks like in the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::declared::SHARED;
use crate::sql::{Schema, Table, Word, words};
use crate::tree::Tree;

/// Both are real: what one has, the other has.
pub const BACKENDS: &[&str] = &["sqlite", "postgres"];

/// One migration folder of one backend: the words of its files, where they exist.
#[derive(Debug, Default)]
pub struct Migration {
    pub up: Option<Vec<Word>>,
    pub down: Option<Vec<Word>>,
}

/// All migrations of one context (or `shared`) on one backend.
#[derive(Debug, Default)]
pub struct History {
    pub migrations: BTreeMap<String, Migration>,
    pub schema: Schema,
}

#[derive(Debug, Default)]
pub struct Migrations {
    /// By room, then by backend.
    pub rooms: BTreeMap<String, BTreeMap<String, History>>,
    /// Files that lie elsewhere than the layout says.
    pub strays: Vec<String>,
}

impl Migrations {
    pub fn of(tree: &Tree) -> Self {
        let mut all = Self::default();
        for (file, text) in tree.sql.iter().filter(|(file, _)| file.starts_with("migrations/")) {
            let parts: Vec<&str> = file.split('/').collect();
            let is_room = |room: &str| room == SHARED || tree.contexts.contains(room);
            match parts.as_slice() {
                [_, room, backend, name, kind @ ("up.sql" | "down.sql")]
                    if is_room(room) && BACKENDS.contains(backend) =>
                {
                    let history = all
                        .rooms
                        .entry((*room).to_owned())
                        .or_default()
                        .entry((*backend).to_owned())
                        .or_default();
                    let migration = history.migrations.entry((*name).to_owned()).or_default();
                    let side = if *kind == "up.sql" {
                        &mut migration.up
                    } else {
                        &mut migration.down
                    };
                    *side = Some(words(text, 1));
                }
                _ => all.strays.push(file.clone()),
            }
        }
        all.run();
        all
    }

    /// Applies every `up.sql` in the order of the folders' names, as diesel does.
    fn run(&mut self) {
        for (room, backends) in &mut self.rooms {
            for (backend, history) in backends {
                for (name, migration) in &history.migrations {
                    let file = format!("migrations/{room}/{backend}/{name}/up.sql");
                    history.schema.apply(&file, migration.up.as_deref().unwrap_or_default());
                }
            }
        }
    }

    pub fn history(&self, room: &str, backend: &str) -> Option<&History> {
        self.rooms.get(room)?.get(backend)
    }

    pub fn table(&self, room: &str, backend: &str, table: &str) -> Option<&Table> {
        self.history(room, backend)?.schema.tables.get(table)
    }

    /// Everything a room's database ever held on any backend: its own and what every database has.
    pub fn names_within_reach(&self, room: &str) -> BTreeSet<&str> {
        let histories = [room, SHARED]
            .into_iter()
            .filter_map(|room| self.rooms.get(room))
            .flat_map(BTreeMap::values);
        histories
            .flat_map(|history| &history.schema.ever)
            .map(String::as_str)
            .collect()
    }

    /// The rooms whose migrations create this table.
    pub fn owners_of(&self, table: &str) -> Vec<&str> {
        let creates =
            |backends: &BTreeMap<String, History>| backends.values().any(|history| history.schema.ever.contains(table));
        self.rooms
            .iter()
            .filter(|(_, backends)| creates(backends))
            .map(|(room, _)| room.as_str())
            .collect()
    }

    /// Who owns a table, for a message.
    pub fn owner_spoken(&self, table: &str) -> String {
        match self.owners_of(table).first() {
            Some(owner) => format!("a table of {owner}"),
            None => "created by no migration".to_owned(),
        }
    }
}
