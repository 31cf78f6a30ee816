//! Lets go of reservations that nobody asked for in time.

use super::InventoryService;
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::ports::inventory::operations::{EndReservationError, ExpireReservations};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<ExpireReservations> for InventoryService {
    /// One transaction for each: a reservation that cannot be let go holds up none behind it. Whoever commits or
    /// releases one at the same instant wins or loses; the pieces move once.
    fn handle(&self, cx: &CallContext, op: ExpireReservations) -> Result<u32, Failure<Never>> {
        let mut expired = 0_u32;
        for reservation in self.store.due_reservations(self.clock.now(), op.limit)? {
            let id = reservation.id();
            match self.end(cx, reservation, ReservationStatus::Expired) {
                // Counts as well what somebody else released meanwhile: it was due, and is no more.
                Ok(()) | Err(Failure::Domain(EndReservationError::EndedOtherwise)) => {
                    expired = expired.saturating_add(1);
                }
                Err(Failure::Unavailable) => return Err(Failure::Unavailable),
                Err(failure) => {
                    tracing::error!(reservation = %id, ?failure, "a due reservation cannot be let go");
                }
            }
        }
        Ok(expired)
    }
}
