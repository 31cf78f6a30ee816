//! What a row wishes for: its cells, understood.

use super::columns::{Cell, Cells, Column, text};
use super::price;
use crate::domains::shared::money::Currency;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::slug::Slug;
use crate::ports::catalog::operations::{ImportProduct, ProductDetails};

/// What a row wishes for.
pub(super) struct Wish {
    /// The product.
    pub(super) product: ImportProduct,
    /// Pieces to receive if there never was any stock; more than zero.
    pub(super) first_stock: Option<i64>,
}

/// The SKU of a row: its own or, for catalogs that number their products, `ID-` and the number.
pub(super) fn sku(cells: &Cells) -> Result<Sku, String> {
    let written = match (text(cells, Column::Sku)?, text(cells, Column::Id)?) {
        (Some(sku), _) => sku.to_owned(),
        (None, Some(id)) => format!("ID-{id}"),
        (None, None) => return Err("sku is missing".to_owned()),
    };
    written
        .parse()
        .map_err(|error| format!("sku {} {error}", shortened(&written)))
}

impl Wish {
    /// Understands a row.
    pub(super) fn new(sku: Sku, cells: &Cells) -> Result<Self, String> {
        let needed = |column: Column| text(cells, column)?.ok_or_else(|| format!("{} is missing", column.name()));
        let currency = match text(cells, Column::Currency)? {
            None => Currency::EUR,
            Some(code) => code.parse().map_err(|error| format!("currency {error}"))?,
        };
        let slug: Option<Slug> = text(cells, Column::Slug)?
            .map(str::parse)
            .transpose()
            .map_err(|error| format!("slug {error}"))?;
        let details = ProductDetails {
            sku,
            slug,
            name: with_brand(needed(Column::Name)?, text(cells, Column::Brand)?),
            description: text(cells, Column::Description)?.unwrap_or_default().to_owned(),
            price: price::parse(needed(Column::Price)?, currency)?,
            active: active(text(cells, Column::Active)?)?,
            category_slugs: Vec::new(),
        };
        Ok(Self {
            product: ImportProduct {
                details,
                category_path: category_path(cells)?,
            },
            first_stock: first_stock(text(cells, Column::Stock)?)?,
        })
    }
}

/// `Daybird` and `Wanderer Boots` become `Daybird Wanderer Boots`: the catalog has no brands, and who searches for one
/// finds it in the name.
fn with_brand(name: &str, brand: Option<&str>) -> String {
    match brand {
        Some(brand) if !name.to_lowercase().starts_with(&brand.to_lowercase()) => format!("{brand} {name}"),
        _ => name.to_owned(),
    }
}

fn active(text: Option<&str>) -> Result<bool, String> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "yes" | "1") => Ok(true),
        Some("false" | "no" | "0") => Ok(false),
        Some(_) => Err("active must be true or false".to_owned()),
    }
}

fn first_stock(text: Option<&str>) -> Result<Option<i64>, String> {
    let Some(text) = text else { return Ok(None) };
    let is_whole = text.chars().all(|c| c.is_ascii_digit());
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(pieces) if is_whole => Ok(Some(pieces)),
        _ => Err("stock must be a whole number, zero or more".to_owned()),
    }
}

/// Names from the root down. The path is split at `>`, or at `/` where there is no `>`: `Ski/Boarding > Boots` has two
/// steps. A `type` is one name, whatever stands in it.
fn category_path(cells: &Cells) -> Result<Vec<String>, String> {
    let names: Vec<String> = match cells.get(&Column::Categories) {
        Some(Cell::List(names)) => names.iter().map(|name| name.trim().to_owned()).collect(),
        Some(Cell::Text(path)) if !path.trim().is_empty() => {
            let separator = if path.contains('>') { '>' } else { '/' };
            path.split(separator).map(|name| name.trim().to_owned()).collect()
        }
        _ => text(cells, Column::Type)?.map(str::to_owned).into_iter().collect(),
    };
    if names.iter().any(String::is_empty) {
        return Err("categories has an empty name in its path".to_owned());
    }
    Ok(names)
}

fn shortened(text: &str) -> String {
    text.chars().take(Sku::MAX_CHARS).collect()
}
