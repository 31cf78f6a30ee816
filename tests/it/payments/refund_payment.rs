//! Giving money back, in full or in part.

use banyan::adapters::payments::sql::MIGRATIONS;
use banyan::domains::shared::money::Money;
use banyan::ports::payments::operations::{PaymentStatus, RefundPayment, RefundPaymentError, RefundStatus};
use banyan::ports::payments::outbound::PaymentProvider;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, eur, payment_id, refund_of, staff};
use crate::fakes::payments::WriteFault;
use crate::support::databases::{postgres, sqlite};
use crate::support::fixed::with_key;

fn refused(error: RefundPaymentError) -> Failure<RefundPaymentError> {
    Failure::Domain(error)
}

#[test]
fn a_part_goes_back_and_then_the_rest() {
    let till = Till::open();
    till.captured(1);
    let part = till.refund(1, Some(eur(2_000)), "a").unwrap();
    assert_eq!((part.amount, part.status), (eur(2_000), RefundStatus::Completed));
    let payment = till.payment(1);
    assert_eq!(
        (payment.status, payment.refunded),
        (PaymentStatus::PartiallyRefunded, eur(2_000))
    );
    let rest = till.refund(1, None, "b").unwrap();
    assert_eq!(rest.amount, eur(3_000));
    let payment = till.payment(1);
    assert_eq!((payment.status, payment.refunded), (PaymentStatus::Refunded, amount()));
    assert_eq!(payment.refunds, [part, rest]);
    assert_eq!(till.charge(1).unwrap().refunded, amount());
    assert_eq!(
        till.store.event_types(),
        ["payment.completed", "payment.refunded", "payment.refunded"]
    );
}

#[test]
fn the_same_key_again_refunds_once() {
    let till = Till::open();
    till.captured(1);
    let first = till.refund(1, Some(eur(100)), "k").unwrap();
    assert_eq!(till.refund(1, Some(eur(100)), "k").unwrap(), first);
    assert_eq!(till.refund(1, Some(eur(200)), "k"), Err(Failure::IdempotencyKeyReused));
    assert_eq!(till.charge(1).unwrap().refunded, eur(100));
}

#[test]
fn a_key_is_required() {
    let till = Till::open();
    till.captured(1);
    assert_eq!(
        till.payments.handle(&staff(), refund_of(1, None)),
        Err(Failure::IdempotencyKeyMissing)
    );
}

#[test]
fn no_more_goes_back_than_was_taken() {
    let till = Till::open();
    till.captured(1);
    let too_much = |refundable| Err(refused(RefundPaymentError::ExceedsCaptured { refundable }));
    assert_eq!(till.refund(1, Some(eur(5_001)), "a"), too_much(amount()));
    till.refund(1, Some(eur(4_999)), "b").unwrap();
    assert_eq!(till.refund(1, Some(eur(2)), "c"), too_much(eur(1)));
    till.refund(1, Some(eur(1)), "d").unwrap();
    let status = PaymentStatus::Refunded;
    assert_eq!(
        till.refund(1, Some(eur(1)), "e"),
        Err(refused(RefundPaymentError::NotRefundable { status }))
    );
    assert_eq!(
        till.refund(1, None, "f"),
        Err(refused(RefundPaymentError::NotRefundable { status }))
    );
    assert_eq!(till.charge(1).unwrap().refunded, amount());
}

#[test]
fn only_what_was_captured_can_go_back() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    let status = PaymentStatus::Authorized;
    assert_eq!(
        till.refund(1, None, "a"),
        Err(refused(RefundPaymentError::NotRefundable { status }))
    );
    assert_eq!(till.refund(2, None, "b"), Err(refused(RefundPaymentError::NotFound)));
    till.request(3).unwrap();
    let status = PaymentStatus::Pending;
    assert_eq!(
        till.refund(3, None, "c"),
        Err(refused(RefundPaymentError::NotRefundable { status }))
    );
}

#[test]
fn an_amount_or_a_reason_that_breaks_a_rule_is_named() {
    let till = Till::open();
    till.captured(1);
    let dollars = Money::of(100, "USD".parse().unwrap());
    for (number, amount) in [dollars, eur(0), eur(-1)].into_iter().enumerate() {
        let outcome = till.refund(1, Some(amount), &format!("k{number}"));
        let Err(Failure::Domain(RefundPaymentError::Invalid { field, .. })) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(field, "amount");
    }
    for reason in ["", " ", "a\nb", &"x".repeat(201)] {
        let op = RefundPayment {
            reason: reason.to_owned(),
            ..refund_of(1, None)
        };
        let outcome = till.payments.handle(&with_key(&staff(), "r"), op);
        let Err(Failure::Domain(RefundPaymentError::Invalid { field, .. })) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(field, "reason");
    }
    assert_eq!(till.payment(1).refunds, []);
}

#[test]
fn a_refund_whose_answer_is_lost_is_looked_up_and_happens_once() {
    for fault in [CallFault::NotSent, CallFault::RequestLost, CallFault::AnswerLost] {
        let till = Till::open();
        till.captured(1);
        till.provider.disturb_call(0, fault);
        till.refund(1, Some(eur(100)), "k").unwrap();
        assert_eq!(till.charge(1).unwrap().refunded, eur(100));
        assert_eq!(till.payment(1).refunded, eur(100));
    }
}

#[test]
fn a_refund_that_the_provider_refuses_fails_and_leaves_the_money_refundable() {
    let till = Till::open();
    till.captured(1);
    // Somebody has given the money back behind our back.
    till.provider
        .simulator
        .refund(&payment_id(1).to_string(), "by hand", eur(4_000))
        .unwrap();
    let outcome = till.refund(1, None, "k");
    assert_eq!(outcome, Err(refused(RefundPaymentError::Refused)));
    assert_eq!(till.refund(1, None, "k"), outcome);
    let payment = till.payment(1);
    assert_eq!(
        (payment.status, payment.refunds[0].status),
        (PaymentStatus::Completed, RefundStatus::Failed)
    );
    till.refund(1, Some(eur(1_000)), "l").unwrap();
}

#[test]
fn a_crash_at_any_write_ends_in_one_refund_and_an_answered_key() {
    for fault in [WriteFault::Lost, WriteFault::Unacknowledged] {
        for write in 0..2 {
            let till = Till::open();
            till.captured(1);
            till.store.fail_write(write, fault);
            assert!(till.refund(1, Some(eur(100)), "k").is_err());
            till.resolve_later();
            let refund = till.refund(1, Some(eur(100)), "k").unwrap();
            assert_eq!(refund.status, RefundStatus::Completed);
            assert_eq!(till.refund(1, Some(eur(100)), "k").unwrap(), refund);
            assert_eq!(till.payment(1).refunds, [refund]);
            assert_eq!(till.charge(1).unwrap().refunded, eur(100), "write {write} {fault:?}");
        }
    }
}

/// A hundred refunds of 100 at once, of 5000 that were taken.
fn a_hundred_at_once(till: &Till) {
    till.captured(1);
    std::thread::scope(|scope| {
        for worker in 0..10 {
            scope.spawn(move || {
                for number in 0..10 {
                    let mut outcome = till.refund(1, Some(eur(100)), &format!("{worker}-{number}"));
                    // Too many at once: nothing was done, and the client tries again.
                    while outcome == Err(Failure::Overloaded) {
                        outcome = till.refund(1, Some(eur(100)), &format!("{worker}-{number}"));
                    }
                    match outcome {
                        Ok(refund) => assert_eq!(refund.status, RefundStatus::Completed),
                        // Refused by the rule, or brought to its end later.
                        Err(
                            Failure::Domain(
                                RefundPaymentError::ExceedsCaptured { .. } | RefundPaymentError::NotRefundable { .. },
                            )
                            | Failure::Timeout,
                        ) => {}
                        Err(failure) => panic!("{failure:?}"),
                    }
                }
            });
        }
    });
    till.resolve_later();
    let payment = till.payment(1);
    assert_eq!((payment.status, payment.refunded), (PaymentStatus::Refunded, amount()));
    assert_eq!(payment.refunds.len(), 50);
    assert!(
        payment
            .refunds
            .iter()
            .all(|refund| refund.status == RefundStatus::Completed)
    );
    assert_eq!(till.charge(1).unwrap().refunded, amount());
}

#[test]
fn a_hundred_refunds_at_once_never_exceed_the_captured() {
    a_hundred_at_once(&Till::open());
}

#[test]
fn a_hundred_refunds_at_once_never_exceed_the_captured_on_sqlite() {
    let home = sqlite("payments", MIGRATIONS);
    a_hundred_at_once(&Till::over_sql(&home.database));
}

#[test]
fn a_hundred_refunds_at_once_never_exceed_the_captured_on_postgres() {
    let home = postgres("payments", MIGRATIONS);
    a_hundred_at_once(&Till::over_sql(&home.database));
}
