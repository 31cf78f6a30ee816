//! Lets go of reservations that nobody asked for in time.

use banyan::ports::inventory::events::{InventoryReleased, ReleaseReason};

use super::shop::{HOLD_MS, Shop, reservation};

#[test]
fn due_reservations_are_let_go_once_and_others_stay() {
    let shop = Shop::with_pieces(10);
    shop.reserve(1, &[(1, 1)]).unwrap();
    shop.reserve(2, &[(1, 2)]).unwrap();
    shop.commit(2).unwrap();
    shop.clock.advance_ms(1);
    shop.reserve(3, &[(1, 3)]).unwrap();
    assert_eq!(shop.expire(10), 0, "a millisecond too early");
    shop.clock.advance_ms(HOLD_MS - 1);
    assert_eq!([shop.expire(10), shop.expire(10)], [1, 0]);
    assert_eq!(shop.figures(), (8, 3));
    let told = shop.events::<InventoryReleased>();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].reservation_id, told[0].reason),
        (reservation(1), ReleaseReason::Expired)
    );
    assert_eq!(told[0].levels[0].available, 5);
}

#[test]
fn a_sweep_lets_go_of_so_many_at_most() {
    let shop = Shop::with_pieces(10);
    for number in 1..=5 {
        shop.reserve(number, &[(1, 1)]).unwrap();
    }
    shop.clock.advance_ms(HOLD_MS);
    assert_eq!([shop.expire(2), shop.expire(2), shop.expire(2)], [2, 2, 1]);
    assert_eq!(shop.figures(), (10, 0));
}
