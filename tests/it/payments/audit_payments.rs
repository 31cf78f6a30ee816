//! Comparing what payments knows with what the provider knows.

use banyan::ports::payments::operations::{AuditCharges, AuditPayments, PaymentStatus};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::page::PageRequest;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, eur, order_id, payment_id};

fn page(limit: u32, after: Option<String>) -> PageRequest {
    PageRequest { limit, after }
}

#[test]
fn each_payment_is_shown_with_its_charge_in_pages_by_order() {
    let till = Till::open();
    till.captured(1);
    till.refund(1, Some(eur(100)), "k").unwrap();
    till.authorize(2, "tok_visa").unwrap();
    till.request(3).unwrap();
    let first = till.do_as_orders(AuditPayments { page: page(2, None) }).unwrap();
    let [one, two] = first.items.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(
        (one.order_id, one.status),
        (order_id(1), PaymentStatus::PartiallyRefunded)
    );
    assert_eq!(
        (one.amount, one.refunded, one.refunds_sum),
        (amount(), eur(100), eur(100))
    );
    let charge = one.charge.clone().unwrap();
    assert_eq!(
        (charge.authorized, charge.captured, charge.refunded),
        (amount(), amount(), eur(100))
    );
    assert!(!charge.open && two.charge.clone().unwrap().open);
    let second = till
        .do_as_orders(AuditPayments {
            page: page(2, first.next),
        })
        .unwrap();
    let [three] = second.items.as_slice() else {
        panic!("{second:?}")
    };
    assert_eq!(
        (three.payment_id, &three.charge, second.next),
        (payment_id(3), &None, None)
    );
}

#[test]
fn the_provider_is_asked_for_stretches_of_its_ledger_and_not_for_each_payment() {
    let till = Till::open();
    for number in 1..=40 {
        match number % 3 {
            0 => till.captured(number),
            1 => till.authorize(number, "tok_visa").unwrap(),
            _ => till.request(number).unwrap(),
        }
    }
    // Behind the payments of the page, and between them, are charges of nobody.
    for orphan in [payment_id(1).to_string() + "x", payment_id(900).to_string()] {
        till.provider.simulator.authorize(&orphan, "tok_visa", eur(7)).unwrap();
    }
    let before = till.provider.calls().len();
    let audits = till
        .do_as_orders(AuditPayments { page: page(100, None) })
        .unwrap()
        .items;
    assert_eq!(till.provider.calls()[before..], ["find_charge", "list_charges"]);
    assert_eq!(audits.len(), 40);
    for audit in audits {
        let alone = till
            .provider
            .simulator
            .find_charge(&audit.payment_id.to_string())
            .unwrap();
        let seen = audit.charge.map(|charge| (charge.key, charge.captured, charge.open));
        let there = alone.map(|charge| {
            let open = charge.state == ChargeState::Authorized;
            (charge.key, charge.captured, open)
        });
        assert_eq!(seen, there, "{}", audit.payment_id);
    }
}

#[test]
fn each_charge_is_shown_with_its_order_and_an_orphan_without() {
    let till = Till::open();
    till.request(1).unwrap();
    assert!(till.process(1, "tok_declined", "a").is_err());
    till.process(1, "tok_visa", "b").unwrap();
    for orphan in [payment_id(2).to_string(), "not ours".to_owned()] {
        till.provider.simulator.authorize(&orphan, "tok_visa", eur(7)).unwrap();
    }
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = till.do_as_orders(AuditCharges { page: page(3, after) }).unwrap();
        found.extend(page.items.into_iter().map(|audit| {
            (
                audit.charge.key,
                audit.order_id,
                audit.superseded,
                audit.charge.captured,
            )
        }));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let id = payment_id(1);
    assert_eq!(
        found,
        [
            ("not ours".to_owned(), None, false, eur(0)),
            (id.to_string(), Some(order_id(1)), true, eur(0)),
            (format!("{id}-2"), Some(order_id(1)), false, amount()),
            (payment_id(2).to_string(), None, false, eur(0)),
        ]
    );
}

#[test]
fn without_the_provider_there_is_no_audit() {
    let till = Till::open();
    till.captured(1);
    till.provider.disturb_all(Some(CallFault::NotSent));
    assert_eq!(
        till.do_as_orders(AuditPayments { page: page(2, None) }),
        Err(Failure::Unavailable)
    );
    assert_eq!(
        till.do_as_orders(AuditCharges { page: page(2, None) }),
        Err(Failure::Unavailable)
    );
}
