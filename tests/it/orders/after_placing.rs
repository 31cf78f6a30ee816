//! What can be done with an order: read, list, cancel, ship, pay later.

use serde_json::{Value, json};

use crate::support::app::{Customer, TestApp, eventually, on_both_databases, purchase, text};

fn order_path(order: &Value) -> String {
    format!("/api/v1/orders/{}", text(order, "id"))
}

fn available(app: &TestApp, product: &str) -> i64 {
    let body = app
        .get(&format!("/api/v1/products/{product}/inventory"))
        .send()
        .expect(200);
    body["available"].as_i64().unwrap()
}

fn payment_of(app: &TestApp, order: &Value) -> Value {
    let path = format!("/api/v1/payments/order/{}", text(order, "id"));
    app.get(&path).bearer(app.staff()).send().expect(200)
}

fn set_status(app: &TestApp, order: &Value, status: &str) -> crate::support::http::Answer {
    let path = order_path(order);
    let tag = app
        .get(&path)
        .bearer(app.staff())
        .send()
        .header("etag")
        .unwrap()
        .to_owned();
    let request = app.put(&format!("{path}/status"), json!({"status": status}));
    request.bearer(app.staff()).header("if-match", &tag).send()
}

/// An order without a payment, which waits for one.
fn place_to_pay_later(app: &TestApp, customer: &Customer, product: &str) -> Value {
    let mut body = purchase(product, 2, "unused");
    body.as_object_mut().unwrap().remove("payment");
    app.post("/api/v1/orders", body)
        .bearer(&customer.token)
        .key(&format!("later-{product}"))
        .send()
        .expect(201)
}

fn pay(app: &TestApp, customer: &Customer, order: &Value, token: &str) -> crate::support::http::Answer {
    let body = json!({"order_id": order["id"], "payment": {"token": token}});
    let key = format!("pay-{token}-{}", text(order, "id"));
    app.post("/api/v1/payments/process", body)
        .bearer(&customer.token)
        .key(&key)
        .send()
}

fn status(app: &TestApp, order: &Value) -> String {
    text(
        &app.get(&order_path(order)).bearer(app.staff()).send().expect(200),
        "status",
    )
}

on_both_databases! {
    fn cancelling_gives_back_stock_and_money(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 2, "tok_visa").expect(201);
        assert_eq!(available(app, &product), 3);
        let cancelled = app.delete(&order_path(&order)).bearer(&customer.token).send().expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(available(app, &product), 5);
        let payment = payment_of(app, &order);
        assert_eq!((payment["status"].as_str(), &payment["refunded"]["amount"]), (Some("refunded"), &json!(500)));
        let again = app.delete(&order_path(&order)).bearer(&customer.token).send().expect(200);
        assert_eq!(again, cancelled, "twice is once");
        assert_eq!(available(app, &product), 5);
    }

    fn an_order_that_is_on_its_way_cannot_be_cancelled(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 2, "tok_visa").expect(201);
        assert_eq!(set_status(app, &order, "shipped").expect(200)["status"], "shipped");
        let refused = app.delete(&order_path(&order)).bearer(&customer.token).send();
        assert_eq!(refused.problem(409, "order_too_late")["order_status"], "shipped");
        assert_eq!(set_status(app, &order, "delivered").expect(200)["status"], "delivered");
    }

    fn steps_are_not_skipped_and_only_checkout_confirms(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        let problem = set_status(app, &order, "delivered").problem(409, "illegal_transition");
        assert_eq!((&problem["from"], &problem["to"]), (&json!("confirmed"), &json!("delivered")));
        set_status(app, &order, "pending").problem(409, "illegal_transition");
        set_status(app, &order, "confirmed").problem(409, "illegal_transition");
        assert_eq!(set_status(app, &order, "cancelled").expect(200)["status"], "cancelled");
        set_status(app, &order, "shipped").problem(409, "illegal_transition");
        assert_eq!(available(app, &product), 5);
    }

    fn staff_write_only_over_what_they_have_read(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        let path = format!("{}/status", order_path(&order));
        let put = || app.put(&path, json!({"status": "shipped"})).bearer(app.staff());
        put().send().problem(428, "precondition_required");
        put().header("if-match", "\"v1\"").send().problem(412, "version_mismatch");
        put().header("if-match", "nonsense").send().problem(412, "version_mismatch");
        assert_eq!(status(app, &order), "confirmed");
    }

    fn an_order_is_read_again_only_when_it_changed(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        let read = app.get(&order_path(&order)).bearer(&customer.token).send();
        let tag = read.header("etag").unwrap().to_owned();
        let read = || app.get(&order_path(&order)).bearer(&customer.token).header("if-none-match", &tag).send();
        assert_eq!((read().status, read().text.as_str()), (304, ""));
        set_status(app, &order, "shipped").expect(200);
        assert_eq!(read().status, 200);
    }

    fn a_customers_orders_come_in_pages_newest_first(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 50));
        let placed: Vec<String> =
            (0..5).map(|_| text(&app.buy(&customer, &product, 1, "tok_visa").expect(201), "id")).collect();
        let list = format!("/api/v1/orders/user/{}", customer.id);
        let (mut seen, mut after) = (Vec::new(), String::new());
        for _page in 0..3 {
            let page = app.get(&format!("{list}?limit=2{after}")).bearer(&customer.token).send().expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(|order| text(order, "id")));
            after = page["page"]["next_cursor"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
        }
        seen.reverse();
        assert_eq!((seen, after.as_str()), (placed, ""));
        let none = app.get(&format!("{list}?status=shipped")).bearer(&customer.token).send().expect(200);
        assert_eq!(none["data"], json!([]));
    }

    fn details_are_composed_of_what_each_context_knows(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 2, "tok_visa").expect(201);
        let details = app.get(&format!("{}/details", order_path(&order))).bearer(&customer.token).send().expect(200);
        assert_eq!(details["order"], order);
        assert_eq!((&details["payment"]["status"], &details["payment"]["amount"]["amount"]),
            (&json!("completed"), &json!(500)));
        assert_eq!(details["customer"]["first_name"], "Carla");
        assert_eq!(details["products"][0]["id"], json!(product));
        assert_eq!(details["unavailable"], json!([]));
    }

    fn an_order_can_be_paid_later(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(300, 5));
        let order = place_to_pay_later(app, &customer, &product);
        assert_eq!((order["status"].as_str(), available(app, &product)), (Some("pending"), 3));
        pay(app, &customer, &order, "tok_declined").problem(402, "payment_attempt_declined");
        let payment = pay(app, &customer, &order, "tok_visa").expect(201);
        assert_eq!((payment["status"].as_str(), &payment["amount"]["amount"]), (Some("completed"), &json!(600)));
        eventually("the order is confirmed", || status(app, &order) == "confirmed");
        assert_eq!(available(app, &product), 3);
        assert_eq!(pay(app, &customer, &order, "tok_slow").status, 409, "it is paid");
    }

    fn an_order_that_waits_can_be_cancelled_and_then_not_be_paid(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(300, 5));
        let order = place_to_pay_later(app, &customer, &product);
        app.delete(&order_path(&order)).bearer(&customer.token).send().expect(200);
        assert_eq!(available(app, &product), 5);
        assert_eq!(pay(app, &customer, &order, "tok_visa").status, 409);
        assert_eq!(payment_of(app, &order)["status"], "voided");
    }

    fn the_catalog_hears_that_a_product_is_sold_out_and_back(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(100, 1));
        let in_stock = || app.get(&format!("/api/v1/products/{product}")).send().expect(200)["in_stock"] == json!(true);
        eventually("in stock", in_stock);
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        eventually("sold out", || !in_stock());
        app.delete(&order_path(&order)).bearer(&customer.token).send().expect(200);
        eventually("in stock again", in_stock);
    }

    fn what_belongs_to_somebody_else_does_not_exist(app: &TestApp) {
        let (owner, other) = (app.register_customer(), app.register_customer());
        let product = app.create_product(100, 5);
        let order = app.buy(&owner, &product, 1, "tok_visa").expect(201);
        let path = order_path(&order);
        let payment = payment_of(app, &order);
        app.get(&path).bearer(&other.token).send().problem(404, "order_not_found");
        app.get(&format!("{path}/details")).bearer(&other.token).send().problem(404, "order_not_found");
        app.delete(&path).bearer(&other.token).send().problem(404, "order_not_found");
        app.get(&format!("/api/v1/orders/user/{}", owner.id)).bearer(&other.token).send()
            .problem(404, "customer_not_found");
        app.get(&format!("/api/v1/payments/{}", text(&payment, "id"))).bearer(&other.token).send()
            .problem(404, "payment_not_found");
        app.get(&format!("/api/v1/payments/order/{}", text(&order, "id"))).bearer(&other.token).send()
            .problem(404, "payment_not_found");
        assert_eq!(status(app, &order), "confirmed");
    }

    fn customers_do_not_do_what_staff_do(app: &TestApp) {
        let customer = app.register_customer();
        let product = app.create_product(100, 5);
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        let payment = payment_of(app, &order);
        let as_customer = |request: crate::support::http::Request<'_>| {
            request.bearer(&customer.token).key("k").header("if-match", "\"v1\"").header("x-user-role", "admin")
                .header("x-http-method-override", "GET").send().problem(403, "forbidden")
        };
        as_customer(app.put(&format!("{}/status", order_path(&order)), json!({"status": "shipped"})));
        let refund = json!({"amount": {"amount": 100, "currency": "EUR"}, "reason": "please"});
        as_customer(app.post(&format!("/api/v1/payments/{}/refund", text(&payment, "id")), refund));
        let delivery = json!({"kind": "receive", "quantity": 5, "reason": "mine"});
        as_customer(app.post(&format!("/api/v1/products/{product}/inventory"), delivery));
        let mine = json!({"sku": "MINE", "name": "Mine", "description": "", "price": {"amount": 1, "currency": "EUR"}});
        as_customer(app.post("/api/v1/products", mine.clone()));
        as_customer(app.put(&format!("/api/v1/products/{product}"), mine));
        assert_eq!((status(app, &order).as_str(), available(app, &product)), ("confirmed", 4));
    }

    fn a_refund_in_part_is_bounded_by_what_was_taken(app: &TestApp) {
        let (customer, product) = (app.register_customer(), app.create_product(250, 5));
        let order = app.buy(&customer, &product, 2, "tok_visa").expect(201);
        let path = format!("/api/v1/payments/{}/refund", text(&payment_of(app, &order), "id"));
        let refund = |amount: i64, currency: &str, key: &str| {
            let body = json!({"amount": {"amount": amount, "currency": currency}, "reason": "a broken jar"});
            app.post(&path, body).bearer(app.staff()).key(key).send()
        };
        assert_eq!(refund(200, "EUR", "a").expect(201)["status"], "completed");
        assert_eq!(payment_of(app, &order)["status"], "partially_refunded");
        assert_eq!(refund(301, "EUR", "b").status, 409);
        assert_eq!(refund(1, "USD", "c").status, 422);
        refund(300, "EUR", "d").expect(201);
        assert_eq!(payment_of(app, &order)["status"], "refunded");
    }
}
