//! The stock of an order that waited for its payment was given up: nobody paid in time.

use std::sync::Arc;

use super::sagas::cancel::CANCEL;
use super::{OrdersService, SERVICE};
use crate::app::shared::event_reader::{ConsumeError, Consumer, ConsumerInfo};
use crate::domains::orders::status::Status;
use crate::ports::inventory::events::{InventoryReleased, ReleaseReason};
use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::events::{Delivery, Event, EventRecord};

/// Cancels orders that nobody paid in time.
pub struct OnStockReleased(pub Arc<OrdersService>);

/// What is known of it without an instance.
pub const INFO: ConsumerInfo = ConsumerInfo {
    name: "orders.on_stock_released",
    listens_to: "inventory",
    event_types: &[InventoryReleased::TYPE],
};

impl Consumer for OnStockReleased {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn event_types(&self) -> &'static [&'static str] {
        INFO.event_types
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        let orders = &self.0;
        let Some(released) = event.decode::<InventoryReleased>()? else {
            return Ok(false);
        };
        if released.reason != ReleaseReason::Expired {
            return Ok(false);
        }
        // First, so that what it is seen to have done is in the order that is read behind it.
        let is_being_placed = orders.0.sagas.has_running_saga(&released.order_id.to_string())?;
        let Some(order) = orders.0.store.find(released.order_id)? else {
            return Ok(false);
        };
        if order.data().status != Status::Pending {
            return Ok(false);
        }
        if !order.data().awaiting_payment {
            // A checkout under way either finds out by itself, or is about to let the order wait for a payment whose
            // stock is gone: which of the two shows when it has ended.
            if is_being_placed {
                return Err(ConsumeError::Retry(format!(
                    "order {} is still being placed",
                    released.order_id
                )));
            }
            return Ok(false);
        }
        let deadline = Deadline::after(crate::app::shared::saga::STEP_TIME);
        let cx = CallContext::new(Principal::service(SERVICE), event.correlation_id.clone(), deadline);
        let (_order, record, mut state) =
            orders.begin_cancel(&cx, order, "not paid in time", Some(delivery.clone()))?;
        orders.run_saga(&CANCEL, record, &mut state);
        Ok(true)
    }
}
