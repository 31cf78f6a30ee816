//! Taking the amount that is held.

use banyan::ports::payments::events::PaymentCompleted;
use banyan::ports::payments::operations::{CapturePaymentError, PaymentStatus};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, order_id, payment_id};
use crate::fakes::payments::WriteFault;

const NOT_AUTHORIZED: Result<(), Failure<CapturePaymentError>> =
    Err(Failure::Domain(CapturePaymentError::NotAuthorized));

#[test]
fn what_is_held_is_taken_and_told() {
    let till = Till::open();
    till.captured(1);
    assert_eq!(till.payment(1).status, PaymentStatus::Completed);
    assert_eq!(till.charge(1).unwrap().captured, amount());
    let events = till.store.events();
    let completed: PaymentCompleted = events[0].decode().unwrap().unwrap();
    assert_eq!(
        completed,
        PaymentCompleted {
            payment_id: payment_id(1),
            order_id: order_id(1),
            amount: amount()
        }
    );
    // Two commits of the provider, three of ours.
    assert_eq!(
        (till.provider.calls(), till.store.writes()),
        (vec!["authorize", "capture"], 3)
    );
}

#[test]
fn capturing_twice_is_capturing_once() {
    let till = Till::open();
    till.captured(1);
    till.capture(1).unwrap();
    assert_eq!(till.store.event_types(), ["payment.completed"]);
    assert_eq!(till.charge(1).unwrap().captured, amount());
}

#[test]
fn a_crash_after_the_capture_captures_once() {
    for fault in [WriteFault::Lost, WriteFault::Unacknowledged] {
        let till = Till::open();
        till.authorize(1, "tok_visa").unwrap();
        till.store.fail_write(0, fault);
        assert!(till.capture(1).is_err());
        assert_eq!(till.charge_state(1), Some(ChargeState::Captured));
        till.capture(1).unwrap();
        assert_eq!(till.charge(1).unwrap().captured, amount());
        assert_eq!(till.store.event_types(), ["payment.completed"]);
    }
}

#[test]
fn a_capture_whose_answer_is_lost_is_asked_for_again_under_its_key() {
    for fault in [CallFault::NotSent, CallFault::RequestLost, CallFault::AnswerLost] {
        let till = Till::open();
        till.authorize(1, "tok_visa").unwrap();
        till.provider.disturb_call(0, fault);
        till.capture(1).unwrap();
        assert_eq!(till.charge(1).unwrap().captured, amount());
    }
}

#[test]
fn while_the_provider_is_away_nothing_is_taken_for_captured() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert_eq!(till.capture(1), Err(Failure::Unavailable));
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
}

#[test]
fn only_what_is_held_can_be_taken() {
    let till = Till::open();
    assert_eq!(till.capture(1), Err(Failure::Domain(CapturePaymentError::NotFound)));
    till.request(2).unwrap();
    assert_eq!(till.capture(2), NOT_AUTHORIZED);
    assert!(till.authorize(3, "tok_declined").is_err());
    assert_eq!(till.capture(3), NOT_AUTHORIZED);
    till.authorize(4, "tok_visa").unwrap();
    till.cancel(4).unwrap();
    assert_eq!(till.capture(4), NOT_AUTHORIZED);
    assert!(till.store.event_types().iter().all(|kind| kind != "payment.completed"));
}

#[test]
fn what_the_provider_let_go_is_voided() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    till.provider
        .simulator
        .void(&payment_id(1).to_string(), amount())
        .unwrap();
    assert_eq!(till.capture(1), NOT_AUTHORIZED);
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
}
