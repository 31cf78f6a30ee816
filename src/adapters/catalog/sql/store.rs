//! Products and categories, found and kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::prelude::*;

use super::rows::{CategoryRow, ProductRow};
use super::schema::{categories, product_categories, products};
use super::{list_products, stock_levels, writes};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::database::Database;
use crate::domains::catalog::category::Category;
use crate::domains::catalog::product::Product;
use crate::domains::catalog::stock_level::StockLevel;
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::slug::Slug;
use crate::ports::catalog::outbound::{CatalogStore, ProductKey, ProductQuery};
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Products and categories in the context's database.
pub struct SqlCatalogStore {
    database: Arc<Database>,
}

impl SqlCatalogStore {
    /// Keeps them in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    fn load(
        &self,
        rows: impl FnOnce(&mut DbConn) -> QueryResult<Vec<ProductRow>>,
    ) -> Result<Vec<Product>, StorageError> {
        let (rows, slugs) = self.database.read(|conn| {
            let rows = rows(conn)?;
            let slugs = category_slugs(conn, &rows)?;
            Ok((rows, slugs))
        })?;
        with_categories(rows, slugs)
    }
}

impl CatalogStore for SqlCatalogStore {
    fn find_product(&self, key: &ProductKey) -> Result<Option<Product>, StorageError> {
        let found = self.load(|conn| {
            let query = products::table.select(ProductRow::as_select());
            match key {
                ProductKey::Id(id) => query.filter(products::id.eq(id.to_string())).load(conn),
                ProductKey::Slug(slug) => query.filter(products::slug.eq(slug.as_str())).load(conn),
                ProductKey::Sku(sku) => query.filter(products::sku.eq(sku.as_str())).load(conn),
            }
        })?;
        Ok(found.into_iter().next())
    }

    fn find_products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StorageError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.load(|conn| {
            products::table
                .filter(products::id.eq_any(&ids))
                .select(ProductRow::as_select())
                .load(conn)
        })
    }

    fn list_products(&self, query: &ProductQuery) -> Result<Vec<Product>, StorageError> {
        self.load(|conn| list_products::rows(conn, query))
    }

    fn insert_product(
        &self,
        product: &Product,
        new_categories: &[Category],
        unit: &UnitOfWork,
    ) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            writes::insert_categories(conn, new_categories)?;
            writes::insert_product(conn, product)
        })
    }

    fn update_product(
        &self,
        product: &Product,
        new_categories: &[Category],
        unit: &UnitOfWork,
    ) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            writes::insert_categories(conn, new_categories)?;
            writes::update_product(conn, product)
        })
    }

    fn find_category(&self, slug: &Slug) -> Result<Option<Category>, StorageError> {
        let row = self.database.read(|conn| {
            categories::table
                .filter(categories::slug.eq(slug.as_str()))
                .select(CategoryRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(CategoryRow::into_category).transpose()
    }

    fn all_categories(&self) -> Result<Vec<Category>, StorageError> {
        let rows = self.database.read(|conn| {
            categories::table
                .order(categories::path)
                .select(CategoryRow::as_select())
                .load(conn)
        })?;
        rows.into_iter().map(CategoryRow::into_category).collect()
    }

    fn insert_category(&self, category: &Category, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            writes::insert_categories(conn, std::slice::from_ref(category))
        })
    }

    fn apply_stock_levels(&self, levels: &[StockLevel], unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            levels.iter().try_for_each(|level| stock_levels::apply(conn, level))
        })
    }
}

/// Product and slug of every category that one of these products is in.
fn category_slugs(conn: &mut DbConn, rows: &[ProductRow]) -> QueryResult<Vec<(String, String)>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    product_categories::table
        .inner_join(categories::table)
        .filter(product_categories::product_id.eq_any(ids))
        .select((product_categories::product_id, categories::slug))
        .load(conn)
}

fn with_categories(rows: Vec<ProductRow>, slugs: Vec<(String, String)>) -> Result<Vec<Product>, StorageError> {
    let mut slugs_of: BTreeMap<String, BTreeSet<Slug>> = BTreeMap::new();
    for (product_id, slug) in slugs {
        let slug = slug.parse().map_err(StorageError::corrupt)?;
        slugs_of.entry(product_id).or_default().insert(slug);
    }
    rows.into_iter()
        .map(|row| {
            let slugs = slugs_of.remove(&row.id).unwrap_or_default();
            row.into_product(slugs)
        })
        .collect()
}
