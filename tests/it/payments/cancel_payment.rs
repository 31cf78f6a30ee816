//! Giving the money of an order back, whatever has happened to it so far.

use banyan::ports::payments::events::PaymentRefunded;
use banyan::ports::payments::operations::{
    AuthorizePaymentError, CancelPayment, PaymentStatus, ProcessPaymentError, RefundStatus,
};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, cancellation, eur, order_id, payment_id, rest_refund_id};
use crate::fakes::payments::WriteFault;

#[test]
fn an_unknown_payment_is_remembered_as_voided() {
    let till = Till::open();
    till.cancel(1).unwrap();
    till.cancel(1).unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
    assert_eq!(
        till.authorize(1, "tok_visa"),
        Err(Failure::Domain(AuthorizePaymentError::Ended))
    );
    assert_eq!(till.charge(1), None);
}

#[test]
fn a_requested_payment_is_voided_without_the_provider() {
    let till = Till::open();
    till.request(1).unwrap();
    till.cancel(1).unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
    assert!(till.provider.calls().is_empty());
    let status = PaymentStatus::Voided;
    let refused = Err(Failure::Domain(ProcessPaymentError::NotPending { status }));
    assert_eq!(till.process(1, "tok_visa", "k"), refused);
}

#[test]
fn what_is_held_is_let_go() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    till.cancel(1).unwrap();
    till.cancel(1).unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
    assert_eq!(till.charge_state(1), Some(ChargeState::Voided));
    assert_eq!(till.provider.calls(), ["authorize", "void"]);
}

#[test]
fn what_may_be_held_is_let_go_though_nobody_knows_of_it() {
    let till = Till::open();
    till.store.fail_write(1, WriteFault::Lost);
    assert!(till.authorize(1, "tok_visa").is_err());
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    till.cancel(1).unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
    assert_eq!(till.charge_state(1), Some(ChargeState::Voided));
    assert_eq!(
        till.authorize(1, "tok_visa"),
        Err(Failure::Domain(AuthorizePaymentError::Ended))
    );
}

#[test]
fn what_never_reached_the_provider_is_blocked_there() {
    let till = Till::open();
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert!(till.authorize(1, "tok_visa").is_err());
    assert_eq!(till.cancel(1), Err(Failure::Unavailable));
    till.provider.disturb_all(None);
    till.cancel(1).unwrap();
    let late = till
        .provider
        .simulator
        .authorize(&payment_id(1).to_string(), "tok_visa", amount())
        .unwrap();
    assert_eq!(late.state, ChargeState::Voided);
}

#[test]
fn what_was_taken_goes_back_once() {
    let till = Till::open();
    till.captured(1);
    till.cancel(1).unwrap();
    till.cancel(1).unwrap();
    let payment = till.payment(1);
    assert_eq!((payment.status, payment.refunded), (PaymentStatus::Refunded, amount()));
    let [refund] = payment.refunds.as_slice() else {
        panic!("{payment:?}")
    };
    assert_eq!((refund.id, refund.status), (rest_refund_id(1), RefundStatus::Completed));
    assert_eq!(refund.reason, "changed my mind");
    assert_eq!(till.charge(1).unwrap().refunded, amount());
    let event: PaymentRefunded = till.store.events()[1].decode().unwrap().unwrap();
    let refunded_total = amount();
    assert_eq!(
        event,
        PaymentRefunded {
            payment_id: payment_id(1),
            order_id: order_id(1),
            refund_id: rest_refund_id(1),
            amount: amount(),
            refunded_total
        }
    );
}

#[test]
fn only_what_is_left_goes_back() {
    let till = Till::open();
    till.captured(1);
    till.refund(1, Some(eur(2_000)), "k").unwrap();
    till.cancel(1).unwrap();
    let payment = till.payment(1);
    assert_eq!((payment.status, payment.refunded), (PaymentStatus::Refunded, amount()));
    assert_eq!(
        payment.refunds.iter().map(|refund| refund.amount).collect::<Vec<_>>(),
        [eur(2_000), eur(3_000)]
    );
    assert_eq!(till.charge(1).unwrap().refunded, amount());
}

#[test]
fn a_refund_under_way_is_brought_to_its_end_first() {
    let till = Till::open();
    till.captured(1);
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert_eq!(till.refund(1, Some(eur(2_000)), "k"), Err(Failure::Timeout));
    assert_eq!(till.cancel(1), Err(Failure::Unavailable));
    till.provider.disturb_all(None);
    till.cancel(1).unwrap();
    assert_eq!(till.payment(1).refunded, amount());
    assert_eq!(till.charge(1).unwrap().refunded, amount());
    // Who asked for the refund gets the answer under the same key.
    assert_eq!(till.refund(1, Some(eur(2_000)), "k").unwrap().amount, eur(2_000));
}

#[test]
fn a_reason_that_cannot_be_kept_does_not_keep_the_money() {
    let till = Till::open();
    till.captured(1);
    till.do_as_orders(CancelPayment {
        reason: "\0".to_owned(),
        ..cancellation(1)
    })
    .unwrap();
    assert_eq!(till.payment(1).refunds[0].reason, "order cancelled");
}

#[test]
fn the_order_of_another_payment_is_not_blocked() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    till.do_as_orders(CancelPayment {
        order_id: order_id(1),
        ..cancellation(2)
    })
    .unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
}

#[test]
fn of_a_capture_and_a_cancellation_at_once_the_money_ends_up_back() {
    for _ in 0..20 {
        let till = Till::open();
        till.authorize(1, "tok_visa").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| till.capture(1));
            scope.spawn(|| till.cancel(1).unwrap());
        });
        let (payment, charge) = (till.payment(1), till.charge(1).unwrap());
        match payment.status {
            PaymentStatus::Voided => assert_eq!(charge.state, ChargeState::Voided),
            PaymentStatus::Refunded => assert_eq!(charge.refunded, charge.captured),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn of_a_refund_and_a_cancellation_at_once_no_more_goes_back_than_was_taken() {
    for round in 0..20 {
        let till = Till::open();
        till.captured(1);
        std::thread::scope(|scope| {
            scope.spawn(|| till.refund(1, Some(eur(2_000 + round)), "k"));
            scope.spawn(|| till.cancel(1).unwrap());
        });
        assert_eq!(till.payment(1).status, PaymentStatus::Refunded);
        assert_eq!(till.charge(1).unwrap().refunded, amount());
    }
}
