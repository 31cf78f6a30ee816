//! Adds a product.

use std::ops::ControlFlow;

use super::CatalogService;
use super::attempts::{Setback, until_not_overtaken};
use super::messages::{product_created, product_message};
use super::product_checks::checked_content;
use crate::app::shared::idempotent::into_result;
use crate::domains::catalog::product::Product;
use crate::ports::catalog::operations::{self, CreateProduct, WriteProductError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

impl Handler<CreateProduct> for CatalogService {
    fn handle(&self, cx: &CallContext, op: CreateProduct) -> Result<operations::Product, Failure<WriteProductError>> {
        let result = until_not_overtaken(|| self.create_product(cx, &op));
        self.unless_answered_meanwhile(cx, &op, result)
    }
}

impl CatalogService {
    fn create_product(
        &self,
        cx: &CallContext,
        op: &CreateProduct,
    ) -> Result<operations::Product, Setback<WriteProductError>> {
        let now = self.clock.now();
        let claim = match self.begin(cx, op, now)? {
            ControlFlow::Break(outcome) => return Ok(into_result::<CreateProduct>(outcome)?),
            ControlFlow::Continue(claim) => claim,
        };
        let content = checked_content(&op.details, op.details.category_slugs.iter().cloned())?;
        self.check_categories(&content)?;
        self.check_sku(&content, None)?;
        let slug = self.slug_for_new(op.details.slug.as_ref(), &content)?;

        let product = Product::new(self.ids.make(), slug, content, now);
        let reply = product_message(&product);
        let key = claim
            .map(|claim| claim.answered::<CreateProduct>(&Ok(reply.clone())))
            .transpose()?;
        let event = EventRecord::of(&product_created(&product), cx, self.ids.as_ref(), now);
        let unit = UnitOfWork::events(vec![event]).with_key(key);
        self.store.insert_product(&product, &[], &unit)?;
        Ok(reply)
    }
}
