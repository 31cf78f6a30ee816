//! The catalog's endpoints: statuses, headers, bodies.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use banyan::adapters::catalog::http::routes;
use banyan::adapters::shared::http::api::Api;
use banyan::adapters::shared::http::bulkhead::BulkheadSize;
use banyan::adapters::shared::http::edge::edge;
use banyan::app::shared::decorators::authorized::Authorized;
use banyan::domains::shared::ids::UserId;
use banyan::domains::shared::role::Role;
use banyan::ports::catalog::operations::Catalog;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::clock::IdSource;
use banyan::ports::shared::tokens::{TokenVerifier, Unverified};
use serde_json::{Value, json};
use ureq::http::{HeaderMap, Request};
use utoipa_actix_web::AppExt;
use uuid::Uuid;

use super::fixtures::Shop;
use crate::fakes::letters::without_letters;
use crate::support::fixed::CountingIds;

/// The tokens are the names of the roles.
struct RolesAsTokens;

impl TokenVerifier for RolesAsTokens {
    fn verify(&self, token: &str) -> Result<Principal, Unverified> {
        let role = token.parse::<Role>().map_err(|_not_a_role| Unverified::Invalid)?;
        let id = UserId::from(Uuid::from_u128(1));
        Ok(Principal::User { id, role })
    }
}

/// A server with the catalog's endpoints over a catalog in memory.
struct Server {
    url: String,
    agent: ureq::Agent,
    handle: ServerHandle,
}

impl Server {
    fn start() -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let catalog: Arc<dyn Catalog> = Arc::new(Authorized(Arc::new(without_letters(Shop::open().catalog))));
                let size = BulkheadSize {
                    workers: 4,
                    queue: 4,
                    wait: Duration::from_secs(5),
                };
                let api = web::Data::new(Api::new(catalog, size, size));
                let ids: Arc<dyn IdSource> = Arc::new(CountingIds::new());
                let ids = web::Data::new(ids);
                let tokens: Arc<dyn TokenVerifier> = Arc::new(RolesAsTokens);
                let tokens = web::Data::new(tokens);
                let server = HttpServer::new(move || {
                    App::new()
                        .wrap(from_fn(edge))
                        .app_data(api.clone())
                        .app_data(ids.clone())
                        .app_data(tokens.clone())
                        .into_utoipa_app()
                        .configure(routes)
                        .into_app()
                })
                .workers(1)
                .disable_signals()
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                tell.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = told.recv().unwrap();
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self {
            url: format!("http://{address}"),
            agent: config.into(),
            handle,
        }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match body {
            "" => self.agent.run(request.body(()).unwrap()).unwrap(),
            body => self.agent.run(request.body(body.to_owned()).unwrap()).unwrap(),
        };
        let text = answer.body_mut().read_to_string().unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// A POST as staff.
    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[STAFF, JSON], &body.to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

const STAFF: (&str, &str) = ("authorization", "Bearer staff");
const JSON: (&str, &str) = ("content-type", "application/json");

/// What came back.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Status and code of a problem.
    fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert!(self.body["correlation_id"].is_string());
        (self.status, self.body["code"].as_str().unwrap())
    }

    /// Where the errors are.
    fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
    }
}

fn milk() -> Value {
    json!({"sku": "MILK", "name": "Whole Milk", "description": "Fresh", "price": {"amount": 119, "currency": "EUR"}})
}

/// A body with other values in some of its members.
fn with(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn a_product_is_created_read_and_revalidated() {
    let server = Server::start();
    let created = server.post("/api/v1/products", &milk());
    assert_eq!(created.status, 201);
    let id = created.body["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/api/v1/products/{id}"));
    assert_eq!(created.header("etag"), "\"v1\"");
    assert_eq!(
        created.body["price"],
        json!({"amount": 119, "currency": "EUR", "exponent": 2})
    );
    assert_eq!(created.body["slug"], "whole-milk");

    for name in [id, "whole-milk"] {
        let path = format!("/api/v1/products/{name}");
        let read = server.get(&path);
        assert_eq!((read.status, read.header("etag")), (200, "\"v1\""));
        assert_eq!(read.body, created.body);
        assert_eq!(
            server.send("GET", &path, &[("if-none-match", "\"v1\"")], "").status,
            304
        );
        assert_eq!(
            server.send("GET", &path, &[("if-none-match", "\"v2\"")], "").status,
            200
        );
    }
    for name in ["bread", "prd_x", "%00", "..%2f", "'%20OR%201=1"] {
        let missing = server.get(&format!("/api/v1/products/{name}"));
        assert_eq!(missing.problem(), (404, "product_not_found"), "{name}");
    }
}

#[test]
fn bodies_of_products_are_strict() {
    let server = Server::start();
    server.post("/api/v1/products", &milk());
    let price = |amount: Value, currency: &str| json!({"price": {"amount": amount, "currency": currency}});
    for (changes, status, code, pointer) in [
        (json!({}), 409, "sku_taken", "/sku"),
        (json!({"sku": "B", "slug": "whole-milk"}), 409, "slug_taken", "/slug"),
        (json!({"sku": "a b"}), 422, "validation_failed", "/sku"),
        (json!({"slug": "A B"}), 422, "validation_failed", "/slug"),
        (json!({"name": ""}), 422, "validation_failed", "/name"),
        (json!({"name": "x".repeat(201)}), 422, "validation_failed", "/name"),
        (json!({"name": 7}), 422, "validation_failed", "/name"),
        (price(json!(-1), "EUR"), 422, "validation_failed", "/price/amount"),
        (
            price(json!(100_000_000_001_i64), "EUR"),
            422,
            "validation_failed",
            "/price/amount",
        ),
        (price(json!(10.5), "JPY"), 422, "validation_failed", "/price/amount"),
        (price(json!("1"), "EUR"), 422, "validation_failed", "/price/amount"),
        (price(json!(1), "eur"), 422, "validation_failed", "/price/currency"),
        (price(json!(1), "XAU"), 422, "validation_failed", "/price/currency"),
        (
            json!({"category_slugs": ["no", "A"]}),
            422,
            "validation_failed",
            "/category_slugs/1",
        ),
        (
            json!({"category_slugs": ["no"]}),
            422,
            "unknown_category",
            "/category_slugs",
        ),
        (json!({"is_admin": true}), 422, "validation_failed", "/is_admin"),
    ] {
        let refused = server.post("/api/v1/products", &with(milk(), changes.clone()));
        assert_eq!(refused.problem(), (status, code), "{changes}");
        assert_eq!(refused.pointers(), [pointer], "{changes}");
    }
    let twice = r#"{"sku": "A", "sku": "B", "name": "x", "price": {"amount": 1, "currency": "EUR"}}"#;
    let refused = server.send("POST", "/api/v1/products", &[STAFF, JSON], twice);
    assert_eq!(refused.problem(), (400, "duplicate_member"));
}

#[test]
fn only_staff_write() {
    let server = Server::start();
    let body = milk().to_string();
    for (method, path) in [
        ("POST", "/api/v1/products"),
        ("PUT", "/api/v1/products/prd_00000000000000000000000001"),
    ] {
        let headers = [JSON, ("if-match", "\"v1\"")];
        let refused = server.send(method, path, &headers, &body);
        assert_eq!(refused.problem(), (401, "unauthenticated"), "{method}");
        let customer = [JSON, ("if-match", "\"v1\""), ("authorization", "Bearer customer")];
        let refused = server.send(method, path, &customer, &body);
        assert_eq!(refused.problem(), (403, "forbidden"), "{method}");
    }
    let refused = server.send("POST", "/api/v1/categories", &[JSON], r#"{"name": "Food"}"#);
    assert_eq!(refused.problem(), (401, "unauthenticated"));
}

#[test]
fn a_product_is_updated_over_the_version_that_was_read() {
    let server = Server::start();
    let created = server.post("/api/v1/products", &milk());
    let path = format!("/api/v1/products/{}", created.body["id"].as_str().unwrap());
    let dearer = with(milk(), json!({"price": {"amount": 129, "currency": "EUR"}})).to_string();

    let refused = server.send("PUT", &path, &[STAFF, JSON], &dearer);
    assert_eq!(refused.problem(), (428, "precondition_required"));
    let updated = server.send("PUT", &path, &[STAFF, JSON, ("if-match", "\"v1\"")], &dearer);
    assert_eq!((updated.status, updated.header("etag")), (200, "\"v2\""));
    assert_eq!(updated.body["price"]["amount"], 129);
    let stale = server.send("PUT", &path, &[STAFF, JSON, ("if-match", "\"v1\"")], &dearer);
    assert_eq!(stale.problem(), (412, "version_mismatch"));
    assert_eq!(stale.body["current_etag"], "\"v2\"");

    let unknown = "/api/v1/products/prd_7zzzzzzzzzzzzzzzzzzzzzzzzz";
    let refused = server.send("PUT", unknown, &[STAFF, JSON, ("if-match", "\"v1\"")], &dearer);
    assert_eq!(refused.problem(), (404, "product_not_found"));
}

#[test]
fn a_repeated_creation_is_answered_as_before() {
    let server = Server::start();
    let headers = [STAFF, JSON, ("idempotency-key", "key-1")];
    let body = milk().to_string();
    let first = server.send("POST", "/api/v1/products", &headers, &body);
    let again = server.send("POST", "/api/v1/products", &headers, &body);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert!(!first.headers.contains_key("idempotent-replayed"));
}

#[test]
fn products_are_listed_page_by_page() {
    let server = Server::start();
    for number in 1..=3 {
        let body = with(
            milk(),
            json!({"sku": format!("M{number}"), "name": format!("Milk {number}")}),
        );
        assert_eq!(server.post("/api/v1/products", &body).status, 201);
    }
    let first = server.get("/api/v1/products?sort=name&limit=2&q=MILK&price_min=119&price_max=119&in_stock=false");
    let names = |answer: &Answer| -> Vec<String> {
        let data = answer.body["data"].as_array().unwrap();
        data.iter()
            .map(|product| product["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first), ["Milk 1", "Milk 2"]);
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/products?sort=name&limit=2&after={cursor}"));
    assert_eq!(names(&second), ["Milk 3"]);
    assert_eq!(second.body["page"]["next_cursor"], Value::Null);
    let tag = ("if-none-match", second.header("etag"));
    let path = format!("/api/v1/products?sort=name&limit=2&after={cursor}");
    assert_eq!(server.send("GET", &path, &[tag], "").status, 304);

    assert!(names(&server.get("/api/v1/products?q=%25%25%25%25")).is_empty());
    for (query, status, code) in [
        (format!("after={cursor}"), 400, "invalid_cursor"),
        ("after=eyJhIjoxfQ".to_owned(), 400, "invalid_cursor"),
        ("sort=password".to_owned(), 400, "invalid_query"),
        ("order=name".to_owned(), 400, "invalid_query"),
        ("limit=0".to_owned(), 400, "invalid_query"),
        ("limit=-1".to_owned(), 400, "invalid_query"),
        ("limit=1000000000".to_owned(), 400, "invalid_query"),
        ("limit=2&limit=3".to_owned(), 400, "invalid_query"),
        ("price_min=1.5".to_owned(), 400, "invalid_query"),
        ("in_stock=maybe".to_owned(), 400, "invalid_query"),
        ("q=%00".to_owned(), 400, "invalid_query"),
        ("category=nowhere".to_owned(), 404, "category_not_found"),
        ("category=No%20where".to_owned(), 404, "category_not_found"),
    ] {
        let refused = server.get(&format!("/api/v1/products?{query}"));
        assert_eq!(refused.problem(), (status, code), "{query}");
    }
}

#[test]
fn categories_are_created_listed_and_read() {
    let server = Server::start();
    let food = server.post("/api/v1/categories", &json!({"name": "Food"}));
    assert_eq!((food.status, food.header("location")), (201, "/api/v1/categories/food"));
    let dairy = server.post("/api/v1/categories", &json!({"name": "Dairy", "parent_slug": "food"}));
    assert_eq!(dairy.body["parent_slug"], "food");

    let list = server.get("/api/v1/categories");
    assert_eq!(list.body["data"], json!([food.body, dairy.body]));
    let tag = ("if-none-match", list.header("etag"));
    assert_eq!(server.send("GET", "/api/v1/categories", &[tag], "").status, 304);

    let read = server.get("/api/v1/categories/dairy");
    assert_eq!(read.body["slug"], "dairy");
    assert_eq!(read.body["ancestors"], json!([food.body]));
    assert_eq!(read.body["children"], json!([]));

    let missing = server.get("/api/v1/categories/No%20where");
    assert_eq!(missing.problem(), (404, "category_not_found"));
    let unknown = server.get("/api/v1/categories?limit=3");
    assert_eq!(unknown.problem(), (400, "invalid_query"));
    for (body, status, code, pointer) in [
        (json!({"name": "Meals", "slug": "food"}), 409, "slug_taken", "/slug"),
        (
            json!({"name": "x", "parent_slug": "no"}),
            422,
            "unknown_category",
            "/parent_slug",
        ),
        (
            json!({"name": "x", "parent_slug": "N O"}),
            422,
            "validation_failed",
            "/parent_slug",
        ),
        (json!({"name": ""}), 422, "validation_failed", "/name"),
    ] {
        let refused = server.post("/api/v1/categories", &body);
        assert_eq!(refused.problem(), (status, code), "{body}");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
}
