//! Checkout under faults: every step, every way to fail, and nothing is left behind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use banyan::domains::shared::ids::{OrderId, ProductId};
use banyan::domains::shared::postal_address::PostalAddress;
use banyan::domains::shared::quantity::Quantity;
use banyan::ports::orders::operations::{
    CancelOrder, GetOrder, Order, OrderItem, OrderStatus, PlaceOrder, PlaceOrderError, ResumeSagas,
};
use banyan::ports::payments::operations::PaymentStatus;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use crate::support::databases::{postgres, sqlite};
use crate::support::failpoints::Trial;
use crate::support::faulty::Fault;
use crate::support::fixed::{customer, with_key};
use crate::support::house::House;

/// The steps that reach outside, in their order.
const STEPS: [&str; 4] = [
    "inventory.reserve_stock",
    "payments.authorize_payment",
    "inventory.commit_reservation",
    "payments.capture_payment",
];

type Placed = Result<Order, Failure<PlaceOrderError>>;

pub(super) fn purchase(lines: &[(ProductId, i64)], token: Option<&str>) -> PlaceOrder {
    let items = lines.iter().map(|(product_id, pieces)| OrderItem {
        product_id: *product_id,
        quantity: Quantity::new(*pieces).unwrap(),
    });
    PlaceOrder {
        items: items.collect(),
        shipping_address: PostalAddress::new("1 Fig Lane", "Ulm", "", "89073", "DE").unwrap(),
        payment_token: token.map(str::to_owned),
    }
}

/// Buys under a key; a crash of the "process" is `None`.
fn buy(house: &House, key: &str, op: PlaceOrder) -> Option<Placed> {
    let cx = with_key(&customer(1), key);
    catch_unwind(AssertUnwindSafe(|| house.orders.handle(&cx, op))).ok()
}

/// What the client gets that asks again until there is an answer.
fn answer(house: &House, key: &str, op: PlaceOrder) -> (CallContext, Placed) {
    house.let_sagas_end();
    let cx = with_key(&customer(1), key);
    let placed = house.orders.handle(&cx, op);
    (cx, placed)
}

/// Each product of a house: what was received, and what confirmed orders took.
struct Books {
    products: Vec<(ProductId, i64, i64)>,
}

impl Books {
    fn check(&self, house: &House, cell: &str) {
        for (product_id, received, sold) in &self.products {
            let level = house.level(*product_id);
            assert_eq!((level.on_hand, level.reserved), (received - sold, 0), "{cell}: stock");
        }
        for audit in house.audits() {
            let order = house
                .orders
                .handle(
                    &House::operator(),
                    GetOrder {
                        order_id: audit.order_id,
                    },
                )
                .unwrap();
            let kept = audit
                .charge
                .as_ref()
                .map_or(0, |charge| charge.captured.minor() - charge.refunded.minor());
            let open = audit.charge.as_ref().is_some_and(|charge| charge.open);
            let due = if order.status == OrderStatus::Confirmed {
                order.total.minor()
            } else {
                0
            };
            assert_eq!(
                (kept, open),
                (due, false),
                "{cell}: the provider's ledger of {}",
                order.id
            );
            if order.status == OrderStatus::Confirmed {
                assert_eq!(audit.status, PaymentStatus::Completed, "{cell}");
            }
        }
    }

    fn sell(&mut self, order: &Order) {
        for line in &order.lines {
            let book = self
                .products
                .iter_mut()
                .find(|(id, ..)| *id == line.product_id)
                .unwrap();
            book.2 += i64::from(line.quantity.get());
        }
    }
}

fn shapes(house: &House) -> (Books, Vec<Vec<(ProductId, i64)>>) {
    let products: Vec<ProductId> = ["APPLE", "BREAD", "CREAM"]
        .iter()
        .map(|name| house.product(name, 250, 10_000))
        .collect();
    let books = Books {
        products: products.iter().map(|id| (*id, 10_000, 0)).collect(),
    };
    let [apple, bread, cream] = products[..] else {
        unreachable!()
    };
    (
        books,
        vec![
            vec![(apple, 1)],
            vec![(apple, 2), (bread, 1), (cream, 3)],
            vec![(apple, 1), (apple, 2)],
        ],
    )
}

/// A fault that strikes once is survived: the purchase ends confirmed, once, whatever died in between.
fn a_fault_that_strikes_once_is_survived_at_every_step(house: &House) {
    let (mut books, shapes) = shapes(house);
    let faults = [
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::CrashBefore,
        Fault::CrashAfter,
        Fault::Twice,
    ];
    for step in STEPS {
        for fault in faults {
            for (number, lines) in shapes.iter().enumerate() {
                let cell = format!("{step}.{fault:?}.{number}");
                house.faults.strike(step, fault, 1);
                let first = buy(house, &cell, purchase(lines, Some("tok_visa")));
                assert_eq!(house.faults.stop(), 1, "{cell}: the fault struck");
                assert_eq!(
                    first.is_none(),
                    matches!(fault, Fault::CrashBefore | Fault::CrashAfter),
                    "{cell}"
                );
                let (cx, placed) = answer(house, &cell, purchase(lines, Some("tok_visa")));
                let order = placed.unwrap_or_else(|failure| panic!("{cell}: {failure:?}"));
                assert!(cx.was_replayed(), "{cell}: the answer is that of the first request");
                assert_eq!(order.status, OrderStatus::Confirmed, "{cell}");
                books.sell(&order);
                books.check(house, &cell);
            }
        }
    }
}

/// A fault that never ends makes the purchase go back: the order is cancelled and holds nothing.
fn a_fault_that_never_ends_leaves_nothing_behind_at_any_step(house: &House) {
    let (books, shapes) = shapes(house);
    for step in STEPS {
        for fault in [Fault::ErrorBefore, Fault::ErrorAfter] {
            for (number, lines) in shapes.iter().enumerate() {
                let cell = format!("{step}.{fault:?}.{number}");
                house.faults.strike(step, fault, usize::MAX);
                let first = buy(house, &cell, purchase(lines, Some("tok_visa"))).unwrap();
                assert_eq!(
                    first,
                    Err(Failure::IdempotencyKeyInFlight),
                    "{cell}: the client need not wait"
                );
                let (_cx, placed) = answer(house, &cell, purchase(lines, Some("tok_visa")));
                assert!(house.faults.stop() >= 6, "{cell}: it was tried again");
                let Err(Failure::Domain(PlaceOrderError::Abandoned { order_id })) = placed else {
                    panic!("{cell}: {placed:?}");
                };
                assert_eq!(
                    cancelled(house, order_id).as_deref(),
                    Some("abandoned"),
                    "{cell}: what went wrong inside is not for the customer"
                );
                books.check(house, &cell);
            }
        }
    }
}

/// The way back survives faults too: each undo fails once before and once after its effect, dies, or happens twice.
fn an_undo_that_fails_is_done_in_the_end(house: &House) {
    let (books, shapes) = shapes(house);
    let faults = [
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::CrashBefore,
        Fault::CrashAfter,
        Fault::Twice,
    ];
    for fault in faults {
        for (number, lines) in shapes.iter().enumerate() {
            let cell = format!("release.{fault:?}.{number}");
            house.faults.strike("inventory.release_reservation", fault, 1);
            let _first = buy(house, &cell, purchase(lines, Some("tok_declined")));
            assert_eq!(house.faults.stop(), 1, "{cell}: the fault struck");
            let (_cx, placed) = answer(house, &cell, purchase(lines, Some("tok_declined")));
            let Err(Failure::Domain(PlaceOrderError::PaymentDeclined { order_id, reason })) = placed else {
                panic!("{cell}: {placed:?}");
            };
            assert_eq!(reason, "card_declined", "{cell}");
            assert_eq!(
                cancelled(house, order_id).as_deref(),
                Some("card_declined"),
                "{cell}: and not what befell the undo"
            );
            books.check(house, &cell);
        }
    }
}

/// Attempts in half an hour.
const ATTEMPTS: usize = 90;

/// Whoever is away for half an hour keeps nothing: as soon as they are back, what is to be undone is undone.
fn an_undo_waits_for_as_long_as_others_are_away(house: &House) {
    let (books, shapes) = shapes(house);
    for fault in [Fault::ErrorBefore, Fault::ErrorAfter] {
        let cell = format!("release.{fault:?}");
        house.faults.strike("inventory.release_reservation", fault, ATTEMPTS);
        let _first = buy(house, &cell, purchase(&shapes[1], Some("tok_declined")));
        try_again_and_again(house);
        let (_cx, placed) = answer(house, &cell, purchase(&shapes[1], Some("tok_declined")));
        assert_eq!(house.faults.stop(), ATTEMPTS, "{cell}");
        assert!(
            matches!(placed, Err(Failure::Domain(PlaceOrderError::PaymentDeclined { .. }))),
            "{cell}: {placed:?}"
        );
        books.check(house, &cell);
    }
}

/// And so is a customer's money that is to go back.
fn a_cancellation_waits_for_as_long_as_payments_are_away(house: &House) {
    let (books, shapes) = shapes(house);
    let order = buy(house, "bought", purchase(&shapes[1], Some("tok_visa")))
        .unwrap()
        .unwrap();
    house
        .faults
        .strike("payments.cancel_payment", Fault::ErrorBefore, ATTEMPTS);
    let cancelled = house.orders.handle(
        &customer(1),
        CancelOrder {
            order_id: order.id,
            reason: None,
        },
    );
    assert_eq!(cancelled.unwrap().status, OrderStatus::Cancelled);
    try_again_and_again(house);
    house.let_sagas_end();
    assert_eq!(house.faults.stop(), ATTEMPTS);
    books.check(house, "cancelled");
}

fn try_again_and_again(house: &House) {
    for _attempt in 0..ATTEMPTS {
        house.clock.advance_ms(20_000);
        house
            .orders
            .handle(&House::operator(), ResumeSagas { limit: 10 })
            .unwrap();
    }
}

/// Tokens that time out or fail: the outcome is looked up, never assumed.
fn what_the_provider_left_open_is_looked_up(house: &House) {
    let (mut books, shapes) = shapes(house);
    let (_cx, placed) = {
        let op = || purchase(&shapes[1], Some("tok_timeout_after_charge"));
        let _first = buy(house, "after", op());
        answer(house, "after", op())
    };
    books.sell(&placed.unwrap());
    books.check(house, "timeout after charge");
    for token in ["tok_timeout_before_charge", "tok_error", "tok_nobody_knows"] {
        let _first = buy(house, token, purchase(&shapes[1], Some(token)));
        let (_cx, placed) = answer(house, token, purchase(&shapes[1], Some(token)));
        assert!(
            matches!(placed, Err(Failure::Domain(PlaceOrderError::PaymentDeclined { .. }))),
            "{token}: {placed:?}"
        );
        books.check(house, token);
    }
}

/// The database goes while a saga is written down, and is back: nobody waits for the lease of somebody who has stopped.
fn a_saga_that_could_not_be_written_goes_on_without_waiting_for_its_lease(house: &House) {
    let (mut books, shapes) = shapes(house);
    for (point, actions) in [
        ("saga.checkout.record.before", "return(away)"),
        ("commit.orders.after", "1*return(unknown)->off"),
    ] {
        let op = || purchase(&shapes[1], Some("tok_visa"));
        let trial = Trial::begin();
        trial.arm(point, actions);
        let first = buy(house, point, op()).unwrap();
        assert!(
            matches!(first, Err(Failure::IdempotencyKeyInFlight | Failure::Timeout)),
            "{point}: {first:?}"
        );
        trial.disarm(point);
        let resumed = house.orders.handle(&House::operator(), ResumeSagas { limit: 10 });
        assert_eq!(resumed.unwrap(), 1, "{point}: at the same instant");
        books.sell(&buy(house, point, op()).unwrap().unwrap());
        books.check(house, point);
    }
}

/// Why an order is cancelled.
fn cancelled(house: &House, order_id: OrderId) -> Option<String> {
    let order = house.orders.handle(&House::operator(), GetOrder { order_id }).unwrap();
    assert_eq!(order.status, OrderStatus::Cancelled);
    order.cancel_reason
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(&super::House::build(super::sqlite)); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(&super::House::build(super::postgres)); })+ }
    };
}

on_both!(
    a_saga_that_could_not_be_written_goes_on_without_waiting_for_its_lease,
    a_fault_that_strikes_once_is_survived_at_every_step,
    a_fault_that_never_ends_leaves_nothing_behind_at_any_step,
    an_undo_that_fails_is_done_in_the_end,
    an_undo_waits_for_as_long_as_others_are_away,
    a_cancellation_waits_for_as_long_as_payments_are_away,
    what_the_provider_left_open_is_looked_up,
);
