//! What every catalog store owes to lists of products.

use banyan::adapters::catalog::sql::MIGRATIONS;
use banyan::adapters::catalog::sql::store::SqlCatalogStore;
use banyan::domains::catalog::folding::folded;
use banyan::domains::catalog::product::Product;
use banyan::domains::catalog::product_content::ProductContent;
use banyan::domains::catalog::stock_level::StockLevel;
use banyan::domains::shared::money::{Currency, Money};
use banyan::ports::catalog::outbound::{CatalogStore, ProductOrder, ProductQuery};
use banyan::ports::shared::storage::UnitOfWork;

use super::fixtures::{category, category_below, now, product, product_id, slug};
use crate::fakes::catalog::FakeCatalogStore;
use crate::support::contract::store_contract;

store_contract! {
    context = "catalog", fake = FakeCatalogStore::new(), sql = SqlCatalogStore::new, migrations = MIGRATIONS;
    pages_show_every_product_once_in_every_order_though_values_are_equal,
    names_are_sorted_by_their_bytes_in_lower_case,
    a_search_finds_names_and_skus_in_whatever_case,
    wildcards_of_a_search_stand_for_themselves,
    a_category_is_listed_with_those_below_it,
    filters_hold_together,
}

fn everything() -> ProductQuery {
    ProductQuery {
        active_only: false,
        category: None,
        search_folded: None,
        price_minor_min: None,
        price_minor_max: None,
        in_stock: None,
        order: ProductOrder::Name { after: None },
        limit: 100,
    }
}

fn insert(store: &dyn CatalogStore, product: &Product) {
    store.insert_product(product, &[], &UnitOfWork::none()).unwrap();
}

fn names(store: &dyn CatalogStore, query: &ProductQuery) -> Vec<String> {
    let found = store.list_products(query).unwrap();
    found
        .iter()
        .map(|product| product.content().name().to_owned())
        .collect()
}

fn found_by(store: &dyn CatalogStore, text: &str) -> Vec<String> {
    let query = ProductQuery {
        search_folded: Some(folded(text)),
        ..everything()
    };
    names(store, &query)
}

/// 120 products of 3 prices, 4 names and 5 points in time, so that every page ends between equals.
fn fill(store: &dyn CatalogStore) {
    let names = ["Äpfel", "apples", "Bread", "bread 2"];
    for number in 0..120_usize {
        let number_u128 = u128::try_from(number).unwrap();
        // Ids in another order than the one of insertion.
        let id = product_id((number_u128 * 77) % 120);
        let minor = i64::try_from(number % 3).unwrap() * 100;
        let content = product(number_u128, names[number % 4], minor, &[]).content().clone();
        let at = now().plus_ms(i64::try_from(number % 5).unwrap());
        insert(store, &Product::new(id, slug(&format!("p-{number}")), content, at));
    }
}

fn pages_show_every_product_once_in_every_order_though_values_are_equal(store: &dyn CatalogStore) {
    fill(store);
    let starts = [
        ProductOrder::Newest { after: None },
        ProductOrder::Name { after: None },
        ProductOrder::PriceAscending { after: None },
        ProductOrder::PriceDescending { after: None },
    ];
    for start in starts {
        let mut order = start.clone();
        let mut shown: Vec<Product> = Vec::new();
        loop {
            let query = ProductQuery {
                order: order.clone(),
                limit: 7,
                ..everything()
            };
            let page = store.list_products(&query).unwrap();
            let Some(last) = page.last() else { break };
            order = behind(&start, last);
            shown.extend(page);
            assert!(shown.len() <= 120, "{start:?} comes to no end");
        }
        let mut expected = shown.clone();
        expected.sort_by_key(Product::id);
        expected.dedup();
        assert_eq!(expected.len(), 120, "{start:?} leaves out or repeats");
        sort(&mut expected, &start);
        assert_eq!(shown, expected, "{start:?}");
    }
}

fn behind(order: &ProductOrder, last: &Product) -> ProductOrder {
    let (minor, id) = (last.content().price().minor(), last.id());
    match order {
        ProductOrder::Newest { .. } => ProductOrder::Newest {
            after: Some((last.created_at(), id)),
        },
        ProductOrder::Name { .. } => ProductOrder::Name {
            after: Some((last.content().name_folded(), id)),
        },
        ProductOrder::PriceAscending { .. } => ProductOrder::PriceAscending {
            after: Some((minor, id)),
        },
        ProductOrder::PriceDescending { .. } => ProductOrder::PriceDescending {
            after: Some((minor, id)),
        },
    }
}

/// `products` are in the order of their ids.
fn sort(products: &mut [Product], order: &ProductOrder) {
    let minor = |product: &Product| product.content().price().minor();
    match order {
        ProductOrder::Newest { .. } => {
            products.sort_by_key(|product| (product.created_at(), product.id()));
            products.reverse();
        }
        ProductOrder::Name { .. } => products.sort_by_key(|product| product.content().name_folded()),
        ProductOrder::PriceAscending { .. } => products.sort_by_key(minor),
        ProductOrder::PriceDescending { .. } => {
            products.sort_by_key(minor);
            products.reverse();
        }
    }
}

fn names_are_sorted_by_their_bytes_in_lower_case(store: &dyn CatalogStore) {
    for (number, name) in ["b", "Ä", "a b", "ab", "A-c", "Z", "_", "é"].into_iter().enumerate() {
        insert(store, &product(u128::try_from(number).unwrap(), name, 1, &[]));
    }
    assert_eq!(
        names(store, &everything()),
        ["_", "a b", "A-c", "ab", "b", "Z", "Ä", "é"]
    );
}

fn a_search_finds_names_and_skus_in_whatever_case(store: &dyn CatalogStore) {
    for (number, name) in ["Whole MILK", "ÖL", "Bread"].into_iter().enumerate() {
        insert(store, &product(u128::try_from(number).unwrap(), name, 1, &[]));
    }
    assert_eq!(found_by(store, "milk"), ["Whole MILK"]);
    assert_eq!(found_by(store, "LE m"), ["Whole MILK"]);
    assert_eq!(found_by(store, "öl"), ["ÖL"]);
    assert_eq!(found_by(store, "sku-2"), ["Bread"]);
    assert_eq!(found_by(store, "sku"), ["Bread", "Whole MILK", "ÖL"]);
    assert!(found_by(store, "x").is_empty());
}

fn wildcards_of_a_search_stand_for_themselves(store: &dyn CatalogStore) {
    for (number, name) in ["100 % wool", "a_b", "axb", r"back\slash", "it's"]
        .into_iter()
        .enumerate()
    {
        insert(store, &product(u128::try_from(number).unwrap(), name, 1, &[]));
    }
    assert!(found_by(store, "%%%%").is_empty());
    assert_eq!(found_by(store, "%"), ["100 % wool"]);
    assert_eq!(found_by(store, "_"), ["a_b"]);
    assert_eq!(found_by(store, "a_b"), ["a_b"]);
    assert_eq!(found_by(store, r"\"), [r"back\slash"]);
    assert_eq!(found_by(store, "'"), ["it's"]);
    assert!(found_by(store, "' OR 1=1--").is_empty());
    assert!(found_by(store, r"\%").is_empty());
}

fn a_category_is_listed_with_those_below_it(store: &dyn CatalogStore) {
    let food = category(1, "Food");
    let dairy = category_below(&food, 2, "Dairy");
    let milk = category_below(&dairy, 3, "Milk");
    let food_2 = category(4, "Food 2");
    for category in [&food, &dairy, &milk, &food_2] {
        store.insert_category(category, &UnitOfWork::none()).unwrap();
    }
    insert(store, &product(1, "In Food", 1, &["food"]));
    insert(store, &product(2, "In Milk and Food", 1, &["milk", "food"]));
    insert(store, &product(3, "In Dairy", 1, &["dairy"]));
    insert(store, &product(4, "In Food 2", 1, &["food-2"]));
    insert(store, &product(5, "In none", 1, &[]));
    let of = |category: &banyan::domains::catalog::category::Category| {
        let query = ProductQuery {
            category: Some(category.path().clone()),
            ..everything()
        };
        names(store, &query)
    };
    assert_eq!(of(&food), ["In Dairy", "In Food", "In Milk and Food"]);
    assert_eq!(of(&dairy), ["In Dairy", "In Milk and Food"]);
    assert_eq!(of(&milk), ["In Milk and Food"]);
    assert_eq!(of(&food_2), ["In Food 2"]);
}

fn filters_hold_together(store: &dyn CatalogStore) {
    for number in 1..=4 {
        let minor = i64::try_from(number).unwrap() * 100;
        insert(store, &product(number, &format!("P{number}"), minor, &[]));
    }
    let price = Money::of(200, Currency::EUR);
    let hidden = ProductContent::new("H".parse().unwrap(), "Hidden", "", price, false, []).unwrap();
    insert(store, &Product::new(product_id(5), slug("hidden"), hidden, now()));
    let level = StockLevel {
        product_id: product_id(2),
        location: "main".to_owned(),
        available: 1,
        version: 1,
    };
    store.apply_stock_levels(&[level], &UnitOfWork::none()).unwrap();

    let between = ProductQuery {
        price_minor_min: Some(200),
        price_minor_max: Some(300),
        ..everything()
    };
    assert_eq!(names(store, &between), ["Hidden", "P2", "P3"]);
    let active = ProductQuery {
        active_only: true,
        ..between.clone()
    };
    assert_eq!(names(store, &active), ["P2", "P3"]);
    let with_stock = |in_stock| ProductQuery {
        in_stock: Some(in_stock),
        ..active.clone()
    };
    assert_eq!(names(store, &with_stock(true)), ["P2"]);
    assert_eq!(names(store, &with_stock(false)), ["P3"]);
    let limited = ProductQuery {
        limit: 1,
        ..everything()
    };
    assert_eq!(names(store, &limited), ["Hidden"]);
}
