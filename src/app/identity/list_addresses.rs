//! Lists the caller's own addresses.

use super::{IdentityService, address_message};
use crate::ports::identity::operations::{Address, ListAddresses};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<ListAddresses> for IdentityService {
    fn handle(&self, cx: &CallContext, _op: ListAddresses) -> Result<Vec<Address>, Failure<Never>> {
        let Some(user_id) = cx.principal.user_id() else {
            return Ok(Vec::new());
        };
        Ok(self.store.addresses(user_id)?.iter().map(address_message).collect())
    }
}
