//! Reads a product.

use super::CatalogService;
use super::messages::product_message;
use crate::ports::catalog::operations::{GetProduct, GetProductError, Product, ProductName};
use crate::ports::catalog::outbound::ProductKey;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetProduct> for CatalogService {
    fn handle(&self, cx: &CallContext, op: GetProduct) -> Result<Product, Failure<GetProductError>> {
        let key = match op.name {
            ProductName::Id(id) => ProductKey::Id(id),
            ProductName::Slug(slug) => ProductKey::Slug(slug),
        };
        self.store
            .find_product(&key)?
            .filter(|product| product.content().is_active() || cx.principal.is_staff())
            .map(|product| product_message(&product))
            .ok_or(Failure::Domain(GetProductError::NotFound))
    }
}
