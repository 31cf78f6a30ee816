//! Invariants 3, 4 and 5: orders against their reservations and their money.

use banyan::domains::shared::money::Money;
use banyan::ports::orders::operations::OrderStatus;
use banyan::ports::payments::operations::{Charge, ChargeAudit, PaymentStatus};

use super::books::{
    AWAITING_PAYMENT, Books, CALLED_OFF, CONFIRMED, DECLINED, DELIVERED, IN_PROGRESS, OUT_OF_STOCK, SHIPPED, broken,
    eur, order_id, payment_id, reservation_id,
};

const SOLD_ONCE: (u8, &str) = (3, "the stock of a confirmed order is sold, once");
const CAPTURED_ONCE: (u8, &str) = (4, "the total of a confirmed order is captured, once");
const NO_STOCK: (u8, &str) = (3, "a cancelled order holds no stock");
const NO_MONEY: (u8, &str) = (4, "a cancelled order holds no money");
const SOLD_TO_CONFIRMED: (u8, &str) = (3, "stock is sold to confirmed orders only");
const TAKEN_FOR_CONFIRMED: (u8, &str) = (4, "money is taken for confirmed orders only");
const AGREED_REFUNDS: (u8, &str) = (5, "a payment, its refunds and the provider agree on what went back");
const BOUNDED_REFUNDS: (u8, &str) = (
    5,
    "refunds never exceed what was captured, nor that what was authorized",
);
const CHARGE_BELONGS: (u8, &str) = (4, "every charge with money belongs to an order");
const CHARGED_ONCE: (u8, &str) = (4, "nobody is charged twice");

/// Falsifies the books of a clean shop, and returns what is found.
fn falsified(falsify: impl Fn(&mut Books)) -> Vec<(u8, &'static str)> {
    let mut books = Books::clean();
    falsify(&mut books);
    broken(&books.check())
}

#[test]
fn a_clean_shop_has_no_violations_and_is_counted() {
    let report = Books::clean().check();
    assert!(report.is_clean(), "{report}");
    assert_eq!(
        report.to_string(),
        "looked at 8 orders, 7 reservations, 7 payments, 6 charges, 3 stock levels, 0 open sagas, \
         0 consumers of events\nclean"
    );
    let many = Books::many().check();
    assert!(many.is_clean(), "{many}");
    assert_eq!((many.counts.orders, many.counts.charges), (258, 256));
    assert!(Books::default().check().is_clean());
}

#[test]
fn stock_of_a_confirmed_order_that_is_not_sold_is_found() {
    for status in ["active", "released", "expired", "returned"] {
        for order in [CONFIRMED, SHIPPED, DELIVERED] {
            let found = falsified(|books| books.reservation(order).status = status.to_owned());
            assert_eq!(found, [SOLD_ONCE], "{status} for order {order}");
        }
    }
    assert_eq!(falsified(|books| books.reservation(CONFIRMED).units = 3), [SOLD_ONCE]);
    assert_eq!(falsified(|books| books.orders[0].units = 1), [SOLD_ONCE]);
    assert_eq!(falsified(|books| drop(books.reservations.remove(0))), [SOLD_ONCE]);
}

#[test]
fn a_second_reservation_of_a_confirmed_order_is_found_unless_it_was_let_go() {
    for (status, expected) in [
        ("active", vec![SOLD_ONCE]),
        ("committed", vec![SOLD_ONCE]),
        ("released", vec![]),
    ] {
        let found = falsified(|books| {
            books.reserve(99, CONFIRMED, status);
            books.reservations.sort_by_key(|row| row.order_id);
        });
        assert_eq!(found, expected, "{status}");
    }
}

#[test]
fn a_confirmed_order_that_is_not_paid_in_full_is_found() {
    use PaymentStatus::{Authorized, Failed, Pending, Voided};
    for status in [Pending, Authorized, Failed, Voided] {
        let found = falsified(|books| books.payment(CONFIRMED).status = status);
        assert_eq!(found, [CAPTURED_ONCE], "{status:?}");
    }
    assert_eq!(
        falsified(|books| books.payment(CONFIRMED).amount = eur(999)),
        [CAPTURED_ONCE]
    );
    assert_eq!(falsified(|books| books.orders[0].total = eur(1001)), [CAPTURED_ONCE]);
    assert_eq!(
        falsified(|books| books.charge(CONFIRMED).captured = eur(999)),
        [CAPTURED_ONCE]
    );
    assert_eq!(
        falsified(|books| books.charge(SHIPPED).captured = eur(999)),
        [CAPTURED_ONCE]
    );
    assert_eq!(
        falsified(|books| books.payment(CONFIRMED).charge = None),
        [CAPTURED_ONCE]
    );
    assert_eq!(falsified(|books| drop(books.payments.remove(0))), [CAPTURED_ONCE]);
}

#[test]
fn an_order_that_was_paid_twice_is_found() {
    let paid_again = |status, charge| {
        falsified(|books| {
            books.pay(99, status, charge);
            books.payments.last_mut().unwrap().order_id = order_id(CONFIRMED);
            books.payments.sort_by_key(|row| row.order_id);
        })
    };
    assert_eq!(
        paid_again(PaymentStatus::Completed, Some((1000, 1000, 0))),
        [CAPTURED_ONCE]
    );
    assert_eq!(
        paid_again(PaymentStatus::Authorized, Some((1000, 0, 0))),
        [CAPTURED_ONCE]
    );
    assert_eq!(paid_again(PaymentStatus::Refunded, Some((1000, 1000, 1000))), []);
    assert_eq!(paid_again(PaymentStatus::Failed, None), []);
}

#[test]
fn a_cancelled_order_that_holds_stock_is_found() {
    for status in ["active", "committed"] {
        for order in [CALLED_OFF, DECLINED] {
            let found = falsified(|books| books.reservation(order).status = status.to_owned());
            assert_eq!(found, [NO_STOCK], "{status}");
        }
    }
    assert_eq!(
        falsified(|books| books.reservation(DECLINED).status = "expired".to_owned()),
        []
    );
}

#[test]
fn a_cancelled_order_that_holds_money_is_found() {
    // The provider still holds the amount; the provider kept part of it; only the payment thinks that it has it.
    let holds = falsified(|books| {
        let charge = books.charge(DECLINED);
        (charge.authorized, charge.open) = (eur(1000), true);
    });
    assert_eq!(holds, [NO_MONEY]);
    let kept = falsified(|books| {
        let payment = books.payment(CALLED_OFF);
        (payment.refunded, payment.refunds_sum) = (eur(400), eur(400));
        books.charge(CALLED_OFF).refunded = eur(400);
    });
    assert_eq!(kept, [NO_MONEY]);
    let thinks = falsified(|books| {
        books.pay(OUT_OF_STOCK, PaymentStatus::Completed, None);
        books.payments.sort_by_key(|row| row.order_id);
    });
    assert_eq!(thinks, [NO_MONEY]);
}

#[test]
fn a_pending_order_that_was_sold_or_paid_is_found() {
    let sold = falsified(|books| books.reservation(AWAITING_PAYMENT).status = "committed".to_owned());
    assert_eq!(sold, [SOLD_TO_CONFIRMED]);
    let paid = falsified(|books| books.payment(AWAITING_PAYMENT).status = PaymentStatus::Completed);
    assert_eq!(paid, [TAKEN_FOR_CONFIRMED]);
}

#[test]
fn refunds_on_which_the_accounts_disagree_are_found() {
    assert_eq!(
        falsified(|books| books.payment(SHIPPED).refunded = eur(200)),
        [AGREED_REFUNDS]
    );
    assert_eq!(
        falsified(|books| books.payment(SHIPPED).refunds_sum = eur(200)),
        [AGREED_REFUNDS]
    );
    assert_eq!(
        falsified(|books| books.charge(SHIPPED).refunded = eur(200)),
        [AGREED_REFUNDS]
    );
    let unknown = falsified(|books| books.payment(CALLED_OFF).charge = None);
    assert_eq!(
        unknown,
        [AGREED_REFUNDS],
        "nothing is kept, but it cannot have gone back either"
    );
    let yen = Money::of(300, "JPY".parse().unwrap());
    assert_eq!(
        falsified(|books| books.payment(SHIPPED).refunded = yen),
        [AGREED_REFUNDS]
    );
}

#[test]
fn more_refunded_than_captured_or_captured_than_authorized_is_found_even_while_in_progress() {
    let refunded = falsified(|books| {
        let payment = books.payment(DELIVERED);
        (payment.refunded, payment.refunds_sum) = (eur(1001), eur(1001));
        books.charge(DELIVERED).refunded = eur(1001);
    });
    assert_eq!(refunded, [BOUNDED_REFUNDS]);
    assert_eq!(
        falsified(|books| books.charge(CONFIRMED).authorized = eur(999)),
        [BOUNDED_REFUNDS]
    );
    assert_eq!(
        falsified(|books| books.charge(IN_PROGRESS).captured = eur(1001)),
        [BOUNDED_REFUNDS]
    );
    let yen = Money::of(0, "JPY".parse().unwrap());
    assert_eq!(
        falsified(|books| books.charge(IN_PROGRESS).captured = yen),
        [BOUNDED_REFUNDS]
    );
}

#[test]
fn rows_without_an_order_are_found_and_name_themselves() {
    let mut books = Books::clean();
    books.reserve(50, 50, "active");
    books.reserve(51, 51, "released");
    books.pay(52, PaymentStatus::Voided, None);
    books.reserve(53, 53, "committed");
    let report = books.check();
    let rows: Vec<_> = report.violations.iter().map(|found| found.rows.clone()).collect();
    assert_eq!(
        rows,
        [
            [order_id(50).to_string(), reservation_id(50).to_string()],
            [order_id(52).to_string(), payment_id(52).to_string()],
            [order_id(53).to_string(), reservation_id(53).to_string()],
        ]
    );
    assert_eq!(
        broken(&report),
        [
            (3, "a reservation has an order"),
            (4, "a payment has an order"),
            (3, "a reservation has an order"),
        ]
    );
}

#[test]
fn money_at_the_provider_that_no_order_knows_of_is_found() {
    let orphan = |authorized, captured, refunded, open| {
        falsified(|books| {
            books.charges.push(ChargeAudit {
                charge: Charge {
                    key: "from elsewhere".to_owned(),
                    authorized: eur(authorized),
                    captured: eur(captured),
                    refunded: eur(refunded),
                    open,
                },
                order_id: None,
                superseded: false,
            });
        })
    };
    assert_eq!(orphan(500, 500, 0, false), [CHARGE_BELONGS]);
    assert_eq!(orphan(500, 500, 499, false), [CHARGE_BELONGS]);
    assert_eq!(orphan(500, 0, 0, true), [CHARGE_BELONGS]);
    assert_eq!(orphan(500, 500, 500, false), [], "all of it went back");
    assert_eq!(orphan(0, 0, 0, false), [], "it was declined");
    assert_eq!(orphan(500, 500, 600, false), [BOUNDED_REFUNDS, CHARGE_BELONGS]);
}

#[test]
fn a_second_charge_of_an_order_that_was_paid_is_found() {
    let second = |authorized, captured, refunded, open| {
        falsified(|books| {
            let mut earlier = books.charges[0].clone();
            earlier.charge = Charge {
                key: format!("{}-2", earlier.charge.key),
                authorized: eur(authorized),
                captured: eur(captured),
                refunded: eur(refunded),
                open,
            };
            earlier.superseded = true;
            books.charges.push(earlier);
        })
    };
    assert_eq!(second(1000, 1000, 0, false), [CHARGED_ONCE]);
    assert_eq!(second(1000, 0, 0, true), [CHARGED_ONCE]);
    assert_eq!(second(1000, 1000, 1000, false), [], "it went back");
    assert_eq!(second(0, 0, 0, false), [], "it was declined");
}

#[test]
fn an_order_in_progress_may_disagree_with_the_other_contexts() {
    for order in 0..8 {
        let found = falsified(|books| {
            books.orders[order].in_progress = true;
            books.orders[order].status = OrderStatus::Confirmed;
            books
                .reservations
                .retain(|row| row.order_id != books.orders[order].order_id);
        });
        assert_eq!(found, [], "order {order}");
    }
}

#[test]
fn a_violation_reads_as_a_sentence_with_rows_and_numbers_and_travels_as_json() {
    let mut books = Books::clean();
    books.charge(CONFIRMED).captured = eur(999);
    let report = books.check();
    let (order, payment) = (order_id(CONFIRMED), payment_id(CONFIRMED));
    assert_eq!(
        report.violations[0].to_string(),
        format!(
            "invariant 4, the total of a confirmed order is captured, once: {order}, {payment}: the payment is Completed \
             over 10.00 EUR, refunded 0.00 EUR, and the provider has authorized 10.00 EUR, captured 9.99 EUR, refunded \
             0.00 EUR, closed; the order's total is 10.00 EUR"
        )
    );
    assert!(report.to_string().ends_with("1 violations"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["violations"][0]["invariant"], 4);
    assert_eq!(json["counts"]["orders"], 8);
}
