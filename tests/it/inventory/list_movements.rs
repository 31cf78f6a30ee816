//! The ledger of a product.

use banyan::ports::inventory::operations::{
    DEFAULT_LOCATION, ListMovements, ListMovementsError, Movement, MovementKind,
};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::{Page, PageRequest};

use super::shop::{Shop, orders, product, reservation};

fn list(shop: &Shop, limit: u32, after: Option<String>) -> Result<Page<Movement>, Failure<ListMovementsError>> {
    let page = PageRequest { limit, after };
    shop.inventory.handle(
        &orders(),
        ListMovements {
            product_id: product(1),
            page,
        },
    )
}

#[test]
fn the_ledger_tells_every_movement_newest_first_over_pages() {
    let shop = Shop::new();
    shop.receive(1, DEFAULT_LOCATION, 10);
    shop.receive(2, DEFAULT_LOCATION, 10);
    shop.reserve(7, &[(1, 3)]).unwrap();
    shop.commit(7).unwrap();
    shop.take_back(7).unwrap();
    let first = list(&shop, 2, None).unwrap();
    let told = |movement: &Movement| {
        (
            movement.kind,
            movement.quantity,
            movement.on_hand_after,
            movement.reservation_id,
        )
    };
    let sold = Some(reservation(7));
    assert_eq!(
        first.items.iter().map(told).collect::<Vec<_>>(),
        [(MovementKind::Return, 3, 10, sold), (MovementKind::Sale, -3, 7, sold)]
    );
    let second = list(&shop, 2, first.next).unwrap();
    assert_eq!(
        second.items.iter().map(told).collect::<Vec<_>>(),
        [(MovementKind::Receive, 10, 10, None)]
    );
    assert_eq!(second.next, None);
}

#[test]
fn a_forged_cursor_is_refused() {
    for cursor in ["", "x", "mov_", "ord_01h2e8kqvbfwea724h75qc655w"] {
        let refused = list(&Shop::new(), 2, Some(cursor.to_owned()));
        assert_eq!(
            refused,
            Err(Failure::Domain(ListMovementsError::InvalidCursor)),
            "{cursor}"
        );
    }
}
