//! Levels and their ledger, inside of a transaction.

use diesel::prelude::*;

use super::rows::{self, LevelRow};
use super::schema::{stock_levels, stock_movements};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::inventory::location::Location;
use crate::domains::inventory::movement::Movement;
use crate::domains::inventory::reservation::ReservedLine;
use crate::domains::inventory::reservation_wish::WishedLine;
use crate::domains::inventory::stock_level::{LevelEffect, StockLevel};
use crate::domains::shared::ids::ProductId;
use crate::ports::inventory::operations::{DEFAULT_LOCATION, Shortage};
use crate::ports::shared::storage::StorageError;

/// The levels of these products, by product id and location.
pub(super) fn rows_of(conn: &mut DbConn, products: &[ProductId]) -> QueryResult<Vec<LevelRow>> {
    stock_levels::table
        .filter(stock_levels::product_id.eq_any(products.iter().map(ToString::to_string)))
        .order((stock_levels::product_id, stock_levels::location))
        .select(LevelRow::as_select())
        .load(conn)
}

fn levels_of(conn: &mut DbConn, products: &[ProductId]) -> Result<Vec<StockLevel>, StorageError> {
    rows::into_levels(rows_of(conn, products).map_err(storage_error)?)
}

/// The levels of these lines, by product id.
pub(super) fn levels_at(conn: &mut DbConn, lines: &[ReservedLine]) -> Result<Vec<StockLevel>, StorageError> {
    let products: Vec<ProductId> = lines.iter().map(|line| line.product_id).collect();
    let mut levels = levels_of(conn, &products)?;
    levels.retain(|level| {
        lines
            .iter()
            .any(|line| line.product_id == level.product_id() && line.location == *level.location())
    });
    Ok(levels)
}

/// The level, locked against other writers: the row on `PostgreSQL`; on `SQLite` the write transaction locks the file.
pub(super) fn lock_level(
    conn: &mut DbConn,
    product_id: ProductId,
    location: &Location,
) -> Result<Option<StockLevel>, StorageError> {
    let key = (product_id.to_string(), location.as_str());
    let row = match conn {
        DbConn::Sqlite(c) => stock_levels::table
            .find(key)
            .select(LevelRow::as_select())
            .first(c)
            .optional(),
        DbConn::Postgres(c) => stock_levels::table
            .find(key)
            .select(LevelRow::as_select())
            .for_update()
            .first(c)
            .optional(),
    };
    row.map_err(storage_error)?.map(LevelRow::into_level).transpose()
}

/// Writes a level that is locked.
pub(super) fn update_level(conn: &mut DbConn, level: &StockLevel) -> Result<(), StorageError> {
    let written = diesel::update(stock_levels::table.find((level.product_id().to_string(), level.location().as_str())))
        .set((
            stock_levels::on_hand.eq(level.on_hand()),
            stock_levels::version.eq(level.version()),
        ))
        .execute(conn)
        .map_err(storage_error)?;
    if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Writes the first level of a product at a location; [`StorageError::Stale`] when somebody else has just done so.
pub(super) fn insert_level(conn: &mut DbConn, level: &StockLevel) -> Result<(), StorageError> {
    let inserted = diesel::insert_into(stock_levels::table)
        .values((
            stock_levels::product_id.eq(level.product_id().to_string()),
            stock_levels::location.eq(level.location().as_str()),
            stock_levels::on_hand.eq(level.on_hand()),
            stock_levels::reserved.eq(level.reserved()),
            stock_levels::version.eq(level.version()),
        ))
        .execute(conn);
    match inserted.map_err(storage_error) {
        Ok(_one) => Ok(()),
        Err(StorageError::Duplicate { .. }) => Err(StorageError::Stale),
        Err(error) => Err(error),
    }
}

/// Promises pieces at one location. The condition stands in the statement itself: however many ask at once, the
/// database lets only as many through as there are pieces.
fn hold_at(conn: &mut DbConn, line: &WishedLine, location: &str) -> Result<bool, StorageError> {
    let held = diesel::update(
        stock_levels::table
            .find((line.product_id.to_string(), location))
            .filter((stock_levels::on_hand - stock_levels::reserved).ge(line.quantity)),
    )
    .set((
        stock_levels::reserved.eq(stock_levels::reserved + line.quantity),
        stock_levels::version.eq(stock_levels::version + 1),
    ))
    .execute(conn)
    .map_err(storage_error)?;
    Ok(held == 1)
}

/// Promises the pieces of a line at the default location or, if it has too few, at the first one by name that has
/// enough; tells where, or how short they are.
pub(super) fn hold(conn: &mut DbConn, line: &WishedLine) -> Result<Result<ReservedLine, Shortage>, StorageError> {
    let held_at = |location: Location| {
        Ok(Ok(ReservedLine {
            product_id: line.product_id,
            location,
            quantity: line.quantity,
        }))
    };
    if hold_at(conn, line, DEFAULT_LOCATION)? {
        return held_at(Location::from_storage(DEFAULT_LOCATION.to_owned()));
    }
    for level in levels_of(conn, &[line.product_id])? {
        let location = level.location();
        let is_worth_asking = location.as_str() != DEFAULT_LOCATION && level.available() >= line.quantity;
        if is_worth_asking && hold_at(conn, line, location.as_str())? {
            return held_at(location.clone());
        }
    }
    let most = levels_of(conn, &[line.product_id])?
        .iter()
        .map(StockLevel::available)
        .max()
        .unwrap_or(0);
    // Somebody may have let go of pieces since they were refused: a shortage still says that they did not suffice.
    let available = most.min(line.quantity.saturating_sub(1));
    Ok(Err(Shortage {
        product_id: line.product_id,
        requested: line.quantity,
        available,
    }))
}

/// Applies the transition of a reservation to the level of one of its lines.
pub(super) fn affect(conn: &mut DbConn, line: &ReservedLine, effect: LevelEffect) -> Result<(), StorageError> {
    let on_hand = effect.on_hand.saturating_mul(line.quantity);
    let reserved = effect.reserved.saturating_mul(line.quantity);
    let written = diesel::update(stock_levels::table.find((line.product_id.to_string(), line.location.as_str())))
        .set((
            stock_levels::on_hand.eq(stock_levels::on_hand + on_hand),
            stock_levels::reserved.eq(stock_levels::reserved + reserved),
            stock_levels::version.eq(stock_levels::version + 1),
        ))
        .execute(conn)
        .map_err(storage_error)?;
    if written == 1 {
        Ok(())
    } else {
        Err(StorageError::corrupt(format!(
            "no level of {} at {}",
            line.product_id, line.location
        )))
    }
}

pub(super) fn insert_movement(conn: &mut DbConn, movement: &Movement) -> Result<(), StorageError> {
    diesel::insert_into(stock_movements::table)
        .values((
            stock_movements::id.eq(movement.id.to_string()),
            stock_movements::product_id.eq(movement.product_id.to_string()),
            stock_movements::location.eq(movement.location.as_str()),
            stock_movements::kind.eq(movement.kind.name()),
            stock_movements::quantity.eq(movement.quantity),
            stock_movements::on_hand_after.eq(movement.on_hand_after),
            stock_movements::reason.eq(&movement.reason),
            stock_movements::reservation_id.eq(movement.reservation_id.map(|id| id.to_string())),
            stock_movements::occurred_at.eq(movement.occurred_at.naive_utc()),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}
