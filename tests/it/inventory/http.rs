//! What a client sees of inventory.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{App, test, web};
use banyan::adapters::inventory::http::routes;
use banyan::adapters::shared::http::api::Api;
use banyan::adapters::shared::http::bulkhead::BulkheadSize;
use banyan::adapters::shared::http::edge::edge;
use banyan::app::shared::decorators::authorized::Authorized;
use banyan::domains::shared::role::Role;
use banyan::ports::inventory::operations::Inventory;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::clock::IdSource;
use banyan::ports::shared::tokens::{TokenVerifier, Unverified};
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;
use uuid::Uuid;

use super::shop::{Shop, product};
use crate::support::fixed::CountingIds;

/// Takes the name of a role for a token.
struct RoleAsToken;

impl TokenVerifier for RoleAsToken {
    fn verify(&self, token: &str) -> Result<Principal, Unverified> {
        let role = match token {
            "customer" => Role::Customer,
            "staff" => Role::Staff,
            _ => return Err(Unverified::Invalid),
        };
        let id = Uuid::from_u128(1).into();
        Ok(Principal::User { id, role })
    }
}

/// What a client sends.
#[derive(Clone)]
struct Ask {
    method: Method,
    path: String,
    token: Option<&'static str>,
    key: Option<&'static str>,
    body: Option<String>,
}

fn read(path: &str, token: Option<&'static str>) -> Ask {
    let (method, path) = (Method::GET, path.to_owned());
    let (key, body) = (None, None);
    Ask {
        method,
        path,
        token,
        key,
        body,
    }
}

fn change(key: &'static str, body: &Value) -> Ask {
    let (method, path) = (Method::POST, path_of(1));
    let (token, key, body) = (Some("staff"), Some(key), Some(body.to_string()));
    Ask {
        method,
        path,
        token,
        key,
        body,
    }
}

fn path_of(number: u128) -> String {
    format!("/api/v1/products/{}/inventory", product(number))
}

/// What a client sees: status, whether it is a replay, and the body.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    status: u16,
    is_replay: bool,
    etag: Option<String>,
    body: Value,
}

/// Sends one after the other to a fresh server of the shop.
async fn send(shop: Arc<Shop>, asks: Vec<Ask>) -> Vec<Seen> {
    let inventory: Arc<dyn Inventory> = Arc::new(Authorized(Arc::clone(&shop.inventory)));
    let size = BulkheadSize {
        workers: 2,
        queue: 8,
        wait: Duration::from_secs(1),
    };
    let verifier: Arc<dyn TokenVerifier> = Arc::new(RoleAsToken);
    let ids: Arc<dyn IdSource> = Arc::new(CountingIds::new());
    let app = App::new()
        .app_data(web::Data::new(Api::new(inventory, size, size)))
        .app_data(web::Data::new(verifier))
        .app_data(web::Data::new(ids))
        .wrap(from_fn(edge))
        .into_utoipa_app()
        .configure(routes)
        .into_app();
    let app = test::init_service(app).await;
    let mut seen = Vec::new();
    for ask in asks {
        let mut request = test::TestRequest::with_uri(&ask.path).method(ask.method);
        if let Some(token) = ask.token {
            request = request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")));
        }
        if let Some(key) = ask.key {
            request = request.insert_header(("Idempotency-Key", key));
        }
        if let Some(body) = ask.body {
            request = request.insert_header(header::ContentType::json()).set_payload(body);
        }
        seen.push(seen_of(test::call_service(&app, request.to_request()).await).await);
    }
    seen
}

async fn seen_of<B: actix_web::body::MessageBody>(response: ServiceResponse<B>) -> Seen {
    let status = response.status().as_u16();
    let is_replay = response.headers().contains_key("idempotent-replayed");
    let etag = response
        .headers()
        .get(header::ETAG)
        .map(|tag| tag.to_str().unwrap().to_owned());
    let bytes = test::read_body(response).await;
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Seen {
        status,
        is_replay,
        etag,
        body,
    }
}

/// The statuses and codes of what went wrong.
fn problems(seen: &[Seen]) -> Vec<(u16, &str)> {
    seen.iter()
        .map(|seen| (seen.status, seen.body["code"].as_str().unwrap_or("")))
        .collect()
}

#[actix_web::test]
async fn staff_change_stock_and_the_same_key_replays_the_answer() {
    let receive = json!({"kind": "receive", "quantity": 10, "reason": "delivery 4711"});
    let reordered = json!({"reason": "delivery 4711", "quantity": 10, "location": "main", "kind": "receive"});
    let recount = json!({"kind": "recount", "quantity": 7, "reason": "count"});
    let asks = vec![
        change("a", &receive),
        change("a", &reordered),
        change("a", &recount),
        change("b", &recount),
    ];
    let seen = send(Arc::new(Shop::new()), asks).await;
    let level = |on_hand: i64, version: i64| {
        json!({"product_id": product(1), "location": "main", "on_hand": on_hand, "reserved": 0, "available": on_hand,
            "version": version})
    };
    assert_eq!(
        (seen[0].status, seen[0].is_replay, &seen[0].body),
        (201, false, &level(10, 1))
    );
    assert_eq!(
        (seen[1].status, seen[1].is_replay, &seen[1].body),
        (201, true, &level(10, 1))
    );
    assert_eq!(problems(&seen[2..3]), [(422, "idempotency_key_reused")]);
    assert_eq!((seen[3].status, &seen[3].body), (201, &level(7, 2)));
}

#[actix_web::test]
async fn changing_stock_needs_staff_a_key_and_a_product() {
    let ask = change("a", &json!({"kind": "receive", "quantity": 10, "reason": "delivery"}));
    let asks = vec![
        Ask {
            token: None,
            ..ask.clone()
        },
        Ask {
            token: Some("customer"),
            ..ask.clone()
        },
        Ask {
            token: Some("forged"),
            ..ask.clone()
        },
        Ask {
            key: None,
            ..ask.clone()
        },
        Ask {
            path: "/api/v1/products/whole-milk/inventory".to_owned(),
            ..ask
        },
    ];
    let seen = send(Arc::new(Shop::new()), asks).await;
    let expected = [
        (401, "unauthenticated"),
        (403, "forbidden"),
        (401, "invalid_token"),
        (400, "idempotency_key_missing"),
        (404, "stock_not_found"),
    ];
    assert_eq!(problems(&seen), expected);
}

#[actix_web::test]
async fn a_change_that_breaks_a_rule_is_refused_with_the_part_that_does() {
    let ask = |kind: &str, quantity: &str, rest: &str| Ask {
        body: Some(format!(
            r#"{{"kind":"{kind}","quantity":{quantity},"reason":"r"{rest}}}"#
        )),
        ..change("a", &json!({}))
    };
    let mut asks: Vec<Ask> = [
        ("receive", "0"),
        ("receive", "-1"),
        ("adjust", "0"),
        ("recount", "-1"),
        ("take", "1"),
    ]
    .map(|(kind, quantity)| ask(kind, quantity, ""))
    .into();
    let odd_numbers = [
        "1.5",
        "1e3",
        "\"1\"",
        "null",
        "1000000001",
        "9223372036854775807",
        "9223372036854775808",
    ];
    asks.extend(odd_numbers.map(|quantity| ask("receive", quantity, "")));
    asks.extend(
        [r#","is_admin":true"#, r#","location":"Main Street""#, r#","version":1"#]
            .map(|rest| ask("receive", "1", rest)),
    );
    asks.push(change(
        "a",
        &json!({"kind": "receive", "quantity": 1, "reason": " \n "}),
    ));
    asks.push(change(
        "a",
        &json!({"kind": "receive", "quantity": 1, "reason": "x".repeat(201)}),
    ));
    let count = asks.len();
    let seen = send(Arc::new(Shop::new()), asks).await;
    assert_eq!(problems(&seen), vec![(422, "validation_failed"); count]);
    assert_eq!(seen[0].body["errors"][0]["pointer"], "/quantity");
    assert_eq!(seen[count - 1].body["errors"][0]["pointer"], "/reason");
}

#[actix_web::test]
async fn promised_pieces_are_a_conflict_with_what_can_be_taken() {
    let shop = Arc::new(Shop::with_pieces(10));
    shop.reserve(1, &[(1, 8)]).unwrap();
    let seen = send(
        shop,
        vec![change(
            "a",
            &json!({"kind": "adjust", "quantity": -3, "reason": "broken"}),
        )],
    )
    .await;
    assert_eq!(problems(&seen), [(409, "stock_reserved")]);
    assert_eq!(seen[0].body["available"], 2);
}

#[actix_web::test]
async fn everybody_sees_what_is_available_and_staff_see_why() {
    let shop = Arc::new(Shop::with_pieces(10));
    shop.receive(1, "berlin", 4);
    shop.reserve(7, &[(1, 3)]).unwrap();
    shop.commit(7).unwrap();
    shop.reserve(8, &[(1, 2)]).unwrap();
    let path = path_of(1);
    let asks = vec![
        read(&path, None),
        read(&path, Some("customer")),
        read(&path_of(2), None),
        read(&format!("{path}?limit=2"), Some("staff")),
    ];
    let seen = send(Arc::clone(&shop), asks).await;
    assert_eq!(seen[0].body, json!({"product_id": product(1), "available": 9}));
    assert_eq!(seen[1].body, seen[0].body);
    assert_eq!(seen[2].body, json!({"product_id": product(2), "available": 0}));
    let staff = &seen[3].body;
    assert_eq!(
        (&staff["available"], &staff["on_hand"], &staff["reserved"]),
        (&json!(9), &json!(11), &json!(2))
    );
    assert_eq!(staff["levels"].as_array().unwrap().len(), 2);
    let sale = &staff["movements"]["data"][0];
    assert_eq!(
        (&sale["kind"], &sale["quantity"], &sale["on_hand_after"]),
        (&json!("sale"), &json!(-3), &json!(7))
    );

    let cursor = staff["movements"]["page"]["next_cursor"].as_str().unwrap();
    let seen = send(
        shop,
        vec![read(&format!("{path}?limit=2&after={cursor}"), Some("staff"))],
    )
    .await;
    let rest = &seen[0].body["movements"];
    assert_eq!(
        (rest["data"].as_array().unwrap().len(), &rest["page"]["next_cursor"]),
        (1, &Value::Null)
    );
}

#[actix_web::test]
async fn odd_questions_are_refused() {
    let path = path_of(1);
    let ask = |query: &str| read(&format!("{path}?{query}"), Some("staff"));
    let asks = vec![
        ask("limit=0"),
        ask("limit=101"),
        ask("limit=-1"),
        ask("page=2"),
        ask("limit=1&limit=2"),
        ask("after=forged"),
        read("/api/v1/products/prd_x/inventory", None),
    ];
    let seen = send(Arc::new(Shop::new()), asks).await;
    let mut expected = vec![(400, "invalid_query"); 5];
    expected.extend([(400, "invalid_cursor"), (404, "stock_not_found")]);
    assert_eq!(problems(&seen), expected);
}

#[actix_web::test]
async fn stock_carries_the_tag_of_its_figures() {
    let shop = Arc::new(Shop::with_pieces(10));
    let path = path_of(1);
    let first = send(Arc::clone(&shop), vec![read(&path, None), read(&path, None)]).await;
    shop.reserve(1, &[(1, 1)]).unwrap();
    let second = send(shop, vec![read(&path, None)]).await;
    assert!(first[0].etag.is_some());
    assert_eq!(first[0].etag, first[1].etag);
    assert_ne!(first[0].etag, second[0].etag);
}
