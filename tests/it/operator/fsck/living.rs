//! A shop that goes on while it is checked.

use banyan::app::bootstrap::fsck::report::FsckError;
use banyan::domains::shared::ids::OrderId;
use banyan::ports::orders::operations::OrderStatus;
use banyan::ports::payments::operations::PaymentStatus;

use super::books::{Books, CONFIRMED, DELIVERED, broken, check, eur, order_id};

#[test]
fn what_only_looked_wrong_for_a_moment_is_not_reported() {
    // However many audits have been called when the books come right, up to the last round of readings.
    for right_from in 0..12 {
        let report = check(
            move |reading| {
                let mut books = Books::clean();
                if reading < right_from {
                    books.levels[0].ledger_sum = 5;
                    books.orders[0].status = OrderStatus::Cancelled;
                    books.charges[0].order_id = None;
                }
                books
            },
            &[],
        );
        let report = report.unwrap();
        // The stock is read four times before it is given up, then each order.
        let only_stock = right_from > 3;
        assert_eq!(
            report.violations.iter().any(|found| found.invariant == 2),
            only_stock,
            "{right_from}: {report}"
        );
        assert!(
            report.violations.iter().all(|found| found.invariant == 2),
            "{right_from}: {report}"
        );
    }
}

#[test]
fn what_stays_wrong_is_reported_as_it_was_seen_last() {
    let report = check(
        |reading| {
            let mut books = Books::clean();
            books.levels[0].ledger_sum = 100 + i64::from(reading);
            books
        },
        &[],
    );
    let violations = report.unwrap().violations;
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].found, "on hand 6, sum of the ledger 103");
}

#[test]
fn an_order_is_found_again_on_any_page_and_when_rows_came_in_before_it() {
    let report = check(
        |reading| {
            let mut books = Books::many();
            books.orders.last_mut().unwrap().total = eur(1);
            books.payments[150].amount = eur(1);
            if reading > 12 {
                // Rows of a slow clock: they push the suspects to other places.
                for number in 9..=80 {
                    books.order(number, OrderStatus::Confirmed, Some("committed"));
                    books.pay(number, PaymentStatus::Completed, Some((1000, 1000, 0)));
                }
                books.orders.sort_by_key(|row| row.order_id);
                books.payments.sort_by_key(|row| row.order_id);
                books.reservations.sort_by_key(|row| row.order_id);
            }
            books
        },
        &[],
    );
    let report = report.unwrap();
    let rule = (4, "the total of a confirmed order is captured, once");
    assert_eq!(broken(&report), [rule, rule], "{report}");
}

#[test]
fn a_payment_that_came_in_between_is_seen_at_the_second_look() {
    let report = check(
        |reading| {
            let mut books = Books::many();
            if reading < 6 {
                books
                    .payments
                    .retain(|row| row.order_id != order_id(DELIVERED) && row.order_id != order_id(350));
            }
            books
        },
        &[],
    );
    assert!(report.as_ref().unwrap().is_clean(), "{}", report.unwrap());
}

#[test]
fn a_list_that_is_not_in_its_order_is_an_error_and_no_verdict() {
    let mut books = Books::clean();
    books.payments.swap(1, 2);
    books.order(1_000, OrderStatus::Cancelled, None);
    let result = check(move |_reading| books.clone(), &[]);
    let Err(FsckError::OutOfOrder { operation, at }) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        (operation, at.parse::<OrderId>().is_ok()),
        ("payments.audit_payments", true)
    );
}

#[test]
fn a_shop_in_ruins_is_reported_up_to_a_limit() {
    let report = check(
        |_reading| {
            let mut books = Books::default();
            for number in 1..=2_500 {
                books.order(number, OrderStatus::Confirmed, None);
            }
            books.level(CONFIRMED);
            books
        },
        &[],
    );
    let report = report.unwrap();
    assert_eq!(
        (report.violations.len(), report.truncated, report.is_clean()),
        (1_000, true, false)
    );
    assert!(report.to_string().contains("... and more: the check stopped at 1000"));
}
