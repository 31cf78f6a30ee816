//! Calls an order off: stock back, money back.

use super::OrdersService;
use super::sagas::Purchase;
use super::sagas::cancel::CANCEL;
use super::views::{published, published_status};
use crate::domains::orders::order::Order;
use crate::domains::orders::status::Status;
use crate::domains::shared::text::single_line;
use crate::ports::orders::events::OrderCancelled;
use crate::ports::orders::operations::{CancelOrder, CancelOrderError, Order as PublishedOrder};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::{Delivery, EventRecord};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::saga::SagaRecord;
use crate::ports::shared::storage::{SagaWrite, StorageError, UnitOfWork};

/// The most characters of a reason that are kept.
const REASON_MAX_CHARS: usize = 200;

impl Handler<CancelOrder> for OrdersService {
    fn handle(&self, cx: &CallContext, op: CancelOrder) -> Result<PublishedOrder, Failure<CancelOrderError>> {
        let order = self
            .visible_order(cx, op.order_id)?
            .ok_or(Failure::Domain(CancelOrderError::NotFound))?;
        let data = order.data();
        match data.status {
            Status::Cancelled => return Ok(published(&order)),
            Status::Shipped | Status::Delivered => {
                let status = published_status(data.status);
                return Err(Failure::Domain(CancelOrderError::TooLate { status }));
            }
            Status::Pending if !data.awaiting_payment => return Err(Failure::Domain(CancelOrderError::Busy)),
            // Confirmed, but its money is not taken yet: two sagas must not pull in opposite directions.
            Status::Confirmed if self.0.sagas.has_open_saga(&op.order_id.to_string())? => {
                return Err(Failure::Domain(CancelOrderError::Busy));
            }
            Status::Pending | Status::Confirmed => {}
        }
        let reason = op
            .reason
            .as_deref()
            .and_then(|text| single_line(text, REASON_MAX_CHARS).ok());
        let reason = reason.unwrap_or_else(|| "cancelled by the customer".to_owned());
        match self.begin_cancel(cx, order, &reason, None) {
            Ok((cancelled, record, mut state)) => {
                // What does not go back at once goes back later: the order is cancelled either way.
                self.run_saga(&CANCEL, record, &mut state);
                Ok(published(&cancelled))
            }
            Err(StorageError::Stale) => Err(Failure::Domain(CancelOrderError::Busy)),
            Err(error) => Err(error.into()),
        }
    }
}

impl OrdersService {
    /// Cancels the order and begins to give back what it holds, in one transaction; as the effect of `delivery` if an
    /// event is the reason.
    pub(super) fn begin_cancel(
        &self,
        cx: &CallContext,
        order: Order,
        reason: &str,
        delivery: Option<Delivery>,
    ) -> Result<(Order, SagaRecord, Purchase), StorageError> {
        let now = self.0.clock.now();
        let cancelled = order.cancel(reason, now).map_err(|_moved_on| StorageError::Stale)?;
        let state = Purchase::of(&cancelled, cx.correlation_id.clone());
        let record = self.new_saga(&CANCEL, &state).map_err(StorageError::corrupt)?;
        let event = OrderCancelled {
            order_id: cancelled.id(),
            customer_id: cancelled.data().customer_id,
            reason: reason.to_owned(),
        };
        let event = EventRecord::of(&event, cx, &*self.0.ids, now);
        let unit = UnitOfWork {
            delivery,
            ..UnitOfWork::events(vec![event])
        };
        self.0
            .store
            .update(&cancelled, &unit.with_saga(SagaWrite::Begin(record.clone())))?;
        Ok((cancelled, record, state))
    }
}
