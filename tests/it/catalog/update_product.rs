//! Changing products.

use banyan::domains::shared::ids::ProductId;
use banyan::ports::catalog::events::ProductUpdated;
use banyan::ports::catalog::operations::{Product, ProductDetails, UpdateProduct, WriteProductError};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::storage::StorageError;
use uuid::Uuid;

use super::fixtures::{Shop, details, outcome, slug, staff};

fn update(
    shop: &Shop,
    id: ProductId,
    expected_version: i64,
    details: ProductDetails,
) -> Result<Product, Failure<WriteProductError>> {
    let op = UpdateProduct {
        id,
        expected_version,
        details,
    };
    shop.catalog.handle(&staff(), op)
}

#[test]
fn what_is_said_of_a_product_is_replaced_and_told() {
    let shop = Shop::open();
    shop.add_category("Dairy", None);
    let milk = shop.create(details("A", "Milk")).unwrap();
    shop.clock.advance_ms(1000);
    let wished = ProductDetails {
        active: false,
        category_slugs: vec![slug("dairy")],
        ..details("B", "Oat Milk")
    };
    let changed = update(&shop, milk.id, 1, wished).unwrap();
    assert_eq!(changed.slug, slug("milk"), "an absent slug stays as it is");
    assert_eq!((changed.version, changed.created_at), (2, milk.created_at));
    assert_eq!(changed.updated_at.ms_since(milk.updated_at), 1000);

    let events = shop.store.events();
    let event: ProductUpdated = events[1].decode().unwrap().unwrap();
    assert_eq!(
        (event.sku, event.name, event.active),
        (changed.sku, changed.name, false)
    );
}

#[test]
fn saying_the_same_again_writes_nothing() {
    let shop = Shop::open();
    let milk = shop.create(details("A", "Milk")).unwrap();
    let same = ProductDetails {
        slug: Some(slug("milk")),
        ..details("A", "Milk")
    };
    assert_eq!(update(&shop, milk.id, 1, same), Ok(milk));
    assert_eq!(shop.event_types(), ["product.created"]);
}

#[test]
fn a_version_that_is_not_the_present_one_is_refused() {
    let shop = Shop::open();
    let milk = shop.create(details("A", "Milk")).unwrap();
    update(&shop, milk.id, 1, details("A", "Oat Milk")).unwrap();
    for seen in [0, 1, 3] {
        let error = outcome(update(&shop, milk.id, seen, details("A", "Soy Milk")));
        assert_eq!(error, WriteProductError::VersionMismatch { current: 2 });
    }
}

#[test]
fn a_writer_that_is_overtaken_learns_the_version_that_overtook_it() {
    let shop = Shop::open();
    let milk = shop.create(details("A", "Milk")).unwrap();
    shop.store.fail_next_write(StorageError::Stale);
    let changed = update(&shop, milk.id, 1, details("A", "Oat Milk"));
    assert_eq!(changed.unwrap().version, 2, "nothing had changed after all");
}

#[test]
fn what_another_product_is_called_is_refused() {
    let shop = Shop::open();
    let milk = shop.create(details("A", "Milk")).unwrap();
    shop.create(details("B", "Bread")).unwrap();
    let error = outcome(update(&shop, milk.id, 1, details("B", "Milk")));
    assert_eq!(error, WriteProductError::SkuTaken);
    let with_slug = ProductDetails {
        slug: Some(slug("bread")),
        ..details("A", "Milk")
    };
    let error = outcome(update(&shop, milk.id, 1, with_slug));
    assert_eq!(error, WriteProductError::SlugTaken);
}

#[test]
fn an_unknown_product_is_not_found() {
    let shop = Shop::open();
    let id = ProductId::from(Uuid::from_u128(99));
    let error = outcome(update(&shop, id, 1, details("A", "Milk")));
    assert_eq!(error, WriteProductError::NotFound);
}
