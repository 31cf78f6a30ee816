//! The inventory store on both databases.

use std::sync::Arc;

use diesel::prelude::*;

use super::rows::{self, MovementRow};
use super::schema::stock_movements;
use super::{audits, levels, reservations};
use crate::adapters::shared::sql::database::Database;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::inventory::movement::Movement;
use crate::domains::inventory::reservation::{Ending, Reservation};
use crate::domains::inventory::reservation_wish::ReservationWish;
use crate::domains::inventory::stock_level::{LevelRefusal, StockLevel};
use crate::domains::shared::ids::{MovementId, OrderId, ProductId, ReservationId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::inventory::operations::{ReservationAudit, Shortage, StockAudit};
use crate::ports::inventory::outbound::{ChangedLevel, InventoryStore, LevelChange, LevelKey, Reserving, UnitFor};
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// How often a write starts anew because another transaction made the same row first. Rows are never deleted, so the
/// second attempt finds it; the third is for what nobody thought of.
const ATTEMPTS_MAX: u32 = 3;

/// Stock in the context's database.
pub struct SqlInventoryStore {
    database: Arc<Database>,
}

impl SqlInventoryStore {
    /// Stock in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    fn try_change(
        &self,
        change: &LevelChange,
        unit: UnitFor<'_, Result<ChangedLevel, LevelRefusal>>,
    ) -> Result<Result<ChangedLevel, LevelRefusal>, StorageError> {
        self.database.commit_with(|conn| {
            let before = levels::lock_level(conn, change.product_id, &change.location)?;
            let is_new = before.is_none();
            let before = before.unwrap_or_else(|| StockLevel::empty(change.product_id, change.location.clone()));
            let result = before.changed(change.change).map(|level| {
                let difference = level.on_hand().saturating_sub(before.on_hand());
                ChangedLevel { level, difference }
            });
            if let Ok(changed) = &result {
                if is_new {
                    levels::insert_level(conn, &changed.level)?;
                } else {
                    levels::update_level(conn, &changed.level)?;
                }
                levels::insert_movement(conn, &change.entry(changed))?;
            }
            let unit = unit(&result)?;
            Ok((result, unit))
        })
    }

    fn try_reserve(
        &self,
        wish: &ReservationWish,
        unit: UnitFor<'_, Vec<StockLevel>>,
    ) -> Result<Reserving, StorageError> {
        let mut shortages: Vec<Shortage> = Vec::new();
        let result = self.database.commit_with(|conn| {
            let found = reservations::find(conn, wish.id()).map_err(storage_error)?;
            if let Some(existing) = found.into_reservations()?.pop() {
                return Ok((Reserving::Exists(existing), UnitOfWork::none()));
            }
            reservations::insert_wish(conn, wish)?;
            let mut held = Vec::new();
            for line in wish.lines() {
                match levels::hold(conn, line)? {
                    Ok(line) => held.push(line),
                    Err(shortage) => shortages.push(shortage),
                }
            }
            if !shortages.is_empty() {
                // An error is what makes the transaction roll back; below it becomes the answer.
                return Err(StorageError::Refused {
                    constraint: "on_hand - reserved".to_owned(),
                });
            }
            reservations::insert_lines(conn, wish.id(), &held)?;
            let unit = unit(&levels::levels_at(conn, &held)?)?;
            Ok((Reserving::Held, unit))
        });
        match result {
            Err(StorageError::Refused { .. }) if !shortages.is_empty() => Ok(Reserving::Short(shortages)),
            other => other,
        }
    }
}

impl InventoryStore for SqlInventoryStore {
    fn levels_of(&self, product_id: ProductId) -> Result<Vec<StockLevel>, StorageError> {
        rows::into_levels(self.database.read(|conn| levels::rows_of(conn, &[product_id]))?)
    }

    fn movements_of(
        &self,
        product_id: ProductId,
        before: Option<MovementId>,
        limit: u32,
    ) -> Result<Vec<Movement>, StorageError> {
        let rows: Vec<MovementRow> = self.database.read(|conn| {
            let mut query = stock_movements::table
                .filter(stock_movements::product_id.eq(product_id.to_string()))
                .order(stock_movements::id.desc())
                .limit(i64::from(limit))
                .select(MovementRow::as_select())
                .into_boxed();
            if let Some(before) = before {
                query = query.filter(stock_movements::id.lt(before.to_string()));
            }
            query.load(conn)
        })?;
        rows.into_iter().map(MovementRow::into_movement).collect()
    }

    fn change_level(
        &self,
        change: &LevelChange,
        unit: UnitFor<'_, Result<ChangedLevel, LevelRefusal>>,
    ) -> Result<Result<ChangedLevel, LevelRefusal>, StorageError> {
        for _attempt in 1..ATTEMPTS_MAX {
            match self.try_change(change, unit) {
                // Another transaction has just made the product's first level.
                Err(StorageError::Stale) => {}
                done => return done,
            }
        }
        self.try_change(change, unit)
    }

    fn reserve(&self, wish: &ReservationWish, unit: UnitFor<'_, Vec<StockLevel>>) -> Result<Reserving, StorageError> {
        for _attempt in 1..ATTEMPTS_MAX {
            match self.try_reserve(wish, unit) {
                // Another transaction has just made the reservation of this id.
                Err(StorageError::Duplicate { .. }) => {}
                done => return done,
            }
        }
        self.try_reserve(wish, unit)
    }

    fn find_reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StorageError> {
        Ok(self
            .database
            .read(|conn| reservations::find(conn, id))?
            .into_reservations()?
            .pop())
    }

    fn end_reservation(
        &self,
        ending: &Ending,
        ids: &dyn IdSource,
        unit: UnitFor<'_, Vec<StockLevel>>,
    ) -> Result<(), StorageError> {
        let reservation = ending.reservation();
        self.database.commit_with(|conn| {
            reservations::update_status(conn, ending)?;
            for line in reservation.lines() {
                levels::affect(conn, line, ending.effect())?;
            }
            let after = levels::levels_at(conn, reservation.lines())?;
            for entry in ending.entries(&after, || ids.make()) {
                levels::insert_movement(conn, &entry)?;
            }
            Ok(((), unit(&after)?))
        })
    }

    fn remember_released(&self, reservation: &Reservation) -> Result<(), StorageError> {
        self.database
            .write(|conn| reservations::insert_empty(conn, reservation))
    }

    fn due_reservations(&self, now: Timestamp, limit: u32) -> Result<Vec<Reservation>, StorageError> {
        self.database
            .read(|conn| reservations::due(conn, now, limit))?
            .into_reservations()
    }

    fn audit_stock(&self, after: Option<&LevelKey>, limit: u32) -> Result<Vec<StockAudit>, StorageError> {
        self.database
            .read(|conn| audits::stock_page(conn, after, limit))?
            .into_audits()
    }

    fn audit_reservations(
        &self,
        after: Option<(OrderId, ReservationId)>,
        limit: u32,
    ) -> Result<Vec<ReservationAudit>, StorageError> {
        self.database
            .read(|conn| audits::reservation_page(conn, after, limit))?
            .into_audits()
    }
}
