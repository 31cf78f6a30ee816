//! `GET /health/live`, `GET /health/ready`.

use serde_json::json;

use crate::support::app::{On, TestApp, on_both_databases};

on_both_databases! {
    fn a_shop_that_is_well_is_live_and_ready(app: &TestApp) {
        assert_eq!(app.get("/health/live").send().expect(200), json!({"status": "live"}));
        let ready = app.get("/health/ready").send().expect(200);
        assert_eq!(ready["status"], "ready");
        for check in ["identity", "catalog", "inventory", "payments", "orders", "workers", "open"] {
            assert_eq!(ready["checks"][check], "ok", "{ready}");
        }
    }
}

#[test]
fn a_shop_whose_database_is_gone_is_live_and_not_ready() {
    let app = TestApp::start(On::Postgres);
    app.get("/health/ready").send().expect(200);
    app.drop_database();
    let ready = app.get("/health/ready").send().expect(503);
    assert_eq!(ready["status"], "not_ready");
    assert_eq!(ready["checks"]["orders"], "failed");
    assert_eq!(ready["checks"]["workers"], "ok");
    app.get("/health/live").send().expect(200);
}
