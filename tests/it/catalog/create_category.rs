//! Adding categories.

use banyan::ports::catalog::operations::{Category, CreateCategory, CreateCategoryError};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::fixtures::{Shop, outcome, slug, staff};
use crate::support::fixed::with_key;

fn wish(name: &str, own_slug: Option<&str>, parent: Option<&str>) -> CreateCategory {
    CreateCategory {
        name: name.to_owned(),
        slug: own_slug.map(slug),
        parent_slug: parent.map(slug),
    }
}

fn create(shop: &Shop, op: CreateCategory) -> Result<Category, Failure<CreateCategoryError>> {
    shop.catalog.handle(&staff(), op)
}

#[test]
fn a_category_is_added_below_another() {
    let shop = Shop::open();
    create(&shop, wish("Food", None, None)).unwrap();
    let dairy = create(&shop, wish(" Dairy ", Some("milk-and-cheese"), Some("food"))).unwrap();
    assert_eq!((dairy.name.as_str(), dairy.version), ("Dairy", 1));
    assert_eq!(
        (dairy.slug, dairy.parent_slug),
        (slug("milk-and-cheese"), Some(slug("food")))
    );
}

#[test]
fn a_slug_made_from_a_name_is_numbered_and_a_given_one_is_refused_when_taken() {
    let shop = Shop::open();
    create(&shop, wish("Food", None, None)).unwrap();
    assert_eq!(create(&shop, wish("Food", None, None)).unwrap().slug, slug("food-2"));
    let error = outcome(create(&shop, wish("Meals", Some("food"), None)));
    assert_eq!(error, CreateCategoryError::SlugTaken);
}

#[test]
fn the_tree_ends_at_the_eighth_level() {
    let shop = Shop::open();
    create(&shop, wish("L1", None, None)).unwrap();
    for level in 2..=8 {
        let parent = format!("l{}", level - 1);
        create(&shop, wish(&format!("L{level}"), None, Some(&parent))).unwrap();
    }
    let error = outcome(create(&shop, wish("L9", None, Some("l8"))));
    assert_eq!(error, CreateCategoryError::TooDeep);
}

#[test]
fn names_and_parents_are_checked() {
    let shop = Shop::open();
    let error = outcome(create(&shop, wish("Food", None, Some("nowhere"))));
    assert_eq!(error, CreateCategoryError::UnknownParent);
    let long = "x".repeat(101);
    for (name, wrong) in [
        (" ", "name"),
        (long.as_str(), "name"),
        ("a\0", "name"),
        ("牛乳", "slug"),
    ] {
        let error = outcome(create(&shop, wish(name, None, None)));
        assert!(
            matches!(&error, CreateCategoryError::Invalid { field, .. } if field == wrong),
            "{error:?}"
        );
    }
}

#[test]
fn twice_under_one_key_is_once() {
    let shop = Shop::open();
    let cx = with_key(&staff(), "key-1");
    let first = shop.catalog.handle(&cx, wish("Food", None, None)).unwrap();
    assert_eq!(shop.catalog.handle(&cx, wish("Food", None, None)), Ok(first));
    assert!(cx.was_replayed());
}
