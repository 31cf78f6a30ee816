//! Holds stock for an order.

use banyan::ports::inventory::events::{InventoryReserved, LevelAfter};
use banyan::ports::inventory::operations::{DEFAULT_LOCATION, ReserveStock, ReserveStockError, Shortage};
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{Shop, order, orders, product, reservation};

fn ended() -> Result<(), Failure<ReserveStockError>> {
    Err(Failure::Domain(ReserveStockError::ReservationEnded))
}

#[test]
fn pieces_are_held_and_it_is_told() {
    let shop = Shop::with_pieces(10);
    shop.reserve(7, &[(1, 3)]).unwrap();
    assert_eq!(shop.figures(), (10, 3));
    let level = LevelAfter {
        product_id: product(1),
        location: DEFAULT_LOCATION.to_owned(),
        available: 7,
        version: 2,
    };
    let told = InventoryReserved {
        reservation_id: reservation(7),
        order_id: order(7),
        levels: vec![level],
    };
    assert_eq!(shop.events::<InventoryReserved>(), [told]);
}

#[test]
fn all_lines_are_held_or_none_and_every_shortage_is_told() {
    let shop = Shop::with_pieces(10);
    shop.receive(2, DEFAULT_LOCATION, 1);
    let refused = shop.reserve(7, &[(3, 1), (1, 3), (2, 2)]);
    let short = |number, requested, available| Shortage {
        product_id: product(number),
        requested,
        available,
    };
    let shortages = vec![short(2, 2, 1), short(3, 1, 0)];
    assert_eq!(refused, Err(Failure::Domain(ReserveStockError::OutOfStock(shortages))));
    assert_eq!(shop.figures(), (10, 0));
    assert_eq!(shop.events::<InventoryReserved>(), []);
}

#[test]
fn a_product_on_two_lines_is_held_with_the_sum_of_both() {
    let shop = Shop::with_pieces(3);
    let short = Shortage {
        product_id: product(1),
        requested: 4,
        available: 3,
    };
    let refused = Err(Failure::Domain(ReserveStockError::OutOfStock(vec![short])));
    assert_eq!(shop.reserve(7, &[(1, 2), (1, 2)]), refused);
    shop.reserve(7, &[(1, 2), (1, 1)]).unwrap();
    assert_eq!(shop.figures(), (3, 3));
}

#[test]
fn the_same_reservation_twice_is_held_once() {
    let shop = Shop::with_pieces(4);
    for _ in 0..2 {
        assert_eq!(shop.reserve(7, &[(1, 3)]), Ok(()));
    }
    assert_eq!(shop.figures(), (4, 3));
    assert_eq!(shop.events::<InventoryReserved>().len(), 1);
    shop.commit(7).unwrap();
    assert_eq!(
        shop.reserve(7, &[(1, 3)]),
        Ok(()),
        "what was held and sold has been held"
    );
    assert_eq!(shop.figures(), (1, 0));
}

#[test]
fn another_reservation_under_a_used_id_is_refused() {
    let shop = Shop::with_pieces(10);
    shop.reserve(7, &[(1, 3)]).unwrap();
    assert_eq!(shop.reserve(7, &[(1, 4)]), ended());
    assert_eq!(shop.reserve(7, &[(1, 3), (2, 1)]), ended());
    assert_eq!(shop.figures(), (10, 3));
}

#[test]
fn a_reservation_that_has_ended_is_not_held_again() {
    let shop = Shop::with_pieces(10);
    for number in [1, 2] {
        shop.reserve(number, &[(1, 3)]).unwrap();
    }
    shop.release(1).unwrap();
    shop.commit(2).unwrap();
    shop.take_back(2).unwrap();
    assert_eq!(shop.reserve(1, &[(1, 3)]), ended());
    assert_eq!(shop.reserve(2, &[(1, 3)]), ended());
    assert_eq!(shop.figures(), (10, 0));
}

#[test]
fn a_reservation_has_lines_and_not_more_than_an_order() {
    let shop = Shop::with_pieces(1000);
    let too_many = vec![(1, 1); ReserveStock::MAX_LINES + 1];
    for lines in [&[][..], &too_many] {
        assert!(matches!(shop.reserve(7, lines), Err(Failure::Internal(_))));
    }
    assert_eq!(shop.reserve(7, &too_many[1..]), Ok(()));
    assert_eq!(shop.figures(), (1000, 100));
}

#[test]
fn a_reservation_in_the_past_is_held_until_the_next_sweep() {
    let shop = Shop::with_pieces(1);
    let now = shop.clock.now();
    let lines = vec![banyan::ports::inventory::operations::StockLine {
        product_id: product(1),
        quantity: banyan::domains::shared::quantity::Quantity::new(1).unwrap(),
    }];
    let op = ReserveStock {
        reservation_id: reservation(1),
        order_id: order(1),
        lines,
        expires_at: now.plus_ms(-1),
    };
    shop.inventory.handle(&orders(), op).unwrap();
    assert_eq!(shop.figures(), (1, 1));
    assert_eq!((shop.expire(10), shop.figures()), (1, (1, 0)));
}
