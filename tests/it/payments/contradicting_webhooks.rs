//! Webhooks of the provider's own that cannot be true by our books: set aside, and nothing is changed.

use banyan::ports::payments::webhooks::WebhookEnd;
use serde_json::Value;

use super::apply_webhooks::{body_of, booked, with_an_unheard_refund};
use super::till::{Till, payment_id};

/// What is told contradicts our books, for a reason that says so, and changes nothing.
fn assert_set_aside(till: &Till, body: &str, reason: &str) {
    let before = till.payment(1);
    till.hear(body).unwrap();
    assert_eq!(till.apply(), 1);
    let event: Value = serde_json::from_str(body).unwrap();
    let (end, said) = till.inbox.standing(event["id"].as_str().unwrap());
    assert_eq!(end, Some(WebhookEnd::Quarantined), "{said}");
    assert!(said.contains(reason), "{said}");
    assert_eq!(till.payment(1), before);
    assert_eq!(till.apply(), 0);
}

fn captured() -> String {
    body_of(&booked(), ".captured")
}

#[test]
fn a_charge_over_another_amount_or_currency_is_not_our_payments() {
    let half = captured().replace("\"captured\":{\"amount\":5000", "\"captured\":{\"amount\":2500");
    for body in [
        captured().replace("5000", "5001"),
        captured().replace("EUR", "USD"),
        half,
    ] {
        assert_ne!(body, captured());
        assert_set_aside(&booked(), &body, "and ours is over 50.00 EUR");
    }
    // Nor is it believed while we do not know yet what became of the attempt.
    let till = Till::open();
    till.request(1).unwrap();
    till.provider
        .disturb_all(Some(super::disturbed_provider::CallFault::AnswerLost));
    assert!(till.process(1, "tok_visa", "k").is_err());
    assert_set_aside(&till, &captured().replace("5000", "1"), "and ours is over 50.00 EUR");
}

#[test]
fn a_key_that_is_not_ours_is_nobodys_payment() {
    let body = captured().replace(&payment_id(1).to_string(), "ch_17");
    assert_set_aside(&booked(), &body, "no key of ours");
}

#[test]
fn money_is_not_taken_for_a_payment_that_was_cancelled_or_refused() {
    let cancelled = Till::open();
    cancelled.authorize(1, "tok_visa").unwrap();
    cancelled.cancel(1).unwrap();
    assert_set_aside(&cancelled, &captured(), "its payment is voided");
    let refused = Till::open();
    assert!(refused.authorize(1, "tok_declined").is_err());
    assert_set_aside(&refused, &captured(), "its payment is failed");
    assert_set_aside(&refused, &body_of(&booked(), ".authorized"), "its payment is failed");
}

#[test]
fn money_is_not_taken_for_an_attempt_that_was_refused_before() {
    let till = Till::open();
    till.request(1).unwrap();
    assert!(till.process(1, "tok_declined", "a").is_err());
    assert_set_aside(&till, &captured(), "its payment is pending");
    till.process(1, "tok_visa", "b").unwrap();
    let again = captured().replace(&format!("{}.captured", payment_id(1)), "evt_again");
    assert_set_aside(&till, &again, "its payment is completed");
}

#[test]
fn what_was_taken_is_not_let_go() {
    let body = captured().replace("\"status\":\"captured\"", "\"status\":\"voided\"");
    assert_set_aside(&booked(), &body, "its payment is completed");
}

#[test]
fn a_refund_that_nobody_asked_for_or_over_another_amount_is_not_ours() {
    let till = with_an_unheard_refund();
    let refund = till.payment(1).refunds[0].id.to_string();
    let body = body_of(&till, &refund);
    assert_set_aside(&booked(), &body, "never asked");
    let (front, back) = body.rsplit_once("\"amount\":20,").unwrap();
    assert_set_aside(&till, &format!("{front}\"amount\":21,{back}"), "we asked for 0.20 EUR");
}
