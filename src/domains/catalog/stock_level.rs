//! What the catalog has heard of stock.

use crate::domains::shared::ids::ProductId;

/// How much of a product there is at a location, as inventory told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLevel {
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: String,
    /// Pieces that can still be sold.
    pub available: i64,
    /// Counts the changes of the level: what is told late is known by it.
    pub version: i64,
}

impl StockLevel {
    /// Whether the product is in stock for what this location has. It is in stock as a whole when any location has it.
    pub fn is_in_stock(&self) -> bool {
        self.available > 0
    }

    /// Whether this is news to whoever has heard of version `known`.
    pub fn is_news_after(&self, known: Option<i64>) -> bool {
        known.is_none_or(|known| self.version > known)
    }
}
