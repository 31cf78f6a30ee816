//! Reads an order.

use super::OrdersService;
use super::views::published;
use crate::domains::orders::order::Order;
use crate::domains::shared::ids::OrderId;
use crate::ports::orders::operations::{GetOrder, GetOrderError, Order as PublishedOrder};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::StorageError;

impl Handler<GetOrder> for OrdersService {
    fn handle(&self, cx: &CallContext, op: GetOrder) -> Result<PublishedOrder, Failure<GetOrderError>> {
        let order = self.visible_order(cx, op.order_id)?;
        order
            .map(|order| published(&order))
            .ok_or(Failure::Domain(GetOrderError::NotFound))
    }
}

impl OrdersService {
    /// The order, if there is one that the caller may see. What belongs to somebody else does not exist.
    pub(super) fn visible_order(&self, cx: &CallContext, id: OrderId) -> Result<Option<Order>, StorageError> {
        let order = self.0.store.find(id)?;
        Ok(order.filter(|order| cx.principal.may_see(order.data().customer_id)))
    }
}
