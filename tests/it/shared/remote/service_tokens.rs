//! Who is let in, and what is looked at: nothing happens for anybody else.

use std::sync::Arc;

use banyan::adapters::shared::remote::service_token::{Addressed, ServiceSecret, ServiceSigner};
use banyan::adapters::shared::remote::{handler::Remote, peer::Peer};
use banyan::adapters::shared::system::{SystemClock, SystemIds};
use banyan::ports::inventory::operations::{GetStock, Inventory};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::wire;
use serde_json::json;

use super::{Warehouse, delivery, operator, product, under_key};
use crate::support::fixed::FixedClock;
use crate::support::http::{Answer, HttpClient};
use crate::support::internal_server::{secret, signer};

const PATH: &str = "/internal/v1/inventory.change_stock";
const TO_INVENTORY: Addressed<'_> = Addressed {
    context: "inventory",
    target: PATH,
};

fn client(warehouse: &Warehouse) -> HttpClient {
    HttpClient::new(format!("http://{}", warehouse.server.address))
}

fn body() -> Vec<u8> {
    wire::write_call(&under_key("a-key"), &delivery(product(1), 7)).unwrap()
}

fn post(warehouse: &Warehouse, path: &str, token: &str, body: Vec<u8>) -> Answer {
    let client = client(warehouse);
    client
        .request("POST", path)
        .bearer(token)
        .raw("application/json", body)
        .send()
}

fn assert_refused(answer: Answer, status: u16, refusal: &str) {
    assert_eq!(answer.expect(status)["refusal"], refusal);
}

#[test]
fn a_good_token_is_let_in() {
    let warehouse = Warehouse::open();
    let token = signer().sign(TO_INVENTORY, &body()).unwrap();
    let answer = post(&warehouse, PATH, &token, body()).expect(200);
    assert_eq!(
        (answer["reply"]["on_hand"].as_i64(), &answer["replayed"]),
        (Some(7), &json!(false))
    );
}

#[test]
fn whoever_does_not_show_a_token_for_this_message_is_refused_and_nothing_is_done() {
    let warehouse = Warehouse::open();
    let signed = |message: Addressed<'_>, body: &[u8]| signer().sign(message, body).unwrap();
    let stranger = ServiceSigner::new(
        "the test",
        &ServiceSecret::new("another secret of more than 32 bytes").unwrap(),
        Arc::new(SystemClock),
    );
    // The fixed clock stands in the past: what it signs has expired.
    let yesterday = ServiceSigner::new("the test", &secret(), Arc::new(FixedClock::new()));
    let tokens = [
        ("none", String::new()),
        ("nonsense", "a.b.c".to_owned()),
        ("another secret", stranger.sign(TO_INVENTORY, &body()).unwrap()),
        ("expired", yesterday.sign(TO_INVENTORY, &body()).unwrap()),
        (
            "another context",
            signed(
                Addressed {
                    context: "orders",
                    ..TO_INVENTORY
                },
                &body(),
            ),
        ),
        (
            "another operation",
            signed(
                Addressed {
                    target: "/internal/v1/inventory.get_stock",
                    ..TO_INVENTORY
                },
                &body(),
            ),
        ),
        ("another body", signed(TO_INVENTORY, b"{}")),
    ];
    for (what, token) in tokens {
        let answer = post(&warehouse, PATH, &token, body());
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert_eq!(answer.body["refusal"], "not_one_of_us", "{what}");
    }
    let good = signed(TO_INVENTORY, &body());
    let elsewhere = post(&warehouse, &format!("{PATH}?x=1"), &good, body());
    assert_refused(elsewhere, 401, "not_one_of_us");
    let client = client(&warehouse);
    let twice = client.request("POST", PATH).bearer(&good).bearer(&good);
    assert_refused(twice.raw("application/json", body()).send(), 401, "not_one_of_us");
    assert!(warehouse.watched.asked().is_empty());
}

#[test]
fn a_caller_whose_secret_differs_learns_of_a_defect_and_not_of_an_outage() {
    let warehouse = Warehouse::open();
    let other = ServiceSecret::new("another secret of more than 32 bytes").unwrap();
    let signer = Arc::new(ServiceSigner::new("the test", &other, Arc::new(SystemClock)));
    let url = format!("http://{}", warehouse.server.address).parse().unwrap();
    let inventory = Remote::<dyn Inventory>::at(Arc::new(Peer::new(url, signer, None)), Arc::new(SystemIds));
    let answer = inventory.handle(&operator(), GetStock { product_id: product(1) });
    assert!(
        matches!(&answer, Err(Failure::Internal(message)) if message.for_operator().contains("secrets differ")),
        "{answer:?}"
    );
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_reason_and_nothing_is_done() {
    let warehouse = Warehouse::open();
    let send = |path: &str, context: &str, body: Vec<u8>| {
        let message = Addressed { context, target: path };
        let token = signer().sign(message, &body).unwrap();
        post(&warehouse, path, &token, body)
    };
    assert_refused(send(PATH, "inventory", b"{}".to_vec()), 400, "unreadable");
    let unknown = "/internal/v1/inventory.burn_down";
    assert_refused(send(unknown, "inventory", body()), 404, "unknown_operation");
    let elsewhere = "/internal/v1/orders.get_order";
    assert_refused(send(elsewhere, "orders", body()), 404, "context_not_here");
    let nowhere = client(&warehouse).request("GET", "/api/v1/products").send();
    assert_refused(nowhere, 404, "unknown_address");
    let large = vec![b' '; 1024 * 1024 + 1];
    assert_refused(send(PATH, "inventory", large), 413, "too_large");
    assert!(warehouse.watched.asked().is_empty());
}

#[test]
fn anybody_may_ask_which_contexts_run_here_and_nothing_else() {
    let warehouse = Warehouse::open();
    let health = client(&warehouse).request("GET", "/internal/v1/health").send();
    assert_eq!(health.expect(200), json!({"contexts": ["inventory"]}));
    let keys = client(&warehouse).request("GET", "/internal/v1/keys").send();
    assert_refused(keys, 401, "not_one_of_us");
}
