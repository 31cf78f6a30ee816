//! Rows of comma-separated values.

use std::collections::BTreeSet;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::columns::{Cell, Cells, Column, Row};
use super::report::{ImportError, Place};
use super::source::{Lines, without_mark};

/// The rows of a text, one by one.
pub(super) struct CsvRows<'t> {
    reader: Reader<&'t [u8]>,
    columns: Vec<Option<Column>>,
    lines: Lines<'t>,
    record: StringRecord,
}

/// Reads the header. Returns the rows, and the names of columns that mean nothing.
pub(super) fn read(text: &str) -> Result<(CsvRows<'_>, BTreeSet<String>), ImportError> {
    let text = without_mark(text);
    // Flexible: a row with too many or too few cells is a bad row, not the end of the file.
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed(&error.to_string()))?.clone();
    let mut columns = Vec::new();
    let mut ignored = BTreeSet::new();
    for name in &header {
        let column = Column::from_name(name);
        if column.is_none() {
            ignored.insert(name.to_owned());
        } else if columns.contains(&column) {
            return Err(malformed(&format!("the column {} stands twice", name.trim())));
        }
        columns.push(column);
    }
    check_header(&columns, &ignored)?;
    let rows = CsvRows {
        reader,
        columns,
        lines: Lines::of(text),
        record: StringRecord::new(),
    };
    Ok((rows, ignored))
}

fn check_header(columns: &[Option<Column>], ignored: &BTreeSet<String>) -> Result<(), ImportError> {
    let has = |column| columns.contains(&Some(column));
    let lacking = if !has(Column::Sku) && !has(Column::Id) {
        "sku"
    } else if !has(Column::Name) {
        "name"
    } else if !has(Column::Price) {
        "price"
    } else {
        return Ok(());
    };
    let other_separator = columns.len() == 1 && ignored.iter().any(|name| name.contains([';', '\t']));
    Err(malformed(&if other_separator {
        "the columns must be separated by commas".to_owned()
    } else {
        format!("the header has no column {lacking}")
    }))
}

fn malformed(reason: &str) -> ImportError {
    ImportError::Malformed {
        line: 1,
        reason: reason.to_owned(),
    }
}

impl Iterator for CsvRows<'_> {
    type Item = Result<Row, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(Ok(self.row())),
            // The text is in memory and in UTF-8, and rows may be of any length: nothing is left that could fail.
            Err(error) => Some(Err(malformed(&error.to_string()))),
        }
    }
}

impl CsvRows<'_> {
    fn row(&mut self) -> Row {
        let start = self.record.position().map_or(0, csv::Position::byte);
        let line = self.lines.line_at(usize::try_from(start).unwrap_or(usize::MAX));
        let cells = if self.record.len() == self.columns.len() {
            Ok(self.cells())
        } else {
            Err(format!(
                "has {} cells where the header has {}",
                self.record.len(),
                self.columns.len()
            ))
        };
        Row {
            place: Place { line, entry: None },
            end_byte: self.reader.position().byte(),
            cells,
            ignored: BTreeSet::new(),
        }
    }

    fn cells(&self) -> Cells {
        self.columns
            .iter()
            .zip(&self.record)
            .filter_map(|(column, text)| column.map(|column| (column, Cell::Text(text.to_owned()))))
            .collect()
    }
}
