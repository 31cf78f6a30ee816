//! Listing products.

use banyan::ports::catalog::operations::{ListProducts, ListProductsError, Product, ProductDetails, ProductSort};
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::{Page, PageRequest};

use super::fixtures::{Shop, anybody, details, outcome, slug, staff};

const SORTS: [ProductSort; 4] = [
    ProductSort::Newest,
    ProductSort::Name,
    ProductSort::PriceAscending,
    ProductSort::PriceDescending,
];

fn everything() -> ListProducts {
    ListProducts {
        category: None,
        search: None,
        price_minor_min: None,
        price_minor_max: None,
        in_stock: None,
        sort: ProductSort::Name,
        page: PageRequest::first(),
    }
}

fn list(shop: &Shop, op: ListProducts) -> Page<Product> {
    shop.catalog.handle(&anybody(), op).unwrap()
}

fn names(page: &Page<Product>) -> Vec<&str> {
    page.items.iter().map(|product| product.name.as_str()).collect()
}

#[test]
fn cursors_lead_through_every_product_in_every_order() {
    let shop = Shop::open();
    for number in 0..30 {
        shop.create(details(&format!("S{number}"), &format!("Öl {}", number % 3)))
            .unwrap();
    }
    for sort in SORTS {
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = PageRequest { limit: 7, after };
            let found = list(
                &shop,
                ListProducts {
                    sort,
                    page,
                    ..everything()
                },
            );
            seen.extend(found.items.iter().map(|product| product.sku.clone()));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 30, "{sort:?}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 30, "{sort:?}");
    }
}

#[test]
fn a_forged_cursor_or_one_of_another_order_is_refused() {
    let shop = Shop::open();
    for sku in ["A", "B"] {
        shop.create(details(sku, "Milk")).unwrap();
    }
    let refused = |sort, after: &str| {
        let page = PageRequest {
            limit: 1,
            after: Some(after.to_owned()),
        };
        let op = ListProducts {
            sort,
            page,
            ..everything()
        };
        outcome(shop.catalog.handle(&anybody(), op)) == ListProductsError::InvalidCursor
    };
    for sort in SORTS {
        let page = PageRequest { limit: 1, after: None };
        let cursor = list(
            &shop,
            ListProducts {
                sort,
                page,
                ..everything()
            },
        )
        .next
        .unwrap();
        for other in SORTS.into_iter().filter(|other| *other != sort) {
            assert!(refused(other, &cursor), "{sort:?} in {other:?}");
        }
        assert!(refused(sort, &cursor[1..]));
        assert!(refused(sort, &cursor[2..]));
    }
    // {"Name":["a\u0000","prd_00000000000000000000000001"]}: PostgreSQL takes no NUL.
    let nul =
        "7b224e616d65223a5b22615c7530303030222c227072645f3030303030303030303030303030303030303030303030303031225d7d";
    for forged in ["", "x", "00", "ä", "%%%%", "7b7d", nul] {
        assert!(refused(ProductSort::Name, forged), "{forged}");
    }
}

#[test]
fn customers_see_what_can_be_bought_and_staff_see_all() {
    let shop = Shop::open();
    shop.create(details("A", "Milk")).unwrap();
    let hidden = ProductDetails {
        active: false,
        ..details("B", "Bread")
    };
    shop.create(hidden).unwrap();
    assert_eq!(names(&list(&shop, everything())), ["Milk"]);
    let all = shop.catalog.handle(&staff(), everything()).unwrap();
    assert_eq!(names(&all), ["Bread", "Milk"]);
}

#[test]
fn a_category_shows_what_is_below_it_and_an_unknown_one_is_told() {
    let shop = Shop::open();
    shop.add_category("Food", None);
    shop.add_category("Dairy", Some("food"));
    let milk = ProductDetails {
        category_slugs: vec![slug("dairy")],
        ..details("A", "Milk")
    };
    shop.create(milk).unwrap();
    shop.create(details("B", "Bread")).unwrap();
    let of = |text| ListProducts {
        category: Some(slug(text)),
        ..everything()
    };
    assert_eq!(names(&list(&shop, of("food"))), ["Milk"]);
    let error = outcome(shop.catalog.handle(&anybody(), of("drinks")));
    assert_eq!(error, ListProductsError::UnknownCategory);
}

#[test]
fn a_search_is_for_text_and_what_no_name_can_contain_is_in_none() {
    let shop = Shop::open();
    shop.create(details("A", "Whole Milk")).unwrap();
    let by = |text: &str| ListProducts {
        search: Some(text.to_owned()),
        ..everything()
    };
    assert_eq!(names(&list(&shop, by(" MILK "))), ["Whole Milk"]);
    assert_eq!(names(&list(&shop, by("  "))), ["Whole Milk"]);
    for text in ["%%%%", "_", "\0", "a\nb", &"x".repeat(10_000)] {
        assert!(list(&shop, by(text)).items.is_empty());
    }
}
