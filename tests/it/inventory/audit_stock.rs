//! Compares levels with their ledger and their reservations.

use banyan::ports::inventory::operations::{AuditStock, DEFAULT_LOCATION};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::PageRequest;

use super::shop::{Shop, assert_figures_agree, orders, product};

#[test]
fn every_level_is_on_exactly_one_page() {
    let shop = Shop::new();
    for number in [3, 1, 2] {
        shop.receive(number, DEFAULT_LOCATION, 10);
        shop.receive(number, "berlin", 4);
    }
    shop.reserve(1, &[(1, 3), (2, 2)]).unwrap();
    shop.reserve(2, &[(1, 3)]).unwrap();
    shop.commit(1).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = shop
            .inventory
            .handle(
                &orders(),
                AuditStock {
                    page: PageRequest { limit: 4, after },
                },
            )
            .unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_figures_agree(&seen);
    let levels: Vec<_> = seen
        .iter()
        .map(|audit| (audit.level.product_id, audit.level.location.as_str()))
        .collect();
    let expected: Vec<_> = (1..=3)
        .flat_map(|number| ["berlin", "main"].map(|place| (product(number), place)))
        .collect();
    assert_eq!(levels, expected);
    let first = &seen[1];
    assert_eq!(
        (first.ledger_sum, first.active_reserved, first.brought_in, first.sold),
        (7, 3, 10, 3)
    );
}

#[test]
fn a_forged_cursor_is_a_defect_of_the_caller() {
    let page = PageRequest {
        limit: 4,
        after: Some("x".to_owned()),
    };
    let answer = Shop::new().inventory.handle(&orders(), AuditStock { page });
    assert!(matches!(answer, Err(Failure::Internal(_))), "{answer:?}");
}
