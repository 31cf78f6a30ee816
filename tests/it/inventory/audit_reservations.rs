//! Tells what has become of every reservation.

use banyan::ports::inventory::operations::AuditReservations;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::PageRequest;

use super::shop::{Shop, order, orders};

#[test]
fn every_reservation_is_on_exactly_one_page_with_its_status_and_pieces() {
    let shop = Shop::with_pieces(100);
    for number in 1..=5 {
        shop.reserve(number, &[(1, 3)]).unwrap();
    }
    shop.commit(1).unwrap();
    shop.release(2).unwrap();
    shop.commit(3).unwrap();
    shop.take_back(3).unwrap();
    shop.release(6).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let op = AuditReservations {
            page: PageRequest { limit: 2, after },
        };
        let page = shop.inventory.handle(&orders(), op).unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let told: Vec<_> = seen
        .iter()
        .map(|audit| (audit.order_id, audit.status.as_str(), audit.units))
        .collect();
    let statuses = ["committed", "released", "returned", "active", "active", "released"];
    let units = [3, 3, 3, 3, 3, 0];
    let expected: Vec<_> = (1..=6)
        .map(order)
        .zip(statuses)
        .zip(units)
        .map(|((a, b), c)| (a, b, c))
        .collect();
    assert_eq!(told, expected);
}
