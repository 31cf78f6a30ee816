//! Adding products.

use banyan::domains::shared::money::{Currency, Money};
use banyan::ports::catalog::events::ProductCreated;
use banyan::ports::catalog::operations::{CreateProduct, ProductDetails, WriteProductError};
use banyan::ports::catalog::outbound::CatalogStore;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::storage::StorageError;

use super::fixtures::{Shop, details, outcome, slug, staff};
use crate::support::fixed::with_key;

#[test]
fn a_product_is_added_with_a_slug_made_from_its_name_and_told() {
    let shop = Shop::open();
    shop.add_category("Dairy", None);
    let wished = ProductDetails {
        description: "Fresh".to_owned(),
        category_slugs: vec![slug("dairy"), slug("dairy")],
        ..details("MILK-1L", "  Whole Milk ")
    };
    let product = shop.create(wished).unwrap();
    assert_eq!(
        (product.slug.as_str(), product.name.as_str()),
        ("whole-milk", "Whole Milk")
    );
    assert_eq!((product.version, product.in_stock, product.active), (1, false, true));
    assert_eq!(product.category_slugs, [slug("dairy")]);

    let events = shop.store.events();
    let event: ProductCreated = events[0].decode().unwrap().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        event,
        ProductCreated {
            product_id: product.id,
            sku: product.sku,
            slug: product.slug,
            name: product.name,
            price: product.price,
            active: true,
        }
    );
}

#[test]
fn a_slug_made_from_a_name_is_numbered_when_it_is_taken() {
    let shop = Shop::open();
    let slugs: Vec<String> = ["A", "B", "C"]
        .map(|sku| shop.create(details(sku, "Milk")).unwrap().slug.to_string())
        .into();
    assert_eq!(slugs, ["milk", "milk-2", "milk-3"]);
}

#[test]
fn numbers_behind_a_slug_come_to_an_end() {
    let shop = Shop::open();
    for number in 1..=100 {
        shop.create(details(&format!("S{number}"), "Milk")).unwrap();
    }
    assert_eq!(
        outcome(shop.create(details("ONE-MORE", "Milk"))),
        WriteProductError::SlugTaken
    );
}

#[test]
fn a_name_without_latin_letters_takes_its_slug_from_the_sku() {
    let shop = Shop::open();
    assert_eq!(shop.create(details("MILK-1", "牛乳")).unwrap().slug, slug("milk-1"));
    let error = outcome(shop.create(details("_", "牛乳")));
    assert!(matches!(error, WriteProductError::Invalid { field, .. } if field == "slug"));
}

#[test]
fn a_sku_or_a_slug_of_another_product_is_refused() {
    let shop = Shop::open();
    shop.create(details("A", "Milk")).unwrap();
    assert_eq!(outcome(shop.create(details("A", "Bread"))), WriteProductError::SkuTaken);
    let with_slug = |sku| ProductDetails {
        slug: Some(slug("milk")),
        ..details(sku, "Bread")
    };
    assert_eq!(outcome(shop.create(with_slug("B"))), WriteProductError::SlugTaken);
    assert_eq!(
        outcome(shop.create(with_slug("A"))),
        WriteProductError::SkuTaken,
        "of two violations the answer names the SKU on every database"
    );
    assert_eq!(shop.event_types(), ["product.created"]);
}

#[test]
fn prices_names_and_categories_are_checked() {
    let shop = Shop::open();
    let priced = |minor| ProductDetails {
        price: Money::of(minor, Currency::EUR),
        ..details("A", "Milk")
    };
    for (wished, wrong) in [
        (priced(-1), "price/amount"),
        (priced(100_000_000_001), "price/amount"),
        (details("A", " "), "name"),
        (details("A", "a\0b"), "name"),
    ] {
        let error = outcome(shop.create(wished));
        assert!(
            matches!(&error, WriteProductError::Invalid { field, .. } if field == wrong),
            "{error:?}"
        );
    }
    let elsewhere = ProductDetails {
        category_slugs: vec![slug("nowhere")],
        ..details("A", "Milk")
    };
    assert_eq!(
        outcome(shop.create(elsewhere)),
        WriteProductError::UnknownCategory(slug("nowhere"))
    );
    assert!(shop.store.events().is_empty());
}

#[test]
fn twice_under_one_key_is_once() {
    let shop = Shop::open();
    let cx = with_key(&staff(), "key-1");
    let op = CreateProduct {
        details: details("A", "Milk"),
    };
    let first = shop.catalog.handle(&cx, op.clone()).unwrap();
    assert!(!cx.was_replayed());
    let again = with_key(&staff(), "key-1");
    assert_eq!(shop.catalog.handle(&again, op), Ok(first));
    assert!(again.was_replayed());
    assert_eq!(shop.event_types(), ["product.created"]);

    let other = CreateProduct {
        details: details("B", "Milk"),
    };
    assert_eq!(shop.catalog.handle(&cx, other), Err(Failure::IdempotencyKeyReused));
}

#[test]
fn a_write_that_is_overtaken_is_begun_anew() {
    let shop = Shop::open();
    let duplicate = || StorageError::Duplicate {
        constraint: "products_slug_key".to_owned(),
    };
    shop.store.fail_next_write(duplicate());
    assert_eq!(shop.create(details("A", "Milk")).unwrap().slug, slug("milk"));

    for _try in 0..20 {
        shop.store.fail_next_write(duplicate());
    }
    assert_eq!(shop.create(details("B", "Milk")), Err(Failure::Overloaded));
    let bread = shop.create(details("C", "Bread")).unwrap();
    assert_eq!(shop.store.find_products(&[bread.id]).unwrap().len(), 1);
}
