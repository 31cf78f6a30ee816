//! Holds stock for an order.

use super::{InventoryService, level_after};
use crate::domains::inventory::reservation_wish::ReservationWish;
use crate::ports::inventory::events::InventoryReserved;
use crate::ports::inventory::operations::{ReserveStock, ReserveStockError};
use crate::ports::inventory::outbound::Reserving;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

impl Handler<ReserveStock> for InventoryService {
    /// 1. A wish without lines, or with more than an order has, is a defect of the caller.
    /// 2. All lines are held, or none, in one transaction; the levels guard themselves.
    /// 3. A reservation of this id that is the one wished stands for this call too; any other has ended.
    fn handle(&self, cx: &CallContext, op: ReserveStock) -> Result<(), Failure<ReserveStockError>> {
        if !(1..=ReserveStock::MAX_LINES).contains(&op.lines.len()) {
            return Err(Failure::internal(format!("a reservation of {} lines", op.lines.len())));
        }
        let now = self.clock.now();
        let lines = op.lines.iter().map(|line| (line.product_id, line.quantity));
        let wish = ReservationWish::new(op.reservation_id, op.order_id, lines, op.expires_at, now);
        let reserving = self.store.reserve(&wish, &|levels| {
            let event = InventoryReserved {
                reservation_id: wish.id(),
                order_id: wish.order_id(),
                levels: levels.iter().map(level_after).collect(),
            };
            Ok(UnitOfWork::events(vec![EventRecord::of(&event, cx, &*self.ids, now)]))
        })?;
        match reserving {
            Reserving::Held => Ok(()),
            Reserving::Exists(existing) if wish.is_fulfilled_by(&existing) => Ok(()),
            Reserving::Exists(_) => Err(Failure::Domain(ReserveStockError::ReservationEnded)),
            Reserving::Short(shortages) => Err(Failure::Domain(ReserveStockError::OutOfStock(shortages))),
        }
    }
}
