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
        Ok(page.map(|(order, in_progress)| {
            let data = order.data();
            OrderAudit {
                order_id: data.ids.order,
                status: published_status(data.status),
                total: data.totals.total,
                units: data.lines.iter().map(|line| i64::from(line.quantity.get())).sum(),
                payment_id: data.ids.payment,
                reservation_id: data.ids.reservation,
                in_progress,
                updated_at: data.updated_at,
            }
        }))
    }
}
