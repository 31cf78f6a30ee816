use proptest::prelude::*;

use super::*;
use crate::domains::shared::money::Currency;

fn eur(minor: i64) -> Money {
    Money::of(minor, Currency::EUR)
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600).unwrap()
}

fn terms(amount: Money) -> PaymentTerms {
    let id = |number| Uuid::from_u128(number);
    PaymentTerms {
        id: PaymentId::from(id(1)),
        order_id: OrderId::from(id(2)),
        customer_id: UserId::from(id(3)),
        amount,
    }
}

fn captured(minor: i64) -> Payment {
    let mut payment = Payment::attempted(terms(eur(minor)), "simulator", now()).unwrap();
    payment.authorize(now()).unwrap();
    payment.complete(now()).unwrap();
    payment
}

fn standing_at(status: PaymentStatus) -> Payment {
    let payment = Payment::requested(terms(eur(100)), "simulator", now()).unwrap();
    Payment { status, ..payment }
}

fn refund(payment: &mut Payment, number: u128, minor: i64) -> Result<RefundId, RefundRefused> {
    let id = RefundId::from(Uuid::from_u128(number));
    let reason = RefundReason::new("broken").unwrap();
    payment
        .request_refund(id, Some(eur(minor)), reason, None, now())
        .map(|()| id)
}

#[test]
fn a_payment_of_nothing_does_not_come_about() {
    for minor in [0, -1] {
        assert_eq!(
            Payment::requested(terms(eur(minor)), "simulator", now()),
            Err(AmountNotPositive(eur(minor)))
        );
    }
}

#[test]
fn every_change_follows_the_table_of_transitions() {
    type Change = fn(&mut Payment) -> Result<(), IllegalTransition>;
    let changes: [(PaymentStatus, Change); 4] = [
        (PaymentStatus::Authorized, |payment| payment.authorize(now())),
        (PaymentStatus::Completed, |payment| payment.complete(now())),
        (PaymentStatus::Failed, |payment| {
            payment.fail(DeclineReason::CardDeclined, now())
        }),
        (PaymentStatus::Voided, |payment| payment.void(now())),
    ];
    for from in PaymentStatus::ALL {
        for (to, change) in changes {
            let mut payment = standing_at(from);
            let outcome = change(&mut payment);
            assert_eq!(outcome.is_ok(), from.may_become(to), "{from} -> {to}");
            assert_eq!(payment.status(), if outcome.is_ok() { to } else { from });
        }
    }
}

#[test]
fn only_what_was_captured_and_is_not_back_yet_can_be_refunded() {
    for status in PaymentStatus::ALL {
        let outcome = refund(&mut standing_at(status), 9, 1);
        if matches!(status, PaymentStatus::Completed | PaymentStatus::PartiallyRefunded) {
            assert!(outcome.is_ok(), "{status}");
        } else {
            assert_eq!(outcome, Err(RefundRefused::NotRefundable { status }));
        }
    }
}

#[test]
fn a_refund_under_way_already_counts_against_what_is_left() {
    let mut payment = captured(100);
    let first = refund(&mut payment, 10, 60).unwrap();
    let too_much = RefundAmountRefused::ExceedsCaptured { refundable: eur(40) };
    assert_eq!(refund(&mut payment, 11, 41), Err(RefundRefused::Amount(too_much)));
    payment.fail_refund(first, now()).unwrap();
    assert_eq!(payment.refundable(), eur(100));
    assert_eq!(
        (payment.status(), payment.refunded()),
        (PaymentStatus::Completed, eur(0))
    );
}

#[test]
fn a_payment_is_refunded_once_all_of_it_is_back() {
    let mut payment = captured(100);
    let part = refund(&mut payment, 10, 60).unwrap();
    payment.complete_refund(part, now()).unwrap();
    assert_eq!(
        (payment.status(), payment.refunded()),
        (PaymentStatus::PartiallyRefunded, eur(60))
    );
    let rest = payment.rest_refund_id();
    payment
        .request_refund(rest, None, RefundReason::order_cancelled(), None, now())
        .unwrap();
    assert_eq!(payment.refund(rest).unwrap().amount(), eur(40));
    payment.complete_refund(rest, now()).unwrap();
    assert_eq!(
        (payment.status(), payment.refunded()),
        (PaymentStatus::Refunded, eur(100))
    );
    assert_eq!(payment.complete_refund(rest, now()), Err(NotAPendingRefund(rest)));
    assert_eq!(payment.completed_refunds(), eur(100));
}

#[test]
fn all_that_is_left_is_nothing_while_it_is_promised_to_another_refund() {
    let mut payment = captured(100);
    refund(&mut payment, 10, 100).unwrap();
    let id = RefundId::from(Uuid::from_u128(11));
    let refused = payment.request_refund(id, None, RefundReason::order_cancelled(), None, now());
    let nothing_left = RefundAmountRefused::ExceedsCaptured { refundable: eur(0) };
    assert_eq!(refused, Err(RefundRefused::Amount(nothing_left)));
}

#[test]
fn the_number_of_refunds_has_an_end_but_a_cancelled_payment_still_goes_back() {
    let mut payment = captured(1_000);
    for number in 0..Payment::REFUNDS_MAX {
        refund(&mut payment, 100 + u128::try_from(number).unwrap(), 1).unwrap();
    }
    assert_eq!(refund(&mut payment, 10, 1), Err(RefundRefused::TooMany));
    let rest = payment.rest_refund_id();
    assert_eq!(
        payment.request_refund(rest, None, RefundReason::order_cancelled(), None, now()),
        Ok(())
    );
}

#[test]
fn one_attempt_at_a_time_and_each_under_a_key_of_its_own() {
    let mut payment = Payment::requested(terms(eur(100)), "simulator", now()).unwrap();
    let id = payment.id();
    let request = RequestKey {
        scope: "usr_1".to_owned(),
        key: "k".to_owned(),
    };
    payment.begin_attempt(Some(request.clone()), now()).unwrap();
    assert_eq!(payment.waiting_request(), Some(&request));
    assert_eq!(payment.provider_key(), id.to_string());
    assert_eq!(payment.begin_attempt(None, now()), Err(AttemptRefused::UnderWay));
    payment.decline_attempt(now());
    assert_eq!((payment.status(), payment.attempt()), (PaymentStatus::Pending, None));
    payment.begin_attempt(None, now()).unwrap();
    assert_eq!(payment.provider_key(), format!("{id}-2"));
    assert_eq!(Payment::id_of_key(payment.provider_key()), Some(id));
    assert_eq!(Payment::id_of_key(&id.to_string()), Some(id));
    assert_eq!(Payment::id_of_key(&format!("{id}-x")), None);
    payment.abandon_attempt(now());
    assert!(payment.attempt().unwrap().abandoned);
    payment.void(now()).unwrap();
    let status = PaymentStatus::Voided;
    assert_eq!(
        payment.begin_attempt(None, now()),
        Err(AttemptRefused::NotPending { status })
    );
}

#[test]
fn however_much_changes_before_it_is_stored_is_one_new_version() {
    let mut payment = captured(100);
    assert_eq!((payment.stored_version(), payment.version()), (0, 1));
    payment.mark_stored();
    refund(&mut payment, 10, 1).unwrap();
    refund(&mut payment, 11, 1).unwrap();
    assert_eq!((payment.stored_version(), payment.version()), (1, 2));
}

proptest! {
    #[test]
    fn refunds_never_exceed_the_captured_whatever_is_asked_in_whatever_order(
        captured_minor in 1_i64..1_000,
        steps in prop::collection::vec((0_u8..3, -5_i64..600), 1..60),
    ) {
        let mut payment = captured(captured_minor);
        for (number, (step, minor)) in steps.into_iter().enumerate() {
            let pending = payment.refunds().iter().find(|refund| refund.status() == RefundStatus::Pending);
            match (step, pending.map(Refund::id)) {
                (1, Some(id)) => payment.complete_refund(id, now()).unwrap(),
                (2, Some(id)) => payment.fail_refund(id, now()).unwrap(),
                _ => {
                    let before = payment.refundable();
                    let accepted = refund(&mut payment, 100 + u128::try_from(number).unwrap(), minor).is_ok();
                    prop_assert!(!accepted || (minor > 0 && minor <= before.minor()));
                }
            }
            let promised = captured_minor - payment.refundable().minor();
            prop_assert!(payment.status() == PaymentStatus::Refunded || payment.refundable().minor() >= 0);
            prop_assert!(payment.refunded().minor() <= promised && promised <= captured_minor);
            prop_assert_eq!(payment.refunded(), payment.completed_refunds());
            prop_assert_eq!(payment.status() == PaymentStatus::Refunded, payment.refunded() == payment.amount());
        }
    }
}
