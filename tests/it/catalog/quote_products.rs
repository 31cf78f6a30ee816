//! Quoting products to orders.

use banyan::domains::shared::ids::ProductId;
use banyan::ports::catalog::operations::{ProductDetails, QuoteProducts};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use uuid::Uuid;

use super::fixtures::{Shop, details, staff};

#[test]
fn a_quote_tells_prices_in_the_order_asked_and_leaves_out_what_cannot_be_bought() {
    let shop = Shop::open();
    let milk = shop.create(details("A", "Milk")).unwrap();
    let bread = shop.create(details("B", "Bread")).unwrap();
    let hidden = ProductDetails {
        active: false,
        ..details("C", "Wine")
    };
    let wine = shop.create(hidden).unwrap();
    let unknown = ProductId::from(Uuid::from_u128(99));
    let op = QuoteProducts {
        ids: vec![bread.id, wine.id, unknown, milk.id, bread.id],
    };
    let quotes = shop.catalog.handle(&staff(), op).unwrap();
    let told: Vec<_> = quotes
        .iter()
        .map(|quote| (quote.product_id, quote.name.as_str()))
        .collect();
    assert_eq!(told, [(bread.id, "Bread"), (milk.id, "Milk")]);
    assert_eq!((quotes[1].price, &quotes[1].sku), (milk.price, &milk.sku));
}

#[test]
fn a_quote_has_a_limit() {
    let shop = Shop::open();
    let ids = (0..101)
        .map(|number| ProductId::from(Uuid::from_u128(number)))
        .collect();
    let refused = shop.catalog.handle(&staff(), QuoteProducts { ids });
    assert!(matches!(refused, Err(Failure::Internal(_))));
}
