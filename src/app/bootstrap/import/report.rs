//! What became of an import.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::domains::shared::sku::Sku;
use crate::ports::catalog::operations::ImportOutcome;

/// The most bad rows that a report lists; it counts all of them.
const BAD_ROWS_LISTED_MAX: usize = 1_000;
/// The most names of ignored columns that a report lists: members of JSON objects may have any.
const IGNORED_COLUMNS_LISTED_MAX: usize = 100;

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Which entry of the list it is, from 1; for JSON only.
    pub entry: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            None => write!(f, "line {}", self.line),
            Some(entry) => write!(f, "line {} (entry {entry})", self.line),
        }
    }
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// Its SKU, where it could be read.
    pub sku: Option<Sku>,
    /// Why it was not taken.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = printable(&self.reason);
        match &self.sku {
            None => write!(f, "{}: {reason}", self.place),
            Some(sku) => write!(f, "{}, {sku}: {reason}", self.place),
        }
    }
}

/// What stands in a file may hold control characters, and the reader may be a terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// What became of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether nothing was written, and the counts say what would have been.
    pub dry_run: bool,
    /// New products.
    pub created: u64,
    /// Known products that are different now.
    pub updated: u64,
    /// Known products that were like this already.
    pub unchanged: u64,
    /// Products that got their first stock.
    pub stocked: u64,
    /// Rows that were not taken.
    pub bad: u64,
    /// The first of them.
    pub bad_rows: Vec<BadRow>,
    /// Columns that mean nothing to the import.
    pub ignored_columns: BTreeSet<String>,
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            created: 0,
            updated: 0,
            unchanged: 0,
            stocked: 0,
            bad: 0,
            bad_rows: Vec::new(),
            ignored_columns: BTreeSet::new(),
        }
    }

    pub(super) fn count(&mut self, outcome: ImportOutcome) {
        match outcome {
            ImportOutcome::Created => self.created += 1,
            ImportOutcome::Updated => self.updated += 1,
            ImportOutcome::Unchanged => self.unchanged += 1,
        }
    }

    pub(super) fn add_bad(&mut self, row: BadRow) {
        self.bad += 1;
        if self.bad_rows.len() < BAD_ROWS_LISTED_MAX {
            self.bad_rows.push(row);
        }
    }

    pub(super) fn ignore_columns(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names {
            if self.ignored_columns.len() < IGNORED_COLUMNS_LISTED_MAX {
                self.ignored_columns.insert(name);
            }
        }
    }

    /// Whether every row was taken: the command's exit code is 0 then, and 1 otherwise.
    pub fn is_clean(&self) -> bool {
        self.bad == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.bad_rows {
            writeln!(f, "{row}")?;
        }
        let listed = u64::try_from(self.bad_rows.len()).unwrap_or(u64::MAX);
        if self.bad > listed {
            writeln!(f, "... and {} more bad rows", self.bad - listed)?;
        }
        for column in &self.ignored_columns {
            writeln!(f, "column {} means nothing here and was ignored", printable(column))?;
        }
        if self.dry_run {
            write!(f, "dry run, nothing was written: ")?;
        }
        write!(
            f,
            "{} created, {} updated, {} unchanged, {} bad",
            self.created, self.updated, self.unchanged, self.bad
        )?;
        if self.stocked > 0 {
            write!(f, "; {} got their first stock", self.stocked)?;
        }
        Ok(())
    }
}

/// Why an import did not take place or did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is larger than an import takes.
    #[error("the file has more than {bytes_max} bytes; split it")]
    TooLarge {
        /// The most bytes.
        bytes_max: u64,
    },
    /// The file is in another encoding.
    #[error("line {line}: the file is not in UTF-8{hint}; save it as UTF-8. Nothing was imported")]
    NotUtf8 {
        /// The line of the first byte that is not.
        line: u64,
        /// What it looks like, if it looks like something.
        hint: &'static str,
    },
    /// The file is not what its format says.
    #[error("line {line}: {reason}. Nothing was imported")]
    Malformed {
        /// Where.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The shop went away or is broken. What was reported so far is in; running again goes on.
    #[error("stopped at {place}: {reason}. Run the same command again to go on. Before that:\n{so_far}")]
    Stopped {
        /// At which row.
        place: Place,
        /// Why.
        reason: String,
        /// What became of the rows before.
        so_far: Box<Report>,
    },
}
