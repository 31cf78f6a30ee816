//! Comparing what payments knows with the ledger of a provider that is another process.

use banyan::ports::payments::outbound::PaymentProvider;
use banyan::ports::shared::page::PageRequest;
use serde_json::json;

use super::simulator_over_http::Provider;
use super::till::eur;

/// A charge of nobody, behind all others in the ledger's order.
const ORPHAN: &str = "zzz";

#[test]
fn a_charge_of_nobody_is_found_behind_more_entries_than_a_page_holds() {
    let provider = Provider::new();
    let door = provider.with("");
    // Keys that were blocked before anything was charged: nobody's as well, but no money is in them.
    let blocked = PageRequest::MAX_AUDIT_LIMIT + 50;
    for number in 0..blocked {
        provider.ledger.void(&format!("blocked {number}"), eur(1)).unwrap();
    }
    provider.ledger.authorize(ORPHAN, "tok_visa", eur(700)).unwrap();
    provider.ledger.capture(ORPHAN, eur(700)).unwrap();

    let app = door.shop();
    let product = app.create_product(250, 10);
    app.buy(&app.register_customer(), &product, 2, "tok_visa").expect(201);

    let report = app
        .get("/api/v1/admin/integrity")
        .bearer(app.staff())
        .send()
        .expect(200);
    assert_eq!(report["counts"]["charges"], json!(blocked + 2), "{report}");
    let [violation] = report["violations"].as_array().unwrap().as_slice() else {
        panic!("{report}")
    };
    let rows = violation["rows"].as_array().unwrap();
    assert!(
        rows.len() == 1 && rows[0].as_str().unwrap().contains(ORPHAN),
        "{report}"
    );
}
