//! `X-Correlation-Id` and `traceparent`.

use crate::support::app::{On, TestApp};

#[test]
fn a_correlation_id_comes_back_as_it_was_sent_also_in_a_problem() {
    let app = TestApp::start(On::Sqlite);
    for path in [
        "/health/live",
        "/api/v1/products",
        "/nothing/here",
        "/api/v1/users/profile",
    ] {
        let answer = app.get(path).header("x-correlation-id", "shop-front.42").send();
        assert_eq!(answer.header("x-correlation-id"), Some("shop-front.42"), "{path}");
        if answer.status >= 400 {
            assert_eq!(answer.body["correlation_id"], "shop-front.42", "{path}");
        }
    }
}

#[test]
fn a_correlation_id_is_made_where_none_or_none_of_its_form_was_sent() {
    let app = TestApp::start(On::Sqlite);
    let too_long = "x".repeat(1_000);
    let mut made = Vec::new();
    for sent in [None, Some(""), Some("a b"), Some("{{7*7}}"), Some(too_long.as_str())] {
        let request = app.get("/health/live");
        let request = match sent {
            None => request,
            Some(sent) => request.header("x-correlation-id", sent),
        };
        let id = request.send().header("x-correlation-id").unwrap().to_owned();
        assert_ne!(Some(id.as_str()), sent);
        assert!(id.starts_with("cor_"), "{id}");
        made.push(id);
    }
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 5, "each is of its own");
}

#[test]
fn a_trace_goes_on_where_the_header_is_of_its_form() {
    let app = TestApp::start(On::Sqlite);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = app.get("/health/live").header("traceparent", parent).send();
    assert_eq!(answer.header("traceparent"), Some(parent));
    let answer = app.get("/health/live").header("traceparent", "00-xyz").send();
    assert_eq!(answer.header("traceparent"), None);
}
