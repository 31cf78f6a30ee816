//! Replaces what staff say of a product.

use super::CatalogService;
use super::attempts::{Setback, until_not_overtaken};
use super::messages::{product_message, product_updated};
use super::product_checks::checked_content;
use crate::ports::catalog::operations::{self, UpdateProduct, WriteProductError};
use crate::ports::catalog::outbound::ProductKey;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

impl Handler<UpdateProduct> for CatalogService {
    fn handle(&self, cx: &CallContext, op: UpdateProduct) -> Result<operations::Product, Failure<WriteProductError>> {
        until_not_overtaken(|| self.update_product(cx, &op))
    }
}

impl CatalogService {
    fn update_product(
        &self,
        cx: &CallContext,
        op: &UpdateProduct,
    ) -> Result<operations::Product, Setback<WriteProductError>> {
        let now = self.clock.now();
        let content = checked_content(&op.details, op.details.category_slugs.iter().cloned())?;
        let found = self.store.find_product(&ProductKey::Id(op.id))?;
        let known = found.ok_or(Failure::Domain(WriteProductError::NotFound))?;
        if known.version() != op.expected_version {
            let current = known.version();
            return Err(Failure::Domain(WriteProductError::VersionMismatch { current }).into());
        }
        self.check_categories(&content)?;
        self.check_sku(&content, Some(op.id))?;
        let slug = self.slug_for_known(op.details.slug.as_ref(), op.id)?;

        let Some(product) = known.revised(slug, content, now) else {
            return Ok(product_message(&known));
        };
        let event = EventRecord::of(&product_updated(&product), cx, self.ids.as_ref(), now);
        self.store
            .update_product(&product, &[], &UnitOfWork::events(vec![event]))?;
        Ok(product_message(&product))
    }
}
