//! Lists a customer's orders.

use super::OrdersService;
use super::views::{domain_status, published};
use crate::ports::orders::operations::{ListOrders, ListOrdersError, Order};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::Page;

impl Handler<ListOrders> for OrdersService {
    fn handle(&self, cx: &CallContext, op: ListOrders) -> Result<Page<Order>, Failure<ListOrdersError>> {
        if !cx.principal.may_see(op.customer_id) {
            return Err(Failure::Domain(ListOrdersError::NotFound));
        }
        let after = op.page.after.map(|cursor| cursor.parse()).transpose();
        let after = after.map_err(|_not_an_id| Failure::Domain(ListOrdersError::InvalidCursor))?;
        let page = self
            .0
            .store
            .list(op.customer_id, op.status.map(domain_status), after, op.page.limit)?;
        Ok(page.map(|order| published(&order)))
    }
}
