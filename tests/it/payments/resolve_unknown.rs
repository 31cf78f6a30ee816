//! Bringing to an end what a crash or a timeout left open.

use std::sync::Arc;

use banyan::ports::payments::operations::{
    AuthorizePaymentError, DeclineReason, PaymentStatus, ProcessPaymentError, RefundStatus, ResolveUnknown,
};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, eur, orders, payment_id};
use crate::fakes::payments::WriteFault;

fn resolve(till: &Till) -> u32 {
    till.do_as_orders(ResolveUnknown { limit: 100 }).unwrap()
}

#[test]
fn there_is_nothing_to_resolve_where_everything_is_known() {
    let till = Till::open();
    till.captured(1);
    till.request(2).unwrap();
    till.refund(1, Some(eur(1)), "k").unwrap();
    assert_eq!(till.resolve_later(), 0);
    assert_eq!(till.resolve_later(), 0);
}

#[test]
fn a_customers_charge_that_was_made_is_taken_after_five_seconds() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
    till.clock.advance_ms(5_000);
    assert_eq!(resolve(&till), 0);
    till.clock.advance_ms(1);
    assert_eq!(resolve(&till), 1);
    assert_eq!(till.payment(1).status, PaymentStatus::Completed);
    assert_eq!(till.store.event_types(), ["payment.completed"]);
    assert_eq!(
        till.process(1, "tok_visa", "k").unwrap().status,
        PaymentStatus::Completed
    );
    assert_eq!(resolve(&till), 0);
}

#[test]
fn a_customers_charge_that_was_never_made_is_blocked_and_answered_as_refused() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
    assert_eq!(till.resolve_later(), 1);
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    let refused = ProcessPaymentError::Declined(DeclineReason::ProviderFailure);
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Domain(refused)));
    let late = till
        .provider
        .simulator
        .authorize(&payment_id(1).to_string(), "tok_visa", amount())
        .unwrap();
    assert_eq!(late.state, ChargeState::Voided);
    till.process(1, "tok_visa", "again").unwrap();
}

#[test]
fn the_attempt_of_a_checkout_is_left_to_its_saga_for_two_minutes() {
    let till = Till::open();
    for number in [1, 2] {
        till.provider.disturb_all(Some(CallFault::RequestLost));
        assert!(till.authorize(number, "tok_visa").is_err());
    }
    till.provider.disturb_all(None);
    till.provider
        .simulator
        .authorize(&payment_id(1).to_string(), "tok_visa", amount())
        .unwrap();
    till.clock.advance_ms(119_000);
    assert_eq!(resolve(&till), 0);
    till.clock.advance_ms(1_001);
    assert_eq!(resolve(&till), 2);
    // What is held stays held: whether the order comes about is for its saga to say.
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
    assert_eq!(till.charge_state(1), Some(ChargeState::Authorized));
    assert_eq!(till.payment(2).status, PaymentStatus::Failed);
    let refused = AuthorizePaymentError::Declined(DeclineReason::ProviderFailure);
    assert_eq!(till.authorize(2, "tok_visa"), Err(Failure::Domain(refused)));
    assert_eq!(resolve(&till), 0);
}

#[test]
fn a_pending_refund_is_pushed_to_its_end() {
    for fault in [CallFault::NotSent, CallFault::RequestLost, CallFault::AnswerLost] {
        let till = Till::open();
        till.captured(1);
        till.provider.disturb_all(Some(fault));
        assert_eq!(till.refund(1, Some(eur(100)), "k"), Err(Failure::Timeout));
        assert_eq!(till.resolve_later(), 0);
        till.provider.disturb_all(None);
        assert_eq!(till.resolve_later(), 1);
        assert_eq!(till.resolve_later(), 0);
        assert_eq!(
            till.refund(1, Some(eur(100)), "k").unwrap().status,
            RefundStatus::Completed
        );
        assert_eq!(till.charge(1).unwrap().refunded, eur(100));
    }
}

#[test]
fn one_that_cannot_be_resolved_does_not_hold_up_the_others() {
    let till = Till::open();
    for number in [1, 2] {
        till.request(number).unwrap();
        till.provider.disturb_all(Some(CallFault::RequestLost));
        assert!(till.process(number, "tok_visa", &format!("k{number}")).is_err());
        till.provider.disturb_all(None);
    }
    // The provider holds another amount than the shop asked for.
    till.provider
        .simulator
        .authorize(&payment_id(1).to_string(), "tok_visa", eur(1))
        .unwrap();
    assert_eq!(till.resolve_later(), 1);
    assert!(till.process(2, "tok_visa", "again").is_ok());
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
}

#[test]
fn a_crash_while_resolving_is_resolved_again() {
    for write in 0..2 {
        for fault in [WriteFault::Lost, WriteFault::Unacknowledged] {
            let till = Till::open();
            till.request(1).unwrap();
            till.provider.disturb_all(Some(CallFault::RequestLost));
            assert!(till.process(1, "tok_visa", "k").is_err());
            till.provider.disturb_all(None);
            till.clock.advance_ms(130_000);
            till.store.fail_write(write, fault);
            assert!(till.do_as_orders(ResolveUnknown { limit: 100 }).is_err());
            till.resolve_later();
            let refused = ProcessPaymentError::Declined(DeclineReason::ProviderFailure);
            assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Domain(refused)));
            assert_eq!(till.charge_state(1), Some(ChargeState::Voided));
        }
    }
}

/// The worker takes a slow process for a dead one, at the moment before its next call to the provider.
fn resolve_before(call: &'static str) -> Till {
    let till = Till::open();
    till.request(1).unwrap();
    let payments = Arc::clone(&till.payments);
    let clock = Arc::clone(&till.clock);
    till.provider.before_call(call, move || {
        clock.advance_ms(6_000);
        assert_eq!(payments.handle(&orders(), ResolveUnknown { limit: 100 }), Ok(1));
    });
    till
}

#[test]
fn a_slow_process_that_is_overtaken_before_the_charge_charges_nobody() {
    let till = resolve_before("authorize");
    let refused = Err(Failure::Domain(ProcessPaymentError::Declined(
        DeclineReason::ProviderFailure,
    )));
    assert_eq!(till.process(1, "tok_visa", "k"), refused);
    assert_eq!(till.process(1, "tok_visa", "k"), refused);
    assert_eq!(
        (till.payment(1).status, till.charge_state(1)),
        (PaymentStatus::Pending, Some(ChargeState::Voided))
    );
}

#[test]
fn a_slow_process_that_is_overtaken_before_the_capture_gets_the_same_answer() {
    let till = resolve_before("capture");
    assert_eq!(till.process(1, "tok_visa", "k").unwrap(), till.payment(1));
    assert_eq!(till.charge(1).unwrap().captured, amount());
    assert_eq!(till.store.event_types(), ["payment.completed"]);
}

#[test]
fn what_a_slow_process_took_before_it_was_given_up_is_taken() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
    let slow = Arc::clone(&till.provider);
    till.provider.before_call("void", move || {
        let key = payment_id(1).to_string();
        slow.simulator.authorize(&key, "tok_visa", amount()).unwrap();
        slow.simulator.capture(&key, amount()).unwrap();
    });
    assert_eq!(till.resolve_later(), 1);
    assert_eq!(
        till.process(1, "tok_visa", "k").unwrap().status,
        PaymentStatus::Completed
    );
    assert_eq!(till.charge(1).unwrap().captured, amount());
}
