//! What a row of migrations leaves behind: tables and their columns, read from the text of the statements.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{Kind, Word};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: BTreeSet<String>,
    /// Where it was created.
    pub file: String,
    pub line: usize,
}

/// The tables of one context on one backend after its migrations ran in order.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub tables: BTreeMap<String, Table>,
    pub views: BTreeSet<String>,
    /// Every name ever created, also those dropped or renamed since.
    pub ever: BTreeSet<String>,
}

/// First words of a table's constraints, which are not columns.
const CONSTRAINTS: &[&str] = &["primary", "unique", "check", "foreign", "constraint", "exclude", "like"];

impl Schema {
    /// Applies one `up.sql`.
    pub fn apply(&mut self, file: &str, words: &[Word]) {
        for statement in words.split(|word| word.kind == Kind::Symbol && word.text == ";") {
            let mut cursor = Cursor {
                words: statement,
                at: 0,
            };
            if cursor.accepts(&["create"]) {
                cursor.skip_any(&[
                    "or",
                    "replace",
                    "temp",
                    "temporary",
                    "unlogged",
                    "virtual",
                    "materialized",
                ]);
                if cursor.accepts(&["table"]) {
                    self.create(file, &mut cursor);
                } else if cursor.accepts(&["view"]) {
                    self.create_view(&mut cursor);
                }
            } else if cursor.accepts(&["drop", "table"]) {
                self.drop(&mut cursor);
            } else if cursor.accepts(&["alter", "table"]) {
                self.alter(&mut cursor);
            }
        }
    }

    fn create(&mut self, file: &str, cursor: &mut Cursor<'_>) {
        cursor.accepts(&["if", "not", "exists"]);
        let Some((name, line)) = cursor.name() else { return };
        self.ever.insert(name.clone());
        self.tables.insert(
            name,
            Table {
                columns: columns(cursor.rest()),
                file: file.to_owned(),
                line,
            },
        );
    }

    fn create_view(&mut self, cursor: &mut Cursor<'_>) {
        cursor.accepts(&["if", "not", "exists"]);
        if let Some((name, _)) = cursor.name() {
            self.ever.insert(name.clone());
            self.views.insert(name);
        }
    }

    fn drop(&mut self, cursor: &mut Cursor<'_>) {
        cursor.accepts(&["if", "exists"]);
        while let Some((name, _)) = cursor.name() {
            self.tables.remove(&name);
            if !cursor.accepts(&[","]) {
                break;
            }
        }
    }

    fn alter(&mut self, cursor: &mut Cursor<'_>) {
        cursor.accepts(&["if", "exists"]);
        cursor.accepts(&["only"]);
        let Some((name, _)) = cursor.name() else { return };
        if cursor.accepts(&["rename", "to"]) {
            if let (Some(table), Some((renamed, _))) = (self.tables.remove(&name), cursor.name()) {
                self.ever.insert(renamed.clone());
                self.tables.insert(renamed, table);
            }
        } else if let Some(table) = self.tables.get_mut(&name) {
            for action in top_level_parts(cursor.rest()) {
                alter_columns(table, action);
            }
        }
    }
}

fn alter_columns(table: &mut Table, action: &[Word]) {
    let mut cursor = Cursor { words: action, at: 0 };
    if cursor.accepts(&["add"]) {
        let is_constraint = cursor
            .peek()
            .is_some_and(|word| CONSTRAINTS.iter().any(|first| word.is(first)));
        cursor.accepts(&["column"]);
        cursor.accepts(&["if", "not", "exists"]);
        if let Some((column, _)) = cursor.name().filter(|_| !is_constraint) {
            table.columns.insert(column);
        }
    } else if cursor.accepts(&["drop"]) {
        let is_constraint = cursor.peek().is_some_and(|word| word.is("constraint"));
        cursor.accepts(&["column"]);
        cursor.accepts(&["if", "exists"]);
        if let Some((column, _)) = cursor.name().filter(|_| !is_constraint) {
            table.columns.remove(&column);
        }
    } else if cursor.accepts(&["rename"]) {
        let is_constraint = cursor.peek().is_some_and(|word| word.is("constraint"));
        cursor.accepts(&["column"]);
        let old = cursor.name().filter(|_| !is_constraint);
        cursor.accepts(&["to"]);
        if let (Some((old, _)), Some((new, _))) = (old, cursor.name()) {
            table.columns.remove(&old);
            table.columns.insert(new);
        }
    }
}

/// The first word of every part between the outer parentheses that is not a constraint.
fn columns(definition: &[Word]) -> BTreeSet<String> {
    let is = |word: &Word, text: &str| word.kind == Kind::Symbol && word.text == text;
    let Some(open) = definition.iter().position(|word| is(word, "(")) else {
        return BTreeSet::new();
    };
    let Some(close) = definition.iter().rposition(|word| is(word, ")")) else {
        return BTreeSet::new();
    };
    top_level_parts(definition.get(open + 1..close).unwrap_or_default())
        .into_iter()
        .filter_map(<[Word]>::first)
        .filter(|word| word.is_name() && !CONSTRAINTS.iter().any(|constraint| word.is(constraint)))
        .map(|word| word.text.clone())
        .collect()
}

/// Splits at the commas that stand in no parentheses.
fn top_level_parts(words: &[Word]) -> Vec<&[Word]> {
    let mut depth = 0_usize;
    words
        .split(|word| {
            match word.text.as_str() {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && word.kind == Kind::Symbol && word.text == ","
        })
        .collect()
}

struct Cursor<'a> {
    words: &'a [Word],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    fn rest(&self) -> &'a [Word] {
        self.words.get(self.at..).unwrap_or_default()
    }

    /// Steps over the words if all of them are next.
    fn accepts(&mut self, expected: &[&str]) -> bool {
        let found =
            self.rest().len() >= expected.len() && expected.iter().zip(self.rest()).all(|(text, word)| word.is(text));
        if found {
            self.at += expected.len();
        }
        found
    }

    fn skip_any(&mut self, words: &[&str]) {
        while self.peek().is_some_and(|word| words.iter().any(|text| word.is(text))) {
            self.at += 1;
        }
    }

    /// A name without its schema.
    fn name(&mut self) -> Option<(String, usize)> {
        let mut word = self.peek().filter(|word| word.is_name())?;
        self.at += 1;
        while self.accepts(&["."]) {
            word = self.peek().filter(|word| word.is_name())?;
            self.at += 1;
        }
        Some((word.text.clone(), word.line))
    }
}
