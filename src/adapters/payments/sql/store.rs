//! Payments in the context's database.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use super::rows::{PaymentChanges, PaymentRow, RefundRow};
use super::schema::{payments, refunds};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::database::Database;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::payments::payment::Payment;
use crate::domains::payments::refund::{Refund, RefundStatus};
use crate::domains::payments::status::PaymentStatus;
use crate::domains::shared::ids::{OrderId, PaymentId, RefundId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::outbound::{Overdue, PaymentStore};
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Payments in the context's database.
pub struct SqlPaymentStore {
    database: Arc<Database>,
}

impl SqlPaymentStore {
    /// Payments in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The payment is read before its refunds: refunds that come later also change its version.
    fn load(
        &self,
        payment: impl FnOnce(&mut DbConn) -> QueryResult<Option<PaymentRow>>,
    ) -> Result<Option<Payment>, StorageError> {
        let rows = self.database.read(|conn| {
            let Some(payment) = payment(conn)? else {
                return Ok(None);
            };
            let refunds = if may_have_refunds(&payment) {
                refunds_of(conn, &[&payment.id])?
            } else {
                Vec::new()
            };
            Ok(Some((payment, refunds)))
        })?;
        rows.map(|(payment, refunds)| payment.into_payment(refunds)).transpose()
    }

    /// The payments are read before their refunds, for the same reason.
    fn load_page(
        &self,
        page: impl FnOnce(&mut DbConn) -> QueryResult<Vec<PaymentRow>>,
    ) -> Result<Vec<Payment>, StorageError> {
        let (rows, refund_rows) = self.database.read(|conn| {
            let rows = page(conn)?;
            let refunded: Vec<&str> = rows
                .iter()
                .filter(|row| may_have_refunds(row))
                .map(|row| row.id.as_str())
                .collect();
            let refund_rows = refunds_of(conn, &refunded)?;
            Ok((rows, refund_rows))
        })?;
        let mut refunds_by_payment: HashMap<String, Vec<RefundRow>> = HashMap::new();
        for row in refund_rows {
            refunds_by_payment.entry(row.payment_id.clone()).or_default().push(row);
        }
        rows.into_iter()
            .map(|row| {
                let refunds = refunds_by_payment.remove(&row.id).unwrap_or_default();
                row.into_payment(refunds)
            })
            .collect()
    }
}

impl PaymentStore for SqlPaymentStore {
    fn find(&self, id: PaymentId) -> Result<Option<Payment>, StorageError> {
        self.load(|conn| {
            payments::table
                .find(id.to_string())
                .select(PaymentRow::as_select())
                .first(conn)
                .optional()
        })
    }

    fn find_by_order(&self, order_id: OrderId) -> Result<Option<Payment>, StorageError> {
        self.load(|conn| {
            payments::table
                .filter(payments::order_id.eq(order_id.to_string()))
                .select(PaymentRow::as_select())
                .first(conn)
                .optional()
        })
    }

    fn insert(&self, payment: &mut Payment, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            diesel::insert_into(payments::table)
                .values(PaymentRow::of(payment))
                .execute(conn)
                .map(|_one| ())
                .map_err(storage_error)
        })?;
        payment.mark_stored();
        Ok(())
    }

    fn update(&self, payment: &mut Payment, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| update_payment(conn, payment))?;
        payment.mark_stored();
        Ok(())
    }

    fn add_refund(&self, payment: &mut Payment, refund: RefundId, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            update_payment(conn, payment)?;
            diesel::insert_into(refunds::table)
                .values(RefundRow::of(payment, refund_of(payment, refund)?))
                .execute(conn)
                .map(|_one| ())
                .map_err(storage_error)
        })?;
        payment.mark_stored();
        Ok(())
    }

    fn update_refund(&self, payment: &mut Payment, refund: RefundId, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            update_payment(conn, payment)?;
            let refund = refund_of(payment, refund)?;
            let written = diesel::update(refunds::table.find(refund.id().to_string()))
                .set((
                    refunds::status.eq(refund.status().name()),
                    refunds::updated_at.eq(refund.updated_at().naive_utc()),
                ))
                .execute(conn)
                .map_err(storage_error)?;
            if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
        })?;
        payment.mark_stored();
        Ok(())
    }

    fn overdue_attempts(&self, overdue: &Overdue, limit: u32) -> Result<Vec<PaymentId>, StorageError> {
        let of_request = payments::request_key
            .is_not_null()
            .and(payments::attempt_started_at.lt(overdue.of_request_before.naive_utc()));
        let of_checkout = payments::request_key
            .is_null()
            .and(payments::attempt_started_at.lt(overdue.of_checkout_before.naive_utc()));
        let ids: Vec<String> = self.database.read(|conn| {
            payments::table
                .filter(payments::attempt_started_at.is_not_null())
                .filter(of_request.or(of_checkout))
                .order((payments::attempt_started_at, payments::id))
                .limit(i64::from(limit))
                .select(payments::id)
                .load(conn)
        })?;
        ids.iter().map(|id| id.parse().map_err(StorageError::corrupt)).collect()
    }

    fn pending_refunds(
        &self,
        requested_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(PaymentId, RefundId)>, StorageError> {
        let ids: Vec<(String, String)> = self.database.read(|conn| {
            refunds::table
                .filter(refunds::status.eq(RefundStatus::Pending.name()))
                .filter(refunds::created_at.lt(requested_before.naive_utc()))
                .order((refunds::created_at, refunds::id))
                .limit(i64::from(limit))
                .select((refunds::payment_id, refunds::id))
                .load(conn)
        })?;
        let parsed = ids.iter().map(|(payment, refund)| {
            Ok((
                payment.parse().map_err(StorageError::corrupt)?,
                refund.parse().map_err(StorageError::corrupt)?,
            ))
        });
        parsed.collect()
    }

    fn page_by_order(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StorageError> {
        // Sorts before every id.
        let after = after.map(|order_id| order_id.to_string()).unwrap_or_default();
        self.load_page(|conn| {
            payments::table
                .filter(payments::order_id.gt(after))
                .order(payments::order_id)
                .limit(i64::from(limit))
                .select(PaymentRow::as_select())
                .load(conn)
        })
    }

    fn page_by_id(&self, after: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>, StorageError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.load_page(|conn| {
            payments::table
                .filter(payments::id.gt(after))
                .order(payments::id)
                .limit(i64::from(limit))
                .select(PaymentRow::as_select())
                .load(conn)
        })
    }

    fn orders_of(&self, payments: &[PaymentId]) -> Result<Vec<(PaymentId, OrderId, String)>, StorageError> {
        let ids: Vec<String> = payments.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, String, String)> = self.database.read(|conn| {
            payments::table
                .filter(payments::id.eq_any(ids))
                .select((payments::id, payments::order_id, payments::provider_key))
                .load(conn)
        })?;
        let parsed = rows.into_iter().map(|(payment, order, key)| {
            Ok((
                payment.parse().map_err(StorageError::corrupt)?,
                order.parse().map_err(StorageError::corrupt)?,
                key,
            ))
        });
        parsed.collect()
    }
}

/// The old version in the condition: of two writers, one finds it changed.
fn update_payment(conn: &mut DbConn, payment: &Payment) -> Result<(), StorageError> {
    let seen = payments::table
        .find(payment.id().to_string())
        .filter(payments::version.eq(payment.stored_version()));
    let written = diesel::update(seen)
        .set(PaymentChanges::of(payment))
        .execute(conn)
        .map_err(storage_error)?;
    if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

fn refund_of(payment: &Payment, id: RefundId) -> Result<&Refund, StorageError> {
    payment.refund(id).ok_or(StorageError::Stale)
}

/// A payment that was never captured has no refunds: checkout need not ask for them.
fn may_have_refunds(payment: &PaymentRow) -> bool {
    PaymentStatus::from_name(&payment.status).is_none_or(PaymentStatus::was_captured)
}

fn refunds_of(conn: &mut DbConn, payment_ids: &[&str]) -> QueryResult<Vec<RefundRow>> {
    if payment_ids.is_empty() {
        return Ok(Vec::new());
    }
    refunds::table
        .filter(refunds::payment_id.eq_any(payment_ids))
        .order((refunds::created_at, refunds::id))
        .select(RefundRow::as_select())
        .load(conn)
}
