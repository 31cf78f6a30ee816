//! `GET /health/live`, `GET /health/ready`.

use serde_json::json;

use crate::support::app::{On, TestApp, on_both_databases};
use crate::support::topology::Topology;

/// The contexts whose databases belong to the process that serves the storefront.
fn contexts_of_the_storefront() -> Vec<String> {
    let topology = Topology::wished().unwrap_or_else(|| Topology::named("one"));
    let storefront = topology.services.iter().find(|service| service.is_storefront).unwrap();
    storefront.contexts().into_iter().map(str::to_owned).collect()
}

on_both_databases! {
    fn a_shop_that_is_well_is_live_and_ready(app: &TestApp) {
        assert_eq!(app.get("/health/live").send().expect(200), json!({"status": "live"}));
        let ready = app.get("/health/ready").send().expect(200);
        assert_eq!(ready["status"], "ready");
        for check in ["workers", "access_token_keys", "open"] {
            assert_eq!(ready["checks"][check], "ok", "{ready}");
        }
        let contexts = contexts_of_the_storefront();
        for context in &contexts {
            assert_eq!(ready["checks"][context], "ok", "{ready}");
        }
        assert_eq!(ready["checks"].as_object().unwrap().len(), 3 + contexts.len(), "and nobody else's: {ready}");
    }
}

#[test]
fn a_shop_whose_database_is_gone_is_live_and_not_ready() {
    let app = TestApp::start(On::Postgres);
    app.get("/health/ready").send().expect(200);
    app.drop_database();
    let ready = app.get("/health/ready").send().expect(503);
    assert_eq!(ready["status"], "not_ready");
    for context in contexts_of_the_storefront() {
        assert_eq!(ready["checks"][context], "failed");
    }
    assert_eq!(ready["checks"]["workers"], "ok");
    app.get("/health/live").send().expect(200);
}
