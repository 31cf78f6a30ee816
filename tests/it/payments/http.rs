//! The endpoints of payments as a client meets them: behind the edge, in front of the real use cases.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use banyan::adapters::payments::http::problems::KINDS;
use banyan::adapters::payments::http::routes;
use banyan::adapters::shared::http::api::Api;
use banyan::adapters::shared::http::bulkhead::BulkheadSize;
use banyan::adapters::shared::http::edge::edge;
use banyan::app::shared::decorators::authorized::Authorized;
use banyan::domains::shared::ids::UserId;
use banyan::domains::shared::role::Role;
use banyan::ports::payments::operations::Payments;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::clock::IdSource;
use banyan::ports::shared::tokens::{TokenVerifier, Unverified};
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;
use uuid::Uuid;

use super::till::{CUSTOMER, Till, order_id, payment_id};
use crate::support::fixed::CountingIds;

/// Tokens that are their own explanation: `customer-77`, `staff`.
struct NameTags;

impl TokenVerifier for NameTags {
    fn verify(&self, token: &str) -> Result<Principal, Unverified> {
        let (number, role) = match token.split_once('-') {
            Some(("customer", number)) => (
                number.parse().map_err(|_not_a_number| Unverified::Invalid)?,
                Role::Customer,
            ),
            None if token == "staff" => (5, Role::Staff),
            _ => return Err(Unverified::Invalid),
        };
        let id = UserId::from(Uuid::from_u128(number));
        Ok(Principal::User { id, role })
    }
}

pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the code of a problem.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        (self.status, self.json()["code"].as_str().unwrap().to_owned())
    }
}

pub async fn ask(till: &Till, request: TestRequest) -> Answer {
    let size = BulkheadSize {
        workers: 4,
        queue: 16,
        wait: Duration::from_secs(5),
    };
    let payments: Arc<dyn Payments> = Arc::new(Authorized(till.payments.clone()));
    let verifier: Arc<dyn TokenVerifier> = Arc::new(NameTags);
    let ids: Arc<dyn IdSource> = Arc::new(CountingIds::new());
    let app = App::new()
        .app_data(web::Data::new(Api::new(payments, size, size)))
        .app_data(web::Data::new(verifier))
        .app_data(web::Data::new(ids))
        .wrap(from_fn(edge))
        .into_utoipa_app()
        .configure(routes)
        .into_app();
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    Answer { status, headers, text }
}

fn signed(request: TestRequest, who: &str) -> TestRequest {
    request.insert_header((header::AUTHORIZATION, format!("Bearer {who}")))
}

fn customer() -> String {
    format!("customer-{CUSTOMER}")
}

async fn get(till: &Till, path: &str, who: &str) -> Answer {
    ask(till, signed(TestRequest::get().uri(path), who)).await
}

async fn post(till: &Till, path: &str, who: &str, key: &str, body: Value) -> Answer {
    let request = TestRequest::post()
        .uri(path)
        .insert_header(("Idempotency-Key", key))
        .set_json(body);
    ask(till, signed(request, who)).await
}

const PROCESS: &str = "/api/v1/payments/process";

fn card(number: u128, token: &str) -> Value {
    json!({"order_id": order_id(number), "payment": {"token": token}})
}

fn refund_path(number: u128) -> String {
    format!("/api/v1/payments/{}/refund", payment_id(number))
}

#[actix_web::test]
async fn a_customer_pays_an_order_that_waits_for_it() {
    let till = Till::open();
    till.request(1).unwrap();
    let paid = post(&till, PROCESS, &customer(), "k", card(1, "tok_visa")).await;
    assert_eq!((paid.status, paid.header("etag")), (201, "\"v3\""), "{}", paid.text);
    let path = format!("/api/v1/payments/{}", payment_id(1));
    assert_eq!(paid.header("location"), path);
    let expected = json!({
        "id": payment_id(1), "order_id": order_id(1), "customer_id": UserId::from(Uuid::from_u128(CUSTOMER)),
        "status": "completed", "provider": "simulator", "decline_reason": null, "refunds": [],
        "amount": {"amount": 5000, "currency": "EUR", "exponent": 2},
        "refunded": {"amount": 0, "currency": "EUR", "exponent": 2},
        "created_at": "2026-01-01T00:00:00.000000Z", "updated_at": "2026-01-01T00:00:00.000000Z",
    });
    assert_eq!(paid.json(), expected);
    let again = post(&till, PROCESS, &customer(), "k", card(1, "tok_visa")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.text, paid.text);
    for path in [path, format!("/api/v1/payments/order/{}", order_id(1))] {
        let read = get(&till, &path, &customer()).await;
        assert_eq!(
            (read.status, read.header("etag"), read.json()),
            (200, "\"v3\"", expected.clone())
        );
        let known = TestRequest::get()
            .uri(&path)
            .insert_header((header::IF_NONE_MATCH, "\"v3\""));
        assert_eq!(ask(&till, signed(known, "staff")).await.status, 304);
    }
}

#[actix_web::test]
async fn a_refused_card_is_402_and_the_next_one_may_pay() {
    let till = Till::open();
    till.request(1).unwrap();
    let refused = post(&till, PROCESS, &customer(), "a", card(1, "tok_insufficient_funds")).await;
    assert_eq!(refused.problem(), (402, "payment_attempt_declined".to_owned()));
    assert_eq!(refused.json()["reason"], "insufficient_funds");
    let again = post(&till, PROCESS, &customer(), "a", card(1, "tok_insufficient_funds")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (402, "true"));
    let reused = post(&till, PROCESS, &customer(), "a", card(1, "tok_visa")).await;
    assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(
        post(&till, PROCESS, &customer(), "b", card(1, "tok_visa")).await.status,
        201
    );
    let late = post(&till, PROCESS, &customer(), "c", card(1, "tok_visa")).await;
    assert_eq!(late.problem(), (409, "payment_not_pending".to_owned()));
    assert_eq!(late.json()["payment_status"], "completed");
}

#[actix_web::test]
async fn staff_give_money_back() {
    let till = Till::open();
    till.captured(1);
    let body = json!({"amount": {"amount": 2000, "currency": "EUR"}, "reason": "arrived broken"});
    let part = post(&till, &refund_path(1), "staff", "a", body.clone()).await;
    assert_eq!(part.status, 201, "{}", part.text);
    let refund = part.json();
    assert!(refund["id"].as_str().unwrap().starts_with("ref_"));
    assert_eq!(
        (&refund["status"], &refund["payment_id"], &refund["reason"]),
        (&json!("completed"), &json!(payment_id(1)), &json!("arrived broken"))
    );
    assert_eq!(
        refund["amount"],
        json!({"amount": 2000, "currency": "EUR", "exponent": 2})
    );
    let again = post(&till, &refund_path(1), "staff", "a", body).await;
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &part.text));
    let rest = post(&till, &refund_path(1), "staff", "b", json!({"reason": "the rest"})).await;
    assert_eq!((rest.status, &rest.json()["amount"]["amount"]), (201, &json!(3000)));
    let payment = get(&till, &format!("/api/v1/payments/{}", payment_id(1)), &customer())
        .await
        .json();
    assert_eq!(
        (&payment["status"], &payment["refunds"][0]),
        (&json!("refunded"), &refund)
    );
}

#[actix_web::test]
async fn what_cannot_go_back_says_why() {
    let till = Till::open();
    till.captured(1);
    till.authorize(2, "tok_visa").unwrap();
    let eur = |minor: i64| json!({"amount": {"amount": minor, "currency": "EUR"}, "reason": "broken"});
    let exceeds = post(&till, &refund_path(1), "staff", "a", eur(5_001)).await;
    assert_eq!(exceeds.problem(), (409, "refund_exceeds_captured".to_owned()));
    assert_eq!(
        exceeds.json()["refundable"],
        json!({"amount": 5000, "currency": "EUR", "exponent": 2})
    );
    let uncaptured = post(&till, &refund_path(2), "staff", "b", eur(1)).await;
    assert_eq!(uncaptured.problem(), (409, "payment_not_refundable".to_owned()));
    assert_eq!(uncaptured.json()["payment_status"], "authorized");
    let unknown = post(&till, &refund_path(3), "staff", "c", eur(1)).await;
    assert_eq!(unknown.problem(), (404, "payment_not_found".to_owned()));
    let cases = [
        (
            json!({"amount": {"amount": 1, "currency": "USD"}, "reason": "x"}),
            "/amount",
        ),
        (
            json!({"amount": {"amount": 1, "currency": "eur"}, "reason": "x"}),
            "/amount/currency",
        ),
        (
            json!({"amount": {"amount": 1, "currency": "EUR", "exponent": 3}, "reason": "x"}),
            "/amount/exponent",
        ),
        (
            json!({"amount": {"amount": 1.5, "currency": "EUR"}, "reason": "x"}),
            "/amount/amount",
        ),
        (
            json!({"amount": {"amount": 0, "currency": "EUR"}, "reason": "x"}),
            "/amount",
        ),
        (json!({"reason": " "}), "/reason"),
        (json!({"reason": "x".repeat(201)}), "/reason"),
        (json!({}), ""),
        (json!({"reason": "x", "status": "completed"}), "/status"),
    ];
    for (body, pointer) in cases {
        let answer = post(&till, &refund_path(1), "staff", "d", body.clone()).await;
        assert_eq!(answer.problem(), (422, "validation_failed".to_owned()), "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    assert_eq!(till.payment(1).refunds, []);
}

#[actix_web::test]
async fn what_a_payment_is_made_of_must_be_there_and_nothing_else() {
    let till = Till::open();
    till.request(1).unwrap();
    let with = |name: &str, value: Value| {
        let mut body = card(1, "tok_visa");
        body[name] = value;
        body
    };
    let cases = [
        (with("order_id", json!("nonsense")), "/order_id"),
        (with("order_id", json!(payment_id(1))), "/order_id"),
        (with("payment", json!({"token": ""})), "/payment/token"),
        (with("payment", json!({"token": "x".repeat(256)})), "/payment/token"),
        (
            with("payment", json!({"token": "tok_visa", "amount": 1})),
            "/payment/amount",
        ),
        (with("amount", json!({"amount": 1, "currency": "EUR"})), "/amount"),
    ];
    for (body, pointer) in cases {
        let answer = post(&till, PROCESS, &customer(), "k", body).await;
        assert_eq!(answer.problem(), (422, "validation_failed".to_owned()), "{pointer}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let keyless = TestRequest::post().uri(PROCESS).set_json(card(1, "tok_visa"));
    let answer = ask(&till, signed(keyless, &customer())).await;
    assert_eq!(answer.problem(), (400, "idempotency_key_missing".to_owned()));
    assert!(till.provider.calls().is_empty());
}

#[actix_web::test]
async fn nobody_touches_what_is_not_theirs() {
    let till = Till::open();
    till.captured(1);
    till.request(2).unwrap();
    let stranger = "customer-78";
    let payment = format!("/api/v1/payments/{}", payment_id(1));
    let of_order = format!("/api/v1/payments/order/{}", order_id(1));
    for path in [
        &payment,
        &of_order,
        "/api/v1/payments/nonsense",
        "/api/v1/payments/order/nonsense",
    ] {
        assert_eq!(
            get(&till, path, stranger).await.problem(),
            (404, "payment_not_found".to_owned())
        );
    }
    for path in [&payment, &of_order] {
        let anonymous = ask(&till, TestRequest::get().uri(path)).await;
        assert_eq!(anonymous.problem(), (401, "unauthenticated".to_owned()));
        assert_eq!(
            get(&till, path, "forged").await.problem(),
            (401, "invalid_token".to_owned())
        );
    }
    let process = post(&till, PROCESS, stranger, "a", card(2, "tok_visa")).await;
    assert_eq!(process.problem(), (404, "payment_not_found".to_owned()));
    let refund = post(&till, &refund_path(1), &customer(), "b", json!({"reason": "mine"})).await;
    assert_eq!(refund.problem(), (403, "forbidden".to_owned()));
    assert_eq!(till.payment(1).refunds, []);
}

#[test]
fn every_code_is_unique() {
    let codes: std::collections::BTreeSet<_> = KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), KINDS.len());
}
