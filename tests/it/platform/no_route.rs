//! The answer where no endpoint matches.

use std::collections::{BTreeMap, BTreeSet};

use banyan::app::bootstrap::routes;

use crate::support::app::{On, TestApp};

/// Methods that somebody might try, known to some endpoint or none.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

#[test]
fn an_address_that_nobody_serves_is_a_problem_of_status_404() {
    let app = TestApp::start(On::Sqlite);
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/product",
        "/api/v2/products",
        "/docs/none",
        "/api/v1/products/x/y",
    ] {
        app.get(path).send().problem(404, "route_not_found");
    }
}

#[test]
fn a_method_that_an_address_does_not_know_is_a_problem_of_status_405_with_those_it_knows() {
    let app = TestApp::start(On::Sqlite);
    let document = serde_json::to_value(routes::document(routes::all())).unwrap();
    let known: BTreeMap<String, BTreeSet<String>> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
            (path.clone(), methods.collect())
        })
        .collect();
    let mut refused = 0;
    for (path, known) in &known {
        // `/api/v1/orders/user/{id}` with its parameters filled in.
        let address: String = path
            .split('/')
            .map(|segment| if segment.starts_with('{') { "something" } else { segment })
            .collect::<Vec<_>>()
            .join("/");
        for method in METHODS.iter().filter(|method| !known.contains(**method)) {
            let answer = app.request(method, &address).send();
            // Another pattern may match the same address: `/api/v1/payments/{id}` matches that of `process`.
            if answer.status != 405 {
                assert_eq!(address, *path, "{method} {address}: {answer:?}");
                continue;
            }
            refused += 1;
            let allowed: BTreeSet<String> = answer.header("allow").unwrap().split(", ").map(str::to_owned).collect();
            assert!(known.is_subset(&allowed), "{method} {address}: {allowed:?}");
            assert!(!allowed.contains(*method), "{method} {address}");
            if *method != "HEAD" {
                answer.problem(405, "method_not_allowed");
            }
        }
    }
    assert!(refused > 100, "{refused} were looked at");
}

#[test]
fn a_header_does_not_override_the_method() {
    let app = TestApp::start(On::Sqlite);
    let answer = app
        .request("POST", "/health/live")
        .header("x-http-method-override", "GET")
        .send();
    answer.problem(405, "method_not_allowed");
}
