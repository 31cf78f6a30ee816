//! Making our payments and the provider's ledger agree again.

use std::collections::BTreeMap;

use banyan::domains::payments::refund::RefundReason;
use banyan::ports::payments::operations::reconciliation::{DiscrepancyClass, Repair, RepairedCharge};
use banyan::ports::payments::operations::{CompareCharge, PaymentStatus, RepairCharge};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider, ProviderCharge};
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::reconcile_payments::{FOREIGN, ILLS, SETTLED_MS, agreeing, ill, key_of, reconcile};
use super::till::{Till, amount, eur, payment_id};

fn repair(till: &Till, key: &str) -> RepairedCharge {
    till.do_as_orders(RepairCharge { key: key.to_owned() }).unwrap()
}

/// The provider's ledger, whole.
fn charges(till: &Till) -> BTreeMap<String, ProviderCharge> {
    let charges = till.provider.simulator.list_charges(None, None, 1_000).unwrap();
    charges.into_iter().map(|charge| (charge.key.clone(), charge)).collect()
}

#[test]
fn each_repair_is_made_once_and_a_second_run_finds_only_what_is_for_a_person() {
    let till = Till::open();
    agreeing(&till);
    ill(&till);
    for (number, _class, expected) in ILLS {
        let repaired = repair(&till, &key_of(number));
        assert_eq!(repaired.done, Vec::from_iter(expected), "{number}");
        assert_eq!(repaired.left.is_none(), expected.is_some(), "{number}");
    }
    assert_eq!(repair(&till, FOREIGN).done, []);
    let (ledger, events) = (charges(&till), till.store.event_types());
    till.clock.advance_ms(SETTLED_MS);
    let left = reconcile(&till, 3, None).found;
    assert!(left.iter().all(|found| found.repair.is_none()), "{left:?}");
    assert_eq!(left.len(), 4);
    for (number, _class, expected) in ILLS {
        let again = repair(&till, &key_of(number));
        assert_eq!(again.done, [], "{number}");
        assert_eq!(again.left.is_none(), expected.is_some(), "{number}");
    }
    assert_eq!((charges(&till), till.store.event_types()), (ledger, events));
}

#[test]
fn money_that_nobody_owes_goes_back_and_what_is_owed_is_taken() {
    let till = Till::open();
    ill(&till);
    for (number, ..) in ILLS {
        repair(&till, &key_of(number));
    }
    let charges = charges(&till);
    let of = |number| &charges[&key_of(number)];
    assert_eq!(of(11).state, ChargeState::Voided);
    assert_eq!(of(12).refunded, eur(700));
    assert_eq!((of(13).state, of(13).captured), (ChargeState::Captured, amount()));
    assert_eq!(of(18).refunded, eur(300));
    assert_eq!(of(21).refunded, amount());
    assert_eq!(of(22).state, ChargeState::Voided);
    // What is for a person has not been touched.
    assert_eq!((of(15).captured, of(15).refunded), (eur(4_999), eur(0)));
    assert_eq!(
        (of(16).state, charges[FOREIGN].state),
        (ChargeState::Authorized, ChargeState::Authorized)
    );
}

#[test]
fn what_the_provider_did_alone_is_recorded_with_its_event() {
    let till = Till::open();
    ill(&till);
    let before = till.store.event_types();
    for number in [17, 19, 20] {
        repair(&till, &key_of(number));
    }
    assert_eq!(
        till.store.event_types()[before.len()..],
        ["payment.refunded", "payment.completed"]
    );
    let refunded = till.payment(17);
    assert_eq!(
        (refunded.status, refunded.refunded),
        (PaymentStatus::PartiallyRefunded, eur(300))
    );
    assert_eq!(refunded.refunds.len(), 1);
    assert_eq!(
        refunded.refunds[0].reason,
        RefundReason::made_at_the_provider().as_str()
    );
    assert_eq!(till.payment(19).status, PaymentStatus::Completed);
    assert_eq!(till.payment(20).status, PaymentStatus::Voided);
}

#[test]
fn one_repair_that_brings_another_to_light_is_followed_by_it() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    let key = payment_id(1).to_string();
    till.provider.simulator.capture(&key, amount()).unwrap();
    till.provider.simulator.refund(&key, "desk", eur(200)).unwrap();
    till.clock.advance_ms(SETTLED_MS);
    let repaired = repair(&till, &key);
    assert_eq!(repaired.done, [Repair::RecordCapture, Repair::RecordRefund]);
    assert_eq!((repaired.left, till.payment(1).refunded), (None, eur(200)));
}

#[test]
fn a_repair_that_was_interrupted_anywhere_is_made_once_when_it_is_asked_for_again() {
    let undisturbed = Till::open();
    ill(&undisturbed);
    for (number, ..) in ILLS {
        repair(&undisturbed, &key_of(number));
    }
    for fault in [CallFault::NotSent, CallFault::RequestLost, CallFault::AnswerLost] {
        for after in 0..4 {
            let till = Till::open();
            ill(&till);
            for (number, ..) in ILLS {
                till.provider.disturb_call(after, fault);
                let wish = || RepairCharge { key: key_of(number) };
                match till.do_as_orders(wish()) {
                    Ok(_) | Err(Failure::Unavailable) => {}
                    Err(failure) => panic!("{number}, {fault:?} after {after}: {failure:?}"),
                }
                // The disturbance may still be to come.
                let again = (0..3).find_map(|_again| till.do_as_orders(wish()).ok());
                assert!(again.is_some(), "{number}, {fault:?} after {after}");
            }
            assert_eq!(charges(&till), charges(&undisturbed), "{fault:?} after {after}");
            assert_eq!(till.store.event_types(), undisturbed.store.event_types());
        }
    }
}

#[test]
fn a_refund_that_begins_while_one_is_recorded_is_not_recorded_twice() {
    let till = std::sync::Arc::new(Till::open());
    till.captured(1);
    let key = payment_id(1).to_string();
    till.provider.simulator.refund(&key, "desk", eur(200)).unwrap();
    till.clock.advance_ms(SETTLED_MS);
    let other = till.clone();
    till.provider.before_call("find_charge", move || {
        other.refund(1, Some(eur(50)), "meanwhile").unwrap();
    });
    assert_eq!(
        repair(&till, &key),
        RepairedCharge {
            done: vec![],
            left: None
        },
        "it is under way"
    );
    till.clock.advance_ms(SETTLED_MS);
    assert_eq!(repair(&till, &key).done, [Repair::RecordRefund]);
    assert_eq!(till.payment(1).refunded, eur(250));
    assert_eq!(till.charge(1).unwrap().refunded, eur(250));
}

#[test]
fn refunds_are_not_asked_for_again_where_that_would_give_back_too_much() {
    let till = Till::open();
    ill(&till);
    // Something went back at the desk as well: 1 EUR of the 3 EUR.
    till.provider.simulator.refund(&key_of(18), "desk", eur(100)).unwrap();
    let repaired = repair(&till, &key_of(18));
    assert_eq!(repaired.done, []);
    assert_eq!(repaired.left.unwrap().class, DiscrepancyClass::RefundDrift);
    assert_eq!(till.charge(18).unwrap().refunded, eur(100));
}

#[test]
fn a_second_look_sees_what_has_come_right_in_the_meantime() {
    let till = Till::open();
    ill(&till);
    let look = || till.do_as_orders(CompareCharge { key: key_of(13) }).unwrap().found;
    assert_eq!(look().unwrap().class, DiscrepancyClass::MissingCapture);
    till.provider.simulator.capture(&key_of(13), amount()).unwrap();
    assert_eq!(look(), None);
}
