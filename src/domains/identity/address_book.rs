//! Address books.

use crate::domains::shared::ids::{AddressId, UserId};
use crate::domains::shared::postal_address::PostalAddress;
use crate::domains::shared::timestamp::Timestamp;

/// The most entries of an address book: more than anybody sends parcels to, few enough for one page.
pub const MAX_ADDRESSES: usize = 50;

/// The rule that an address book has at most [`MAX_ADDRESSES`] entries was about to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address book has at most {MAX_ADDRESSES} entries")]
pub struct AddressBookFull;

/// Whether a book of so many entries has room for one more.
///
/// # Errors
/// [`AddressBookFull`].
pub fn room_for_one_more(entries: usize) -> Result<(), AddressBookFull> {
    if entries < MAX_ADDRESSES {
        Ok(())
    } else {
        Err(AddressBookFull)
    }
}

/// An entry of a user's address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressEntry {
    id: AddressId,
    user_id: UserId,
    address: PostalAddress,
    created_at: Timestamp,
}

impl AddressEntry {
    /// An entry, new or from storage: the address has been checked already, and there is no other rule.
    pub fn new(id: AddressId, user_id: UserId, address: PostalAddress, created_at: Timestamp) -> Self {
        Self {
            id,
            user_id,
            address,
            created_at,
        }
    }

    /// The same entry with another address.
    #[must_use]
    pub fn replaced_by(&self, address: PostalAddress) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// Its id.
    pub fn id(&self) -> AddressId {
        self.id
    }

    /// Whose it is.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// The address.
    pub fn address(&self) -> &PostalAddress {
        &self.address
    }

    /// When it was added.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_book_has_at_most_50_entries() {
        assert_eq!(room_for_one_more(0), Ok(()));
        assert_eq!(room_for_one_more(49), Ok(()));
        assert_eq!(room_for_one_more(50), Err(AddressBookFull));
    }
}
