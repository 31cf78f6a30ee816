use banyan::domains::shared::ids::AddressId;
use banyan::domains::shared::postal_address::PostalAddress;
use banyan::ports::identity::operations::{
    AddAddress, AddAddressError, Address, AddressError, ListAddresses, MAX_ADDRESSES, RemoveAddress, UpdateAddress,
    User,
};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{Shop, as_user};
use crate::support::fixed::{call, customer, with_key};

fn at(street: &str) -> PostalAddress {
    PostalAddress::new(street, "Springfield", "", "12345", "DE").unwrap()
}

fn add(shop: &Shop, user: &User, street: &str) -> Result<Address, Failure<AddAddressError>> {
    shop.identity.handle(&as_user(user), AddAddress { address: at(street) })
}

fn list(shop: &Shop, user: &User) -> Vec<Address> {
    shop.identity.handle(&as_user(user), ListAddresses {}).unwrap()
}

#[test]
fn addresses_are_listed_oldest_first() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    let first = add(&shop, &ada, "1 Fig Tree Lane").unwrap();
    shop.clock.advance_ms(1);
    let second = add(&shop, &ada, "2 Fig Tree Lane").unwrap();
    assert_eq!(list(&shop, &ada), [first, second]);
    assert_eq!(
        shop.event_types(),
        ["user.registered", "user.profile.updated", "user.profile.updated"]
    );
}

#[test]
fn a_book_holds_50_addresses() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    for number in 0..MAX_ADDRESSES {
        add(&shop, &ada, &format!("{number} Fig Tree Lane")).unwrap();
    }
    let events = shop.event_types().len();
    let one_more = add(&shop, &ada, "51 Fig Tree Lane");
    assert_eq!(one_more, Err(Failure::Domain(AddAddressError::TooMany)));
    assert_eq!((list(&shop, &ada).len(), shop.event_types().len()), (50, events));
}

#[test]
fn an_address_of_somebody_else_is_as_good_as_none() {
    let shop = Shop::new();
    let (ada, eve) = (shop.register("ada@example.com"), shop.register("eve@example.com"));
    let address = add(&shop, &ada, "1 Fig Tree Lane").unwrap();
    let update = UpdateAddress {
        address_id: address.id,
        address: at("13 Elm Street"),
    };
    let not_found = Failure::Domain(AddressError::NotFound);
    assert_eq!(shop.identity.handle(&as_user(&eve), update), Err(not_found.clone()));
    let remove = RemoveAddress { address_id: address.id };
    assert_eq!(shop.identity.handle(&as_user(&eve), remove), Err(not_found));
    assert!(list(&shop, &eve).is_empty());
    assert_eq!(list(&shop, &ada), [address]);
}

#[test]
fn an_address_is_replaced_and_removed_once() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    let address = add(&shop, &ada, "1 Fig Tree Lane").unwrap();
    let update = || UpdateAddress {
        address_id: address.id,
        address: at("2 Fig Tree Lane"),
    };
    let replaced = shop.identity.handle(&as_user(&ada), update()).unwrap();
    assert_eq!(shop.identity.handle(&as_user(&ada), update()).unwrap(), replaced);
    assert_eq!((replaced.id, replaced.created_at), (address.id, address.created_at));
    assert_eq!(shop.event_types().len(), 3, "the same change twice is told once");
    let remove = || RemoveAddress { address_id: address.id };
    assert_eq!(shop.identity.handle(&as_user(&ada), remove()), Ok(()));
    assert_eq!(
        shop.identity.handle(&as_user(&ada), remove()),
        Err(Failure::Domain(AddressError::NotFound))
    );
    assert_eq!(shop.event_types().len(), 4);
}

#[test]
fn only_people_we_know_have_an_address_book() {
    let shop = Shop::new();
    let no_book = Err(Failure::Domain(AddAddressError::NoAddressBook));
    let op = || AddAddress {
        address: at("1 Fig Tree Lane"),
    };
    assert_eq!(
        shop.identity.handle(&call(Principal::service("operator")), op()),
        no_book
    );
    assert_eq!(shop.identity.handle(&customer(999), op()), no_book);
    let unknown = UpdateAddress {
        address_id: AddressId::from(uuid::Uuid::from_u128(1)),
        address: at("x"),
    };
    assert_eq!(
        shop.identity.handle(&customer(999), unknown),
        Err(Failure::Domain(AddressError::NotFound))
    );
}

#[test]
fn under_one_key_an_address_is_added_once() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    let op = || AddAddress {
        address: at("1 Fig Tree Lane"),
    };
    let first = with_key(&as_user(&ada), "a-1");
    let address = shop.identity.handle(&first, op()).unwrap();
    let again = with_key(&as_user(&ada), "a-1");
    assert_eq!(shop.identity.handle(&again, op()), Ok(address));
    assert!(again.was_replayed() && !first.was_replayed());
    assert_eq!(list(&shop, &ada).len(), 1);
    let other = AddAddress {
        address: at("2 Fig Tree Lane"),
    };
    assert_eq!(
        shop.identity.handle(&with_key(&as_user(&ada), "a-1"), other),
        Err(Failure::IdempotencyKeyReused)
    );
}
