//! Removes one of the caller's own addresses.

use super::IdentityService;
use crate::ports::identity::operations::{AddressError, RemoveAddress};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<RemoveAddress> for IdentityService {
    fn handle(&self, cx: &CallContext, op: RemoveAddress) -> Result<(), Failure<AddressError>> {
        let not_found = || Failure::Domain(AddressError::NotFound);
        let user_id = cx.principal.user_id().ok_or_else(not_found)?;
        let unit = UnitOfWork::events(vec![self.profile_updated(user_id, cx, self.clock.now())]);
        match self.store.remove_address(user_id, op.address_id, &unit) {
            Ok(()) => Ok(()),
            Err(StorageError::Stale) => Err(not_found()),
            Err(error) => Err(error.into()),
        }
    }
}
