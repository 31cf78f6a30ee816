//! Orders in the context's database.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use super::audits::order_page;
use super::rows::{LineRow, OrderRow};
use super::schema::{order_lines, orders};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::database::Database;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::orders::order::{Line, Order};
use crate::domains::orders::status::Status;
use crate::domains::shared::ids::{OrderId, UserId};
use crate::ports::orders::outbound::{AuditedOrder, OrderStore};
use crate::ports::shared::page::{Page, PageRequest};
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Orders in the context's database.
pub struct SqlOrderStore {
    database: Arc<Database>,
}

impl SqlOrderStore {
    /// Orders in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

impl OrderStore for SqlOrderStore {
    fn insert(&self, order: &Order, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database
            .commit(unit, |conn| insert(conn, order).map_err(storage_error))
    }

    fn update(&self, order: &Order, unit: &UnitOfWork) -> Result<(), StorageError> {
        let data = order.data();
        self.database.commit(unit, |conn| {
            let written = diesel::update(
                orders::table
                    .find(order.id().to_string())
                    .filter(orders::version.eq(data.version - 1)),
            )
            .set((
                orders::status.eq(data.status.name()),
                orders::awaiting_payment.eq(data.awaiting_payment),
                orders::cancel_reason.eq(data.cancel_reason.as_deref()),
                orders::version.eq(data.version),
                orders::updated_at.eq(data.updated_at.naive_utc()),
            ))
            .execute(conn)
            .map_err(storage_error)?;
            if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
        })
    }

    fn commit(&self, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |_conn| Ok(()))
    }

    fn find(&self, id: OrderId) -> Result<Option<Order>, StorageError> {
        let found = self.database.read(|conn| {
            let order = orders::table
                .find(id.to_string())
                .select(OrderRow::as_select())
                .first(conn)
                .optional()?;
            let Some(order) = order else { return Ok(None) };
            let lines = order_lines::table
                .filter(order_lines::order_id.eq(&order.id))
                .order(order_lines::line_no)
                .select(LineRow::as_select())
                .load(conn)?;
            Ok(Some((order, lines)))
        })?;
        found.map(|(order, lines)| order.into_order(lines)).transpose()
    }

    fn list(
        &self,
        customer: UserId,
        status: Option<Status>,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Page<Order>, StorageError> {
        // Every status where none is asked for, and a cursor above every id: one query instead of four.
        let statuses = status.map_or_else(|| Status::ALL.to_vec(), |status| vec![status]);
        let statuses: Vec<&str> = statuses.into_iter().map(Status::name).collect();
        let below = after.map_or_else(|| "p".to_owned(), |id| id.to_string());
        let (rows, lines) = self.database.read(|conn| {
            let rows: Vec<OrderRow> = orders::table
                .filter(orders::customer_id.eq(customer.to_string()))
                .filter(orders::status.eq_any(statuses))
                .filter(orders::id.lt(below))
                .order(orders::id.desc())
                .limit(i64::from(limit) + 1)
                .select(OrderRow::as_select())
                .load(conn)?;
            let lines = lines_of(conn, &rows)?;
            Ok((rows, lines))
        })?;
        let orders = with_lines(rows, lines)?;
        Ok(Page::from_one_more(orders, limit, |order| order.id().to_string()))
    }

    fn audit(&self, page: &PageRequest) -> Result<Page<AuditedOrder>, StorageError> {
        let after = page.after.as_deref().unwrap_or_default();
        let rows = self
            .database
            .read(|conn| order_page(conn, after, i64::from(page.limit) + 1))?;
        Ok(Page::from_one_more(rows.into_audits()?, page.limit, |order| {
            order.order_id.to_string()
        }))
    }
}

fn insert(conn: &mut DbConn, order: &Order) -> QueryResult<()> {
    let data = order.data();
    let address = &data.shipping_address;
    diesel::insert_into(orders::table)
        .values((
            orders::id.eq(order.id().to_string()),
            orders::customer_id.eq(data.customer_id.to_string()),
            orders::status.eq(data.status.name()),
            orders::awaiting_payment.eq(data.awaiting_payment),
            orders::subtotal_minor.eq(data.totals.subtotal.minor()),
            orders::tax_minor.eq(data.totals.tax.minor()),
            orders::shipping_minor.eq(data.totals.shipping.minor()),
            orders::total_minor.eq(data.totals.total.minor()),
            orders::currency.eq(data.totals.total.currency().code()),
            orders::street.eq(address.street()),
            orders::city.eq(address.city()),
            orders::state.eq(address.state()),
            orders::zip_code.eq(address.zip_code()),
            orders::country.eq(address.country()),
            orders::payment_id.eq(data.ids.payment.to_string()),
            orders::reservation_id.eq(data.ids.reservation.to_string()),
            orders::cancel_reason.eq(data.cancel_reason.as_deref()),
            orders::version.eq(data.version),
            orders::created_at.eq(data.created_at.naive_utc()),
            orders::updated_at.eq(data.updated_at.naive_utc()),
        ))
        .execute(conn)?;
    for (line_no, line) in (1..).zip(&data.lines) {
        insert_line(conn, order.id(), line_no, line)?;
    }
    Ok(())
}

fn insert_line(conn: &mut DbConn, order: OrderId, line_no: i32, line: &Line) -> QueryResult<()> {
    diesel::insert_into(order_lines::table)
        .values((
            order_lines::order_id.eq(order.to_string()),
            order_lines::line_no.eq(line_no),
            order_lines::product_id.eq(line.product_id.to_string()),
            order_lines::sku.eq(line.sku.as_str()),
            order_lines::name.eq(&line.name),
            // A quantity is at most a million.
            order_lines::quantity.eq(i32::try_from(line.quantity.get()).unwrap_or(i32::MAX)),
            order_lines::unit_price_minor.eq(line.unit_price.minor()),
            order_lines::total_minor.eq(line.total.minor()),
        ))
        .execute(conn)
        .map(|_one| ())
}

fn lines_of(conn: &mut DbConn, rows: &[OrderRow]) -> QueryResult<Vec<LineRow>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    order_lines::table
        .filter(order_lines::order_id.eq_any(ids))
        .order((order_lines::order_id, order_lines::line_no))
        .select(LineRow::as_select())
        .load(conn)
}

fn with_lines(rows: Vec<OrderRow>, lines: Vec<LineRow>) -> Result<Vec<Order>, StorageError> {
    let mut by_order: HashMap<String, Vec<LineRow>> = HashMap::new();
    for line in lines {
        by_order.entry(line.order_id.clone()).or_default().push(line);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_order.remove(&row.id).unwrap_or_default();
            row.into_order(lines)
        })
        .collect()
}
