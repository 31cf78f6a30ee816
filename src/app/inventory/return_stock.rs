//! The order of a reservation was cancelled after it was sold: its pieces come back.

use super::InventoryService;
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::ports::inventory::operations::{EndReservationError, ReturnStock};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<ReturnStock> for InventoryService {
    fn handle(&self, cx: &CallContext, op: ReturnStock) -> Result<(), Failure<EndReservationError>> {
        let found = self.store.find_reservation(op.reservation_id)?;
        let reservation = found.ok_or(Failure::Domain(EndReservationError::NotFound))?;
        self.end(cx, reservation, ReservationStatus::Returned)
    }
}
