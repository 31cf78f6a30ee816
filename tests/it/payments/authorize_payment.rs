//! Having the provider hold an amount.

use banyan::ports::payments::events::PaymentFailed;
use banyan::ports::payments::operations::{
    AuthorizePayment, AuthorizePaymentError, CapturePaymentError, DeclineReason, PaymentStatus,
};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, authorization, eur, order_id, payment_id};
use crate::fakes::payments::WriteFault;

fn declined(reason: DeclineReason) -> Result<(), Failure<AuthorizePaymentError>> {
    Err(Failure::Domain(AuthorizePaymentError::Declined(reason)))
}

const ENDED: Result<(), Failure<AuthorizePaymentError>> = Err(Failure::Domain(AuthorizePaymentError::Ended));

#[test]
fn an_approved_amount_is_held_and_not_taken() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
    let charge = till.charge(1).unwrap();
    assert_eq!(
        (charge.state, charge.authorized, charge.captured),
        (ChargeState::Authorized, amount(), eur(0))
    );
    assert_eq!((till.store.writes(), till.provider.calls()), (2, vec!["authorize"]));
}

#[test]
fn authorizing_twice_is_authorizing_once() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    till.authorize(1, "tok_visa").unwrap();
    assert_eq!(till.provider.calls(), ["authorize"]);
    till.capture(1).unwrap();
    assert_eq!(till.authorize(1, "tok_visa"), Ok(()));
}

#[test]
fn a_refused_card_fails_the_payment_and_stays_refused() {
    for (token, reason) in [
        ("tok_declined", DeclineReason::CardDeclined),
        ("tok_insufficient_funds", DeclineReason::InsufficientFunds),
        ("4242424242424242", DeclineReason::InvalidToken),
    ] {
        let till = Till::open();
        assert_eq!(till.authorize(1, token), declined(reason));
        assert_eq!(till.authorize(1, "tok_visa"), declined(reason));
        let payment = till.payment(1);
        assert_eq!(
            (payment.status, payment.decline_reason),
            (PaymentStatus::Failed, Some(reason))
        );
        let events = till.store.events();
        let [event] = events.as_slice() else {
            panic!("{events:?}")
        };
        let failed: PaymentFailed = event.decode().unwrap().unwrap();
        assert_eq!(
            failed,
            PaymentFailed {
                payment_id: payment_id(1),
                order_id: order_id(1),
                amount: amount(),
                reason
            }
        );
    }
}

#[test]
fn an_answer_that_is_lost_after_the_charge_is_looked_up() {
    let till = Till::open();
    till.authorize(1, "tok_timeout_after_charge").unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
    assert_eq!(till.provider.calls(), ["authorize", "find_charge"]);
    till.capture(1).unwrap();
    assert_eq!(till.charge_state(1), Some(ChargeState::Captured));
}

#[test]
fn a_charge_that_is_not_to_be_found_is_blocked_before_the_payment_fails() {
    for token in ["tok_timeout_before_charge", "tok_error"] {
        let till = Till::open();
        assert_eq!(till.authorize(1, token), declined(DeclineReason::ProviderFailure));
        assert_eq!(till.payment(1).status, PaymentStatus::Failed);
        assert_eq!(till.charge_state(1), Some(ChargeState::Voided));
        // The authorization that was on its way all the time arrives.
        let late = till
            .provider
            .simulator
            .authorize(&payment_id(1).to_string(), "tok_visa", amount())
            .unwrap();
        assert_eq!(late.state, ChargeState::Voided);
    }
}

#[test]
fn while_the_provider_is_away_the_outcome_stays_open() {
    for fault in [CallFault::NotSent, CallFault::RequestLost] {
        let till = Till::open();
        till.provider.disturb_all(Some(fault));
        assert_eq!(till.authorize(1, "tok_visa"), Err(Failure::Unavailable));
        assert_eq!(till.authorize(1, "tok_visa"), Err(Failure::Unavailable));
        assert_eq!(till.payment(1).status, PaymentStatus::Pending);
        till.provider.disturb_all(None);
        assert_eq!(till.authorize(1, "tok_visa"), Ok(()));
        assert_eq!(till.charge_state(1), Some(ChargeState::Authorized));
    }
}

#[test]
fn a_crash_after_the_charge_charges_nobody_twice() {
    for fault in [WriteFault::Lost, WriteFault::Unacknowledged] {
        let till = Till::open();
        till.store.fail_write(1, fault);
        assert!(till.authorize(1, "tok_visa").is_err());
        assert_eq!(till.charge_state(1), Some(ChargeState::Authorized));
        // The customer's other card is never asked for: this one is held already.
        till.authorize(1, "tok_declined").unwrap();
        assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
        assert_eq!(
            till.provider
                .calls()
                .iter()
                .filter(|call| **call == "authorize")
                .count(),
            1
        );
    }
}

#[test]
fn an_attempt_that_was_given_up_is_not_taken_up_again() {
    let till = Till::open();
    // The attempt, the note that it is given up, and then a crash before the outcome is written.
    till.store.fail_write(2, WriteFault::Lost);
    assert!(till.authorize(1, "tok_error").is_err());
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    assert_eq!(till.authorize(1, "tok_visa"), declined(DeclineReason::ProviderFailure));
    assert_eq!(till.charge_state(1), Some(ChargeState::Voided));
}

#[test]
fn what_was_cancelled_before_is_never_held() {
    let till = Till::open();
    till.cancel(1).unwrap();
    assert_eq!(till.authorize(1, "tok_visa"), ENDED);
    assert!(till.provider.calls().is_empty());
}

#[test]
fn another_payment_under_the_same_id_or_order_is_refused() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    for other in [
        AuthorizePayment {
            amount: eur(1),
            ..authorization(1, "tok_visa")
        },
        AuthorizePayment {
            order_id: order_id(2),
            ..authorization(1, "tok_visa")
        },
        AuthorizePayment {
            order_id: order_id(1),
            ..authorization(2, "tok_visa")
        },
    ] {
        assert_eq!(till.do_as_orders(other), ENDED);
    }
    assert_eq!(till.provider.calls(), ["authorize"]);
    till.request(3).unwrap();
    assert_eq!(till.authorize(3, "tok_visa"), ENDED);
}

#[test]
fn a_charge_over_another_amount_is_not_taken_for_ours() {
    let till = Till::open();
    till.provider
        .simulator
        .authorize(&payment_id(1).to_string(), "tok_visa", eur(1))
        .unwrap();
    assert!(matches!(till.authorize(1, "tok_visa"), Err(Failure::Internal(_))));
    till.provider.disturb_call(0, CallFault::RequestLost);
    assert!(till.authorize(1, "tok_visa").is_err());
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    assert_eq!(
        till.capture(1),
        Err(Failure::Domain(CapturePaymentError::NotAuthorized))
    );
}

#[test]
fn many_who_authorize_the_same_payment_at_once_hold_it_once() {
    let till = Till::open();
    std::thread::scope(|scope| {
        for token in ["tok_visa", "tok_timeout_after_charge", "tok_visa", "tok_slow"] {
            let till = &till;
            scope.spawn(move || assert_eq!(till.authorize(1, token), Ok(())));
        }
    });
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
    assert_eq!(till.charge_state(1), Some(ChargeState::Authorized));
}

#[test]
fn of_one_who_gives_up_and_one_who_holds_only_one_is_right() {
    for _ in 0..20 {
        let till = Till::open();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let callers = ["tok_error", "tok_visa", "tok_error", "tok_visa"].map(|token| {
                let till = &till;
                scope.spawn(move || till.authorize(1, token))
            });
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        let (status, charge) = (till.payment(1).status, till.charge_state(1).unwrap());
        match status {
            PaymentStatus::Authorized => assert_eq!(charge, ChargeState::Authorized),
            PaymentStatus::Failed => assert_eq!(charge, ChargeState::Voided),
            other => panic!("{other:?}"),
        }
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
    }
}
