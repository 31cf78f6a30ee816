//! Tells an order what products are called and cost right now.

use std::collections::BTreeMap;

use super::CatalogService;
use crate::ports::catalog::operations::{Quote, QuoteProducts};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<QuoteProducts> for CatalogService {
    /// Quotes come in the order in which they were asked for; a product that was asked for twice is quoted once.
    fn handle(&self, _cx: &CallContext, op: QuoteProducts) -> Result<Vec<Quote>, Failure<Never>> {
        if op.ids.len() > QuoteProducts::MAX_PRODUCTS {
            let asked = op.ids.len();
            return Err(Failure::internal(format!("a quote was asked for of {asked} products")));
        }
        let found = self.store.find_products(&op.ids)?;
        let mut quotes: BTreeMap<_, Quote> = found
            .iter()
            .filter(|product| product.content().is_active())
            .map(|product| {
                let content = product.content();
                let quote = Quote {
                    product_id: product.id(),
                    sku: content.sku().clone(),
                    name: content.name().to_owned(),
                    price: content.price(),
                };
                (product.id(), quote)
            })
            .collect();
        Ok(op.ids.iter().filter_map(|id| quotes.remove(id)).collect())
    }
}
