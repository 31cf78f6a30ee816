//! Importing products.

use banyan::domains::shared::money::{Currency, Money};
use banyan::ports::catalog::operations::{
    GetProduct, ImportOutcome, ImportProduct, Imported, ListCategories, ProductDetails, ProductName, WriteProductError,
};
use banyan::ports::shared::call_context::{CallContext, EffectMode};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::storage::StorageError;

use super::fixtures::{Shop, details, outcome, slug, staff};

fn import_as(
    cx: &CallContext,
    shop: &Shop,
    details: ProductDetails,
    path: &[&str],
) -> Result<Imported, Failure<WriteProductError>> {
    let op = ImportProduct {
        details,
        category_path: path.iter().map(|name| (*name).to_owned()).collect(),
    };
    shop.catalog.handle(cx, op)
}

fn import(shop: &Shop, details: ProductDetails, path: &[&str]) -> Imported {
    import_as(&staff(), shop, details, path).unwrap()
}

fn category_slugs(shop: &Shop) -> Vec<(String, Option<String>)> {
    let all = shop.catalog.handle(&staff(), ListCategories {}).unwrap();
    all.into_iter()
        .map(|category| {
            (
                category.slug.to_string(),
                category.parent_slug.map(|slug| slug.to_string()),
            )
        })
        .collect()
}

fn dry_run() -> CallContext {
    let mut cx = staff();
    cx.effect_mode = EffectMode::DryRun;
    cx
}

#[test]
fn a_row_is_created_then_unchanged_then_updated() {
    let shop = Shop::open();
    let path = ["Food", "Dairy"];
    let first = import(&shop, details("A", "Milk"), &path);
    assert_eq!(first.outcome, ImportOutcome::Created);
    let again = import(&shop, details("A", "Milk"), &path);
    assert_eq!(
        again,
        Imported {
            outcome: ImportOutcome::Unchanged,
            ..first
        }
    );
    assert_eq!(shop.event_types(), ["product.created"]);

    let dearer = ProductDetails {
        price: Money::of(2099, Currency::EUR),
        ..details("A", "Milk")
    };
    let third = import(&shop, dearer, &path);
    assert_eq!(
        third,
        Imported {
            outcome: ImportOutcome::Updated,
            ..first
        }
    );
    assert_eq!(shop.event_types(), ["product.created", "product.updated"]);

    let name = ProductName::Id(first.product_id.unwrap());
    let product = shop.catalog.handle(&staff(), GetProduct { name }).unwrap();
    assert_eq!((product.version, product.price.minor()), (2, 2099));
    assert_eq!(product.category_slugs, [slug("dairy")]);
}

#[test]
fn categories_on_the_path_are_made_once_and_told_apart_by_their_parents() {
    let shop = Shop::open();
    import(&shop, details("A", "Tent bag"), &["Bags", "Accessories"]);
    import(&shop, details("B", "Laces"), &["Footwear", "Accessories"]);
    import(&shop, details("C", "Strap"), &["bags", "ACCESSORIES"]);
    let slug_and_parent = |slug: &str, parent: Option<&str>| (slug.to_owned(), parent.map(str::to_owned));
    assert_eq!(
        category_slugs(&shop),
        [
            slug_and_parent("bags", None),
            slug_and_parent("accessories", Some("bags")),
            slug_and_parent("footwear", None),
            slug_and_parent("accessories-2", Some("footwear")),
        ]
    );
}

#[test]
fn a_product_that_moves_leaves_its_old_category() {
    let shop = Shop::open();
    let imported = import(&shop, details("A", "Milk"), &["Food"]);
    assert_eq!(import(&shop, details("A", "Milk"), &[]).outcome, ImportOutcome::Updated);
    let name = ProductName::Id(imported.product_id.unwrap());
    let product = shop.catalog.handle(&staff(), GetProduct { name }).unwrap();
    assert!(product.category_slugs.is_empty());
}

#[test]
fn a_dry_run_tells_what_would_be_done_and_changes_nothing() {
    let shop = Shop::open();
    let would = import_as(&dry_run(), &shop, details("A", "Milk"), &["Food"]).unwrap();
    assert_eq!((would.outcome, would.product_id), (ImportOutcome::Created, None));
    assert!(category_slugs(&shop).is_empty());

    let real = import(&shop, details("A", "Milk"), &["Food"]);
    let would = import_as(&dry_run(), &shop, details("A", "Oat Milk"), &["Drinks"]).unwrap();
    assert_eq!(
        would,
        Imported {
            outcome: ImportOutcome::Updated,
            ..real
        }
    );
    let would = import_as(&dry_run(), &shop, details("A", "Milk"), &["Food"]).unwrap();
    assert_eq!(
        would,
        Imported {
            outcome: ImportOutcome::Unchanged,
            ..real
        }
    );
    assert_eq!(category_slugs(&shop).len(), 1);
    assert_eq!(shop.event_types(), ["product.created"]);

    let with_slug = ProductDetails {
        slug: Some(slug("milk")),
        ..details("B", "Other")
    };
    let error = outcome(import_as(&dry_run(), &shop, with_slug, &[]));
    assert_eq!(
        error,
        WriteProductError::SlugTaken,
        "a dry run finds what the real one would"
    );
}

#[test]
fn a_path_that_breaks_a_rule_is_refused() {
    let shop = Shop::open();
    let nine = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    for path in [&nine[..], &["Food", " "], &["牛乳"], &["a\nb"]] {
        let error = outcome(import_as(&staff(), &shop, details("A", "Milk"), path));
        assert!(matches!(error, WriteProductError::Invalid { field, .. } if field == "category_path"));
    }
    assert!(category_slugs(&shop).is_empty());
    assert_eq!(
        import(&shop, details("A", "Milk"), &nine[..8]).outcome,
        ImportOutcome::Created
    );
}

#[test]
fn a_row_that_is_overtaken_is_begun_anew() {
    let shop = Shop::open();
    shop.store.fail_next_write(StorageError::Duplicate {
        constraint: "categories_slug_key".to_owned(),
    });
    assert_eq!(
        import(&shop, details("A", "Milk"), &["Food"]).outcome,
        ImportOutcome::Created
    );
    shop.store.fail_next_write(StorageError::Stale);
    assert_eq!(
        import(&shop, details("A", "Oat"), &["Food"]).outcome,
        ImportOutcome::Updated
    );
}
