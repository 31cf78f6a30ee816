//! Staff receive, adjust and recount stock.

use banyan::ports::inventory::events::{InventoryChanged, LevelAfter};
use banyan::ports::inventory::operations::{ChangeStock, ChangeStockError, DEFAULT_LOCATION, StockChange, StockLevel};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{Shop, orders, product};
use crate::support::fixed::with_key;

const MAIN: &str = DEFAULT_LOCATION;

fn level(on_hand: i64, reserved: i64, version: i64) -> StockLevel {
    StockLevel {
        product_id: product(1),
        location: MAIN.to_owned(),
        on_hand,
        reserved,
        version,
    }
}

fn below_reserved(available: i64) -> Failure<ChangeStockError> {
    Failure::Domain(ChangeStockError::BelowReserved { available })
}

#[test]
fn a_delivery_a_correction_and_a_count_change_the_level_and_are_told() {
    let shop = Shop::new();
    assert_eq!(shop.change("a", 1, MAIN, StockChange::Receive(10)), Ok(level(10, 0, 1)));
    assert_eq!(shop.change("b", 1, MAIN, StockChange::Adjust(-2)), Ok(level(8, 0, 2)));
    assert_eq!(shop.change("c", 1, MAIN, StockChange::Recount(5)), Ok(level(5, 0, 3)));
    assert_eq!(
        shop.change("d", 1, MAIN, StockChange::Recount(5)),
        Ok(level(5, 0, 4)),
        "a count that finds nothing"
    );
    let told = |available, version, quantity| InventoryChanged {
        level: LevelAfter {
            product_id: product(1),
            location: MAIN.to_owned(),
            available,
            version,
        },
        quantity,
        reason: "delivery 4711".to_owned(),
    };
    assert_eq!(
        shop.events::<InventoryChanged>(),
        [told(10, 1, 10), told(8, 2, -2), told(5, 3, -3), told(5, 4, 0)]
    );
}

#[test]
fn a_change_twice_under_one_key_happens_once_with_one_answer() {
    let shop = Shop::new();
    let first = shop.change("a", 1, MAIN, StockChange::Receive(10));
    shop.change("b", 1, MAIN, StockChange::Receive(1)).unwrap();
    assert_eq!(shop.change("a", 1, MAIN, StockChange::Receive(10)), first);
    assert_eq!(shop.figures(), (11, 0));
    assert_eq!(shop.events::<InventoryChanged>().len(), 2);
    assert_eq!(
        shop.change("a", 1, MAIN, StockChange::Receive(9)),
        Err(Failure::IdempotencyKeyReused)
    );
}

#[test]
fn a_refusal_under_a_key_stays_the_answer_of_the_key() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 8)]).unwrap();
    assert_eq!(
        shop.change("a", 1, MAIN, StockChange::Adjust(-3)),
        Err(below_reserved(2))
    );
    shop.release(1).unwrap();
    assert_eq!(
        shop.change("a", 1, MAIN, StockChange::Adjust(-3)),
        Err(below_reserved(2))
    );
    assert!(shop.change("b", 1, MAIN, StockChange::Adjust(-3)).is_ok());
}

#[test]
fn a_change_without_a_key_is_refused() {
    let shop = Shop::new();
    let op = ChangeStock {
        product_id: product(1),
        location: MAIN.to_owned(),
        change: StockChange::Receive(1),
        reason: "delivery".to_owned(),
    };
    assert_eq!(
        shop.inventory.handle(&orders(), op),
        Err(Failure::IdempotencyKeyMissing)
    );
}

#[test]
fn promised_pieces_cannot_be_adjusted_or_counted_away() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 8)]).unwrap();
    assert_eq!(
        shop.change("a", 1, MAIN, StockChange::Adjust(-3)),
        Err(below_reserved(2))
    );
    assert_eq!(
        shop.change("b", 1, MAIN, StockChange::Recount(7)),
        Err(below_reserved(2))
    );
    assert_eq!(shop.change("c", 1, MAIN, StockChange::Recount(8)), Ok(level(8, 8, 3)));
    assert_eq!(
        shop.change("d", 1, "berlin", StockChange::Adjust(-1)),
        Err(below_reserved(0))
    );
}

#[test]
fn fields_that_break_a_rule_are_named_and_the_key_stays_free() {
    let shop = Shop::new();
    let ask = |location: &str, change, reason: &str| {
        let (product_id, location, reason) = (product(1), location.to_owned(), reason.to_owned());
        shop.inventory.handle(
            &with_key(&orders(), "a"),
            ChangeStock {
                product_id,
                location,
                change,
                reason,
            },
        )
    };
    let too_long = "x".repeat(201);
    for (field, location, change, reason) in [
        ("quantity", MAIN, StockChange::Receive(0), "ok"),
        ("quantity", MAIN, StockChange::Receive(1_000_000_001), "ok"),
        ("quantity", MAIN, StockChange::Adjust(0), "ok"),
        ("quantity", MAIN, StockChange::Adjust(i64::MIN), "ok"),
        ("quantity", MAIN, StockChange::Recount(-1), "ok"),
        ("reason", MAIN, StockChange::Receive(1), "  "),
        ("reason", MAIN, StockChange::Receive(1), "a\r\nb"),
        ("reason", MAIN, StockChange::Receive(1), too_long.as_str()),
        ("location", "Main Street", StockChange::Receive(1), "ok"),
        ("location", "", StockChange::Receive(1), "ok"),
    ] {
        let Err(Failure::Domain(ChangeStockError::Invalid { field: named, .. })) = ask(location, change, reason) else {
            panic!("{field} {change:?} {reason}");
        };
        assert_eq!(named, field);
    }
    assert_eq!(ask(MAIN, StockChange::Receive(1), "ok"), Ok(level(1, 0, 1)));
}
