//! Invariants 3, 4 and 5 across contexts: each order with its reservation and its money.
//!
//! The three audits are ordered by order id: reading them side by side brings together what belongs to one order, with
//! one page of each in memory.

mod rules;

use super::pages::{Cursor, Rows, Source};
use super::report::{FsckError, Report, Violation};
use crate::app::bootstrap::settle::{Course, SUSPECTS_AT_ONCE, settle};
use crate::domains::shared::ids::OrderId;
use crate::ports::inventory::operations::ReservationAudit;
use crate::ports::orders::operations::OrderAudit;
use crate::ports::payments::operations::PaymentAudit;

/// The three audits.
pub(super) struct Books<'a> {
    pub(super) orders: Source<'a, OrderAudit>,
    pub(super) reservations: Source<'a, ReservationAudit>,
    pub(super) payments: Source<'a, PaymentAudit>,
}

/// All that the contexts know of one order.
struct Dossier {
    order_id: OrderId,
    order: Option<OrderAudit>,
    reservations: Vec<ReservationAudit>,
    payments: Vec<PaymentAudit>,
}

/// An order that looked wrong, and where to read it again.
struct Suspect {
    order_id: OrderId,
    in_orders: Cursor,
    in_reservations: Cursor,
    in_payments: Cursor,
}

/// Checks all orders, and all that claims to belong to one.
pub(super) fn check(books: &Books<'_>, course: Course<'_>, report: &mut Report) -> Result<(), FsckError> {
    let look_again =
        |suspect: &Suspect| -> Result<Vec<Violation>, FsckError> { Ok(rules::broken(&books.again(suspect)?)) };
    let mut merge = Merge {
        books,
        orders: books.orders.rows(),
        reservations: books.reservations.rows(),
        payments: books.payments.rows(),
    };
    let mut suspects = Vec::new();
    while let Some((dossier, place)) = merge.next_dossier()? {
        report.counts.orders += u64::from(dossier.order.is_some());
        report.counts.reservations += u64::try_from(dossier.reservations.len()).unwrap_or(0);
        report.counts.payments += u64::try_from(dossier.payments.len()).unwrap_or(0);
        if !rules::broken(&dossier).is_empty() {
            suspects.push(place);
        }
        if suspects.len() >= SUSPECTS_AT_ONCE && !report.add(settle(std::mem::take(&mut suspects), course, look_again)?)
        {
            return Ok(());
        }
    }
    report.add(settle(suspects, course, look_again)?);
    Ok(())
}

/// Reads the three audits side by side.
struct Merge<'s, 'a> {
    books: &'s Books<'a>,
    orders: Rows<'s, 'a, OrderAudit>,
    reservations: Rows<'s, 'a, ReservationAudit>,
    payments: Rows<'s, 'a, PaymentAudit>,
}

impl Merge<'_, '_> {
    /// What belongs to the lowest order id that was not read yet, and where to read it again.
    fn next_dossier(&mut self) -> Result<Option<(Dossier, Suspect)>, FsckError> {
        let order = self.orders.peek()?.map(|row| row.order_id);
        let reservation = self.reservations.peek()?.map(|row| row.order_id);
        let payment = self.payments.peek()?.map(|row| row.order_id);
        let Some(order_id) = [order, reservation, payment].into_iter().flatten().min() else {
            return Ok(None);
        };
        let place = Suspect {
            order_id,
            in_orders: self.orders.cursor(),
            in_reservations: self.reservations.cursor(),
            in_payments: self.payments.cursor(),
        };
        let orders = all_of(order_id, &mut self.orders, &self.books.orders, |row| row.order_id)?;
        let dossier = Dossier {
            order_id,
            order: orders.into_iter().next(),
            reservations: all_of(order_id, &mut self.reservations, &self.books.reservations, |row| {
                row.order_id
            })?,
            payments: all_of(order_id, &mut self.payments, &self.books.payments, |row| row.order_id)?,
        };
        Ok(Some((dossier, place)))
    }
}

/// The next rows as long as they are of this order. A lower id behind them would belong to an order that has been
/// checked without it: nothing could be concluded.
fn all_of<T>(
    order_id: OrderId,
    rows: &mut Rows<'_, '_, T>,
    source: &Source<'_, T>,
    id_of: impl Fn(&T) -> OrderId,
) -> Result<Vec<T>, FsckError> {
    let mut found = Vec::new();
    while let Some(next) = rows.peek()?.map(&id_of) {
        if next > order_id {
            break;
        }
        if next < order_id {
            return Err(source.out_of_order(&next));
        }
        found.extend(rows.take_next()?);
    }
    Ok(found)
}

impl Books<'_> {
    /// Reads again what the contexts know of an order.
    fn again(&self, suspect: &Suspect) -> Result<Dossier, FsckError> {
        let id = suspect.order_id;
        Ok(Dossier {
            order_id: id,
            order: self
                .orders
                .again(&suspect.in_orders, |row| row.order_id == id, |row| row.order_id > id)?
                .into_iter()
                .next(),
            reservations: self.reservations.again(
                &suspect.in_reservations,
                |row| row.order_id == id,
                |row| row.order_id > id,
            )?,
            payments: self
                .payments
                .again(&suspect.in_payments, |row| row.order_id == id, |row| row.order_id > id)?,
        })
    }
}
