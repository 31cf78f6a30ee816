//! The order of a reservation stands: its pieces are sold.

use super::InventoryService;
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::ports::inventory::operations::{CommitReservation, EndReservationError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<CommitReservation> for InventoryService {
    fn handle(&self, cx: &CallContext, op: CommitReservation) -> Result<(), Failure<EndReservationError>> {
        let found = self.store.find_reservation(op.reservation_id)?;
        let reservation = found.ok_or(Failure::Domain(EndReservationError::NotFound))?;
        self.end(cx, reservation, ReservationStatus::Committed)
    }
}
