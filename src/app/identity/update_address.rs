//! Replaces one of the caller's own addresses.

use super::{IdentityService, address_message};
use crate::ports::identity::operations::{Address, AddressError, UpdateAddress};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<UpdateAddress> for IdentityService {
    fn handle(&self, cx: &CallContext, op: UpdateAddress) -> Result<Address, Failure<AddressError>> {
        let not_found = || Failure::Domain(AddressError::NotFound);
        let user_id = cx.principal.user_id().ok_or_else(not_found)?;
        let entry = self.store.find_address(user_id, op.address_id)?.ok_or_else(not_found)?;
        if *entry.address() == op.address {
            return Ok(address_message(&entry));
        }
        let entry = entry.replaced_by(op.address);
        let unit = UnitOfWork::events(vec![self.profile_updated(user_id, cx, self.clock.now())]);
        match self.store.update_address(&entry, &unit) {
            Ok(()) => Ok(address_message(&entry)),
            Err(StorageError::Stale) => Err(not_found()),
            Err(error) => Err(error.into()),
        }
    }
}
