//! The order of a reservation was cancelled after it was sold.

use banyan::ports::inventory::events::{InventoryReleased, ReleaseReason};
use banyan::ports::inventory::operations::EndReservationError;
use banyan::ports::shared::failure::Failure;

use super::shop::{Shop, assert_figures_agree};

#[test]
fn returning_twice_takes_back_once_and_is_told_once() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 3)]).unwrap();
    shop.commit(1).unwrap();
    for _ in 0..2 {
        assert_eq!(shop.take_back(1), Ok(()));
        assert_eq!(shop.figures(), (10, 0));
    }
    let told = shop.events::<InventoryReleased>();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].reason, told[0].levels[0].available),
        (ReleaseReason::Returned, 10)
    );
    assert_figures_agree(&shop.audit());
}

#[test]
fn what_was_never_sold_cannot_come_back() {
    let shop = Shop::with_pieces(10);
    for number in [1, 2] {
        shop.reserve(number, &[(1, 3)]).unwrap();
    }
    shop.release(2).unwrap();
    let otherwise = Err(Failure::Domain(EndReservationError::EndedOtherwise));
    assert_eq!([shop.take_back(1), shop.take_back(2)], [otherwise.clone(), otherwise]);
    assert_eq!(shop.take_back(3), Err(Failure::Domain(EndReservationError::NotFound)));
    assert_eq!(shop.figures(), (10, 3));
}
