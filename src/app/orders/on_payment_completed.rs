//! A customer paid for an order that waited for it.

use std::sync::Arc;

use super::sagas::Purchase;
use super::sagas::settle::SETTLE;
use super::{OrdersService, SERVICE};
use crate::app::shared::event_reader::{ConsumeError, Consumer, ConsumerInfo};
use crate::domains::orders::status::Status;
use crate::ports::payments::events::PaymentCompleted;
use crate::ports::shared::events::{Delivery, Event, EventRecord};
use crate::ports::shared::storage::{SagaWrite, UnitOfWork};

/// Settles orders that are paid after they were placed.
pub struct OnPaymentCompleted(pub Arc<OrdersService>);

/// What is known of it without an instance.
pub const INFO: ConsumerInfo = ConsumerInfo {
    name: "orders.on_payment_completed",
    listens_to: "payments",
    event_types: &[PaymentCompleted::TYPE],
};

impl Consumer for OnPaymentCompleted {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn event_types(&self) -> &'static [&'static str] {
        INFO.event_types
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        let orders = &self.0;
        let Some(payment) = event.decode::<PaymentCompleted>()? else {
            return Ok(false);
        };
        let order = orders.0.store.find(payment.order_id)?;
        let order = order.ok_or_else(|| ConsumeError::Poison(format!("no order {}", payment.order_id)))?;
        let data = order.data();
        if data.status != Status::Pending {
            // Paid at checkout, or cancelled in the meantime, in which case the cancelling saga gives the money back.
            return Ok(false);
        }
        if !data.awaiting_payment {
            let order_id = payment.order_id;
            return Err(if orders.0.sagas.has_running_saga(&order_id.to_string())? {
                ConsumeError::Retry(format!("order {order_id} is still being placed"))
            } else {
                // Nobody will place it any more, and what other customers have paid is behind this event. Where its placing
                // has come to its end just now, the next attempt finds that, long before the event is parked.
                ConsumeError::Poison(format!("order {order_id} is paid, and its placing is stuck"))
            });
        }
        let mut state = Purchase::of(&order, event.correlation_id.clone());
        let record = orders.new_saga(&SETTLE, &state)?;
        let order = order.with_awaiting_payment(false, orders.0.clock.now());
        let unit = UnitOfWork::none()
            .with_saga(SagaWrite::Begin(record.clone()))
            .with_delivery(delivery.clone());
        orders.0.store.update(&order, &unit)?;
        tracing::debug!(service = SERVICE, order = %payment.order_id, "an order that was paid later is settled");
        orders.run_saga(&SETTLE, record, &mut state);
        Ok(true)
    }
}
