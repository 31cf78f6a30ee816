//! Rows and their columns, whatever the format of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Place;

/// The columns that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Sku,
    Id,
    Name,
    Brand,
    Description,
    Price,
    Currency,
    Slug,
    Active,
    Categories,
    Type,
    Stock,
}

impl Column {
    const ALL: [Self; 12] = [
        Self::Sku,
        Self::Id,
        Self::Name,
        Self::Brand,
        Self::Description,
        Self::Price,
        Self::Currency,
        Self::Slug,
        Self::Active,
        Self::Categories,
        Self::Type,
        Self::Stock,
    ];

    /// What it is called in a header or as a member.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Id => "id",
            Self::Name => "name",
            Self::Brand => "brand",
            Self::Description => "description",
            Self::Price => "price",
            Self::Currency => "currency",
            Self::Slug => "slug",
            Self::Active => "active",
            Self::Categories => "categories",
            Self::Type => "type",
            Self::Stock => "stock",
        }
    }

    /// From what it is called, in whatever case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|column| column.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// What stands in a column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// A text, or the text of a number.
    Text(String),
    /// A list of texts: the path of a category.
    List(Vec<String>),
}

/// What stands in a row; an empty or blank cell is absent.
pub(super) type Cells = BTreeMap<Column, Cell>;

/// A row of a file.
pub(super) struct Row {
    /// Where it stands.
    pub(super) place: Place,
    /// Where it ends, in bytes from the beginning of the text.
    pub(super) end_byte: u64,
    /// What stands in it, or why it cannot be read.
    pub(super) cells: Result<Cells, String>,
    /// Names of columns that mean nothing.
    pub(super) ignored: BTreeSet<String>,
}

/// The text of a column; `None` where it is absent or blank.
pub(super) fn text(cells: &Cells, column: Column) -> Result<Option<&str>, String> {
    match cells.get(&column) {
        None => Ok(None),
        Some(Cell::Text(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(Cell::List(_)) => Err(format!("{} must not be a list", column.name())),
    }
}
