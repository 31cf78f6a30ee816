//! A `PostgreSQL` that goes, comes late, is read-only or keeps others waiting: what the shop says meanwhile, and that it
//! goes on by itself.

use std::io::{BufRead, BufReader, Read};
use std::net::ToSocketAddrs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;

use super::command_line::banyan;
use crate::support::app::{Customer, On, TestApp, eventually, purchase};
use crate::support::databases::PostgresDatabase;
use crate::support::http::{Answer, Request};
use crate::support::lossy_proxy::LossyProxy;

/// The shop says no within two seconds; a machine that is busy with other tests takes longer to hear it.
const SAYS_NO_WITHIN: Duration = Duration::from_secs(4);
/// The longest that a process may take to end.
const STOP_TIME: Duration = Duration::from_secs(30);

/// A network between a shop and its server that can be cut, and the server's URL by way of it.
fn by_way_of_a_network(url: &str) -> (LossyProxy, String) {
    let (before, rest) = url.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let network = LossyProxy::before(server.to_socket_addrs().unwrap().next().unwrap());
    let url = format!("{before}@{}/{database}", network.address);
    (network, url)
}

/// A shop that reaches its server over a network that can be cut, with a customer and something to buy.
fn shop_over_a_network() -> (LossyProxy, TestApp, Customer, String) {
    let mut between = None;
    let app = TestApp::start_whole(On::Postgres, |settings| {
        let (network, url) = by_way_of_a_network(settings.databases.general.as_ref().unwrap().as_str());
        settings.databases.general = Some(url.parse().unwrap());
        between = Some(network);
    });
    let customer = app.register_customer();
    let product = app.create_product(250, 10);
    (between.unwrap(), app, customer, product)
}

/// Each kind of request to each context, and what it answers when all is well.
fn requests<'a>(app: &'a TestApp, customer: &Customer, product: &str) -> Vec<(&'static str, u16, Request<'a>)> {
    let log_in = json!({"email": customer.email, "password": "nobody's password"});
    let delivery = json!({"kind": "receive", "quantity": 1, "reason": "delivery"});
    let stock = format!("/api/v1/products/{product}/inventory");
    let their = |path: &str| app.get(path).bearer(&customer.token);
    let buy = app.post("/api/v1/orders", purchase(product, 1, "tok_visa"));
    vec![
        ("a wrong password", 401, app.post("/api/v1/users/login", log_in)),
        ("the profile", 200, their("/api/v1/users/profile")),
        ("the products", 200, app.get("/api/v1/products")),
        ("a product", 200, app.get(&format!("/api/v1/products/{product}"))),
        ("the stock", 200, app.get(&stock)),
        (
            "a delivery",
            201,
            app.post(&stock, delivery).bearer(app.staff()).key("delivery-1"),
        ),
        ("a purchase", 201, buy.bearer(&customer.token).key("purchase-1")),
        (
            "the orders",
            200,
            their(&format!("/api/v1/orders/user/{}", customer.id)),
        ),
    ]
}

fn assert_says_unavailable(what: &str, answer: Answer) {
    assert!(
        answer.header("retry-after").is_some(),
        "{what} does not say when to come back: {}",
        answer.text
    );
    answer.problem(503, "unavailable");
}

#[test]
fn every_request_is_answered_by_503_in_time_while_the_server_is_away_and_works_when_it_is_back() {
    let (network, app, customer, product) = shop_over_a_network();
    network.cut();
    for (what, _well, request) in requests(&app, &customer, &product) {
        let asked = Instant::now();
        assert_says_unavailable(what, request.send());
        assert!(asked.elapsed() < SAYS_NO_WITHIN, "{what} took {:?}", asked.elapsed());
    }
    app.get("/health/ready").send().expect(503);
    app.get("/health/live").send().expect(200);
    network.mend();
    eventually("the shop is ready again", || {
        app.get("/health/ready").send().status == 200
    });
    for _twice in 0..2 {
        // The second time the keys are known. What was refused while the server was away had no effect.
        for (what, well, request) in requests(&app, &customer, &product) {
            let answer = request.send();
            assert_eq!(answer.status, well, "{what}: {}", answer.text);
        }
    }
    let orders = app
        .get(&format!("/api/v1/orders/user/{}", customer.id))
        .bearer(&customer.token);
    assert_eq!(orders.send().expect(200)["data"].as_array().unwrap().len(), 1);
}

#[test]
fn connections_that_broke_while_nobody_used_them_fail_no_request() {
    let (network, app, customer, product) = shop_over_a_network();
    for _outage in 0..3 {
        network.cut();
        network.mend();
        for (what, well, request) in requests(&app, &customer, &product) {
            let answer = request.send();
            assert_eq!(answer.status, well, "{what}: {}", answer.text);
        }
    }
}

#[test]
fn only_what_needs_the_database_that_is_away_is_put_off() {
    let database = PostgresDatabase::create();
    let (network, url) = by_way_of_a_network(&database.url);
    let app = TestApp::start_whole(On::Postgres, |settings| {
        settings.databases.own.insert("inventory", url.parse().unwrap());
    });
    let customer = app.register_customer();
    let product = app.create_product(250, 10);
    network.cut();
    let buy = || {
        let buy = app.post("/api/v1/orders", purchase(&product, 1, "tok_visa"));
        buy.bearer(&customer.token).key("purchase").send()
    };
    let stock = app.get(&format!("/api/v1/products/{product}/inventory"));
    assert_says_unavailable("the stock", stock.send());
    app.get(&format!("/api/v1/products/{product}")).send().expect(200);
    app.get("/api/v1/users/profile")
        .bearer(&customer.token)
        .send()
        .expect(200);
    assert_eq!(
        app.get("/health/ready").send().expect(503)["checks"]["inventory"],
        "failed"
    );
    // The order is kept, and waits for what it needs.
    buy().problem(409, "idempotency_key_in_flight");
    network.mend();
    eventually("the purchase has come about", || buy().status == 201);
}

#[test]
fn a_server_that_is_read_only_can_be_read_and_is_not_ready() {
    let app = TestApp::start_whole(On::Postgres, |_settings| {});
    let customer = app.register_customer();
    let product = app.create_product(250, 10);
    let staff = app.staff().to_owned();
    app.set_databases_read_only(true);
    app.get(&format!("/api/v1/products/{product}")).send().expect(200);
    app.get("/health/ready").send().expect(503);
    app.get("/health/live").send().expect(200);
    assert_says_unavailable("a purchase", app.buy(&customer, &product, 1, "tok_visa"));
    let delivery = json!({"kind": "receive", "quantity": 1, "reason": "delivery"});
    let deliver = app.post(&format!("/api/v1/products/{product}/inventory"), delivery);
    assert_says_unavailable("a delivery", deliver.bearer(&staff).key("delivery").send());
    app.set_databases_read_only(false);
    eventually("the shop is ready again", || {
        app.get("/health/ready").send().status == 200
    });
    app.buy(&customer, &product, 1, "tok_visa").expect(201);
}

#[test]
fn who_waits_for_a_lock_that_is_held_is_answered_by_503_and_the_other_contexts_go_on() {
    let app = TestApp::start_whole(On::Postgres, |_settings| {});
    let customer = app.register_customer();
    let product = app.create_product(250, 10);
    let mut holder = app.connect_to_database();
    holder
        .batch_execute("BEGIN; LOCK TABLE catalog.products IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    assert_says_unavailable("a product", app.get(&format!("/api/v1/products/{product}")).send());
    app.get("/api/v1/users/profile")
        .bearer(&customer.token)
        .send()
        .expect(200);
    app.get(&format!("/api/v1/products/{product}/inventory"))
        .send()
        .expect(200);
    holder.batch_execute("ROLLBACK").unwrap();
    app.get(&format!("/api/v1/products/{product}")).send().expect(200);
}

/// A process on a server over this network, which says nothing on standard output before it serves.
fn serve(folder: &std::path::Path, url: &str, wait_seconds: &str) -> Child {
    banyan(folder)
        .env("BANYAN_HTTP_ADDR", "127.0.0.1:0")
        .env("BANYAN_DEMO", "off")
        .env("BANYAN_DATABASE_URL", url)
        .env("BANYAN_DATABASE_WAIT_SECONDS", wait_seconds)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_server_that_comes_late_is_waited_for_and_a_process_told_to_stop_without_one_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let database = PostgresDatabase::create();
    let (network, url) = by_way_of_a_network(&database.url);
    network.cut();
    let mut process = serve(folder.path(), &url, "60");
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("is waited for") {
        assert_ne!(log.read_line(&mut said).unwrap(), 0, "the process ended: {said}");
    }
    // The rest of the log is read so that nobody waits for us.
    let rest = std::thread::spawn(move || log.read_to_string(&mut String::new()));
    network.mend();
    let mut announcement = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut announcement)
        .unwrap();
    assert!(announcement.contains("serves"), "{announcement}");
    network.cut();
    let told = std::process::Command::new("kill")
        .args(["-TERM", &process.id().to_string()])
        .status();
    assert!(told.unwrap().success());
    let until = Instant::now() + STOP_TIME;
    while process.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it did not end");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(process.wait().unwrap().code(), Some(0));
    rest.join().unwrap().unwrap();
}

#[test]
fn a_server_that_does_not_come_ends_the_process_with_one_line_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = serve(folder.path(), "postgres://shop:hunter2@127.0.0.1:1/shop", "1").wait_with_output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(
        last.contains("BANYAN_DATABASE_URL") && last.contains("unavailable"),
        "{said}"
    );
    assert!(said.contains("is waited for") && !said.contains("hunter2"), "{said}");
}
