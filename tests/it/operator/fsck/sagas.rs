//! Invariant 9: sagas end, or wait for a person.

use banyan::domains::shared::ids::SagaId;
use banyan::ports::orders::operations::SagaAudit;
use uuid::Uuid;

use super::books::{Books, broken, check, now, order_id};

fn saga(number: u128, status: &str, age_ms: i64, reason: Option<&str>) -> SagaAudit {
    SagaAudit {
        saga_id: SagaId::from(Uuid::from_u128(number)),
        kind: "checkout".to_owned(),
        subject: order_id(number).to_string(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        updated_at: now().plus_ms(-age_ms),
    }
}

#[test]
fn a_saga_that_stands_still_for_more_than_a_minute_is_found() {
    let mut books = Books::clean();
    books.sagas = vec![
        saga(1, "running", 60_001, None),
        saga(2, "compensating", 3_600_000, Some("the provider\nis away")),
        saga(3, "running", 60_000, None),
        saga(4, "compensating", 0, None),
    ];
    let report = books.check();
    let rule = (9, "a saga ends within a minute");
    assert_eq!(broken(&report), [rule, rule]);
    assert_eq!(report.counts.open_sagas, 4);
    let found = &report.violations[1];
    assert_eq!(
        found.rows,
        [books.sagas[1].saga_id.to_string(), order_id(2).to_string()]
    );
    assert!(
        found
            .to_string()
            .ends_with("checkout is compensating since 2025-12-31T23:00:00.000000Z: the provider is away")
    );
}

#[test]
fn a_stuck_saga_is_found_whatever_its_age_and_says_why() {
    let mut books = Books::clean();
    books.sagas = vec![
        saga(1, "stuck", 0, Some("refund refused")),
        saga(2, "stuck", 99_999_999, None),
    ];
    let report = books.check();
    let rule = (9, "no saga needs a person");
    assert_eq!(broken(&report), [rule, rule]);
    assert!(
        report.violations[0]
            .found
            .ends_with("needs an operator: refund refused")
    );
    assert!(
        report.violations[1]
            .found
            .ends_with("needs an operator: no reason is known")
    );
}

#[test]
fn a_saga_that_moves_on_meanwhile_is_not_reported() {
    let report = check(
        |reading| {
            let mut books = Books::clean();
            // The sixth audit is the first of sagas: one of these ends, the other is taken up again.
            if reading < 6 {
                books.sagas = vec![saga(1, "running", 70_000, None), saga(2, "running", 70_000, None)];
            } else {
                books.sagas = vec![saga(2, "running", 10, None), saga(3, "running", 70_000, None)];
            }
            books
        },
        &[],
    );
    assert!(report.as_ref().unwrap().is_clean(), "{}", report.unwrap());
}
