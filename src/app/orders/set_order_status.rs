//! Moves an order on.

use super::OrdersService;
use super::views::{domain_status, published, published_status};
use crate::domains::orders::status::Status;
use crate::ports::orders::events::{OrderDelivered, OrderShipped};
use crate::ports::orders::operations::{
    CancelOrder, CancelOrderError, Order, OrderStatus, SetOrderStatus, SetOrderStatusError,
};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<SetOrderStatus> for OrdersService {
    fn handle(&self, cx: &CallContext, op: SetOrderStatus) -> Result<Order, Failure<SetOrderStatusError>> {
        let now = self.0.clock.now();
        let order = self
            .0
            .store
            .find(op.order_id)?
            .ok_or(Failure::Domain(SetOrderStatusError::NotFound))?;
        let data = order.data();
        if data.version != op.expected_version {
            let current = data.version;
            return Err(Failure::Domain(SetOrderStatusError::VersionMismatch { current }));
        }
        let from = published_status(data.status);
        let illegal = Failure::Domain(SetOrderStatusError::IllegalTransition { from, to: op.status });
        let event = match op.status {
            OrderStatus::Cancelled => return self.cancel_for_staff(cx, &op, illegal),
            // Only a checkout confirms: it knows of stock and money.
            OrderStatus::Pending | OrderStatus::Confirmed => return Err(illegal),
            OrderStatus::Shipped => {
                let event = OrderShipped {
                    order_id: op.order_id,
                    customer_id: data.customer_id,
                };
                EventRecord::of(&event, cx, &*self.0.ids, now)
            }
            OrderStatus::Delivered => {
                let event = OrderDelivered {
                    order_id: op.order_id,
                    customer_id: data.customer_id,
                };
                EventRecord::of(&event, cx, &*self.0.ids, now)
            }
        };
        // An order is confirmed a moment before its money is taken; until that is settled nothing leaves the shop.
        if data.status == Status::Confirmed && self.0.sagas.has_open_saga(&op.order_id.to_string())? {
            return Err(illegal);
        }
        let moved = order
            .become_status(domain_status(op.status), now)
            .map_err(|_illegal| illegal)?;
        match self.0.store.update(&moved, &UnitOfWork::events(vec![event])) {
            Ok(()) => Ok(published(&moved)),
            Err(StorageError::Stale) => {
                let current = self.0.store.find(op.order_id)?.map_or(0, |order| order.data().version);
                Err(Failure::Domain(SetOrderStatusError::VersionMismatch { current }))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl OrdersService {
    fn cancel_for_staff(
        &self,
        cx: &CallContext,
        op: &SetOrderStatus,
        illegal: Failure<SetOrderStatusError>,
    ) -> Result<Order, Failure<SetOrderStatusError>> {
        let cancel = CancelOrder {
            order_id: op.order_id,
            reason: Some("cancelled by staff".to_owned()),
        };
        self.handle(cx, cancel).map_err(|failure| {
            failure.and_domain(|error| match error {
                CancelOrderError::NotFound => Failure::Domain(SetOrderStatusError::NotFound),
                CancelOrderError::TooLate { .. } | CancelOrderError::Busy => illegal,
            })
        })
    }
}
