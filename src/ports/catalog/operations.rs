//! What one can ask of the catalog.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{CategoryId, ProductId};
use crate::domains::shared::money::Money;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::dead_letters::{self, At, Letterbox};
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Key, operation, table_of_contents};
use crate::ports::shared::page::{Page, PageRequest};

table_of_contents! {
    /// The catalog, as its callers see it.
    Catalog = "catalog", super::events::EVENTS:
        CreateProduct, UpdateProduct, GetProduct, ListProducts, QuoteProducts, ImportProduct, CreateCategory,
        ListCategories, GetCategory,
        ListDeadLetters, GetDeadLetter, ReplayDeadLetter, DiscardDeadLetter
}

/// The dead letters of the consumers of catalog.
#[derive(Debug, Clone, Copy)]
pub struct CatalogLetters;

impl Letterbox for CatalogLetters {
    const LIST: &'static str = "catalog.list_dead_letters";
    const GET: &'static str = "catalog.get_dead_letter";
    const REPLAY: &'static str = "catalog.replay_dead_letter";
    const DISCARD: &'static str = "catalog.discard_dead_letter";
}

/// Lists them.
pub type ListDeadLetters = At<CatalogLetters, dead_letters::ListDeadLetters>;
/// Reads one.
pub type GetDeadLetter = At<CatalogLetters, dead_letters::GetDeadLetter>;
/// Has its consumer take one in.
pub type ReplayDeadLetter = At<CatalogLetters, dead_letters::ReplayDeadLetter>;
/// Gives one up.
pub type DiscardDeadLetter = At<CatalogLetters, dead_letters::DiscardDeadLetter>;

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The shop's own name of it.
    pub sku: Sku,
    /// Its name in URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Its description; may be empty.
    pub description: String,
    /// What one piece costs.
    pub price: Money,
    /// Whether it can be bought at all; a product that no longer can stays readable.
    pub active: bool,
    /// Whether there is any of it, as far as the catalog has heard from inventory. May lag by moments; an order asks
    /// inventory itself.
    pub in_stock: bool,
    /// The categories it is in.
    pub category_slugs: Vec<Slug>,
    /// Counts its changes; the entity tag is made of it.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When staff last changed it.
    pub updated_at: Timestamp,
}

/// What staff say of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductDetails {
    /// The shop's own name of it.
    pub sku: Sku,
    /// Its name in URLs; made from its name where absent.
    pub slug: Option<Slug>,
    /// Its name for people, 1 to 200 characters.
    pub name: String,
    /// Its description, up to 10,000 characters.
    pub description: String,
    /// What one piece costs: zero or more.
    pub price: Money,
    /// Whether it can be bought.
    pub active: bool,
    /// The categories it is to be in; each must exist.
    pub category_slugs: Vec<Slug>,
}

/// Why a product cannot be written as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WriteProductError {
    /// No such product.
    NotFound,
    /// Another product has this SKU.
    SkuTaken,
    /// Another product has this slug.
    SlugTaken,
    /// There is no category of this slug.
    UnknownCategory(Slug),
    /// Name, description or price breaks a rule: which field, and how.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The product has changed since the version the caller knows; this is its version now.
    VersionMismatch {
        /// The version now.
        current: i64,
    },
}

/// Adds a product.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreateProduct {
    /// What it is.
    pub details: ProductDetails,
}
operation!(CreateProduct => Product, WriteProductError; "catalog.create_product", Command, Staff, keyed);

/// Replaces what staff say of a product.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpdateProduct {
    /// Which.
    pub id: ProductId,
    /// The version that the caller has seen.
    pub expected_version: i64,
    /// What it is from now on. An absent slug leaves the slug as it is.
    pub details: ProductDetails,
}
operation!(UpdateProduct => Product, WriteProductError; "catalog.update_product", Command, Staff;
    key = |op| Key::of(&op.id));

/// How a product is named by who looks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductName {
    /// By its id.
    Id(ProductId),
    /// By its slug.
    Slug(Slug),
}

/// Reads a product. Customers see active products only.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetProduct {
    /// Which.
    pub name: ProductName,
}
operation!(GetProduct => Product, GetProductError; "catalog.get_product", Query, Public);

/// Why a product cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GetProductError {
    /// No such product, or none that the caller may see.
    NotFound,
}

/// The orders in which products can be listed; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductSort {
    /// Newest first.
    Newest,
    /// By name.
    Name,
    /// Cheapest first.
    PriceAscending,
    /// Dearest first.
    PriceDescending,
}

/// Lists products. Customers see active products only.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListProducts {
    /// Only of this category and those below it.
    pub category: Option<Slug>,
    /// Only those whose name or SKU contains this text, in whatever case.
    pub search: Option<String>,
    /// Only those at or above this price in minor units.
    pub price_minor_min: Option<i64>,
    /// Only those at or below this price in minor units.
    pub price_minor_max: Option<i64>,
    /// Only those of which there is stock, or of which there is none.
    pub in_stock: Option<bool>,
    /// In which order.
    pub sort: ProductSort,
    /// Which page.
    pub page: PageRequest,
}
operation!(ListProducts => Page<Product>, ListProductsError; "catalog.list_products", Query, Public);

/// Why products cannot be listed as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ListProductsError {
    /// The cursor is not one that a list in this order gave.
    InvalidCursor,
    /// There is no category of this slug.
    UnknownCategory,
}

/// What products are called and cost right now, for an order. Products that cannot be bought are left out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct QuoteProducts {
    /// Which; at most [`QuoteProducts::MAX_PRODUCTS`].
    pub ids: Vec<ProductId>,
}
operation!(QuoteProducts => Vec<Quote>, Never; "catalog.quote_products", Query, Internal);

impl QuoteProducts {
    /// The most products of one quote: as many as an order has lines.
    pub const MAX_PRODUCTS: usize = 100;
}

/// What a product is called and costs right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// Which product.
    pub product_id: ProductId,
    /// The shop's own name of it.
    pub sku: Sku,
    /// Its name for people.
    pub name: String,
    /// What one piece costs.
    pub price: Money,
}

/// Adds a product or, when its SKU is known, replaces what is said of it; makes missing categories. For mass imports:
/// one row, one transaction, and the same row twice changes nothing. Supports a dry run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ImportProduct {
    /// What it is. `category_slugs` is ignored.
    pub details: ProductDetails,
    /// Names of the categories it is in, from the root down; empty for none.
    pub category_path: Vec<String>,
}
operation!(ImportProduct => Imported, WriteProductError; "catalog.import_product", Command, Staff;
    key = |op| Key::of(&op.details.sku));

/// What an import did with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// A new product.
    Created,
    /// A known product that is different now.
    Updated,
    /// A known product that was like this already.
    Unchanged,
}

/// The answer to [`ImportProduct`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// The product; absent in a dry run of a new one.
    pub product_id: Option<ProductId>,
    /// What was done, or in a dry run would be.
    pub outcome: ImportOutcome,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// Its name in URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The category above it; none for a root.
    pub parent_slug: Option<Slug>,
    /// Counts its changes.
    pub version: i64,
}

/// Adds a category.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreateCategory {
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// Its name in URLs; made from its name where absent.
    pub slug: Option<Slug>,
    /// The category above it.
    pub parent_slug: Option<Slug>,
}
operation!(CreateCategory => Category, CreateCategoryError; "catalog.create_category", Command, Staff, keyed);

/// Why a category cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreateCategoryError {
    /// Another category has this slug.
    SlugTaken,
    /// There is no category above of that slug.
    UnknownParent,
    /// The tree would have more than eight levels.
    TooDeep,
    /// The name breaks a rule.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// All categories, parents before children. A shop has some hundreds at most: the list is one page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListCategories {}
operation!(ListCategories => Vec<Category>, Never; "catalog.list_categories", Query, Public);

/// Reads a category with the path from its root and its children.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetCategory {
    /// Which.
    pub slug: Slug,
}
operation!(GetCategory => CategoryInTree, GetCategoryError; "catalog.get_category", Query, Public);

/// A category and its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryInTree {
    /// The category.
    pub category: Category,
    /// The categories above it, root first.
    pub ancestors: Vec<Category>,
    /// The categories right below it, by name.
    pub children: Vec<Category>,
}

/// Why a category cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GetCategoryError {
    /// There is no category of this slug.
    NotFound,
}
