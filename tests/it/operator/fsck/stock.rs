//! Invariants 2 and 3: stock levels against the ledger and the reservations.

use banyan::ports::inventory::operations::StockAudit;

use super::books::{Books, broken, product_id};

/// Falsifies the level of product 2; the only rule that must object.
fn falsified(falsify: impl Fn(&mut StockAudit)) -> Vec<(u8, &'static str)> {
    let mut books = Books::clean();
    falsify(&mut books.levels[1]);
    let report = books.check();
    for violation in &report.violations {
        assert_eq!(violation.rows, [format!("{} at main", product_id(2))]);
    }
    broken(&report)
}

#[test]
fn stock_that_differs_from_its_ledger_is_found() {
    let rule = (2, "stock on hand is the sum of the ledger");
    assert_eq!(falsified(|audit| audit.level.on_hand = 7), [rule]);
    assert_eq!(falsified(|audit| audit.ledger_sum = 5), [rule]);
}

#[test]
fn reserved_stock_that_differs_from_the_reservations_is_found() {
    let rule = (2, "reserved stock is the sum of the active reservations");
    assert_eq!(falsified(|audit| audit.level.reserved = 2), [rule]);
    assert_eq!(falsified(|audit| audit.active_reserved = 0), [rule]);
}

#[test]
fn stock_that_was_promised_twice_is_found() {
    let promised = falsified(|audit| {
        audit.level.reserved = 7;
        audit.active_reserved = 7;
    });
    assert_eq!(
        promised,
        [
            (2, "available stock is never negative"),
            (3, "sold and reserved pieces never exceed those brought in"),
        ]
    );
}

#[test]
fn more_sold_than_was_ever_brought_in_is_found_with_the_numbers() {
    let mut books = Books::clean();
    books.levels[1].sold = 11;
    let report = books.check();
    assert_eq!(
        report.violations[0].to_string(),
        format!(
            "invariant 3, sold and reserved pieces never exceed those brought in: {} at main: \
             sold 11, reserved 1, brought in 10",
            product_id(2)
        )
    );
}

#[test]
fn every_level_of_a_large_shop_is_looked_at() {
    let mut books = Books::many();
    books.levels.last_mut().unwrap().ledger_sum = 0;
    let report = books.check();
    assert_eq!(report.counts.stock_levels, 253);
    assert_eq!(report.violations[0].rows, [format!("{} at main", product_id(350))]);
}
