//! What the catalog needs from outside: a store.

use crate::domains::catalog::category::Category;
use crate::domains::catalog::category_path::CategoryPath;
use crate::domains::catalog::product::Product;
use crate::domains::catalog::stock_level::StockLevel;
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Keeps products and categories. Every method fails with [`StorageError::Unavailable`] when the database is away.
///
/// Writing methods MUST commit their [`UnitOfWork`] in the same transaction, all or nothing.
pub trait CatalogStore: Send + Sync {
    /// The product, if there is one.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] when it cannot be read back.
    fn find_product(&self, key: &ProductKey) -> Result<Option<Product>, StorageError>;

    /// Those of these products that there are, in any order.
    ///
    /// # Errors
    /// As [`Self::find_product`].
    fn find_products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StorageError>;

    /// The products that `query` asks for, in its order, at most [`ProductQuery::limit`]. Of two pages in succession
    /// MUST NOT both show a product that has not changed, nor may one be left out between them.
    ///
    /// # Errors
    /// As [`Self::find_product`].
    fn list_products(&self, query: &ProductQuery) -> Result<Vec<Product>, StorageError>;

    /// Adds a product, after `new_categories`, parents first. MUST keep it as in stock if, and only if, a level that
    /// was heard of before says so, whatever the product says.
    ///
    /// # Errors
    /// [`StorageError::Duplicate`] when its SKU or its slug exists; `constraint` then contains `sku` or `slug`.
    /// [`StorageError::Refused`] when it is in a category that does not exist.
    fn insert_product(
        &self,
        product: &Product,
        new_categories: &[Category],
        unit: &UnitOfWork,
    ) -> Result<(), StorageError>;

    /// Replaces what staff say of a product, after adding `new_categories`, parents first. MUST NOT change whether it
    /// is in stock.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when the product is not at the version before [`Product::version`].
    /// Otherwise as [`Self::insert_product`].
    fn update_product(
        &self,
        product: &Product,
        new_categories: &[Category],
        unit: &UnitOfWork,
    ) -> Result<(), StorageError>;

    /// The category, if there is one.
    ///
    /// # Errors
    /// As [`Self::find_product`].
    fn find_category(&self, slug: &Slug) -> Result<Option<Category>, StorageError>;

    /// All categories, parents before children; otherwise by path.
    ///
    /// # Errors
    /// As [`Self::find_product`].
    fn all_categories(&self) -> Result<Vec<Category>, StorageError>;

    /// Adds a category.
    ///
    /// # Errors
    /// [`StorageError::Duplicate`] when its slug exists; `constraint` then contains `slug`.
    fn insert_category(&self, category: &Category, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Remembers levels that inventory told. Levels that are not news are passed over. A product is in stock when any
    /// location has it; its version MUST count up when that changes, and only then. Levels of products that do not
    /// exist are remembered too.
    ///
    /// # Errors
    /// [`StorageError::Stale`] when the unit's delivery has taken effect already.
    fn apply_stock_levels(&self, levels: &[StockLevel], unit: &UnitOfWork) -> Result<(), StorageError>;
}

/// What names exactly one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductKey {
    /// Its id.
    Id(ProductId),
    /// Its name in URLs.
    Slug(Slug),
    /// The shop's own name of it.
    Sku(Sku),
}

/// Which products to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductQuery {
    /// Only those that can be bought.
    pub active_only: bool,
    /// Only those of this category and of those below it.
    pub category: Option<CategoryPath>,
    /// Only those whose folded name or folded SKU contains this folded text. Every character stands for itself.
    pub search_folded: Option<String>,
    /// Only those at or above this price.
    pub price_minor_min: Option<i64>,
    /// Only those at or below this price.
    pub price_minor_max: Option<i64>,
    /// Only those of which there is stock, or none.
    pub in_stock: Option<bool>,
    /// In which order, from where.
    pub order: ProductOrder,
    /// At most so many.
    pub limit: u32,
}

/// In which order products are listed, and behind which one to go on. Ties are broken by the id, in the direction of the
/// order. Texts are compared by their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductOrder {
    /// Newest first.
    Newest {
        /// When the last one shown was created, and its id.
        after: Option<(Timestamp, ProductId)>,
    },
    /// By folded name.
    Name {
        /// Folded name and id of the last one shown.
        after: Option<(String, ProductId)>,
    },
    /// Cheapest first, by minor units whatever the currency.
    PriceAscending {
        /// Price and id of the last one shown.
        after: Option<(i64, ProductId)>,
    },
    /// Dearest first, by minor units whatever the currency.
    PriceDescending {
        /// Price and id of the last one shown.
        after: Option<(i64, ProductId)>,
    },
}
