//! `banyan import products`: what does not get in, and what the operator reads about it.

use banyan::app::bootstrap::import::report::{BadRow, ImportError, Report};
use banyan::app::bootstrap::import::{Format, run};
use indicatif::ProgressBar;

use super::import::import;
use super::shop::Shop;
use crate::support::fixed::CountingIds;

fn import_bytes(shop: &Shop, bytes: &[u8], format: Format) -> Result<Report, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("products");
    std::fs::write(&file, bytes).unwrap();
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    run(&contexts, &ids, &file, format, false, &ProgressBar::hidden())
}

fn bad_rows(report: &Report) -> Vec<String> {
    report.bad_rows.iter().map(BadRow::to_string).collect()
}

#[test]
fn a_bad_row_is_named_by_line_and_reason_and_the_others_get_in() {
    let shop = Shop::new();
    let text = "sku,name,price,currency,categories,active,stock,slug\r\n\
        A,a,1,EUR,Food,true,1,a\r\n\
        ,no sku,1,,,,,\r\n\
        has blank,b,1,,,,,\r\n\
        B,,1,,,,,\r\n\
        C,\"two\r\nlines\",1,,,,,\r\n\
        \r\n\
        D,d,109.999,EUR,,,,\r\n\
        E,e,10.50,JPY,,,,\r\n\
        F,f,\"1,50\",,,,,\r\n\
        G,g,-1,,,,,\r\n\
        H,h,,,,,,\r\n\
        I,i,1,eur,,,,\r\n\
        J,j,1,,Food > > Fruit,,,\r\n\
        K,k,1,,,maybe,,\r\n\
        L,l,1,,,,1.5,\r\n\
        M,m,1,,,,,Not A Slug\r\n\
        N,n,1\r\n\
        O,o,1,,,,,,more\r\n\
        A,again,2,,,,,\r\n\
        Z,z,1,,,,,\r\n";
    let report = import(&shop, text, Format::Csv).unwrap();
    let rows = bad_rows(&report);
    let expected = [
        "line 3: sku is missing",
        "line 4: sku has blank must be 1 to 64 letters, digits or any of - _ . /",
        "line 5, B: name is missing",
        "line 6, C: name must not contain control characters",
        "line 9, D: price has too many decimals: EUR has 2",
        "line 10, E: price has too many decimals: JPY has 0",
        "line 11, F: price must be a plain decimal number like 19.99",
        "line 12, G: price must not be negative",
        "line 13, H: price is missing",
        "line 14, I: currency is not an ISO 4217 currency code in upper case",
        "line 15, J: categories has an empty name in its path",
        "line 16, K: active must be true or false",
        "line 17, L: stock must be a whole number, zero or more",
        "line 18, M: slug must be lower-case letters and digits in words joined by single hyphens, at most 120 characters",
        "line 19: has 3 cells where the header has 8",
        "line 20: has 9 cells where the header has 8",
        "line 21, A: the SKU A stands in line 2 already",
    ];
    assert_eq!(rows, expected);
    assert_eq!((report.bad, report.created, report.is_clean()), (17, 2, false));
    assert_eq!(shop.skus(), ["A", "Z"], "no bad row left anything");
    assert_eq!(shop.product("A").details.name, "a", "the first of two stays");
}

#[test]
fn a_bad_entry_of_a_json_list_is_named_by_line_and_number() {
    let shop = Shop::new();
    let text = "[\n\
        {\"sku\": \"A\", \"name\": \"a\", \"price\": 1},\n\
        17,\n\
        {\"sku\": \"B\",\n \"name\": \"b\", \"price\": {\"amount\": 1}},\n\
        {\"sku\": \"C\", \"name\": \"c\", \"price\": 1, \"Price\": 2},\n\
        {\"sku\": \"D\", \"name\": [\"d\"], \"price\": 1}, {\"sku\": \"E\", \"name\": \"e\", \"price\": 1e2},\n\
        {\"sku\": \"F\", \"name\": \"\\ud800\", \"price\": 1},\n\
        {\"sku\": \"G\", \"name\": \"g\", \"price\": 1, \"categories\": [1]},\n\
        {\"sku\": \"A\", \"name\": \"g\", \"price\": 1}\n]";
    let report = import(&shop, text, Format::Json).unwrap();
    assert_eq!(
        bad_rows(&report),
        [
            "line 3 (entry 2): must be an object",
            "line 4 (entry 3): price must not be an object",
            "line 6 (entry 4): price stands twice",
            "line 7 (entry 5), D: name must not be a list",
            "line 7 (entry 6), E: price must be a plain decimal number like 19.99",
            "line 8 (entry 7): name is not a text",
            "line 9 (entry 8): categories must be a list of texts",
            "line 10 (entry 9), A: the SKU A stands in line 2 (entry 1) already",
        ]
    );
    assert_eq!(shop.skus(), ["A"]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let shop = Shop::new();
    let csv = import_bytes(&shop, b"\xef\xbb\xbfsku,name,price\nA,a,1\nB,,1\n", Format::Csv).unwrap();
    assert_eq!(
        (csv.created, bad_rows(&csv)),
        (1, vec!["line 3, B: name is missing".to_owned()])
    );
    let json = "\u{feff}[{\"sku\": \"J\", \"name\": \"j\", \"price\": 1}]";
    let json = import_bytes(&shop, json.as_bytes(), Format::Json).unwrap();
    assert_eq!(json.created, 1);
}

#[test]
fn a_file_in_another_encoding_is_refused_before_anything_is_written() {
    let shop = Shop::new();
    let latin = import_bytes(&shop, b"sku,name,price\nA,a,1\nB,K\xe4se,1\n", Format::Csv).unwrap_err();
    assert_eq!(
        latin.to_string(),
        "line 3: the file is not in UTF-8; save it as UTF-8. Nothing was imported"
    );
    let utf16 = import_bytes(&shop, b"\xff\xfes\0k\0u\0", Format::Csv).unwrap_err();
    assert!(utf16.to_string().contains("it looks like UTF-16"), "{utf16}");
    assert!(shop.skus().is_empty());
}

#[test]
fn a_file_that_is_not_what_its_format_says_is_refused_before_anything_is_written() {
    let shop = Shop::new();
    for (text, format, reason) in [
        ("", Format::Csv, "line 1: the header has no column sku"),
        (
            "sku;name;price\nA;a;1\n",
            Format::Csv,
            "line 1: the columns must be separated by commas",
        ),
        ("sku,price\nA,1\n", Format::Csv, "line 1: the header has no column name"),
        ("sku,name\nA,a\n", Format::Csv, "line 1: the header has no column price"),
        (
            "sku,name,Sku,price\n",
            Format::Csv,
            "line 1: the column Sku stands twice",
        ),
        ("", Format::Json, "line 1: the file is not JSON"),
        (
            "{\"sku\": \"A\"}",
            Format::Json,
            "line 1: the file must hold a list of objects",
        ),
        (
            "[{\"sku\": \"A\", \"name\": \"a\", \"price\": 1},\n{\"sku\": ",
            Format::Json,
            "line 2: the file is not JSON",
        ),
        (
            "[{\"sku\": \"A\", \"name\": \"a\", \"price\": 01}]",
            Format::Json,
            "line 1: the file is not JSON",
        ),
        ("[]\n]", Format::Json, "line 2: the file is not JSON"),
    ] {
        let error = import(&shop, text, format).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{text:?}: {error}");
        assert!(error.ends_with("Nothing was imported"), "{error}");
    }
    let nested = "[".repeat(200_000);
    assert!(import(&shop, &nested, Format::Json).is_err());
    assert!(shop.skus().is_empty());
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let shop = Shop::new();
    let error = import_bytes(&shop, &vec![b'x'; 64 * 1024 * 1024 + 1], Format::Csv).unwrap_err();
    assert_eq!(error.to_string(), "the file has more than 67108864 bytes; split it");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let shop = Shop::new();
    let (contexts, ids) = (shop.contexts(), CountingIds::new());
    let file = std::path::Path::new("/nowhere/products.csv");
    let error = run(&contexts, &ids, file, Format::Csv, false, &ProgressBar::hidden()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/products.csv");
}

#[test]
fn columns_that_mean_nothing_are_ignored_and_named() {
    let shop = Shop::new();
    let report = import(&shop, "sku,name,price,prize,color\nA,a,1,2,red\n", Format::Csv).unwrap();
    assert!(report.is_clean());
    assert_eq!(
        report.to_string(),
        "column color means nothing here and was ignored\ncolumn prize means nothing here and was ignored\n\
         1 created, 0 updated, 0 unchanged, 0 bad"
    );
}

#[test]
fn a_report_keeps_control_characters_from_the_terminal_and_lists_no_more_than_a_thousand_rows() {
    let shop = Shop::new();
    let mut text = String::from("sku,name,price\n\u{1b}[2J,a,1\n");
    text.push_str(&"!,a,1\n".repeat(1_499));
    let report = import(&shop, &text, Format::Csv).unwrap();
    assert_eq!((report.bad, report.bad_rows.len()), (1_500, 1_000));
    let printed = report.to_string();
    assert!(!printed.contains('\u{1b}'));
    assert!(printed.contains("... and 500 more bad rows"));
}
