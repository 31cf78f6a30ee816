//! `POST /api/v1/orders`

use std::collections::HashSet;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::support::app::{TestApp, eventually, on_both_databases, purchase, text};

/// What can be sold of a product, and what staff see of it.
fn stock(app: &TestApp, product: &str) -> (i64, i64, i64) {
    let path = format!("/api/v1/products/{product}/inventory");
    let body = app.get(&path).bearer(app.staff()).send().expect(200);
    let figure = |name: &str| body[name].as_i64().unwrap_or_else(|| panic!("{name} in {body}"));
    (figure("on_hand"), figure("reserved"), figure("available"))
}

fn payment_of(app: &TestApp, order: &Value) -> Value {
    let path = format!("/api/v1/payments/order/{}", text(order, "id"));
    app.get(&path).bearer(app.staff()).send().expect(200)
}

on_both_databases! {
    fn a_purchase_is_confirmed_paid_and_out_of_stock(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(1999, 10));
        let answer = app.buy(&customer, &product, 3, "tok_visa");
        assert!(answer.header("etag").is_some());
        let location = answer.header("location").unwrap().to_owned();
        let order = answer.expect(201);
        assert_eq!(order["status"], "confirmed");
        assert_eq!(order["total"], json!({"amount": 5997, "currency": "EUR", "exponent": 2}));
        assert_eq!(order["subtotal"], order["total"]);
        assert_eq!(order["items"][0]["unit_price"]["amount"], 1999);
        assert_eq!(app.get(&location).bearer(&customer.token).send().expect(200), order);
        assert_eq!(stock(app, &product), (7, 0, 7));
        let payment = payment_of(app, &order);
        assert_eq!((payment["status"].as_str(), &payment["amount"]), (Some("completed"), &order["total"]));
    }

    fn an_order_keeps_the_name_and_price_it_was_placed_at(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(500, 10));
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        let path = format!("/api/v1/products/{product}");
        // Stock that comes in changes the product's tag a moment later.
        eventually("the dearer product", || {
            let read = app.get(&path).bearer(app.staff()).send();
            let tag = read.header("etag").unwrap().to_owned();
            let sku = text(&read.body, "sku");
            let dearer = json!({"sku": sku, "name": "Renamed", "description": "",
                "price": {"amount": 900, "currency": "EUR"}});
            app.put(&path, dearer).bearer(app.staff()).header("if-match", &tag).send().status == 200
        });
        let again = app.get(&format!("/api/v1/orders/{}", text(&order, "id"))).bearer(&customer.token).send();
        assert_eq!(again.expect(200), order);
        assert_eq!(app.buy(&customer, &product, 1, "tok_visa").expect(201)["total"]["amount"], 900);
    }

    fn an_order_beyond_the_stock_is_refused_with_what_there_is(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 2));
        let problem = app.buy(&customer, &product, 3, "tok_visa").problem(409, "out_of_stock");
        assert_eq!(problem["available"], 2);
        assert_eq!(problem["shortages"], json!([{"product_id": product, "requested": 3, "available": 2}]));
        assert_eq!(stock(app, &product), (2, 0, 2));
        let order = app.get(&format!("/api/v1/orders/{}", text(&problem, "order_id"))).bearer(&customer.token).send();
        assert_eq!(order.expect(200)["status"], "cancelled");
    }

    fn the_same_product_on_two_lines_is_bought_in_their_sum(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 3));
        let mut body = purchase(&product, 2, "tok_visa");
        body["items"] = json!([{"product_id": product, "quantity": 2}, {"product_id": product, "quantity": 2}]);
        let buy = |body: &Value, key: &str| {
            app.post("/api/v1/orders", body.clone()).bearer(&customer.token).key(key).send()
        };
        assert_eq!(buy(&body, "too-many").problem(409, "out_of_stock")["available"], 3);
        body["items"][1]["quantity"] = json!(1);
        let order = buy(&body, "enough").expect(201);
        assert_eq!((order["items"].as_array().unwrap().len(), &order["items"][0]["quantity"]), (1, &json!(3)));
    }

    fn a_declined_card_leaves_nothing_held(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        for (token, reason) in [
            ("tok_declined", "card_declined"),
            ("tok_insufficient_funds", "insufficient_funds"),
            ("tok_timeout_before_charge", "provider_failure"),
            ("tok_error", "provider_failure"),
            ("tok_unheard_of", "invalid_token"),
        ] {
            let problem = app.buy(&customer, &product, 2, token).problem(402, "payment_declined");
            assert_eq!(problem["reason"], reason, "{token}");
            assert_eq!(stock(app, &product), (5, 0, 5), "{token}");
            let order = app.get(&format!("/api/v1/orders/{}", text(&problem, "order_id"))).bearer(&customer.token);
            assert_eq!(order.send().expect(200)["status"], "cancelled", "{token}");
        }
    }

    fn a_charge_whose_answer_was_lost_is_found_and_kept_once(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        let order = app.buy(&customer, &product, 1, "tok_timeout_after_charge").expect(201);
        assert_eq!(order["status"], "confirmed");
        assert_eq!(payment_of(app, &order)["status"], "completed");
    }

    fn the_same_key_and_body_give_the_same_answer_and_buy_once(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        let send = |body: &str| {
            app.request("POST", "/api/v1/orders").raw("application/json", body).bearer(&customer.token).key("k").send()
        };
        let body = purchase(&product, 1, "tok_visa");
        let first = send(&body.to_string());
        assert_eq!((first.status, first.header("idempotent-replayed")), (201, None), "{}", first.text);
        let spaced = serde_json::to_string_pretty(&body).unwrap();
        let reordered = format!("{{\"payment\": {}, \"shipping_address\": {}, \"items\": {}}}",
            body["payment"], body["shipping_address"], body["items"]);
        for again in [body.to_string(), spaced, reordered] {
            let replay = send(&again);
            assert_eq!((replay.status, &replay.text), (201, &first.text));
            assert_eq!(replay.header("idempotent-replayed"), Some("true"));
            assert_eq!(replay.header("etag"), first.header("etag"));
        }
        send(&purchase(&product, 2, "tok_visa").to_string()).problem(422, "idempotency_key_reused");
        assert_eq!(stock(app, &product), (4, 0, 4));
    }

    fn a_refusal_is_remembered_under_its_key_too(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 1));
        for (key, body, status) in [
            ("sold-out", purchase(&product, 2, "tok_visa"), 409),
            ("declined", purchase(&product, 1, "tok_declined"), 402),
        ] {
            let send = || app.post("/api/v1/orders", body.clone()).bearer(&customer.token).key(key).send();
            let (first, again) = (send(), send());
            assert_eq!((first.status, again.status), (status, status));
            assert_eq!(first.body["order_id"], again.body["order_id"]);
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
        }
    }

    fn another_customers_key_is_another_key(app: &TestApp) {
        let product = app.create_product(100, 5);
        let ids: HashSet<String> = [app.register_customer(), app.register_customer()]
            .iter()
            .map(|customer| {
                let request = app.post("/api/v1/orders", purchase(&product, 1, "tok_visa"));
                text(&request.bearer(&customer.token).key("the-same").send().expect(201), "id")
            })
            .collect();
        assert_eq!(ids.len(), 2);
    }

    fn eight_at_once_under_one_key_buy_once(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 100));
        for round in 0..5 {
            let barrier = Barrier::new(8);
            let answers: Vec<_> = std::thread::scope(|scope| {
                let send = || {
                    barrier.wait();
                    let request = app.post("/api/v1/orders", purchase(&product, 1, "tok_visa"));
                    request.bearer(&customer.token).key(&format!("round-{round}")).send()
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let (placed, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
            assert!(!placed.is_empty());
            assert!(placed.iter().all(|answer| answer.text == placed[0].text), "identical answers");
            for other in others {
                assert!(other.header("retry-after").is_some());
                other.problem(409, "idempotency_key_in_flight");
            }
            assert_eq!(stock(app, &product).0, 99 - round);
        }
    }

    fn sixty_four_buyers_of_ten_pieces_leave_none_and_sell_ten(app: &TestApp) {
        let product = app.create_product(100, 10);
        let customer = app.register_customer();
        let barrier = Barrier::new(64);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let buy = || {
                barrier.wait();
                app.buy(&customer, &product, 1, "tok_visa")
            };
            let threads: Vec<_> = (0..64).map(|_| scope.spawn(buy)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (sold, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!(sold.len(), 10);
        for other in others {
            assert_eq!(other.problem(409, "out_of_stock")["available"], 0);
        }
        assert_eq!(stock(app, &product), (0, 0, 0));
    }

    fn an_order_needs_a_key_and_somebody_who_signed_in(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 5));
        let body = purchase(&product, 1, "tok_visa");
        app.post("/api/v1/orders", body.clone()).bearer(&customer.token).send().problem(400, "idempotency_key_missing");
        app.post("/api/v1/orders", body.clone()).key("k").send().problem(401, "unauthenticated");
        app.post("/api/v1/orders", body).key("k").bearer("nonsense").send().problem(401, "invalid_token");
        assert_eq!(stock(app, &product), (5, 0, 5));
    }
}
