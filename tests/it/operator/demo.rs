//! The demo shop.

use std::collections::HashSet;
use std::sync::Arc;

use banyan::app::bootstrap::contexts::Contexts;
use banyan::app::bootstrap::demo::{ADMIN, CUSTOMER, fill, is_empty, open};
use banyan::app::bootstrap::import::{Format, import_text};
use banyan::app::catalog::CatalogService;
use banyan::ports::catalog::operations::ListCategories;
use banyan::ports::inventory::operations::ChangeStock;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::PageRequest;
use indicatif::ProgressBar;

use super::shop::Shop;
use crate::fakes::catalog::FakeCatalogStore;
use crate::fakes::letters::without_letters_of;
use crate::support::fixed::{CountingIds, FixedClock, call};

#[test]
fn the_demo_fills_an_empty_shop_with_products_stock_and_people() {
    let shop = Shop::new();
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    assert!(is_empty(&contexts, &ids).unwrap());
    let demo = open(&contexts, &ids).unwrap().expect("the shop was empty");
    assert!(!is_empty(&contexts, &ids).unwrap());

    let state = shop.state.lock().unwrap();
    assert!(state.products.len() >= 70);
    assert!(
        state.products.len() <= usize::try_from(PageRequest::MAX_LIMIT).unwrap(),
        "whether the demo is complete is told from one page"
    );
    let paths: HashSet<_> = state.products.iter().map(|(_, op)| &op.category_path).collect();
    assert!(paths.iter().all(|path| (2..=3).contains(&path.len())));
    assert!(paths.iter().any(|path| path.len() == 3));
    let categories: HashSet<&[String]> = paths
        .iter()
        .flat_map(|path| (1..=path.len()).map(|depth| &path[..depth]))
        .collect();
    assert!(categories.len() >= 20, "{} categories", categories.len());

    for (id, op) in &state.products {
        assert!(op.details.price.is_positive() && op.details.price.currency().code() == "EUR");
        assert!(op.details.description.ends_with('.'), "{}", op.details.description);
        assert!((50..=400).contains(&state.levels[id]), "{}", op.details.name);
    }
    let names: HashSet<_> = state.products.iter().map(|(_, op)| &op.details.name).collect();
    assert_eq!(names.len(), state.products.len());
    assert_eq!(demo.product_id, state.products[0].0);
    assert_eq!(state.products[0].1.details.sku.as_str(), "GRC-0001");
    for (login, role) in [(ADMIN, "admin"), (CUSTOMER, "customer")] {
        assert!(login.password.len() >= 15);
        assert_eq!(state.people[login.email], (login.password.to_owned(), role.to_owned()));
    }
}

#[test]
fn the_real_catalog_takes_the_whole_assortment() {
    let shop = Shop::new();
    let store = Arc::new(FakeCatalogStore::new());
    let (clock, ids) = (Arc::new(FixedClock::new()), Arc::new(CountingIds::new()));
    let catalog = Arc::new(CatalogService::new(store.clone(), store, clock, ids.clone()));
    let contexts = Contexts {
        catalog: Arc::new(without_letters_of(catalog.clone())),
        ..shop.contexts()
    };
    let demo = open(&contexts, &*ids).unwrap();
    assert!(demo.is_some());
    assert_eq!(
        open(&contexts, &*ids).unwrap(),
        demo,
        "the second start finds it complete"
    );
    let cx = call(Principal::service("test"));
    let categories = catalog.handle(&cx, ListCategories {}).unwrap();
    assert_eq!(categories.len(), 41);
    let roots: Vec<_> = categories
        .iter()
        .filter(|category| category.parent_slug.is_none())
        .collect();
    assert_eq!(roots.len(), 7);
}

#[test]
fn the_stock_follows_its_rule() {
    let shop = Shop::new();
    fill(&shop.contexts(), &CountingIds::new()).unwrap();
    let state = shop.state.lock().unwrap();
    for (number, (id, _)) in (1..).zip(&state.products) {
        assert_eq!(state.levels[id], 50 + 37 * number % 351);
    }
}

#[test]
fn filling_twice_changes_nothing() {
    let shop = Shop::new();
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    let first = fill(&contexts, &ids).unwrap();
    let (writes, levels) = {
        let state = shop.state.lock().unwrap();
        (state.writes, state.levels.clone())
    };
    assert_eq!(fill(&contexts, &ids).unwrap(), first);
    assert_eq!(open(&contexts, &ids).unwrap(), Some(first));
    let state = shop.state.lock().unwrap();
    assert_eq!((state.writes, &state.levels), (writes, &levels));
}

#[test]
fn a_demo_that_was_interrupted_is_completed_at_the_next_start() {
    // What a crash leaves: some of the products, the last of them with or without its stock, or all but the last stock.
    for (products, levels) in [(0, 0), (1, 0), (30, 30), (30, 29), (usize::MAX, 1)] {
        let shop = Shop::new();
        let (contexts, ids) = (shop.contexts(), CountingIds::new());
        fill(&contexts, &ids).unwrap();
        let whole = shop.state.lock().unwrap().levels.clone();
        {
            let mut state = shop.state.lock().unwrap();
            state.products.truncate(products);
            let last = state.products.len().min(levels);
            let kept: Vec<_> = state.products.iter().take(last).map(|(id, _)| *id).collect();
            state.levels.retain(|id, _| kept.contains(id));
            // A crash before the stock was written leaves no key either.
            state.keys.retain(|_, id| kept.contains(id));
        }
        open(&contexts, &ids).unwrap().expect("it is the demo shop");
        assert_eq!(
            shop.state.lock().unwrap().levels,
            whole,
            "{products} products, {levels} levels"
        );
    }
}

#[test]
fn a_shop_that_sells_something_else_is_left_alone() {
    let shop = Shop::new();
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    let text = "sku,name,price\nX-1,Tent,199\n";
    import_text(&contexts, &ids, text, Format::Csv, false, &ProgressBar::hidden()).unwrap();
    assert_eq!(open(&contexts, &ids).unwrap(), None);
    assert_eq!(shop.skus(), ["X-1"]);
    assert!(shop.state.lock().unwrap().people.is_empty());
}

#[test]
fn a_context_that_is_away_for_a_moment_does_not_stop_the_demo() {
    let shop = Shop::new();
    shop.script.is_away_for::<ChangeStock>(2);
    assert!(open(&shop.contexts(), &CountingIds::new()).unwrap().is_some());
}
