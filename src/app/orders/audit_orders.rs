//! All orders, for comparison with what the other contexts know.

use super::OrdersService;
use super::views::published_status;
use crate::ports::orders::operations::{AuditOrders, OrderAudit};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::Page;

impl Handler<AuditOrders> for OrdersService {
    fn handle(&self, _cx: &CallContext, op: AuditOrders) -> Result<Page<OrderAudit>, Failure<Never>> {
        let page = self.0.store.audit(&op.page)?;
        Ok(page.map(|order| OrderAudit {
            order_id: order.order_id,
            status: published_status(order.status),
            total: order.total,
            units: order.units,
            payment_id: order.payment_id,
            reservation_id: order.reservation_id,
            in_progress: order.in_progress,
            updated_at: order.updated_at,
        }))
    }
}
