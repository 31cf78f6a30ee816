//! The order of a reservation stands.

use banyan::ports::inventory::events::InventoryReleased;
use banyan::ports::inventory::operations::EndReservationError;
use banyan::ports::shared::failure::Failure;

use super::shop::{HOLD_MS, Shop};

fn otherwise() -> Result<(), Failure<EndReservationError>> {
    Err(Failure::Domain(EndReservationError::EndedOtherwise))
}

#[test]
fn committing_twice_sells_once() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    for _ in 0..2 {
        assert_eq!(shop.commit(1), Ok(()));
        assert_eq!(shop.figures(), (7, 0));
    }
    assert_eq!(
        shop.events::<InventoryReleased>(),
        [],
        "what is available has not changed"
    );
}

#[test]
fn what_was_let_go_is_not_sold() {
    let shop = Shop::with_pieces(10);
    for number in [1, 2] {
        shop.reserve(number, &[(1, 3)]).unwrap();
    }
    shop.release(1).unwrap();
    shop.clock.advance_ms(HOLD_MS);
    assert_eq!(shop.expire(10), 1);
    assert_eq!([shop.commit(1), shop.commit(2)], [otherwise(), otherwise()]);
    assert_eq!(shop.figures(), (10, 0));
}

#[test]
fn an_overdue_reservation_that_nobody_has_swept_is_still_sold() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    shop.clock.advance_ms(2 * HOLD_MS);
    assert_eq!(shop.commit(1), Ok(()));
    assert_eq!((shop.expire(10), shop.figures()), (0, (7, 0)));
}

#[test]
fn a_commit_that_arrives_again_after_the_return_changes_nothing() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    shop.commit(1).unwrap();
    shop.take_back(1).unwrap();
    assert_eq!(shop.commit(1), Ok(()));
    assert_eq!(shop.figures(), (10, 0));
}

#[test]
fn an_unknown_reservation_is_not_found() {
    assert_eq!(
        Shop::with_pieces(10).commit(1),
        Err(Failure::Domain(EndReservationError::NotFound))
    );
}
