//! Requests at the same instant, on real databases.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};

use banyan::adapters::catalog::sql::MIGRATIONS;
use banyan::adapters::catalog::sql::store::SqlCatalogStore;
use banyan::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use banyan::app::catalog::CatalogService;
use banyan::ports::catalog::operations::{CreateProduct, ImportProduct, ListCategories, Product, WriteProductError};
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::{Handler, Operation};

use super::fixtures::{details, staff};
use crate::support::databases::{TestDatabase, postgres, sqlite};
use crate::support::fixed::{CountingIds, FixedClock, with_key};

const CALLERS: usize = 8;

fn both(check: impl Fn(&CatalogService)) {
    for home in [sqlite("catalog", MIGRATIONS), postgres("catalog", MIGRATIONS)] {
        check(&catalog(&home));
    }
}

fn catalog(home: &TestDatabase) -> CatalogService {
    CatalogService::new(
        Arc::new(SqlCatalogStore::new(home.database.clone())),
        Arc::new(SqlIdempotencyStore::new(home.database.clone())),
        Arc::new(FixedClock::new()),
        Arc::new(CountingIds::new()),
    )
}

/// What comes back when all call at once.
fn at_once<Op: Operation>(
    catalog: &CatalogService,
    call: impl Fn(usize) -> (CallContext, Op) + Sync,
) -> Vec<Result<Op::Reply, Failure<Op::Error>>>
where
    CatalogService: Handler<Op>,
{
    let start = Barrier::new(CALLERS);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|number| {
                let (start, call) = (&start, &call);
                scope.spawn(move || {
                    let (cx, op) = call(number);
                    start.wait();
                    catalog.handle(&cx, op)
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

fn create(sku: &str) -> CreateProduct {
    CreateProduct {
        details: details(sku, "Milk"),
    }
}

#[test]
fn products_of_one_name_that_are_added_at_once_get_slugs_of_their_own() {
    both(|catalog| {
        let added = at_once(catalog, |number| (staff(), create(&format!("S{number}"))));
        let slugs: BTreeSet<_> = added.into_iter().map(|product| product.unwrap().slug).collect();
        assert_eq!(slugs.len(), CALLERS);
    });
}

#[test]
fn of_products_of_one_sku_that_are_added_at_once_one_is() {
    both(|catalog| {
        let added = at_once(catalog, |_number| (staff(), create("A")));
        let (added, refused): (Vec<_>, Vec<_>) = added.into_iter().partition(Result::is_ok);
        assert_eq!((added.len(), refused.len()), (1, CALLERS - 1));
        for refused in refused {
            assert_eq!(refused, Err(Failure::Domain(WriteProductError::SkuTaken)));
        }
    });
}

#[test]
fn requests_under_one_key_at_once_add_one_product_and_are_answered_alike() {
    both(|catalog| {
        let added = at_once(catalog, |_number| (with_key(&staff(), "key-1"), create("A")));
        let added: Vec<Product> = added.into_iter().map(Result::unwrap).collect();
        assert!(added.iter().all(|product| *product == added[0]));
    });
}

#[test]
fn rows_that_are_imported_at_once_share_the_categories_they_make() {
    both(|catalog| {
        let imported = at_once(catalog, |number| {
            let op = ImportProduct {
                details: details(&format!("S{number}"), "Milk"),
                category_path: vec!["Food".to_owned(), "Dairy".to_owned()],
            };
            (staff(), op)
        });
        assert!(imported.iter().all(Result::is_ok), "{imported:?}");
        let categories = catalog.handle(&staff(), ListCategories {}).unwrap();
        let slugs: Vec<_> = categories.iter().map(|category| category.slug.as_str()).collect();
        assert_eq!(slugs, ["food", "dairy"]);
    });
}
