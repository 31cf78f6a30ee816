//! What committing, releasing, expiring and returning have in common: a transition that happens once.

use super::{InventoryService, level_after};
use crate::domains::inventory::reservation::{Ending, Reservation};
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::ports::inventory::events::{InventoryReleased, ReleaseReason};
use crate::ports::inventory::operations::EndReservationError;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// How often a transition is tried anew because another was faster. A reservation has at most three transitions in its
/// life, so that the fourth attempt finds it at rest.
pub(super) const ATTEMPTS_MAX: u32 = 4;

impl InventoryService {
    /// Brings an existing reservation to `next`. Whether it happened before this call makes no difference to the answer.
    pub(super) fn end(
        &self,
        cx: &CallContext,
        mut reservation: Reservation,
        next: ReservationStatus,
    ) -> Result<(), Failure<EndReservationError>> {
        for _attempt in 0..ATTEMPTS_MAX {
            let now = self.clock.now();
            let ended = reservation.end(next, now);
            let Some(ending) = ended.map_err(|_ended| Failure::Domain(EndReservationError::EndedOtherwise))? else {
                return Ok(());
            };
            let unit = |levels: &Vec<_>| {
                let released = release_reason(next).map(|reason| InventoryReleased {
                    reservation_id: reservation.id(),
                    order_id: reservation.order_id(),
                    reason,
                    levels: levels.iter().map(level_after).collect(),
                });
                let event = released.map(|event| EventRecord::of(&event, cx, &*self.ids, now));
                Ok(UnitOfWork::events(event.into_iter().collect()))
            };
            match self.store.end_reservation(&ending, &*self.ids, &unit) {
                Ok(()) => return Ok(()),
                Err(StorageError::Stale) => reservation = self.again(&ending)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(StorageError::Stale.into())
    }

    fn again(&self, ending: &Ending) -> Result<Reservation, Failure<EndReservationError>> {
        let found = self.store.find_reservation(ending.reservation().id())?;
        found.ok_or(Failure::Domain(EndReservationError::NotFound))
    }
}

/// Why pieces are free again; `None` for a sale: what was promised leaves, and what is available stays as it was.
fn release_reason(next: ReservationStatus) -> Option<ReleaseReason> {
    match next {
        ReservationStatus::Released => Some(ReleaseReason::Released),
        ReservationStatus::Expired => Some(ReleaseReason::Expired),
        ReservationStatus::Returned => Some(ReleaseReason::Returned),
        ReservationStatus::Active | ReservationStatus::Committed => None,
    }
}
