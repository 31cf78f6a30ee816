//! Rows of a JSON list of objects.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::{Cell, Cells, Column, Row};
use super::report::{ImportError, Place};
use super::source::{Lines, without_mark};

/// Checks the whole text, so that half a file is not imported, and returns its rows one by one.
pub(super) fn read(text: &str) -> Result<impl Iterator<Item = Row> + '_, ImportError> {
    let text = without_mark(text);
    let entries: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| ImportError::Malformed {
        line: u64::try_from(error.line()).unwrap_or(u64::MAX),
        reason: if error.is_data() {
            "the file must hold a list of objects".to_owned()
        } else {
            format!("the file is not JSON: {error}")
        },
    })?;
    let mut lines = Lines::of(text);
    let rows = (1..).zip(entries).map(move |(number, entry)| {
        // The entries are pieces of the text: where they lie in memory is where they stand in the file.
        let start = entry.get().as_ptr().addr() - text.as_ptr().addr();
        let (cells, ignored) = match cells(entry) {
            Ok((cells, ignored)) => (Ok(cells), ignored),
            Err(reason) => (Err(reason), BTreeSet::new()),
        };
        Row {
            place: Place {
                line: lines.line_at(start),
                entry: Some(number),
            },
            end_byte: u64::try_from(start + entry.get().len()).unwrap_or(u64::MAX),
            cells,
            ignored,
        }
    });
    Ok(rows)
}

fn cells(entry: &RawValue) -> Result<(Cells, BTreeSet<String>), String> {
    let members: Members<'_> = serde_json::from_str(entry.get()).map_err(|error| {
        if error.is_data() {
            "must be an object".to_owned()
        } else {
            error.to_string()
        }
    })?;
    let mut cells = Cells::new();
    let mut ignored = BTreeSet::new();
    for (name, value) in members.0 {
        let Some(column) = Column::from_name(&name) else {
            ignored.insert(name);
            continue;
        };
        let value = cell(value).map_err(|reason| format!("{} {reason}", column.name()))?;
        if cells.contains_key(&column) {
            return Err(format!("{} stands twice", column.name()));
        }
        if let Some(value) = value {
            cells.insert(column, value);
        }
    }
    Ok((cells, ignored))
}

/// What a member says. A number stays the text that it is: a price must not pass through floating point.
fn cell(value: &RawValue) -> Result<Option<Cell>, String> {
    let text = value.get();
    match text.chars().next() {
        Some('n') => Ok(None),
        Some('"') => serde_json::from_str(text)
            .map(|text| Some(Cell::Text(text)))
            .map_err(|_lone_surrogate| "is not a text".to_owned()),
        Some('[') => serde_json::from_str(text)
            .map(|names| Some(Cell::List(names)))
            .map_err(|_not_texts| "must be a list of texts".to_owned()),
        Some('{') => Err("must not be an object".to_owned()),
        _number_or_boolean => Ok(Some(Cell::Text(text.to_owned()))),
    }
}

/// The members of an object in their order, twins included.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
