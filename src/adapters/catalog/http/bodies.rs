//! Bodies that several endpoints of the catalog share.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::adapters::shared::http::money::{InvalidMoney, MoneyBody, MoneyInput};
use crate::adapters::shared::http::problem::{Problem, VALIDATION_FAILED};
use crate::domains::shared::ids::{CategoryId, ProductId};
use crate::domains::shared::money::Money;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::catalog::operations::{Category, Product, ProductDetails};

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProductBody {
    /// Its id.
    #[schema(value_type = String, example = "prd_01h2e8kqvbfwea724h75qc655w")]
    id: ProductId,
    /// The shop's own name of it.
    #[schema(example = "MILK-1L")]
    sku: String,
    /// Its name in URLs.
    #[schema(example = "whole-milk")]
    slug: String,
    /// Its name for people.
    #[schema(example = "Whole Milk")]
    name: String,
    /// Its description; may be empty.
    description: String,
    /// What one piece costs.
    price: MoneyBody,
    /// Whether it can be bought at all.
    active: bool,
    /// Whether there is any of it. May lag by moments; an order asks inventory itself.
    in_stock: bool,
    /// The categories it is in, in alphabetical order.
    category_slugs: Vec<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When staff last changed it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Product> for ProductBody {
    fn from(product: Product) -> Self {
        Self {
            id: product.id,
            sku: product.sku.to_string(),
            slug: product.slug.to_string(),
            name: product.name,
            description: product.description,
            price: product.price.into(),
            active: product.active,
            in_stock: product.in_stock,
            category_slugs: product.category_slugs.iter().map(ToString::to_string).collect(),
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// What staff say of a product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductInput {
    /// The shop's own name of it: letters, digits or any of `- _ . /`. Unique.
    #[schema(example = "MILK-1L", min_length = 1, max_length = 64)]
    sku: String,
    /// Its name in URLs: lower-case letters and digits in words joined by single hyphens. Unique. Where absent, a new
    /// product's is made from its name, and a known product's stays as it is.
    #[schema(example = "whole-milk", max_length = 120)]
    slug: Option<String>,
    /// Its name for people.
    #[validate(length(max = 200, message = "must have at most 200 characters"))]
    #[schema(example = "Whole Milk", min_length = 1, max_length = 200)]
    name: String,
    /// Its description; may be empty or absent.
    #[serde(default)]
    #[validate(length(max = 10_000, message = "must have at most 10000 characters"))]
    #[schema(max_length = 10_000)]
    description: String,
    /// What one piece costs: zero or more.
    price: MoneyInput,
    /// Whether it can be bought.
    #[serde(default = "active_by_default")]
    #[schema(default = true)]
    active: bool,
    /// The categories it is to be in; each must exist.
    #[serde(default)]
    #[validate(length(max = 20, message = "must have at most 20 entries"))]
    #[schema(max_items = 20)]
    category_slugs: Vec<String>,
}

/// What is written down is for sale unless said otherwise.
fn active_by_default() -> bool {
    true
}

impl ProductInput {
    /// The message to the catalog.
    pub(super) fn details(self) -> Result<ProductDetails, Problem> {
        Ok(ProductDetails {
            sku: part("/sku", &self.sku)?,
            slug: self.slug.as_deref().map(|slug| part("/slug", slug)).transpose()?,
            name: self.name,
            description: self.description,
            price: price(&self.price)?,
            active: self.active,
            category_slugs: self
                .category_slugs
                .iter()
                .enumerate()
                .map(|(index, slug)| part(&format!("/category_slugs/{index}"), slug))
                .collect::<Result<Vec<Slug>, Problem>>()?,
        })
    }
}

/// A category.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CategoryBody {
    /// Its id.
    #[schema(value_type = String, example = "cat_01h2e8kqvbfwea724h75qc655w")]
    id: CategoryId,
    /// Its name in URLs.
    #[schema(example = "dairy")]
    slug: String,
    /// Its name for people.
    #[schema(example = "Dairy")]
    name: String,
    /// The category above it; null for a root.
    #[schema(example = "food")]
    parent_slug: Option<String>,
}

impl From<Category> for CategoryBody {
    fn from(category: Category) -> Self {
        Self {
            id: category.id,
            slug: category.slug.to_string(),
            name: category.name,
            parent_slug: category.parent_slug.map(|slug| slug.to_string()),
        }
    }
}

/// Reads a part of a body; `pointer` is where it stands.
pub(super) fn part<T>(pointer: &str, text: &str) -> Result<T, Problem>
where
    T: FromStr<Err: ToString>,
{
    text.parse()
        .map_err(|error: T::Err| Problem::new(VALIDATION_FAILED).field(pointer, error.to_string()))
}

fn price(input: &MoneyInput) -> Result<Money, Problem> {
    input.money().map_err(|error| {
        let pointer = match error {
            InvalidMoney::Currency(_) => "/price/currency",
            InvalidMoney::Exponent => "/price/exponent",
        };
        Problem::new(VALIDATION_FAILED).field(pointer, error.to_string())
    })
}
