//! The whole way: a customer finds a product, buys it, reads the order, and calls it off.

use serde_json::json;

use crate::support::app::{TestApp, eventually, on_both_databases, text};

fn available(app: &TestApp, product: &str) -> serde_json::Value {
    let stock = app
        .get(&format!("/api/v1/products/{product}/inventory"))
        .send()
        .expect(200);
    stock["available"].clone()
}

on_both_databases! {
    fn a_purchase_takes_stock_and_money_and_calling_it_off_gives_both_back(app: &TestApp) {
        let product = app.create_product(1_999, 5);
        let customer = app.register_customer();

        let order = app.buy(&customer, &product, 2, "tok_visa").expect(201);
        assert_eq!(order["status"], "confirmed");
        assert_eq!(order["total"], json!({"amount": 3_998, "currency": "EUR", "exponent": 2}));
        assert_eq!(available(app, &product), 3);

        let address = format!("/api/v1/orders/{}", text(&order, "id"));
        assert_eq!(app.get(&address).bearer(&customer.token).send().expect(200)["status"], "confirmed");
        let stranger = app.register_customer();
        app.get(&address).bearer(&stranger.token).send().problem(404, "order_not_found");

        let cancelled = app.delete(&address).bearer(&customer.token).send().expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        eventually("the stock comes back", || available(app, &product) == 5);
    }

    fn the_first_admin_runs_the_shop(app: &TestApp) {
        let product = json!({
            "sku": "FIRST", "name": "First", "description": "", "price": {"amount": 1, "currency": "EUR"},
        });
        app.post("/api/v1/products", product.clone()).bearer(app.admin()).send().expect(201);
        let customer = app.register_customer();
        app.post("/api/v1/products", product).bearer(&customer.token).send().problem(403, "forbidden");
    }

    fn staff_ships_what_was_bought_and_the_buyer_sees_it_in_their_list(app: &TestApp) {
        let product = app.create_product(500, 1);
        let customer = app.register_customer();
        let order = app.buy(&customer, &product, 1, "tok_visa").expect(201);
        let address = format!("/api/v1/orders/{}", text(&order, "id"));

        let seen = app.get(&address).bearer(app.staff()).send();
        let tag = seen.header("etag").unwrap().to_owned();
        let ship = || app.put(&format!("{address}/status"), json!({"status": "shipped"})).bearer(app.staff());
        ship().send().problem(428, "precondition_required");
        assert_eq!(ship().header("if-match", &tag).send().expect(200)["status"], "shipped");
        ship().header("if-match", &tag).send().problem(412, "version_mismatch");

        let profile = app.get("/api/v1/users/profile").bearer(&customer.token).send().expect(200);
        assert_eq!(profile["email"], customer.email);
        let list = format!("/api/v1/orders/user/{}", customer.id);
        let list = app.get(&list).bearer(&customer.token).send().expect(200);
        assert_eq!(list["data"][0]["status"], "shipped");
    }

    fn what_is_lacking_and_what_is_declined_leaves_nothing_behind(app: &TestApp) {
        let product = app.create_product(500, 1);
        let customer = app.register_customer();
        app.buy(&customer, &product, 2, "tok_visa").problem(409, "out_of_stock");
        app.buy(&customer, &product, 1, "tok_declined").problem(402, "payment_declined");
        eventually("nothing is held", || available(app, &product) == 1);
        app.buy(&customer, &product, 1, "tok_visa").expect(201);
    }

    fn the_same_request_twice_is_one_order(app: &TestApp) {
        let product = app.create_product(500, 10);
        let customer = app.register_customer();
        let body = crate::support::app::purchase(&product, 1, "tok_visa");
        let buy = || app.post("/api/v1/orders", body.clone()).bearer(&customer.token).key("once").send();
        let first = buy();
        let second = buy();
        assert_eq!(second.header("idempotent-replayed"), Some("true"));
        assert_eq!(first.expect(201), second.expect(201));
        assert_eq!(available(app, &product), 9);
    }

    fn the_list_of_products_learns_what_is_in_stock(app: &TestApp) {
        let sold_out = app.create_product(500, 0);
        let there = app.create_product(500, 1);
        eventually("the catalog hears of the stock", || {
            let list = app.get("/api/v1/products?in_stock=true").send().expect(200);
            let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|product| text(product, "id")).collect();
            ids == [there.clone()] && !ids.contains(&sold_out)
        });
    }
}
