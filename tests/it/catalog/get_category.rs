//! Reading categories.

use banyan::ports::catalog::operations::{Category, GetCategory, GetCategoryError, ListCategories};
use banyan::ports::shared::operation::Handler;

use super::fixtures::{Shop, anybody, outcome, slug};

fn slugs(list: &[Category]) -> Vec<&str> {
    list.iter().map(|category| category.slug.as_str()).collect()
}

#[test]
fn a_category_is_shown_between_its_ancestors_and_its_children() {
    let shop = Shop::open();
    shop.add_category("Food", None);
    shop.add_category("Dairy", Some("food"));
    shop.add_category("Yoghurt", Some("dairy"));
    shop.add_category("cheese", Some("dairy"));
    shop.add_category("Brie", Some("cheese"));
    shop.add_category("Bread", Some("food"));
    let get = |text| shop.catalog.handle(&anybody(), GetCategory { slug: slug(text) });

    let dairy = get("dairy").unwrap();
    assert_eq!(slugs(&dairy.ancestors), ["food"]);
    assert_eq!(slugs(&dairy.children), ["cheese", "yoghurt"]);
    let brie = get("brie").unwrap();
    assert_eq!(slugs(&brie.ancestors), ["food", "dairy", "cheese"]);
    assert!(brie.children.is_empty());
    assert_eq!(outcome(get("wine")), GetCategoryError::NotFound);

    let all = shop.catalog.handle(&anybody(), ListCategories {}).unwrap();
    assert_eq!(slugs(&all), ["food", "bread", "dairy", "cheese", "brie", "yoghurt"]);
}
