//! What every catalog store owes, apart from lists.

use banyan::adapters::catalog::sql::MIGRATIONS;
use banyan::adapters::catalog::sql::store::SqlCatalogStore;
use banyan::domains::catalog::product::Product;
use banyan::domains::catalog::product_content::ProductContent;
use banyan::domains::catalog::stock_level::StockLevel;
use banyan::domains::shared::money::Money;
use banyan::ports::catalog::outbound::{CatalogStore, ProductKey};
use banyan::ports::shared::events::{Delivery, Passage};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};

use super::fixtures::{category, category_below, now, product, product_id, slug};
use crate::fakes::catalog::FakeCatalogStore;
use crate::support::contract::store_contract;

store_contract! {
    context = "catalog", fake = FakeCatalogStore::new(), sql = SqlCatalogStore::new, migrations = MIGRATIONS;
    a_product_comes_back_as_it_was_kept_under_each_of_its_names,
    what_is_not_there_is_not_found,
    a_category_comes_back_as_it_was_kept,
    categories_are_listed_parents_before_children,
    a_sku_and_a_slug_are_kept_once,
    a_product_in_an_unknown_category_is_refused_with_all_that_belongs_to_it,
    a_change_replaces_everything_but_the_stock,
    a_change_is_written_only_over_the_version_before_it,
    a_product_is_in_stock_when_any_location_has_it,
    a_level_that_is_not_news_is_passed_over,
    levels_are_remembered_for_a_product_that_comes_later,
    a_delivery_takes_effect_once,
}

fn insert(store: &dyn CatalogStore, product: &Product) {
    store.insert_product(product, &[], &UnitOfWork::none()).unwrap();
}

fn find(store: &dyn CatalogStore, number: u128) -> Option<Product> {
    store.find_product(&ProductKey::Id(product_id(number))).unwrap()
}

fn level(number: u128, location: &str, available: i64, version: i64) -> StockLevel {
    StockLevel {
        product_id: product_id(number),
        location: location.to_owned(),
        available,
        version,
    }
}

fn apply(store: &dyn CatalogStore, levels: &[StockLevel]) {
    store.apply_stock_levels(levels, &UnitOfWork::none()).unwrap();
}

fn a_product_comes_back_as_it_was_kept_under_each_of_its_names(store: &dyn CatalogStore) {
    let categories = [category(1, "Food"), category(2, "Fresh")];
    let price = Money::of(1_234_567, "BHD".parse().unwrap());
    let content = ProductContent::new(
        "Milk/1.5_l".parse().unwrap(),
        "Crème fraîche – 30 % 牛乳 'x'; DROP TABLE products; --",
        "One\nTwo \u{1f95b}",
        price,
        false,
        [slug("food"), slug("fresh")],
    )
    .unwrap();
    let kept = Product::new(product_id(7), slug("creme-fraiche-30"), content, now());
    store.insert_product(&kept, &categories, &UnitOfWork::none()).unwrap();

    let keys = [
        ProductKey::Id(kept.id()),
        ProductKey::Slug(kept.slug().clone()),
        ProductKey::Sku(kept.content().sku().clone()),
    ];
    for key in keys {
        assert_eq!(store.find_product(&key).unwrap(), Some(kept.clone()), "{key:?}");
    }
    assert_eq!(store.find_products(&[product_id(9), product_id(7)]).unwrap(), [kept]);
}

fn what_is_not_there_is_not_found(store: &dyn CatalogStore) {
    insert(store, &product(1, "Milk", 100, &[]));
    assert_eq!(find(store, 2), None);
    assert_eq!(
        store.find_product(&ProductKey::Sku("sku-1".parse().unwrap())).unwrap(),
        None
    );
    assert_eq!(store.find_products(&[]).unwrap(), []);
    assert_eq!(store.find_category(&slug("food")).unwrap(), None);
    assert_eq!(store.all_categories().unwrap(), []);
}

fn a_category_comes_back_as_it_was_kept(store: &dyn CatalogStore) {
    let food = category(1, "Food & Drink");
    let dairy = category_below(&food, 2, "Käse");
    store.insert_category(&food, &UnitOfWork::none()).unwrap();
    store.insert_category(&dairy, &UnitOfWork::none()).unwrap();
    assert_eq!(store.find_category(&slug("food-drink")).unwrap(), Some(food));
    assert_eq!(store.find_category(&slug("kaese")).unwrap(), Some(dairy.clone()));

    let again = store.insert_category(&category(3, "Käse"), &UnitOfWork::none());
    assert!(matches!(&again, Err(StorageError::Duplicate { constraint }) if constraint.contains("slug")));
    assert_eq!(store.find_category(&slug("kaese")).unwrap(), Some(dairy));
}

fn categories_are_listed_parents_before_children(store: &dyn CatalogStore) {
    let food = category(1, "Food");
    let food_2 = category(2, "Food 2");
    let dairy = category_below(&food, 3, "Dairy");
    let milk = category_below(&dairy, 4, "A Milk");
    let bread = category_below(&food, 5, "Bread");
    for category in [&food, &dairy, &milk, &bread, &food_2] {
        store.insert_category(category, &UnitOfWork::none()).unwrap();
    }
    let paths: Vec<String> = store
        .all_categories()
        .unwrap()
        .iter()
        .map(|category| category.path().to_string())
        .collect();
    assert_eq!(
        paths,
        ["food-2/", "food/", "food/bread/", "food/dairy/", "food/dairy/a-milk/"]
    );
}

fn a_sku_and_a_slug_are_kept_once(store: &dyn CatalogStore) {
    let first = product(1, "Milk", 100, &[]);
    insert(store, &first);
    let other = product(2, "Milk", 100, &[]);
    let with_sku = Product::new(other.id(), other.slug().clone(), first.content().clone(), now());
    let with_slug = Product::new(other.id(), first.slug().clone(), other.content().clone(), now());

    let insert_with = |product: &Product| store.insert_product(product, &[], &UnitOfWork::none());
    let refused = insert_with(&with_sku);
    assert!(matches!(&refused, Err(StorageError::Duplicate { constraint }) if constraint.contains("sku")));
    let refused = insert_with(&with_slug);
    assert!(matches!(&refused, Err(StorageError::Duplicate { constraint }) if constraint.contains("slug")));
    assert_eq!(find(store, 2), None);

    insert(store, &other);
    let renamed = other
        .revised(Some(first.slug().clone()), other.content().clone(), now())
        .unwrap();
    let refused = store.update_product(&renamed, &[], &UnitOfWork::none());
    assert!(matches!(&refused, Err(StorageError::Duplicate { constraint }) if constraint.contains("slug")));
}

fn a_product_in_an_unknown_category_is_refused_with_all_that_belongs_to_it(store: &dyn CatalogStore) {
    let kept = product(1, "Milk", 100, &["food", "dairy"]);
    let refused = store.insert_product(&kept, &[category(1, "Food")], &UnitOfWork::none());
    assert!(matches!(refused, Err(StorageError::Refused { .. })));
    assert_eq!(find(store, 1), None);
    assert_eq!(store.all_categories().unwrap(), []);
}

fn a_change_replaces_everything_but_the_stock(store: &dyn CatalogStore) {
    let food = category(1, "Food");
    let first = product(1, "Milk", 100, &["food"]);
    store
        .insert_product(&first, std::slice::from_ref(&food), &UnitOfWork::none())
        .unwrap();
    apply(store, &[level(1, "main", 5, 1)]);

    let known = find(store, 1).unwrap();
    let content = ProductContent::new(
        "OAT".parse().unwrap(),
        "Oat Milk",
        "Of oats",
        Money::of(250, "JPY".parse().unwrap()),
        false,
        [slug("oats")],
    )
    .unwrap();
    let later = now().plus_ms(1);
    let changed = known.revised(Some(slug("oat-milk")), content, later).unwrap();
    let oats = category_below(&food, 2, "Oats");
    store.update_product(&changed, &[oats], &UnitOfWork::none()).unwrap();
    assert_eq!(find(store, 1), Some(changed));
    assert!(find(store, 1).unwrap().is_in_stock());
}

fn a_change_is_written_only_over_the_version_before_it(store: &dyn CatalogStore) {
    let first = product(1, "Milk", 100, &[]);
    insert(store, &first);
    let content = product(1, "Oat Milk", 100, &[]).content().clone();
    let second = first.revised(None, content, now()).unwrap();
    store.update_product(&second, &[], &UnitOfWork::none()).unwrap();
    let again = store.update_product(&second, &[], &UnitOfWork::none());
    assert!(matches!(again, Err(StorageError::Stale)));

    let unknown = product(2, "Milk", 100, &[]);
    let unknown = unknown
        .revised(Some(slug("m")), unknown.content().clone(), now())
        .unwrap();
    let missing = store.update_product(&unknown, &[], &UnitOfWork::none());
    assert!(matches!(missing, Err(StorageError::Stale)));
    assert_eq!(find(store, 1), Some(second));
}

fn a_product_is_in_stock_when_any_location_has_it(store: &dyn CatalogStore) {
    insert(store, &product(1, "Milk", 100, &[]));
    insert(store, &product(2, "Bread", 100, &[]));
    let state = || {
        let product = find(store, 1).unwrap();
        (product.is_in_stock(), product.version())
    };
    assert_eq!(state(), (false, 1));
    apply(store, &[level(1, "main", 0, 1), level(1, "attic", 2, 1)]);
    assert_eq!(state(), (true, 2));
    apply(store, &[level(1, "main", 9, 2)]);
    assert_eq!(
        state(),
        (true, 2),
        "the version counts only when the stock comes or goes"
    );
    apply(store, &[level(1, "attic", 0, 2)]);
    assert_eq!(state(), (true, 2));
    apply(store, &[level(1, "main", 0, 3)]);
    assert_eq!(state(), (false, 3));
    assert_eq!(find(store, 1).unwrap().updated_at(), now());
    assert_eq!(find(store, 2), Some(product(2, "Bread", 100, &[])));
}

fn a_level_that_is_not_news_is_passed_over(store: &dyn CatalogStore) {
    insert(store, &product(1, "Milk", 100, &[]));
    apply(store, &[level(1, "main", 5, 2)]);
    apply(store, &[level(1, "main", 0, 1)]);
    apply(store, &[level(1, "main", 0, 2)]);
    assert!(find(store, 1).unwrap().is_in_stock());
    apply(store, &[level(1, "main", 0, 3)]);
    assert!(!find(store, 1).unwrap().is_in_stock());
}

fn levels_are_remembered_for_a_product_that_comes_later(store: &dyn CatalogStore) {
    apply(store, &[level(1, "main", 5, 1)]);
    insert(store, &product(1, "Milk", 100, &[]));
    let kept = find(store, 1).unwrap();
    assert_eq!((kept.is_in_stock(), kept.version()), (true, 1));
}

fn a_delivery_takes_effect_once(store: &dyn CatalogStore) {
    insert(store, &product(1, "Milk", 100, &[]));
    let deliver = |from_position, to_position, levels: &[StockLevel]| {
        let unit = UnitOfWork::none().with_delivery(Delivery::Passage(Passage {
            consumer: "catalog.on_stock_changed".to_owned(),
            from_position,
            to_position,
        }));
        store.apply_stock_levels(levels, &unit)
    };
    deliver(0, 4, &[level(1, "main", 5, 1)]).unwrap();
    let again = deliver(0, 4, &[level(1, "main", 0, 2)]);
    assert!(matches!(again, Err(StorageError::Stale)));
    assert!(find(store, 1).unwrap().is_in_stock(), "nothing of it was kept");
    deliver(4, 5, &[level(1, "main", 0, 2)]).unwrap();
    assert!(!find(store, 1).unwrap().is_in_stock());
}
