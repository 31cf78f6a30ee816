//! What is taken from the provider, and what is not.

use std::sync::Barrier;

use actix_web::test::TestRequest;
use banyan::adapters::payments::providers::webhook_signature::{WebhookSecret, sign};
use banyan::domains::shared::secret::Secret;
use banyan::ports::payments::operations::{ReceiveWebhook, ReceiveWebhookError, WebhookReceipt};
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failure::Failure;

use super::http::{Answer, ask};
use super::till::{Till, WEBHOOK_SECRET, webhook_secret};
use crate::support::app::{On, TestApp};

const PATH: &str = "/api/v1/payments/webhooks/simulator";
const HEADER: &str = "Banyan-Simulator-Signature";

/// A till whose provider holds an amount, and what the provider has told of it.
fn till_that_was_told() -> (Till, String) {
    let till = Till::open();
    till.authorize(1, "tok_visa").unwrap();
    let (_id, body) = till.told().remove(0);
    (till, body)
}

async fn send(till: &Till, signature: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = TestRequest::post()
        .uri(PATH)
        .insert_header((HEADER, signature))
        .set_payload(body.into());
    ask(till, request).await
}

fn signed(till: &Till, body: &str) -> String {
    sign(&webhook_secret(), body, till.clock.now())
}

#[actix_web::test]
async fn a_webhook_is_kept_and_comes_twice_as_once() {
    let (till, body) = till_that_was_told();
    for duplicate in [false, true, true] {
        let answer = send(&till, &signed(&till, &body), body.as_str()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json(), serde_json::json!({"duplicate": duplicate}));
        till.clock.advance_ms(100_000);
    }
    assert_eq!((till.inbox.len(), till.apply(), till.apply()), (1, 1, 0));
}

#[actix_web::test]
async fn who_does_not_show_that_they_are_the_provider_is_refused_and_nothing_is_kept() {
    let (till, body) = till_that_was_told();
    let right = signed(&till, &body);
    let (time, tag) = right.split_once(",v1=").unwrap();
    let seconds: i64 = time.strip_prefix("t=").unwrap().parse().unwrap();
    let stranger = WebhookSecret::new("another secret, which is as long as ours").unwrap();
    let at = |moved: i64| sign(&webhook_secret(), &body, till.clock.now().plus_ms(moved * 1_000));
    for signature in [
        String::new(),
        "nonsense".to_owned(),
        time.to_owned(),
        format!("v1={tag}"),
        format!("{time},v0={tag}"),
        format!("t={},v1={tag}", seconds + 1),
        format!("t=now,v1={tag}"),
        sign(&stranger, &body, till.clock.now()),
        signed(&till, &body.replace(':', ": ")),
        at(-301),
        at(301),
        at(1_000_000),
    ] {
        let answer = send(&till, &signature, body.as_str()).await;
        assert_eq!(answer.problem(), (400, "webhook_not_genuine".to_owned()), "{signature}");
        assert_eq!(answer.json()["detail"], serde_json::Value::Null, "why is not told");
    }
    let without = TestRequest::post().uri(PATH).set_payload(body.clone());
    assert_eq!(ask(&till, without).await.status, 400);
    let twice = TestRequest::post()
        .uri(PATH)
        .append_header((HEADER, right.as_str()))
        .append_header((HEADER, right.as_str()))
        .set_payload(body.clone());
    assert_eq!(ask(&till, twice).await.status, 400);
    assert_eq!(till.inbox.len(), 0);
    for signature in [right.as_str(), &format!("{time},v1=00,v1={tag}"), &at(-300), &at(300)] {
        assert_eq!(send(&till, signature, body.as_str()).await.status, 200, "{signature}");
    }
}

#[actix_web::test]
async fn what_is_signed_and_no_webhook_is_refused_with_its_reason() {
    let (till, body) = till_that_was_told();
    let odd = body.replace("EUR", "EURO");
    for (body, reason) in [
        ("", "it is not JSON, line 1 column 0"),
        ("[1]", "a member is missing or not of its form, line 1"),
        (
            "{\"id\": \"\", \"type\": \"x\"}",
            "id must be 1 to 255 visible ASCII characters",
        ),
        (odd.as_str(), "a member is missing or not of its form"),
    ] {
        let answer = send(&till, &signed(&till, body), body).await;
        assert_eq!(answer.problem(), (400, "webhook_unreadable".to_owned()), "{body}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(reason), "{detail}");
    }
    let bytes = b"{\"id\": \"\xff\"}";
    let answer = send(&till, "t=1,v1=00", bytes.as_slice()).await;
    assert_eq!(answer.problem(), (400, "webhook_unreadable".to_owned()));
    let large = format!("{{\"id\": \"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let answer = send(&till, &signed(&till, &large), large).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(answer.json()["max_bytes"], 64 * 1024);
    assert_eq!(till.inbox.len(), 0);
}

#[actix_web::test]
async fn another_body_under_a_known_id_is_a_conflict_and_changes_nothing() {
    let (till, body) = till_that_was_told();
    till.hear(&body).unwrap();
    let other = body.replace("5000", "5001");
    assert_ne!(other, body);
    let answer = send(&till, &signed(&till, &other), other).await;
    assert_eq!(answer.problem(), (409, "webhook_id_reused".to_owned()));
    till.apply();
    assert_eq!(till.hear(&body), Ok(WebhookReceipt { duplicate: true }));
}

#[actix_web::test]
async fn webhooks_are_taken_from_the_known_provider_alone() {
    let (till, body) = till_that_was_told();
    let request = TestRequest::post()
        .uri("/api/v1/payments/webhooks/another")
        .insert_header((HEADER, signed(&till, &body)))
        .set_payload(body.clone());
    assert_eq!(
        ask(&till, request).await.problem(),
        (404, "webhooks_not_taken".to_owned())
    );
    let op = ReceiveWebhook {
        provider: "another".to_owned(),
        signature: signed(&till, &body),
        body,
    };
    assert!(!format!("{op:?}").contains("v1="), "a signature is not for the log");
    assert_eq!(
        till.do_as_orders(op),
        Err(Failure::Domain(ReceiveWebhookError::UnknownProvider))
    );
}

#[test]
fn one_that_comes_three_times_at_once_is_fresh_once() {
    for _ in 0..20 {
        let (till, body) = till_that_was_told();
        let barrier = Barrier::new(3);
        let fresh = std::thread::scope(|scope| {
            let hear = || {
                barrier.wait();
                !till.hear(&body).unwrap().duplicate
            };
            let three = [scope.spawn(hear), scope.spawn(hear), scope.spawn(hear)];
            three
                .map(|one| one.join().unwrap())
                .into_iter()
                .filter(|fresh| *fresh)
                .count()
        });
        assert_eq!((fresh, till.apply()), (1, 1));
    }
}

#[test]
fn without_a_secret_no_webhooks_are_taken() {
    let app = TestApp::start_whole(On::Sqlite, |_settings| {});
    let answer = app
        .request("POST", PATH)
        .header(HEADER, "t=1,v1=00")
        .raw("application/json", "{}");
    answer.send().problem(404, "webhooks_not_taken");
}

/// The processes before payments know neither its secret nor its rules.
fn a_webhook_is_passed_on(on: On) {
    let secret = webhook_secret();
    let app = TestApp::start_apart("five", on, |settings| {
        settings.webhook_secrets = vec![Secret::new(WEBHOOK_SECRET)];
    });
    let body = r#"{"id":"evt_1", "type":"something.new",  "live":false}"#;
    let send = |signature: &str| {
        let request = app.request("POST", PATH).header(HEADER, signature);
        request.raw("application/json", body).send()
    };
    let now = || banyan::adapters::shared::system::SystemClock.now();
    for duplicate in [false, true] {
        let receipt = send(&sign(&secret, body, now())).expect(200);
        assert_eq!(receipt["duplicate"], duplicate);
    }
    send(&sign(&secret, body, now().plus_ms(-301_000))).problem(400, "webhook_not_genuine");
}

#[test]
fn a_webhook_is_passed_on_byte_for_byte_to_the_process_of_payments_on_sqlite() {
    a_webhook_is_passed_on(On::Sqlite);
}

#[test]
fn a_webhook_is_passed_on_byte_for_byte_to_the_process_of_payments_on_postgres() {
    a_webhook_is_passed_on(On::Postgres);
}
