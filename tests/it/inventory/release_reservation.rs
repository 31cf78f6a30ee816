//! The order of a reservation did not come about.

use banyan::ports::inventory::events::{InventoryReleased, LevelAfter, ReleaseReason};
use banyan::ports::inventory::operations::{
    DEFAULT_LOCATION, EndReservationError, ReleaseReservation, ReserveStockError,
};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{HOLD_MS, Shop, order, orders, product, reservation};

#[test]
fn releasing_twice_lets_go_once_and_is_told_once() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    for _ in 0..2 {
        assert_eq!(shop.release(1), Ok(()));
        assert_eq!(shop.figures(), (10, 0));
    }
    let told = InventoryReleased {
        reservation_id: reservation(1),
        order_id: order(1),
        reason: ReleaseReason::Released,
        levels: vec![LevelAfter {
            product_id: product(1),
            location: DEFAULT_LOCATION.to_owned(),
            available: 10,
            version: 3,
        }],
    };
    assert_eq!(shop.events::<InventoryReleased>(), [told]);
}

#[test]
fn a_release_that_overtakes_its_reservation_wins() {
    let shop = Shop::with_pieces(10);
    for _ in 0..2 {
        assert_eq!(shop.release(1), Ok(()));
    }
    let ended = Err(Failure::Domain(ReserveStockError::ReservationEnded));
    assert_eq!(shop.reserve(1, &[(1, 3)]), ended);
    assert_eq!(shop.figures(), (10, 0));
    assert_eq!(shop.events::<InventoryReleased>(), []);
}

#[test]
fn what_was_sold_is_left_alone_and_said_so() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    shop.commit(1).unwrap();
    assert_eq!(
        shop.release(1),
        Err(Failure::Domain(EndReservationError::EndedOtherwise))
    );
    assert_eq!(shop.figures(), (7, 0));
}

#[test]
fn what_has_expired_counts_as_released() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    shop.clock.advance_ms(HOLD_MS);
    assert_eq!(shop.expire(10), 1);
    assert_eq!(shop.release(1), Ok(()));
    assert_eq!(shop.events::<InventoryReleased>().len(), 1);
}

#[test]
fn the_reservation_of_another_order_is_not_found() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    let op = ReleaseReservation {
        reservation_id: reservation(1),
        order_id: order(2),
    };
    assert_eq!(
        shop.inventory.handle(&orders(), op),
        Err(Failure::Domain(EndReservationError::NotFound))
    );
    assert_eq!(shop.figures(), (10, 3));
}
