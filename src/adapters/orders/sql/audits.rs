//! What the audit of orders reads: few columns of a page of orders, and what belongs to the stretch of ids between its
//! first and its last. A stretch is one walk along an index; a list of its ids would be a search for each.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::schema::{order_lines, orders};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::schema::sagas;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::orders::outbound::AuditedOrder;
use crate::ports::shared::saga::SagaStatus;
use crate::ports::shared::storage::StorageError;

/// A sum as both databases can tell it.
const UNITS: &str = "CAST(COALESCE(SUM(quantity), 0) AS BIGINT)";

/// The columns of an order that an audit compares.
#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct AuditRow {
    id: String,
    status: String,
    total_minor: i64,
    currency: String,
    payment_id: String,
    reservation_id: String,
    updated_at: NaiveDateTime,
}

/// A page of orders with the pieces of each, and those that a saga is at.
pub(super) struct OrderPage {
    rows: Vec<AuditRow>,
    units: Vec<(String, i64)>,
    open: HashSet<String>,
}

/// Reads a page of orders from behind the id `after`.
pub(super) fn order_page(conn: &mut DbConn, after: &str, limit: i64) -> QueryResult<OrderPage> {
    let rows: Vec<AuditRow> = orders::table
        .filter(orders::id.gt(after))
        .order(orders::id)
        .limit(limit)
        .select(AuditRow::as_select())
        .load(conn)?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(OrderPage {
            rows,
            units: Vec::new(),
            open: HashSet::new(),
        });
    };
    let units = order_lines::table
        .filter(order_lines::order_id.between(&first.id, &last.id))
        .group_by(order_lines::order_id)
        .select((order_lines::order_id, sql::<BigInt>(UNITS)))
        .load(conn)?;
    let open: Vec<String> = sagas::table
        .filter(sagas::subject.between(&first.id, &last.id))
        .filter(sagas::status.eq_any([SagaStatus::Running.name(), SagaStatus::Compensating.name()]))
        .select(sagas::subject)
        .load(conn)?;
    let open = open.into_iter().collect();
    Ok(OrderPage { rows, units, open })
}

impl OrderPage {
    pub(super) fn into_audits(self) -> Result<Vec<AuditedOrder>, StorageError> {
        let Self { rows, units, open } = self;
        let units: HashMap<String, i64> = units.into_iter().collect();
        let audit = |row: AuditRow| {
            let currency = row.currency.parse().map_err(StorageError::corrupt)?;
            Ok(AuditedOrder {
                order_id: row.id.parse().map_err(StorageError::corrupt)?,
                status: row.status.parse().map_err(StorageError::corrupt)?,
                total: Money::of(row.total_minor, currency),
                units: units.get(&row.id).copied().unwrap_or(0),
                payment_id: row.payment_id.parse().map_err(StorageError::corrupt)?,
                reservation_id: row.reservation_id.parse().map_err(StorageError::corrupt)?,
                in_progress: open.contains(&row.id),
                updated_at: Timestamp::from_naive_utc(row.updated_at),
            })
        };
        rows.into_iter().map(audit).collect()
    }
}
