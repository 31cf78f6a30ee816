//! Rows, and how they become what they stand for.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::schema::{categories, products};
use crate::domains::catalog::category::{Category, CategoryName};
use crate::domains::catalog::product::Product;
use crate::domains::catalog::product_content::ProductContent;
use crate::domains::shared::money::{Currency, Money};
use crate::domains::shared::slug::Slug;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::StorageError;

#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
pub(super) struct ProductRow {
    pub(super) id: String,
    sku: String,
    slug: String,
    name: String,
    description: String,
    price_minor: i64,
    currency: String,
    active: bool,
    in_stock: bool,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl ProductRow {
    pub(super) fn into_product(self, category_slugs: BTreeSet<Slug>) -> Result<Product, StorageError> {
        let currency: Currency = self.currency.parse().map_err(StorageError::corrupt)?;
        let content = ProductContent::from_storage(
            self.sku.parse().map_err(StorageError::corrupt)?,
            self.name,
            self.description,
            Money::of(self.price_minor, currency),
            self.active,
            category_slugs,
        );
        Ok(Product::from_storage(
            self.id.parse().map_err(StorageError::corrupt)?,
            self.slug.parse().map_err(StorageError::corrupt)?,
            content,
            self.in_stock,
            self.version,
            Timestamp::from_naive_utc(self.created_at),
            Timestamp::from_naive_utc(self.updated_at),
        ))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = categories)]
pub(super) struct CategoryRow {
    id: String,
    name: String,
    parent_id: Option<String>,
    path: String,
    version: i64,
    created_at: NaiveDateTime,
}

impl CategoryRow {
    pub(super) fn into_category(self) -> Result<Category, StorageError> {
        Ok(Category::from_storage(
            self.id.parse().map_err(StorageError::corrupt)?,
            CategoryName::from_storage(self.name),
            self.parent_id
                .map(|id| id.parse())
                .transpose()
                .map_err(StorageError::corrupt)?,
            self.path.parse().map_err(StorageError::corrupt)?,
            self.version,
            Timestamp::from_naive_utc(self.created_at),
        ))
    }
}
