//! Reading products.

use banyan::ports::catalog::operations::{GetProduct, GetProductError, ProductDetails, ProductName};
use banyan::ports::shared::operation::Handler;

use super::fixtures::{Shop, anybody, details, outcome, slug, staff};
use crate::support::fixed::customer;

#[test]
fn a_product_is_found_by_its_id_and_by_its_slug() {
    let shop = Shop::open();
    let milk = shop.create(details("A", "Milk")).unwrap();
    for name in [ProductName::Id(milk.id), ProductName::Slug(slug("milk"))] {
        assert_eq!(shop.catalog.handle(&anybody(), GetProduct { name }), Ok(milk.clone()));
    }
    let name = ProductName::Slug(slug("bread"));
    let error = outcome(shop.catalog.handle(&anybody(), GetProduct { name }));
    assert_eq!(error, GetProductError::NotFound);
}

#[test]
fn a_product_that_cannot_be_bought_is_there_for_staff_only() {
    let shop = Shop::open();
    let hidden = ProductDetails {
        active: false,
        ..details("A", "Milk")
    };
    let milk = shop.create(hidden).unwrap();
    let op = GetProduct {
        name: ProductName::Id(milk.id),
    };
    for cx in [anybody(), customer(1)] {
        let error = outcome(shop.catalog.handle(&cx, op.clone()));
        assert_eq!(error, GetProductError::NotFound);
    }
    assert_eq!(shop.catalog.handle(&staff(), op), Ok(milk));
}
