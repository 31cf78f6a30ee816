//! `banyan import products`: what gets in.

use std::path::Path;

use banyan::app::bootstrap::import::report::{ImportError, Report};
use banyan::app::bootstrap::import::{Format, import_text, run};
use banyan::domains::shared::money::{Currency, Money};
use banyan::ports::catalog::operations::ImportProduct;
use banyan::ports::inventory::operations::ChangeStock;
use indicatif::ProgressBar;

use super::shop::Shop;
use crate::support::fixed::CountingIds;

pub fn import(shop: &Shop, text: &str, format: Format) -> Result<Report, ImportError> {
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    import_text(&contexts, &ids, text, format, false, &ProgressBar::hidden())
}

/// Created, updated, unchanged and bad rows.
fn counts(report: &Report) -> [u64; 4] {
    [report.created, report.updated, report.unchanged, report.bad]
}

#[test]
fn a_csv_file_brings_every_column_in() {
    let shop = Shop::new();
    let text = "SKU,Name,Description,Price,Currency,Slug,Active,Categories\n\
        A-1,Pear,\"Sweet, juicy\nand green\",1.99,EUR,a-pear,true,Food > Fruit\n\
        A-2, Yen thing ,,1200,JPY,,no,Ski/boarding > Boots\n\
        A-3,Plain,,0.5,,,,Food/Fruit/Stone fruit\n";
    let report = import(&shop, text, Format::Csv).unwrap();
    assert_eq!(counts(&report), [3, 0, 0, 0], "{report}");

    let ImportProduct { details, category_path } = shop.product("A-1");
    assert_eq!(
        (details.name.as_str(), details.description.as_str()),
        ("Pear", "Sweet, juicy\nand green")
    );
    assert_eq!(details.price, Money::of(199, Currency::EUR));
    assert_eq!(details.slug.unwrap().as_str(), "a-pear");
    assert!(details.active);
    assert_eq!(category_path, ["Food", "Fruit"]);

    let ImportProduct { details, category_path } = shop.product("A-2");
    assert_eq!(
        (details.name.as_str(), details.slug, details.active),
        ("Yen thing", None, false)
    );
    assert_eq!(details.price, Money::of(1200, "JPY".parse().unwrap()));
    assert_eq!(category_path, ["Ski/boarding", "Boots"]);

    let ImportProduct { details, category_path } = shop.product("A-3");
    assert_eq!(details.price, Money::of(50, Currency::EUR));
    assert_eq!(category_path, ["Food", "Fruit", "Stone fruit"]);
}

#[test]
fn a_json_file_brings_every_member_in() {
    let shop = Shop::new();
    let text = r#"[
        {"sku": "A-1", "name": "P\u00e4r", "description": "Sweet", "price": 1.99, "currency": "EUR",
         "slug": "a-pear", "active": false, "categories": ["Food", "Fruit/Berries"], "stock": 12},
        {"SKU": "A-2", "NAME": "Tea", "PRICE": "4.50", "CATEGORIES": "Drinks > Tea", "description": null}
    ]"#;
    let report = import(&shop, text, Format::Json).unwrap();
    assert_eq!((counts(&report), report.stocked), ([2, 0, 0, 0], 1), "{report}");
    let ImportProduct { details, category_path } = shop.product("A-1");
    assert_eq!((details.name.as_str(), details.active), ("Pär", false));
    assert_eq!(details.price, Money::of(199, Currency::EUR));
    assert_eq!(category_path, ["Food", "Fruit/Berries"]);
    let ImportProduct { details, category_path } = shop.product("A-2");
    assert_eq!((details.description.as_str(), details.active), ("", true));
    assert_eq!(details.price, Money::of(450, Currency::EUR));
    assert_eq!(category_path, ["Drinks", "Tea"]);
}

#[test]
fn a_catalog_with_numbers_types_and_brands_is_read_as_it_is() {
    let shop = Shop::new();
    let text = r#"[{"Id": 1, "Type": "Ski/boarding", "Brand": "Daybird", "Name": "Wanderer Boots",
                    "Description": "Sleek.", "Price": 109.99},
                   {"Id": 2, "Type": "Bags", "Brand": "B&R", "Name": "b&r Sack", "Description": "", "Price": 89.0}]"#;
    let report = import(&shop, text, Format::Json).unwrap();
    assert_eq!(counts(&report), [2, 0, 0, 0], "{report}");
    let ImportProduct { details, category_path } = shop.product("ID-1");
    assert_eq!(details.name, "Daybird Wanderer Boots");
    assert_eq!(details.price, Money::of(10_999, Currency::EUR));
    assert_eq!(category_path, ["Ski/boarding"], "a type is one name");
    assert_eq!(
        shop.product("ID-2").details.name,
        "b&r Sack",
        "the brand stands there already"
    );
}

#[test]
fn the_outdoor_catalog_comes_in_whole() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/outdoor-catalog.json");
    if !file.exists() {
        return;
    }
    let shop = Shop::new();
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    let report = run(&contexts, &ids, &file, Format::Json, false, &ProgressBar::hidden()).unwrap();
    assert_eq!(counts(&report), [101, 0, 0, 0], "{report}");
    assert_eq!(shop.product("ID-1").details.price.minor(), 10_999);
}

#[test]
fn a_number_keeps_all_its_digits() {
    let shop = Shop::new();
    // The first has no exact form in floating point, the second is rounded to a whole number there.
    let text = r#"[{"sku": "A", "name": "a", "price": 90071992547409.93},
                   {"sku": "B", "name": "b", "price": 1.0000000000000000000001}]"#;
    let report = import(&shop, text, Format::Json).unwrap();
    assert_eq!(shop.product("A").details.price.minor(), 9_007_199_254_740_993);
    assert_eq!(counts(&report), [1, 0, 0, 1], "{report}");
    assert!(report.bad_rows[0].reason.contains("too many decimals"));
}

#[test]
fn the_same_file_twice_changes_nothing_and_a_changed_row_updates_its_product() {
    let shop = Shop::new();
    let text = "sku,name,price,stock\nA,a,1,10\nB,b,2,20\n";
    let first = import(&shop, text, Format::Csv).unwrap();
    assert_eq!((counts(&first), first.stocked), ([2, 0, 0, 0], 2));
    let second = import(&shop, text, Format::Csv).unwrap();
    assert_eq!((counts(&second), second.stocked), ([0, 0, 2, 0], 0));
    let third = import(&shop, "sku,name,price,stock\nA,a,1,99\nB,b,3,99\n", Format::Csv).unwrap();
    assert_eq!((counts(&third), third.stocked), ([0, 1, 1, 0], 0));
    let mut levels: Vec<i64> = shop.state.lock().unwrap().levels.values().copied().collect();
    levels.sort_unstable();
    assert_eq!(levels, [10, 20], "stock is received once and never overwritten");
}

#[test]
fn an_import_that_stopped_goes_on_where_it_stopped() {
    let shop = Shop::new();
    let text = "sku,name,price,stock\nA,a,1,10\nB,b,2,20\nC,c,3,30\n";
    shop.script.is_away_for::<ChangeStock>(6);
    let error = import(&shop, text, Format::Csv).unwrap_err();
    let ImportError::Stopped { place, so_far, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((place.line, counts(so_far)), (2, [0, 0, 0, 0]));
    assert_eq!(shop.skus(), ["A"], "the product is in, its stock is not");
    let again = import(&shop, text, Format::Csv).unwrap();
    assert_eq!((counts(&again), again.stocked), ([2, 0, 1, 0], 3));
    assert_eq!(shop.state.lock().unwrap().levels.values().sum::<i64>(), 60);
}

#[test]
fn a_moment_of_trouble_does_not_stop_an_import() {
    let shop = Shop::new();
    shop.script.is_away_for::<ImportProduct>(3);
    let report = import(&shop, "sku,name,price\nA,a,1\n", Format::Csv).unwrap();
    assert_eq!(counts(&report), [1, 0, 0, 0]);
}

#[test]
fn a_dry_run_says_what_would_be_and_writes_nothing() {
    let shop = Shop::new();
    import(&shop, "sku,name,price\nA,a,1\nB,b,2\n", Format::Csv).unwrap();
    let text = "sku,name,price,stock\nA,a,1,5\nB,b,9,5\nC,c,3,5\nD,,3,5\n";
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    let report = import_text(&contexts, &ids, text, Format::Csv, true, &ProgressBar::hidden()).unwrap();
    assert_eq!(counts(&report), [1, 1, 1, 1]);
    assert!(
        report
            .to_string()
            .contains("dry run, nothing was written: 1 created, 1 updated, 1 unchanged, 1 bad")
    );
    assert_eq!(shop.skus(), ["A", "B"]);
    assert_eq!(shop.product("B").details.price.minor(), 200);
    assert!(shop.state.lock().unwrap().levels.is_empty());
}

#[test]
fn what_looks_like_a_formula_or_a_script_is_kept_as_the_text_it_is() {
    let shop = Shop::new();
    for (sku, name) in [
        ("A", "=HYPERLINK(1)"),
        ("B", "'; DROP TABLE products;--"),
        ("C", "${jndi:x}{{7*7}}"),
    ] {
        let report = import(&shop, &format!("sku,name,price\n{sku},{name},1\n"), Format::Csv).unwrap();
        assert!(report.is_clean(), "{report}");
        assert_eq!(shop.product(sku).details.name, name);
    }
}
