//! The integrity of the shop as staff see it, while the shop goes on.

use std::sync::Arc;

use banyan::adapters::shared::sql::connection::DatabaseLocation;
use banyan::adapters::shared::sql::database::{Database, PoolSize};
use banyan::adapters::shared::sql::errors::storage_error;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::app::{On, TestApp};
use crate::support::http::Answer;

const ROUTE: &str = "/api/v1/admin/integrity";

fn check(app: &TestApp) -> Answer {
    app.get(ROUTE).bearer(app.staff()).send()
}

/// A shop in which something was bought, returned and refused.
fn trade(app: &TestApp) -> String {
    let product = app.create_product(250, 10);
    let customer = app.register_customer();
    for token in ["tok_visa", "tok_visa", "tok_declined"] {
        app.buy(&customer, &product, 2, token);
    }
    product
}

/// Does something in the inventory's database behind the shop's back.
fn behind_its_back(location: DatabaseLocation, statement: &str) {
    let database = Database::open(location, PoolSize { connections: 1 }, Arc::new(|| {}));
    database
        .write(|conn| conn.batch_execute(statement).map_err(storage_error))
        .unwrap();
}

fn staff_learn_that_everything_holds(on: On) {
    let app = TestApp::start_whole(on, |_settings| {});
    trade(&app);
    let report = check(&app).expect(200);
    assert_eq!(report["clean"], true, "{report}");
    assert_eq!((&report["violations"], &report["stopped"]), (&json!([]), &json!(false)));
    let counts = &report["counts"];
    assert_eq!(
        (&counts["orders"], &counts["payments"]),
        (&json!(3), &json!(3)),
        "{report}"
    );
    assert_eq!(
        (&counts["charges"], &counts["stock_levels"]),
        (&json!(3), &json!(1)),
        "{report}"
    );
    assert!(
        report["took_ms"].is_u64() && report["checked_at"].is_string(),
        "{report}"
    );
}

fn staff_learn_which_row_is_wrong_and_one_check_runs_at_a_time(on: On) {
    let mut inventory = None;
    let app = TestApp::start_whole(on, |settings| inventory = Some(settings.database_of("inventory")));
    let product = trade(&app);
    behind_its_back(inventory.unwrap(), "UPDATE stock_levels SET on_hand = on_hand + 1");
    app.staff();
    // What looks wrong is read again for seconds: two who ask at once ask during the same check.
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asked = [(), ()].map(|()| scope.spawn(|| check(&app)));
        asked.map(|thread| thread.join().unwrap()).into()
    });
    let (done, turned_away): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((done.len(), turned_away.len()), (1, 1));
    for answer in turned_away {
        assert_eq!(answer.header("retry-after"), Some("10"));
        answer.problem(503, "overloaded");
    }
    for answer in done {
        let report: Value = answer.expect(200);
        assert_eq!(report["clean"], false);
        let [violation] = report["violations"].as_array().unwrap().as_slice() else {
            panic!("{report}")
        };
        assert_eq!(violation["rule"], "stock on hand is the sum of the ledger");
        assert_eq!(violation["rows"], json!([format!("{product} at main")]));
    }
}

fn the_integrity_is_for_staff(on: On) {
    let app = TestApp::start_whole(on, |_settings| {});
    let customer = app.register_customer();
    app.get(ROUTE).send().problem(401, "unauthenticated");
    app.get(ROUTE).bearer(&customer.token).send().problem(403, "forbidden");
    app.request("DELETE", ROUTE)
        .bearer(app.staff())
        .send()
        .problem(405, "method_not_allowed");
}

#[test]
fn the_contexts_are_asked_wherever_they_run() {
    let app = TestApp::start_apart("catalog-apart", On::Sqlite, |_settings| {});
    trade(&app);
    let report = check(&app).expect(200);
    assert_eq!(
        (&report["clean"], &report["counts"]["orders"]),
        (&json!(true), &json!(3)),
        "{report}"
    );
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(super::On::Sqlite); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(super::On::Postgres); })+ }
    };
}

on_both!(
    staff_learn_that_everything_holds,
    staff_learn_which_row_is_wrong_and_one_check_runs_at_a_time,
    the_integrity_is_for_staff,
);
