//! Adds an address to the caller's own.

use super::{IdentityService, address_message};
use crate::app::shared::idempotent::{self, Begun};
use crate::domains::identity::address_book::AddressEntry;
use crate::ports::identity::operations::{AddAddress, AddAddressError, Address};
use crate::ports::identity::outbound::Added;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<AddAddress> for IdentityService {
    /// An idempotency key is optional. A refusal is not kept under it: a book that was full may have room when the
    /// request comes again.
    fn handle(&self, cx: &CallContext, op: AddAddress) -> Result<Address, Failure<AddAddressError>> {
        let no_book = || Failure::Domain(AddAddressError::NoAddressBook);
        let user_id = cx.principal.user_id().ok_or_else(no_book)?;
        let now = self.clock.now();
        let claim = match cx.idempotency_key {
            None => None,
            Some(_) => match idempotent::begin(&*self.keys, cx, &op, now)? {
                Begun::Replayed(outcome) => return idempotent::into_result::<AddAddress>(outcome),
                Begun::Fresh(claim) => Some(claim),
            },
        };
        let entry = AddressEntry::new(self.ids.make(), user_id, op.address.clone(), now);
        let key = claim
            .map(|claim| claim.answered::<AddAddress>(&Ok(address_message(&entry))))
            .transpose()?;
        let has_key = key.is_some();
        let unit = UnitOfWork::events(vec![self.profile_updated(user_id, cx, now)]).with_key(key);
        match self.store.add_address(&entry, &unit) {
            Ok(Added::Yes) => Ok(address_message(&entry)),
            Ok(Added::BookFull) => Err(Failure::Domain(AddAddressError::TooMany)),
            Ok(Added::NoSuchUser) => Err(no_book()),
            Err(error @ StorageError::Duplicate { .. }) if has_key => {
                let winner = idempotent::after_lost_race(&*self.keys, cx, &op, self.clock.now())?;
                winner.map_or_else(|| Err(error.into()), idempotent::into_result::<AddAddress>)
            }
            Err(error) => Err(error.into()),
        }
    }
}
