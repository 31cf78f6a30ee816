//! The catalog's use cases.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::app::shared::idempotent::{self, Begun, Claim, Outcome};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::catalog::outbound::CatalogStore;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::idempotency::IdempotencyStore;
use crate::ports::shared::operation::Operation;

mod create_product;
mod get_product;
mod list_products;
mod quote_products;
mod update_product;

mod import_product;

mod create_category;
mod get_category;
mod list_categories;

pub mod on_stock_changed;

mod attempts;
mod category_creation;
mod messages;
mod product_checks;
mod product_cursor;

/// How many numbers are tried behind a slug that is taken. Who has more things of one name than that gives them slugs.
const MAX_SLUG_NUMBER: u32 = 100;

/// Carries out the catalog's operations.
pub struct CatalogService {
    store: Arc<dyn CatalogStore>,
    keys: Arc<dyn IdempotencyStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl CatalogService {
    /// The catalog over these ports; `keys` MUST be in the database of `store`.
    pub fn new(
        store: Arc<dyn CatalogStore>,
        keys: Arc<dyn IdempotencyStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            keys,
            clock,
            ids,
        }
    }

    /// The answer of an earlier request under the caller's key, or else the claim on that key; none without a key.
    fn begin<Op: Operation>(
        &self,
        cx: &CallContext,
        op: &Op,
        now: Timestamp,
    ) -> Result<ControlFlow<Outcome<Op>, Option<Claim>>, Failure<Op::Error>> {
        if cx.idempotency_key.is_none() {
            return Ok(ControlFlow::Continue(None));
        }
        Ok(match idempotent::begin(self.keys.as_ref(), cx, op, now)? {
            Begun::Fresh(claim) => ControlFlow::Continue(Some(claim)),
            Begun::Replayed(outcome) => ControlFlow::Break(outcome),
        })
    }
}
