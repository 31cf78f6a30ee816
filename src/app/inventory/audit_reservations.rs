//! Tells what has become of every reservation.

use super::InventoryService;
use crate::domains::shared::ids::{OrderId, ReservationId};
use crate::ports::inventory::operations::{AuditReservations, ReservationAudit};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::Page;

/// Between the order and the reservation in a cursor; neither contains it.
const SEPARATOR: char = ':';

impl Handler<AuditReservations> for InventoryService {
    fn handle(&self, _cx: &CallContext, op: AuditReservations) -> Result<Page<ReservationAudit>, Failure<Never>> {
        let after = match op.page.after.as_deref() {
            None => None,
            Some(cursor) => {
                Some(reservation_key(cursor).ok_or_else(|| Failure::internal("not a cursor of this list"))?)
            }
        };
        let audits = self.store.audit_reservations(after, op.page.limit.saturating_add(1))?;
        Ok(Page::from_one_more(audits, op.page.limit, |last| {
            format!("{}{SEPARATOR}{}", last.order_id, last.reservation_id)
        }))
    }
}

fn reservation_key(cursor: &str) -> Option<(OrderId, ReservationId)> {
    let (order_id, reservation_id) = cursor.split_once(SEPARATOR)?;
    Some((order_id.parse().ok()?, reservation_id.parse().ok()?))
}
