//! Applying what the provider told, in whatever order it was told.

use banyan::ports::payments::operations::{PaymentStatus, ProcessPaymentError, RefundStatus};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::payments::webhooks::WebhookEnd;
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, eur, payment_id};

const HOURS_MS: i64 = 60 * 60 * 1_000;

/// What came of the webhook whose id ends so.
fn end_of(till: &Till, number: u128, what: &str) -> (Option<WebhookEnd>, String) {
    till.inbox.standing(&format!("{}.{what}", payment_id(number)))
}

/// Everything that the provider told arrives, and is applied.
fn hear_all(till: &Till) {
    for (_id, body) in till.told() {
        till.hear(&body).unwrap();
    }
    till.apply();
}

/// A payment of which everything is known.
pub fn booked() -> Till {
    let till = Till::open();
    till.captured(1);
    till
}

/// The body of one that was told.
pub fn body_of(till: &Till, what: &str) -> String {
    let mut told = till.told().into_iter();
    told.find(|(id, _)| id.ends_with(what))
        .unwrap_or_else(|| panic!("{what} was not told"))
        .1
}

fn process_with_lost_answers(till: &Till, number: u128) {
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert_eq!(till.process(number, "tok_visa", "k"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
}

/// All orders of these, each twice.
fn orders_of_each_twice(events: &[String]) -> Vec<Vec<String>> {
    fn extend(prefix: &mut Vec<String>, left: &mut [(String, u32)], all: &mut Vec<Vec<String>>) {
        if left.iter().all(|(_, times)| *times == 0) {
            all.push(prefix.clone());
        }
        for index in 0..left.len() {
            if left[index].1 > 0 {
                left[index].1 -= 1;
                prefix.push(left[index].0.clone());
                extend(prefix, left, all);
                prefix.pop();
                left[index].1 += 1;
            }
        }
    }
    let mut left: Vec<_> = events.iter().map(|event| (event.clone(), 2)).collect();
    let mut all = Vec::new();
    extend(&mut Vec::new(), &mut left, &mut all);
    all
}

#[test]
fn what_is_known_already_changes_nothing() {
    let till = Till::open();
    till.captured(1);
    till.refund(1, Some(eur(20)), "r").unwrap();
    let (before, writes) = (till.payment(1), till.store.writes());
    hear_all(&till);
    assert_eq!((till.payment(1), till.store.writes()), (before, writes));
    for what in ["authorized", "captured"] {
        let known = (Some(WebhookEnd::Applied), "it was known".to_owned());
        assert_eq!(end_of(&till, 1, what), known);
    }
}

#[test]
fn a_capture_that_was_never_answered_is_told_and_the_waiting_request_is_answered() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Timeout));
    let key = payment_id(1).to_string();
    till.provider.simulator.capture(&key, amount()).unwrap();
    hear_all(&till);
    assert_eq!(till.payment(1).status, PaymentStatus::Completed);
    assert_eq!(till.store.event_types(), ["payment.completed"]);
    let answer = till.process(1, "tok_visa", "k").unwrap();
    assert_eq!(answer.status, PaymentStatus::Completed);
    assert_eq!(end_of(&till, 1, "captured").1, "recorded");
    till.provider.disturb_all(None);
    assert_eq!(till.resolve_later(), 0);
}

#[test]
fn what_is_only_held_for_a_customer_is_left_to_the_request_that_takes_it() {
    let till = Till::open();
    till.request(1).unwrap();
    process_with_lost_answers(&till, 1);
    let calls = till.provider.calls().len();
    hear_all(&till);
    assert_eq!(
        (till.payment(1).status, till.provider.calls().len()),
        (PaymentStatus::Pending, calls)
    );
    assert_eq!(till.resolve_later(), 1);
    hear_all(&till);
    assert_eq!(till.payment(1).status, PaymentStatus::Completed);
    assert_eq!(till.store.event_types(), ["payment.completed"]);
}

#[test]
fn a_checkout_is_told_that_its_amount_is_held_or_was_refused() {
    let till = Till::open();
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert!(till.authorize(1, "tok_visa").is_err());
    assert!(till.authorize(2, "tok_declined").is_err());
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    hear_all(&till);
    assert_eq!(till.payment(1).status, PaymentStatus::Authorized);
    assert_eq!(till.payment(2).status, PaymentStatus::Failed);
    assert_eq!(till.store.event_types(), ["payment.failed"]);
    // The checkout that asks again finds it, without the provider.
    assert_eq!(till.authorize(1, "tok_visa"), Ok(()));
    assert!(matches!(till.authorize(2, "tok_declined"), Err(Failure::Domain(_))));
}

#[test]
fn a_refused_attempt_of_a_customer_is_told_and_another_may_follow() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert_eq!(till.process(1, "tok_declined", "k"), Err(Failure::Timeout));
    hear_all(&till);
    till.provider.disturb_all(None);
    let declined = till.process(1, "tok_declined", "k");
    assert!(
        matches!(declined, Err(Failure::Domain(ProcessPaymentError::Declined(_)))),
        "{declined:?}"
    );
    till.process(1, "tok_visa", "again").unwrap();
    hear_all(&till);
    // What was told of the first attempt is no news to the second.
    assert_eq!(till.payment(1).status, PaymentStatus::Completed);
    assert_eq!(end_of(&till, 1, "declined").0, Some(WebhookEnd::Applied));
}

#[test]
fn what_was_let_go_at_the_provider_is_let_go_here() {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    let key = payment_id(1).to_string();
    till.provider.simulator.void(&key, amount()).unwrap();
    hear_all(&till);
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
    assert_eq!(till.cancel(1), Ok(()));
    assert_eq!(till.payment(1).status, PaymentStatus::Voided);
}

#[test]
fn an_abandoned_attempt_is_not_revived_by_hearing_that_it_was_held() {
    let till = Till::open();
    till.request(1).unwrap();
    till.provider.disturb_all(Some(CallFault::RequestLost));
    assert_eq!(till.process(1, "tok_visa", "k"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
    // The provider holds it after all, before it is told to let it go.
    let key = payment_id(1).to_string();
    let late = till.provider.simulator.authorize(&key, "tok_visa", amount());
    assert_eq!(late.unwrap().state, ChargeState::Authorized);
    let held = body_of(&till, ".authorized");
    till.hear(&held).unwrap();
    till.apply();
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    assert_eq!(end_of(&till, 1, "authorized").0, Some(WebhookEnd::Applied));
}

#[test]
fn every_order_of_what_happened_to_a_checkout_ends_the_same() {
    let told = |till: &Till| vec![body_of(till, ".authorized"), body_of(till, ".captured")];
    let begun = || {
        let till = Till::open();
        till.provider.disturb_all(Some(CallFault::AnswerLost));
        assert!(till.authorize(1, "tok_visa").is_err());
        let key = payment_id(1).to_string();
        till.provider.simulator.capture(&key, amount()).unwrap();
        till
    };
    let orders = orders_of_each_twice(&told(&begun()));
    assert_eq!(orders.len(), 6);
    for order in orders {
        let till = begun();
        for body in &order {
            till.hear(body).unwrap();
            till.apply();
        }
        assert_eq!(till.payment(1).status, PaymentStatus::Completed, "{order:?}");
        assert_eq!(till.store.event_types(), ["payment.completed"], "{order:?}");
    }
}

/// A captured payment whose refund the provider has carried out, and nobody here has heard of it.
pub fn with_an_unheard_refund() -> Till {
    let till = Till::open();
    till.captured(1);
    refund_unheard(&till);
    till
}

fn refund_unheard(till: &Till) {
    till.provider.disturb_all(Some(CallFault::AnswerLost));
    assert_eq!(till.refund(1, Some(eur(20)), "r"), Err(Failure::Timeout));
    till.provider.disturb_all(None);
}

fn assert_refunded_once(till: &Till, order: &[String]) {
    let payment = till.payment(1);
    assert_eq!(
        (payment.status, payment.refunded),
        (PaymentStatus::PartiallyRefunded, eur(20)),
        "{order:?}"
    );
    assert_eq!(payment.refunds[0].status, RefundStatus::Completed);
    assert_eq!(
        till.store.event_types(),
        ["payment.completed", "payment.refunded"],
        "{order:?}"
    );
    let answer = till.refund(1, Some(eur(20)), "r").unwrap();
    assert_eq!(answer.status, RefundStatus::Completed);
}

fn three_events(till: &Till) -> Vec<String> {
    let told = till.told();
    assert_eq!(told.len(), 3, "{told:?}");
    told.into_iter().map(|(_id, body)| body).collect()
}

#[test]
fn every_order_of_holding_taking_and_giving_back_ends_the_same() {
    let orders = orders_of_each_twice(&three_events(&with_an_unheard_refund()));
    assert_eq!(orders.len(), 90);
    for order in orders {
        let till = with_an_unheard_refund();
        for body in &order {
            till.hear(body).unwrap();
            till.apply();
        }
        assert_refunded_once(&till, &order);
    }
}

#[test]
fn what_comes_before_its_payment_waits_for_it_in_every_order() {
    let orders = orders_of_each_twice(&three_events(&with_an_unheard_refund()));
    for order in orders {
        let till = Till::open();
        for body in &order {
            till.hear(body).unwrap();
        }
        assert_eq!(till.apply(), 3);
        assert_eq!(end_of(&till, 1, "captured").0, None);
        assert_eq!(till.apply(), 0, "nothing is due, and there is no payment");
        till.captured(1);
        refund_unheard(&till);
        assert_eq!(till.apply(), 3, "the payment is there, so nobody waits for a time");
        assert_refunded_once(&till, &order);
    }
}

#[test]
fn what_waits_is_looked_at_again_and_set_aside_after_three_days() {
    let till = Till::open();
    let held = body_of(&with_an_unheard_refund(), ".authorized");
    till.hear(&held).unwrap();
    let mut looks = 0;
    for _ in 0..72 * 60 {
        looks += till.apply();
        till.clock.advance_ms(HOURS_MS / 60);
    }
    assert_eq!(end_of(&till, 1, "authorized").0, None);
    assert!((400..=500).contains(&looks), "every ten minutes in the end: {looks}");
    till.clock.advance_ms(HOURS_MS);
    till.apply();
    let (end, reason) = end_of(&till, 1, "authorized");
    assert_eq!(end, Some(WebhookEnd::Quarantined));
    assert!(reason.starts_with("it waited too long"), "{reason}");
}

#[test]
fn what_says_nothing_to_us_is_ignored() {
    let till = booked();
    let live = body_of(&till, ".captured").replace("\"live\":false", "\"live\":true");
    till.hear(&live).unwrap();
    till.hear(r#"{"id": "evt_new", "type": "dispute.opened", "dispute": {}}"#)
        .unwrap();
    assert_eq!(till.apply(), 2);
    assert_eq!(end_of(&till, 1, "captured").0, Some(WebhookEnd::Ignored));
    assert_eq!(till.inbox.standing("evt_new").0, Some(WebhookEnd::Ignored));
}

#[test]
fn an_attempt_that_has_not_begun_is_waited_for() {
    let till = Till::open();
    till.request(1).unwrap();
    let held = body_of(&booked(), ".authorized");
    till.hear(&held).unwrap();
    till.apply();
    assert_eq!(
        end_of(&till, 1, "authorized"),
        (None, "attempt 1 has not begun".to_owned())
    );
    till.process(1, "tok_visa", "k").unwrap();
    till.clock.advance_ms(1_000);
    assert_eq!(till.apply(), 1);
    assert_eq!(end_of(&till, 1, "authorized").0, Some(WebhookEnd::Applied));
}
