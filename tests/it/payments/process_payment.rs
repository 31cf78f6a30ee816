//! The customer makes a payment that was requested.

use banyan::domains::shared::role::Role;
use banyan::ports::payments::operations::{DeclineReason, PaymentStatus, ProcessPayment, ProcessPaymentError};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::disturbed_provider::CallFault;
use super::till::{CUSTOMER, Till, amount, customer_id, order_id, payment_id};
use crate::fakes::payments::WriteFault;
use crate::support::fixed::{call, customer, with_key};

fn refused(error: ProcessPaymentError) -> Failure<ProcessPaymentError> {
    Failure::Domain(error)
}

#[test]
fn a_requested_payment_is_held_taken_and_told() {
    let till = Till::open();
    till.request(1).unwrap();
    let payment = till.process(1, "tok_visa", "k").unwrap();
    assert_eq!(payment.status, PaymentStatus::Completed);
    assert_eq!(payment, till.payment(1));
    assert_eq!(till.charge(1).unwrap().captured, amount());
    assert_eq!(till.store.event_types(), ["payment.completed"]);
    // The attempt and its outcome: two commits, after the one of the request.
    assert_eq!(
        (till.provider.calls(), till.store.writes()),
        (vec!["authorize", "capture"], 3)
    );
}

#[test]
fn the_same_key_again_brings_the_same_answer_and_charges_nobody() {
    let till = Till::open();
    till.request(1).unwrap();
    let first = till.process(1, "tok_visa", "k").unwrap();
    assert_eq!(till.process(1, "tok_visa", "k").unwrap(), first);
    assert_eq!(till.process(1, "tok_slow", "k"), Err(Failure::IdempotencyKeyReused));
    let status = PaymentStatus::Completed;
    assert_eq!(
        till.process(1, "tok_visa", "other"),
        Err(refused(ProcessPaymentError::NotPending { status }))
    );
    assert_eq!(till.provider.calls(), ["authorize", "capture"]);
}

#[test]
fn a_key_is_required() {
    let till = Till::open();
    till.request(1).unwrap();
    let op = ProcessPayment {
        order_id: order_id(1),
        token: "tok_visa".to_owned(),
    };
    assert_eq!(
        till.payments.handle(&customer(CUSTOMER), op),
        Err(Failure::IdempotencyKeyMissing)
    );
}

#[test]
fn a_refused_card_leaves_the_payment_open_for_another() {
    let till = Till::open();
    till.request(1).unwrap();
    let declined = refused(ProcessPaymentError::Declined(DeclineReason::CardDeclined));
    assert_eq!(till.process(1, "tok_declined", "a"), Err(declined.clone()));
    assert_eq!(till.process(1, "tok_declined", "a"), Err(declined));
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    assert!(till.store.event_types().is_empty());
    let payment = till.process(1, "tok_visa", "b").unwrap();
    assert_eq!(
        (payment.status, payment.decline_reason),
        (PaymentStatus::Completed, None)
    );
    assert_eq!(
        till.charge_state(1),
        Some(ChargeState::Declined(banyan_card_declined()))
    );
    let second = till
        .provider
        .simulator
        .find_charge(&format!("{}-2", payment_id(1)))
        .unwrap()
        .unwrap();
    assert_eq!(second.captured, amount());
    till.cancel(1).unwrap();
    let second = till
        .provider
        .simulator
        .find_charge(&format!("{}-2", payment_id(1)))
        .unwrap()
        .unwrap();
    assert_eq!(second.refunded, amount());
}

fn banyan_card_declined() -> banyan::domains::payments::decline_reason::DeclineReason {
    banyan::domains::payments::decline_reason::DeclineReason::CardDeclined
}

#[test]
fn what_is_not_the_callers_is_not_found() {
    let till = Till::open();
    till.request(1).unwrap();
    let op = || ProcessPayment {
        order_id: order_id(1),
        token: "tok_visa".to_owned(),
    };
    let staff = call(Principal::User {
        id: uuid::Uuid::from_u128(5).into(),
        role: Role::Staff,
    });
    for stranger in [customer(CUSTOMER + 1), staff, call(Principal::service("orders"))] {
        let outcome = till.payments.handle(&with_key(&stranger, "k"), op());
        assert_eq!(outcome, Err(refused(ProcessPaymentError::NotFound)));
    }
    assert_eq!(
        till.process(2, "tok_visa", "k"),
        Err(refused(ProcessPaymentError::NotFound))
    );
    assert!(till.provider.calls().is_empty());
    assert_eq!(till.payment(1).customer_id, customer_id());
}

#[test]
fn a_payment_that_the_checkout_makes_is_none_that_its_customer_makes() {
    let till = Till::open();
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert!(till.authorize(1, "tok_visa").is_err());
    assert_eq!(
        till.process(1, "tok_visa", "k"),
        Err(refused(ProcessPaymentError::Busy))
    );
}

#[test]
fn an_unknown_outcome_is_looked_up_or_made_certain() {
    let till = Till::open();
    till.request(1).unwrap();
    assert_eq!(
        till.process(1, "tok_timeout_after_charge", "a").unwrap().status,
        PaymentStatus::Completed
    );
    for (number, token) in [(2, "tok_timeout_before_charge"), (3, "tok_error")] {
        till.request(number).unwrap();
        let declined = refused(ProcessPaymentError::Declined(DeclineReason::ProviderFailure));
        assert_eq!(till.process(number, token, &format!("a{number}")), Err(declined));
        assert_eq!(till.charge_state(number), Some(ChargeState::Voided));
        assert_eq!(till.payment(number).status, PaymentStatus::Pending);
        till.process(number, "tok_visa", &format!("b{number}")).unwrap();
    }
}

#[test]
fn while_the_provider_is_away_the_key_is_in_flight_and_the_payment_busy() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::IdempotencyKeyInFlight));
    assert_eq!(
        till.process(1, "tok_visa", "other"),
        Err(refused(ProcessPaymentError::Busy))
    );
    assert_eq!(till.resolve_later(), 1);
    assert_eq!(
        till.process(1, "tok_visa", "k").unwrap().status,
        PaymentStatus::Completed
    );
    assert_eq!(till.charge(1).unwrap().captured, amount());
}

#[test]
fn a_crash_at_any_write_ends_in_one_charge_and_an_answered_key() {
    for fault in [WriteFault::Lost, WriteFault::Unacknowledged] {
        for write in 0..2 {
            let till = Till::open();
            till.request(1).unwrap();
            till.store.fail_write(write, fault);
            assert!(till.process(1, "tok_visa", "k").is_err());
            till.resolve_later();
            // The same request again: answered, or the attempt that never was is made now.
            let outcome = till.process(1, "tok_visa", "k");
            let never_asked = write == 0 && fault == WriteFault::Unacknowledged;
            let expected = if never_asked {
                PaymentStatus::Pending
            } else {
                PaymentStatus::Completed
            };
            assert_eq!(outcome.is_ok(), !never_asked, "{outcome:?}");
            assert_eq!(till.payment(1).status, expected, "write {write} {fault:?}");
            assert_eq!(till.process(1, "tok_visa", "k"), outcome);
        }
    }
}

#[test]
fn of_many_cards_at_once_one_is_charged() {
    for _ in 0..5 {
        let till = Till::open();
        till.request(1).unwrap();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|number| {
                    let till = &till;
                    scope.spawn(move || till.process(1, "tok_visa", &format!("k{number}")))
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
            1,
            "{outcomes:?}"
        );
        let charges = till.provider.simulator.list_charges(None, None, 100).unwrap();
        assert_eq!(charges.len(), 1);
    }
}

#[test]
fn of_many_with_one_key_at_once_one_is_charged_and_all_that_are_answered_get_the_same() {
    let till = Till::open();
    till.request(1).unwrap();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| till.process(1, "tok_slow", "k")))
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    let answer = till.process(1, "tok_slow", "k");
    assert!(answer.is_ok());
    for outcome in outcomes {
        assert!(
            outcome == answer || outcome == Err(Failure::IdempotencyKeyInFlight),
            "{outcome:?}"
        );
    }
    assert_eq!(till.charge(1).unwrap().captured, amount());
}

#[test]
fn of_a_payment_and_a_cancellation_at_once_the_money_ends_up_back_and_the_key_answered() {
    for _ in 0..20 {
        let till = Till::open();
        till.request(1).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| till.process(1, "tok_visa", "k"));
            scope.spawn(|| till.cancel(1).unwrap());
        });
        let outcome = till.process(1, "tok_visa", "k");
        assert!(!matches!(outcome, Err(Failure::IdempotencyKeyInFlight)), "{outcome:?}");
        match till.payment(1).status {
            PaymentStatus::Voided => {
                assert!(till.charge_state(1).is_none_or(|state| state == ChargeState::Voided));
                // Who lost learns it from the row, or from the provider where it was let go just then.
                let status = PaymentStatus::Voided;
                let voided = ProcessPaymentError::NotPending { status };
                let let_go = ProcessPaymentError::Declined(DeclineReason::ProviderFailure);
                assert!(
                    [Err(refused(voided)), Err(refused(let_go))].contains(&outcome),
                    "{outcome:?}"
                );
            }
            PaymentStatus::Refunded => assert_eq!(till.charge(1).unwrap().refunded, amount()),
            other => panic!("{other:?}"),
        }
    }
}
