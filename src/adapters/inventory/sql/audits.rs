//! What the audits read: one page of keys, and the sums that belong to it, grouped by the database.

use std::collections::HashMap;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::reservations::IS_ACTIVE;
use super::rows::LevelRow;
use super::schema::{reservation_lines, reservations, stock_levels, stock_movements};
use crate::adapters::shared::sql::connection::DbConn;
use crate::domains::inventory::movement::MovementKind;
use crate::domains::shared::ids::{OrderId, ReservationId};
use crate::ports::inventory::operations::{ReservationAudit, StockAudit, StockLevel};
use crate::ports::inventory::outbound::LevelKey;
use crate::ports::shared::storage::StorageError;

/// A sum as both databases can tell it: `PostgreSQL` sums BIGINT to NUMERIC.
const SUM: &str = "CAST(COALESCE(SUM(quantity), 0) AS BIGINT)";

/// Product and location, as stored.
type Key = (String, String);

/// A page of levels with the sums of its products.
pub(super) struct StockPage {
    levels: Vec<LevelRow>,
    ledger: Vec<(String, String, String, i64)>,
    active: Vec<(String, String, i64)>,
}

/// Reads a page of levels and their sums as of one instant: all statements see the snapshot of the first.
pub(super) fn stock_page(conn: &mut DbConn, after: Option<&LevelKey>, limit: u32) -> QueryResult<StockPage> {
    conn.transaction(|conn| {
        if let DbConn::Postgres(c) = conn {
            c.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        }
        let (product, location) = after
            .map(|(product, place)| (product.to_string(), place.clone()))
            .unwrap_or_default();
        let levels: Vec<LevelRow> = stock_levels::table
            // Both together are `(product_id, location) > (..)`; an index is entered with the first.
            .filter(stock_levels::product_id.ge(&product))
            .filter(
                stock_levels::product_id
                    .gt(&product)
                    .or(stock_levels::location.gt(&location)),
            )
            .order((stock_levels::product_id, stock_levels::location))
            .limit(i64::from(limit))
            .select(LevelRow::as_select())
            .load(conn)?;
        let (Some(first), Some(last)) = (levels.first(), levels.last()) else {
            let (ledger, active) = (Vec::new(), Vec::new());
            return Ok(StockPage { levels, ledger, active });
        };
        // The stretch of the page, not a list of its products: one walk instead of a search for each.
        let (first, last) = (&first.product_id, &last.product_id);
        let ledger = stock_movements::table
            .filter(stock_movements::product_id.between(first, last))
            .group_by((
                stock_movements::product_id,
                stock_movements::location,
                stock_movements::kind,
            ))
            .select((
                stock_movements::product_id,
                stock_movements::location,
                stock_movements::kind,
                sql::<BigInt>(SUM),
            ))
            .load(conn)?;
        let active = reservation_lines::table
            .inner_join(reservations::table)
            .filter(sql::<Bool>(IS_ACTIVE))
            .filter(reservation_lines::product_id.between(first, last))
            .group_by((reservation_lines::product_id, reservation_lines::location))
            .select((
                reservation_lines::product_id,
                reservation_lines::location,
                sql::<BigInt>(SUM),
            ))
            .load(conn)?;
        Ok(StockPage { levels, ledger, active })
    })
}

impl StockPage {
    pub(super) fn into_audits(self) -> Result<Vec<StockAudit>, StorageError> {
        let mut brought_in: HashMap<Key, i64> = HashMap::new();
        let mut sold: HashMap<Key, i64> = HashMap::new();
        for (product_id, location, kind, sum) in self.ledger {
            let is_sale = kind == MovementKind::Sale.name();
            let total = if is_sale { &mut sold } else { &mut brought_in }
                .entry((product_id, location))
                .or_default();
            *total = total.saturating_add(if is_sale { sum.saturating_neg() } else { sum });
        }
        let active: HashMap<Key, i64> = self
            .active
            .into_iter()
            .map(|(product_id, location, sum)| ((product_id, location), sum))
            .collect();
        let audit = |row: LevelRow| {
            let key = (row.product_id, row.location);
            let of = |sums: &HashMap<Key, i64>| sums.get(&key).copied().unwrap_or(0);
            let (brought_in, sold, active_reserved) = (of(&brought_in), of(&sold), of(&active));
            Ok(StockAudit {
                ledger_sum: brought_in.saturating_sub(sold),
                active_reserved,
                brought_in,
                sold,
                level: StockLevel {
                    product_id: key.0.parse().map_err(StorageError::corrupt)?,
                    location: key.1,
                    on_hand: row.on_hand,
                    reserved: row.reserved,
                    version: row.version,
                },
            })
        };
        self.levels.into_iter().map(audit).collect()
    }
}

/// A page of reservations with the pieces of each.
pub(super) struct ReservationPage {
    heads: Vec<(String, String, String)>,
    units: Vec<(String, i64)>,
}

/// Reads a page of reservations. Lines never change, so a second statement sees what the first one saw.
pub(super) fn reservation_page(
    conn: &mut DbConn,
    after: Option<(OrderId, ReservationId)>,
    limit: u32,
) -> QueryResult<ReservationPage> {
    let (order, id) = after
        .map(|(order, id)| (order.to_string(), id.to_string()))
        .unwrap_or_default();
    let heads: Vec<(String, String, String)> = reservations::table
        // Both together are `(order_id, id) > (..)`; an index is entered with the first.
        .filter(reservations::order_id.ge(&order))
        .filter(reservations::order_id.gt(&order).or(reservations::id.gt(&id)))
        .order((reservations::order_id, reservations::id))
        .limit(i64::from(limit))
        .select((reservations::order_id, reservations::id, reservations::status))
        .load(conn)?;
    let units = reservation_lines::table
        .filter(reservation_lines::reservation_id.eq_any(heads.iter().map(|(_, id, _)| id)))
        .group_by(reservation_lines::reservation_id)
        .select((reservation_lines::reservation_id, sql::<BigInt>(SUM)))
        .load(conn)?;
    Ok(ReservationPage { heads, units })
}

impl ReservationPage {
    pub(super) fn into_audits(self) -> Result<Vec<ReservationAudit>, StorageError> {
        let units: HashMap<String, i64> = self.units.into_iter().collect();
        let audit = |(order_id, id, status): (String, String, String)| {
            Ok(ReservationAudit {
                order_id: order_id.parse().map_err(StorageError::corrupt)?,
                reservation_id: id.parse().map_err(StorageError::corrupt)?,
                status,
                units: units.get(&id).copied().unwrap_or(0),
            })
        };
        self.heads.into_iter().map(audit).collect()
    }
}
