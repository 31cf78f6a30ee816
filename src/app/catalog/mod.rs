//! The catalog's use cases.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::app::shared::event_reader::ConsumerInfo;
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

/// The answer of an earlier request under the caller's key; else the claim on that key, or none without a key.
type BegunWithOrWithoutKey<Op> = ControlFlow<Outcome<Op>, Option<Claim>>;

/// The consumers of the catalog.
pub const CONSUMERS: &[ConsumerInfo] = &[on_stock_changed::INFO];

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

    /// Looks the caller's key up, where there is one: for operations that need none.
    fn begin<Op: Operation>(
        &self,
        cx: &CallContext,
        op: &Op,
        now: Timestamp,
    ) -> Result<BegunWithOrWithoutKey<Op>, Failure<Op::Error>> {
        if cx.idempotency_key.is_none() {
            return Ok(ControlFlow::Continue(None));
        }
        Ok(match idempotent::begin(self.keys.as_ref(), cx, op, now)? {
            Begun::Fresh(claim) => ControlFlow::Continue(Some(claim)),
            Begun::Replayed(outcome) => ControlFlow::Break(outcome),
        })
    }

    /// The answer of a request under the same key that was faster: what it wrote may be why this one was refused.
    fn unless_answered_meanwhile<Op: Operation>(
        &self,
        cx: &CallContext,
        op: &Op,
        result: Result<Op::Reply, Failure<Op::Error>>,
    ) -> Result<Op::Reply, Failure<Op::Error>> {
        if cx.idempotency_key.is_none() || !matches!(result, Err(Failure::Domain(_))) {
            return result;
        }
        match idempotent::after_lost_race(self.keys.as_ref(), cx, op, self.clock.now())? {
            Some(outcome) => idempotent::into_result::<Op>(outcome),
            None => result,
        }
    }
}
