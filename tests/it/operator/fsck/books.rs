//! The books of a small shop in which everything is right, for tests to falsify.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use banyan::app::bootstrap::fsck::report::{FsckError, Report};
use banyan::app::bootstrap::fsck::{EventConsumerCheck, run};
use banyan::app::bootstrap::settle::{Course, Patience};
use banyan::domains::shared::ids::{OrderId, PaymentId, ProductId, ReservationId};
use banyan::domains::shared::money::{Currency, Money};
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::inventory::operations::{AuditReservations, AuditStock, ReservationAudit, StockAudit, StockLevel};
use banyan::ports::orders::operations::{AuditOrders, AuditSagas, OrderAudit, OrderStatus, SagaAudit};
use banyan::ports::payments::operations::{
    AuditCharges, AuditPayments, Charge, ChargeAudit, PaymentAudit, PaymentStatus,
};
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failure::{Failure, Never};
use banyan::ports::shared::page::{Page, PageRequest};
use uuid::Uuid;

use super::super::scripted::Scripted;
use crate::support::fixed::{CountingIds, FixedClock};

/// What the audits of all contexts list.
#[derive(Clone, Default)]
pub struct Books {
    pub levels: Vec<StockAudit>,
    pub orders: Vec<OrderAudit>,
    pub reservations: Vec<ReservationAudit>,
    pub payments: Vec<PaymentAudit>,
    pub charges: Vec<ChargeAudit>,
    pub sagas: Vec<SagaAudit>,
}

pub fn eur(minor: i64) -> Money {
    Money::of(minor, Currency::EUR)
}

pub fn order_id(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

pub fn payment_id(number: u128) -> PaymentId {
    Uuid::from_u128(number).into()
}

pub fn reservation_id(number: u128) -> ReservationId {
    Uuid::from_u128(number).into()
}

pub fn product_id(number: u128) -> ProductId {
    Uuid::from_u128(number).into()
}

pub fn now() -> Timestamp {
    FixedClock::new().now()
}

/// How the orders of the shop stand: order number 1 is confirmed, and so on.
pub const CONFIRMED: u128 = 1;
pub const SHIPPED: u128 = 2;
pub const DELIVERED: u128 = 3;
pub const CALLED_OFF: u128 = 4;
pub const DECLINED: u128 = 5;
pub const OUT_OF_STOCK: u128 = 6;
pub const AWAITING_PAYMENT: u128 = 7;
pub const IN_PROGRESS: u128 = 8;

impl Books {
    /// One order of each kind; each has 2 pieces and a total of 10.00 EUR.
    pub fn clean() -> Self {
        use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Shipped};
        use PaymentStatus as Is;
        let mut books = Self::default();
        books.order(CONFIRMED, Confirmed, Some("committed"));
        books.pay(CONFIRMED, Is::Completed, Some((1000, 1000, 0)));
        books.order(SHIPPED, Shipped, Some("committed"));
        books.pay(SHIPPED, Is::PartiallyRefunded, Some((1000, 1000, 300)));
        books.order(DELIVERED, Delivered, Some("committed"));
        books.pay(DELIVERED, Is::Refunded, Some((1000, 1000, 1000)));
        books.order(CALLED_OFF, Cancelled, Some("returned"));
        books.pay(CALLED_OFF, Is::Refunded, Some((1000, 1000, 1000)));
        books.order(DECLINED, Cancelled, Some("released"));
        books.pay(DECLINED, Is::Failed, Some((0, 0, 0)));
        books.order(OUT_OF_STOCK, Cancelled, None);
        books.order(AWAITING_PAYMENT, Pending, Some("active"));
        books.pay(AWAITING_PAYMENT, Is::Pending, None);
        books.order(IN_PROGRESS, Pending, Some("committed"));
        books.pay(IN_PROGRESS, Is::Authorized, Some((1000, 0, 0)));
        books.orders[7].in_progress = true;
        for number in 1..=3 {
            books.level(number);
        }
        books
    }

    /// Many confirmed orders behind the others: several pages of everything.
    pub fn many() -> Self {
        let mut books = Self::clean();
        for number in 101..=350 {
            books.order(number, OrderStatus::Confirmed, Some("committed"));
            books.pay(number, PaymentStatus::Completed, Some((1000, 1000, 0)));
            books.level(number);
        }
        books
    }

    pub fn order(&mut self, number: u128, status: OrderStatus, reservation: Option<&str>) {
        self.orders.push(OrderAudit {
            order_id: order_id(number),
            status,
            total: eur(1000),
            units: 2,
            payment_id: payment_id(number),
            reservation_id: reservation_id(number),
            in_progress: false,
            updated_at: now(),
        });
        if let Some(status) = reservation {
            self.reserve(number, number, status);
        }
    }

    pub fn reserve(&mut self, number: u128, order: u128, status: &str) {
        self.reservations.push(ReservationAudit {
            order_id: order_id(order),
            reservation_id: reservation_id(number),
            status: status.to_owned(),
            units: 2,
        });
    }

    /// `charge`: authorized, captured and refunded; open where something is held that was not taken.
    pub fn pay(&mut self, number: u128, status: PaymentStatus, charge: Option<(i64, i64, i64)>) {
        let charge = charge.map(|(authorized, captured, refunded)| Charge {
            key: payment_id(number).to_string(),
            authorized: eur(authorized),
            captured: eur(captured),
            refunded: eur(refunded),
            open: authorized > 0 && captured == 0,
        });
        let refunded = charge.as_ref().map_or(eur(0), |charge| charge.refunded);
        self.payments.push(PaymentAudit {
            payment_id: payment_id(number),
            order_id: order_id(number),
            status,
            amount: eur(1000),
            refunded,
            refunds_sum: refunded,
            charge: charge.clone(),
        });
        self.charges.extend(charge.map(|charge| ChargeAudit {
            charge,
            order_id: Some(order_id(number)),
            superseded: false,
        }));
    }

    /// Of a product 10 pieces came, 4 were sold, and 1 is reserved.
    pub fn level(&mut self, number: u128) {
        self.levels.push(StockAudit {
            level: StockLevel {
                product_id: product_id(number),
                location: "main".to_owned(),
                on_hand: 6,
                reserved: 1,
                version: 3,
            },
            ledger_sum: 6,
            active_reserved: 1,
            brought_in: 10,
            sold: 4,
        });
    }

    pub fn payment(&mut self, number: u128) -> &mut PaymentAudit {
        let id = payment_id(number);
        self.payments.iter_mut().find(|row| row.payment_id == id).unwrap()
    }

    pub fn charge(&mut self, number: u128) -> &mut Charge {
        self.payment(number).charge.as_mut().unwrap()
    }

    pub fn reservation(&mut self, number: u128) -> &mut ReservationAudit {
        let id = reservation_id(number);
        self.reservations
            .iter_mut()
            .find(|row| row.reservation_id == id)
            .unwrap()
    }

    /// Checks these books.
    pub fn check(&self) -> Report {
        let books = self.clone();
        check(move |_reading| books.clone(), &[]).unwrap()
    }
}

/// No waiting in tests: three readings follow each other.
pub const THRICE: Patience = Patience {
    rounds: 3,
    pause: Duration::ZERO,
};

/// Checks books that may change: `at` gives them as they are at each call of an audit, numbered from 0.
pub fn check(
    at: impl Fn(u32) -> Books + Send + Sync + 'static,
    consumers: &[EventConsumerCheck],
) -> Result<Report, FsckError> {
    let readings = Arc::new(Readings {
        at: Box::new(at),
        count: AtomicU32::new(0),
    });
    let sagas = readings.clone();
    let script = Scripted::default()
        .on::<AuditStock>(readings.list(|op: AuditStock| op.page, |books| books.levels))
        .on::<AuditReservations>(readings.list(|op: AuditReservations| op.page, |books| books.reservations))
        .on::<AuditPayments>(readings.list(|op: AuditPayments| op.page, |books| books.payments))
        .on::<AuditCharges>(readings.list(|op: AuditCharges| op.page, |books| books.charges))
        .on::<AuditOrders>(readings.list(|op: AuditOrders| op.page, |books| books.orders))
        .on::<AuditSagas>(move |_cx, _op| Ok(sagas.next().sagas));
    let contexts = Arc::new(script).plays_all();
    let course = Course::whole(THRICE);
    run(&contexts, &CountingIds::new(), &FixedClock::new(), consumers, course)
}

struct Readings {
    at: Box<dyn Fn(u32) -> Books + Send + Sync>,
    count: AtomicU32,
}

impl Readings {
    fn next(&self) -> Books {
        (self.at)(self.count.fetch_add(1, Ordering::SeqCst))
    }

    /// Answers an audit with a page of the next reading.
    fn list<Op, T: 'static>(
        self: &Arc<Self>,
        page_of: fn(Op) -> PageRequest,
        rows_of: fn(Books) -> Vec<T>,
    ) -> impl Fn(&CallContext, Op) -> Result<Page<T>, Failure<Never>> + Send + Sync + use<Op, T> {
        let readings = self.clone();
        move |_cx, op| Ok(page(rows_of(readings.next()), &page_of(op)))
    }
}

/// The cursor is the number of rows that were shown.
fn page<T>(rows: Vec<T>, request: &PageRequest) -> Page<T> {
    assert!((1..=PageRequest::MAX_AUDIT_LIMIT).contains(&request.limit));
    // As the version before gave them: whoever is asked may give less.
    let limit = usize::try_from(request.limit.min(PageRequest::MAX_LIMIT)).unwrap();
    let start: usize = request.after.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
    let next = (start + limit < rows.len()).then(|| (start + limit).to_string());
    let items = rows.into_iter().skip(start).take(limit).collect();
    Page { items, next }
}

/// The rules that were broken, with the invariant's number.
pub fn broken(report: &Report) -> Vec<(u8, &'static str)> {
    report
        .violations
        .iter()
        .map(|found| (found.invariant, found.rule))
        .collect()
}
