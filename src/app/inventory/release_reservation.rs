//! The order of a reservation did not come about: its pieces are let go.

use super::InventoryService;
use super::end_reservation::ATTEMPTS_MAX;
use crate::domains::inventory::reservation::Reservation;
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::ports::inventory::operations::{EndReservationError, ReleaseReservation};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::StorageError;

impl Handler<ReleaseReservation> for InventoryService {
    /// An unknown reservation is remembered as released: the call that should have made it may still be on its way. One
    /// of another order is not the caller's to release.
    fn handle(&self, cx: &CallContext, op: ReleaseReservation) -> Result<(), Failure<EndReservationError>> {
        for _attempt in 0..ATTEMPTS_MAX {
            if let Some(reservation) = self.store.find_reservation(op.reservation_id)? {
                if reservation.order_id() != op.order_id {
                    return Err(Failure::Domain(EndReservationError::NotFound));
                }
                return self.end(cx, reservation, ReservationStatus::Released);
            }
            let unheard_of = Reservation::released_unheard_of(op.reservation_id, op.order_id, self.clock.now());
            match self.store.remember_released(&unheard_of) {
                Ok(()) => return Ok(()),
                // It has just been made after all: let it go like any other.
                Err(StorageError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StorageError::Stale.into())
    }
}
