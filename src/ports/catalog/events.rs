//! What the catalog tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::ProductId;
use crate::domains::shared::money::Money;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::slug::Slug;
use crate::ports::shared::events::{Event, events};

events!(ProductCreated, ProductUpdated);

/// A product was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductCreated {
    /// Which.
    pub product_id: ProductId,
    /// The shop's own name of it.
    pub sku: Sku,
    /// Its name in URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// What one piece costs.
    pub price: Money,
    /// Whether it can be bought.
    pub active: bool,
}

impl Event for ProductCreated {
    const TYPE: &'static str = "product.created";

    fn subject(&self) -> String {
        self.product_id.to_string()
    }
}

/// What is said of a product changed; the whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductUpdated {
    /// Which.
    pub product_id: ProductId,
    /// The shop's own name of it.
    pub sku: Sku,
    /// Its name in URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// What one piece costs.
    pub price: Money,
    /// Whether it can be bought.
    pub active: bool,
}

impl Event for ProductUpdated {
    const TYPE: &'static str = "product.updated";

    fn subject(&self) -> String {
        self.product_id.to_string()
    }
}
