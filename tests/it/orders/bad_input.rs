//! What clients must not get away with, and what must not harm them: bodies, numbers, headers, texts, cursors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::app::{Customer, TestApp, on_both_databases, purchase, text};
use crate::support::http::Answer;

fn place(app: &TestApp, customer: &Customer, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    app.request("POST", "/api/v1/orders")
        .raw(media_type, body)
        .bearer(&customer.token)
        .key("bad-input")
        .send()
}

/// A purchase with one member of its first item replaced.
fn with_quantity(product: &str, quantity: &str) -> String {
    purchase(product, 1, "tok_visa")
        .to_string()
        .replace("\"quantity\":1", &format!("\"quantity\":{quantity}"))
}

/// Sends bytes and reads the head of whatever comes back.
fn raw(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // The server may answer and close before it has read everything.
    let _sent = stream.write_all(request);
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

fn untouched(app: &TestApp, product: &str) {
    let body = app
        .get(&format!("/api/v1/products/{product}/inventory"))
        .send()
        .expect(200);
    assert_eq!(body["available"], 5, "nothing was sold");
}

on_both_databases! {
    fn a_body_that_is_no_json_object_is_400(app: &TestApp) {
        let customer = app.register_customer();
        for body in ["{\"items\": [", "", "null", "[]", "\"x\"", "1", "\u{feff}{}", "{\"a\": \"\\ud800\"}"] {
            place(app, &customer, "application/json", body).problem(400, "malformed_json");
        }
        let utf_16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        place(app, &customer, "application/json", utf_16).problem(400, "malformed_json");
        place(app, &customer, "application/json", b"{\"a\": \"\xff\"}".to_vec()).problem(400, "malformed_json");
    }

    fn another_media_type_or_coding_is_415(app: &TestApp) {
        let customer = app.register_customer();
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"] {
            place(app, &customer, media_type, "{}").problem(415, "unsupported_media_type");
        }
        let bomb = app.request("POST", "/api/v1/orders").raw("application/json", vec![0x1f, 0x8b, 8, 0]);
        let bomb = bomb.header("content-encoding", "gzip").bearer(&customer.token).key("k").send();
        bomb.problem(415, "unsupported_media_type");
        let untyped = "POST /api/v1/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        assert!(raw(app, untyped.as_bytes()).starts_with("HTTP/1.1 415"));
    }

    fn a_member_that_stands_twice_is_400_and_an_unknown_one_422(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        let twice = with_quantity(&product, "1, \"quantity\": 5");
        place(app, &customer, "application/json", twice).problem(400, "duplicate_member");
        for (member, value) in [("is_admin", json!(true)), ("total", json!(1)), ("discount", json!(99))] {
            let mut body = purchase(&product, 1, "tok_visa");
            body[member] = value;
            place(app, &customer, "application/json", body.to_string()).problem(422, "validation_failed");
        }
        let mut body = purchase(&product, 1, "tok_visa");
        body["items"][0]["price"] = json!({"amount": 1, "currency": "EUR"});
        let problem = place(app, &customer, "application/json", body.to_string()).problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/items/0/price");
        untouched(app, &product);
    }

    fn what_is_deep_or_endless_is_refused_quickly(app: &TestApp) {
        let customer = app.register_customer();
        let started = Instant::now();
        place(app, &customer, "application/json", "[".repeat(200_000)).problem(400, "malformed_json");
        place(app, &customer, "application/json", format!("{{\"a\": {}}}", "9".repeat(200_000)))
            .problem(400, "malformed_json");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    fn what_is_too_large_says_so(app: &TestApp) {
        let body = "x".repeat(3_000_000);
        let head = format!("POST /api/v1/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
            Content-Length: {}\r\n\r\n", body.len());
        assert!(raw(app, format!("{head}{body}").as_bytes()).starts_with("HTTP/1.1 413"));
        let large = format!("GET /api/v1/products HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(100_000));
        assert!(raw(app, large.as_bytes()).starts_with("HTTP/1.1 431"));
        let many = "X-Many: x\r\n".repeat(90);
        let many = format!("GET /api/v1/products HTTP/1.1\r\nHost: x\r\n{many}\r\n");
        assert!(raw(app, many.as_bytes()).starts_with("HTTP/1.1 431"));
        let long = format!("GET /api/v1/products?q={} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(64_000));
        assert!(raw(app, long.as_bytes()).starts_with("HTTP/1.1 414"));
    }

    fn a_quantity_is_a_whole_number_from_one_to_a_million(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        for quantity in
            ["0", "-1", "1.5", "1.0", "1e3", "\"1\"", "2147483648", "9223372036854775807", "9223372036854775808", "null"]
        {
            let answer = place(app, &customer, "application/json", with_quantity(&product, quantity));
            let problem = answer.problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], "/items/0/quantity", "{quantity}");
        }
        untouched(app, &product);
    }

    fn an_order_holds_one_to_a_hundred_items_that_fit(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        let item = json!({"product_id": product, "quantity": 1_000_000});
        for (items, code) in [
            (json!([]), "validation_failed"),
            (json!(vec![json!({"product_id": product, "quantity": 1}); 101]), "validation_failed"),
            (json!([item, item]), "order_too_large"),
            (json!([{"product_id": "prd_01h2e8kqvbfwea724h75qc655w", "quantity": 1}]), "products_not_sold"),
            (json!([{"product_id": "' OR 1=1--", "quantity": 1}]), "validation_failed"),
        ] {
            let mut body = purchase(&product, 1, "tok_visa");
            body["items"] = items;
            place(app, &customer, "application/json", body.to_string()).problem(422, code);
        }
        untouched(app, &product);
    }

    fn money_is_whole_minor_units_of_a_known_currency(app: &TestApp) {
        let customer = app.register_customer();
        let create = |sku: &str, price: Value| {
            let body = json!({"sku": sku, "name": sku, "description": "", "price": price});
            app.post("/api/v1/products", body).bearer(app.staff()).send()
        };
        for price in [
            json!({"amount": 10.50, "currency": "JPY"}),
            json!({"amount": 100, "currency": "eur"}),
            json!({"amount": 100, "currency": "XXQ"}),
            json!({"amount": 100, "currency": "JPY", "exponent": 2}),
            json!({"amount": -1, "currency": "EUR"}),
            json!({"amount": "100", "currency": "EUR"}),
            json!({"amount": 9_223_372_036_854_775_807_i64, "currency": "EUR"}),
        ] {
            create("BAD", price).problem(422, "validation_failed");
        }
        let yen = text(&create("YEN", json!({"amount": 1050, "currency": "JPY"})).expect(201), "id");
        let euro = app.create_product(100, 5);
        let mut body = purchase(&euro, 1, "tok_visa");
        body["items"].as_array_mut().unwrap().push(json!({"product_id": yen, "quantity": 1}));
        place(app, &customer, "application/json", body.to_string()).problem(422, "mixed_currencies");
        untouched(app, &euro);
    }

    fn a_key_is_one_header_of_visible_ascii(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        let send = |keys: &[&str]| {
            let mut request = app.post("/api/v1/orders", purchase(&product, 1, "tok_visa")).bearer(&customer.token);
            for key in keys {
                request = request.header("idempotency-key", key);
            }
            request.send()
        };
        let long = "x".repeat(256);
        for keys in [&["a b"][..], &["\u{1f600}"], &[&long], &["a", "b"], &["\"\""]] {
            send(keys).problem(400, "invalid_idempotency_key");
        }
        let bare = send(&["k-1"]).expect(201);
        assert_eq!(send(&["\"k-1\""]).expect(201), bare, "quoted and bare are the same key");
    }

    fn texts_are_kept_as_they_are_and_do_nothing(app: &TestApp) {
        let customer = app.register_customer();
        let names = ["' OR 1=1--", "../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}", "<script>alert(1)</script>", "%00"];
        for (number, name) in names.into_iter().enumerate() {
            let body = json!({"sku": format!("T-{number}"), "name": name, "description": name,
                "price": {"amount": 100, "currency": "EUR"}});
            let product = app.post("/api/v1/products", body).bearer(app.staff()).send().expect(201);
            assert_eq!((product["name"].as_str(), product["description"].as_str()), (Some(name), Some(name)));
            app.receive(&text(&product, "id"), 1);
            let order = app.buy(&customer, &text(&product, "id"), 1, "tok_visa").expect(201);
            assert_eq!(order["items"][0]["name"], name);
        }
        for name in ["a\r\nSet-Cookie: x=1", "nul\0inside"] {
            let body = json!({"sku": "CRLF", "name": name, "description": "",
                "price": {"amount": 100, "currency": "EUR"}});
            app.post("/api/v1/products", body).bearer(app.staff()).send().problem(422, "validation_failed");
            let mut order = purchase("prd_01h2e8kqvbfwea724h75qc655w", 1, "tok_visa");
            order["shipping_address"]["city"] = json!(name);
            place(app, &customer, "application/json", order.to_string()).problem(422, "validation_failed");
        }
    }

    fn lists_refuse_what_they_do_not_know(app: &TestApp) {
        let customer = app.register_customer();
        let products = ["limit=-1", "limit=0", "limit=1000000000", "limit=1e1", "limit=2&limit=3", "sort=password",
            "sort=name;drop", "unknown=1", "in_stock=maybe", "price_min=abc"];
        for query in products {
            app.get(&format!("/api/v1/products?{query}")).send().problem(400, "invalid_query");
        }
        for cursor in ["x", "eyJpZCI6MX0", "'%20OR%201=1--", "ord_01h2e8kqvbfwea724h75qc655"] {
            app.get(&format!("/api/v1/products?after={cursor}")).send().problem(400, "invalid_cursor");
            let orders = format!("/api/v1/orders/user/{}?after={cursor}", customer.id);
            app.get(&orders).bearer(&customer.token).send().problem(400, "invalid_cursor");
        }
        app.create_product(100, 0);
        let wildcard = app.get("/api/v1/products?q=%25%25%25%25").send().expect(200);
        assert_eq!(wildcard["data"], json!([]), "a wildcard is a character like any other");
        for id in ["x", "%00", "..%2F..", "ord_", "' OR 1=1--"] {
            let path = format!("/api/v1/orders/{}", id.replace(' ', "%20"));
            app.get(&path).bearer(&customer.token).send().problem(404, "order_not_found");
        }
    }

    fn a_role_or_an_owner_is_never_taken_from_a_client(app: &TestApp) {
        let customer = app.register_customer();
        let body = json!({"email": "eve@example.com", "password": "a password for one test", "first_name": "Eve",
            "last_name": "E", "role": "admin"});
        app.post("/api/v1/users/register", body).send().problem(422, "validation_failed");
        let product = app.create_product(100, 5);
        let mut body = purchase(&product, 1, "tok_visa");
        body["customer_id"] = json!("usr_01h2e8kqvbfwea724h75qc655w");
        place(app, &customer, "application/json", body.to_string()).problem(422, "validation_failed");
        let request = app.post("/api/v1/orders", purchase(&product, 1, "tok_visa")).bearer(&customer.token).key("mine");
        let order = request.header("x-user-id", "usr_01h2e8kqvbfwea724h75qc655w").send().expect(201);
        assert_eq!(text(&order, "customer_id"), customer.id);
    }

    fn a_card_number_is_no_token(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        for number in ["4242424242424242", "4242 4242 4242 4242"] {
            let body = purchase(&product, 1, number).to_string();
            let refused = place(app, &customer, "application/json", body);
            assert!(!refused.text.contains("4242"), "it is not repeated");
            refused.problem(422, "card_data_not_accepted");
        }
        untouched(app, &product);
    }
}
