//! Identity's endpoints as a client meets them: behind the edge, in front of the real use cases.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::http::header::HeaderMap;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use banyan::adapters::identity::http::problems::KINDS;
use banyan::adapters::identity::http::routes;
use banyan::adapters::shared::http::api::Api;
use banyan::adapters::shared::http::bulkhead::BulkheadSize;
use banyan::adapters::shared::http::edge::edge;
use banyan::app::shared::decorators::authorized::Authorized;
use banyan::ports::identity::operations::Identity;
use banyan::ports::shared::clock::IdSource;
use banyan::ports::shared::tokens::TokenVerifier;
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;

use super::shop::{PASSWORD, Shop};
use crate::support::fixed::CountingIds;

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status, and the code where it is a problem.
    fn outcome(&self) -> (u16, String) {
        let code = if self.header("content-type") == "application/problem+json" {
            self.json()["code"].clone()
        } else {
            Value::Null
        };
        (self.status, code.as_str().unwrap_or_default().to_owned())
    }
}

async fn ask(shop: &Shop, request: TestRequest) -> Answer {
    let size = BulkheadSize {
        workers: 4,
        queue: 16,
        wait: Duration::from_secs(5),
    };
    let identity: Arc<dyn Identity> = Arc::new(Authorized(shop.identity.clone()));
    let verifier: Arc<dyn TokenVerifier> = shop.verifier.clone();
    let ids: Arc<dyn IdSource> = Arc::new(CountingIds::new());
    let app = App::new()
        .app_data(web::Data::new(Api::new(identity, size, size)))
        .app_data(web::Data::new(verifier))
        .app_data(web::Data::new(ids))
        .app_data(web::Data::from(shop.keys.clone()))
        .wrap(from_fn(edge))
        .into_utoipa_app()
        .configure(routes)
        .into_app();
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    Answer { status, headers, text }
}

async fn post(shop: &Shop, path: &str, body: Value) -> Answer {
    ask(shop, TestRequest::post().uri(path).set_json(body)).await
}

fn registration() -> Value {
    json!({"email": "Ada@Example.com", "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace"})
}

fn address() -> Value {
    json!({"street": "1 Fig Tree Lane", "city": "Springfield", "zip_code": "12345", "country": "DE"})
}

fn signed(request: TestRequest, token: &str) -> TestRequest {
    request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
}

/// A shop with Ada in it, and her access token.
async fn shop_with_ada() -> (Shop, String, Value) {
    let shop = Shop::new();
    assert_eq!(post(&shop, "/api/v1/users/register", registration()).await.status, 201);
    let tokens = post(
        &shop,
        "/api/v1/users/login",
        json!({"email": "ada@example.com", "password": PASSWORD}),
    )
    .await
    .json();
    (shop, tokens["access_token"].as_str().unwrap().to_owned(), tokens)
}

#[actix_web::test]
async fn a_customer_registers_and_signs_in() {
    let shop = Shop::new();
    let registered = post(&shop, "/api/v1/users/register", registration()).await;
    let user = registered.json();
    assert_eq!(registered.status, 201);
    assert_eq!(
        (user["email"].as_str(), user["role"].as_str()),
        (Some("ada@example.com"), Some("customer"))
    );
    assert!(user["id"].as_str().unwrap().starts_with("usr_") && user.get("password").is_none());
    let login = post(
        &shop,
        "/api/v1/users/login",
        json!({"email": "ada@example.com", "password": PASSWORD}),
    )
    .await;
    assert_eq!((login.status, login.header("cache-control")), (200, "no-store"));
    let tokens = login.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"], &tokens["user_id"]),
        (&json!("Bearer"), &json!(900), &user["id"])
    );
    let again = post(&shop, "/api/v1/users/register", registration()).await;
    assert_eq!(again.outcome(), (409, "email_taken".to_owned()));
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_are_one_answer() {
    let (shop, _token, _tokens) = shop_with_ada().await;
    let wrong = post(
        &shop,
        "/api/v1/users/login",
        json!({"email": "ada@example.com", "password": "wrong"}),
    )
    .await;
    let unknown = post(
        &shop,
        "/api/v1/users/login",
        json!({"email": "eve@example.com", "password": PASSWORD}),
    )
    .await;
    assert_eq!(wrong.outcome(), (401, "invalid_credentials".to_owned()));
    assert_eq!(wrong.text, unknown.text);
    let names = |answer: &Answer| {
        answer
            .headers
            .keys()
            .map(ToString::to_string)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&wrong), names(&unknown));
}

#[actix_web::test]
async fn a_refresh_token_is_exchanged_once_and_whoever_repeats_it_ends_the_session() {
    let (shop, _token, first) = shop_with_ada().await;
    let refresh = |tokens: &Value| json!({"refresh_token": tokens["refresh_token"]});
    let answer = post(&shop, "/api/v1/users/token/refresh", refresh(&first)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let second = answer.json();
    for tokens in [&first, &second] {
        let refused = post(&shop, "/api/v1/users/token/refresh", refresh(tokens)).await;
        assert_eq!(refused.outcome(), (401, "invalid_refresh_token".to_owned()));
    }
}

#[actix_web::test]
async fn who_holds_an_expired_access_token_can_still_get_another() {
    let (shop, token, tokens) = shop_with_ada().await;
    shop.clock.advance_ms(16 * 60 * 1000);
    let profile = ask(&shop, signed(TestRequest::get().uri("/api/v1/users/profile"), &token)).await;
    assert_eq!(profile.outcome(), (401, "invalid_token".to_owned()));
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let request = TestRequest::post().uri("/api/v1/users/token/refresh").set_json(body);
    assert_eq!(ask(&shop, signed(request, &token)).await.status, 200);
}

#[actix_web::test]
async fn who_signs_out_cannot_refresh() {
    let (shop, _token, tokens) = shop_with_ada().await;
    let body = || json!({"refresh_token": tokens["refresh_token"]});
    for _time in 0..2 {
        assert_eq!(post(&shop, "/api/v1/users/logout", body()).await.status, 204);
    }
    assert_eq!(post(&shop, "/api/v1/users/token/refresh", body()).await.status, 401);
}

#[actix_web::test]
async fn a_profile_is_changed_in_the_version_that_was_read() {
    let (shop, token, _tokens) = shop_with_ada().await;
    let profile = ask(&shop, signed(TestRequest::get().uri("/api/v1/users/profile"), &token)).await;
    assert_eq!(
        (profile.status, profile.header("etag"), profile.header("cache-control")),
        (200, "\"v1\"", "no-store")
    );
    let known = TestRequest::get()
        .uri("/api/v1/users/profile")
        .insert_header((header::IF_NONE_MATCH, "\"v1\""));
    assert_eq!(ask(&shop, signed(known, &token)).await.status, 304);
    let put = |last_name: &str| {
        TestRequest::put()
            .uri("/api/v1/users/profile")
            .set_json(json!({"first_name": "Ada", "last_name": last_name}))
    };
    let changed = ask(
        &shop,
        signed(put("King").insert_header((header::IF_MATCH, "\"v1\"")), &token),
    )
    .await;
    assert_eq!(
        (
            changed.status,
            changed.header("etag"),
            changed.json()["last_name"].as_str()
        ),
        (200, "\"v2\"", Some("King"))
    );
    let stale = ask(
        &shop,
        signed(put("Byron").insert_header((header::IF_MATCH, "\"v1\"")), &token),
    )
    .await;
    assert_eq!(stale.outcome(), (412, "version_mismatch".to_owned()));
    assert_eq!(
        ask(&shop, signed(put("Byron"), &token)).await.status,
        200,
        "without a precondition"
    );
}

#[actix_web::test]
async fn an_address_book_is_kept() {
    let (shop, token, _tokens) = shop_with_ada().await;
    let added = ask(
        &shop,
        signed(
            TestRequest::post().uri("/api/v1/users/addresses").set_json(address()),
            &token,
        ),
    )
    .await;
    assert_eq!(
        (added.status, added.json()["street"].as_str()),
        (201, Some("1 Fig Tree Lane"))
    );
    let path = format!("/api/v1/users/addresses/{}", added.json()["id"].as_str().unwrap());
    let mut moved = address();
    moved["street"] = json!("2 Fig Tree Lane");
    let updated = ask(&shop, signed(TestRequest::put().uri(&path).set_json(moved), &token)).await;
    assert_eq!(updated.status, 200);
    let list = ask(&shop, signed(TestRequest::get().uri("/api/v1/users/addresses"), &token))
        .await
        .json();
    assert_eq!(list, json!({"data": [updated.json()], "page": {"next_cursor": null}}));
    assert_eq!(
        ask(&shop, signed(TestRequest::delete().uri(&path), &token))
            .await
            .status,
        204
    );
    let gone = ask(&shop, signed(TestRequest::delete().uri(&path), &token)).await;
    assert_eq!(gone.outcome(), (404, "address_not_found".to_owned()));
}

#[actix_web::test]
async fn what_needs_a_signed_in_user_says_so() {
    let shop = Shop::new();
    let id = "/api/v1/users/addresses/adr_00000000000000000000000001";
    let requests = [
        TestRequest::get().uri("/api/v1/users/profile"),
        TestRequest::put()
            .uri("/api/v1/users/profile")
            .set_json(json!({"first_name": "A", "last_name": "B"})),
        TestRequest::get().uri("/api/v1/users/addresses"),
        TestRequest::post().uri("/api/v1/users/addresses").set_json(address()),
        TestRequest::put().uri(id).set_json(address()),
        TestRequest::delete().uri(id),
    ];
    for request in requests {
        let answer = ask(&shop, request).await;
        assert_eq!(answer.outcome(), (401, "unauthenticated".to_owned()));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[actix_web::test]
async fn a_body_that_breaks_a_rule_is_refused_where_it_does() {
    let shop = Shop::new();
    let with = |name: &str, value: Value| {
        let mut body = registration();
        body[name] = value;
        body
    };
    let cases = [
        (with("email", json!("no address")), "/email"),
        (with("password", json!("fourteen bytes")), "/password"),
        (with("password", json!("x".repeat(1025))), "/password"),
        (with("password", json!("a NUL character\0")), "/password"),
        (with("first_name", json!(" ")), "/first_name"),
        (with("last_name", json!("x".repeat(101))), "/last_name"),
        (with("first_name", json!("x\r\nSet-Cookie: a=b")), "/first_name"),
        (with("role", json!("admin")), "/role"),
        (with("is_admin", json!(true)), "/is_admin"),
        (with("id", json!("usr_00000000000000000000000001")), "/id"),
    ];
    for (body, pointer) in cases {
        let answer = post(&shop, "/api/v1/users/register", body).await;
        assert_eq!(answer.outcome(), (422, "validation_failed".to_owned()), "{pointer}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    assert!(shop.event_types().is_empty());
}

#[actix_web::test]
async fn a_password_is_repeated_in_no_answer() {
    let shop = Shop::new();
    let canaries = [
        json!("canary-4711"),
        json!(4711),
        json!(["canary-4711"]),
        json!({"canary": 4711}),
        json!("canary-4711\0-4711-4711"),
    ];
    for canary in canaries {
        for path in ["/api/v1/users/register", "/api/v1/users/login"] {
            let mut body = registration();
            body["password"] = canary.clone();
            if path.ends_with("login") {
                body = json!({"email": body["email"], "password": canary});
            }
            let answer = post(&shop, path, body).await;
            assert!(answer.status >= 400 && !answer.text.contains("4711"), "{}", answer.text);
        }
        let answer = post(&shop, "/api/v1/users/token/refresh", json!({"refresh_token": canary})).await;
        assert!(answer.status >= 400 && !answer.text.contains("4711"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn the_key_set_is_public() {
    let shop = Shop::new();
    let answer = ask(&shop, TestRequest::get().uri("/.well-known/jwks.json")).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(
        (keys.len(), keys[0]["kty"].as_str(), keys[0].get("d")),
        (1, Some("OKP"), None)
    );
}

#[test]
fn every_code_is_unique() {
    let codes: std::collections::BTreeSet<_> = KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), KINDS.len());
}
