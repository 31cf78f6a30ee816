//! Rows and what they stand for.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::schema::{reservation_lines, reservations, stock_levels, stock_movements};
use crate::domains::inventory::location::Location;
use crate::domains::inventory::movement::{Movement, MovementKind};
use crate::domains::inventory::reservation::{Reservation, ReservedLine};
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::domains::inventory::stock_level::StockLevel;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::StorageError;

#[derive(Queryable, Selectable)]
#[diesel(table_name = stock_levels)]
pub(super) struct LevelRow {
    pub product_id: String,
    pub location: String,
    pub on_hand: i64,
    pub reserved: i64,
    pub version: i64,
}

impl LevelRow {
    pub(super) fn into_level(self) -> Result<StockLevel, StorageError> {
        Ok(StockLevel::from_storage(
            self.product_id.parse().map_err(StorageError::corrupt)?,
            Location::from_storage(self.location),
            self.on_hand,
            self.reserved,
            self.version,
        ))
    }
}

pub(super) fn into_levels(rows: Vec<LevelRow>) -> Result<Vec<StockLevel>, StorageError> {
    rows.into_iter().map(LevelRow::into_level).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = stock_movements)]
pub(super) struct MovementRow {
    id: String,
    product_id: String,
    location: String,
    kind: String,
    quantity: i64,
    on_hand_after: i64,
    reason: String,
    reservation_id: Option<String>,
    occurred_at: NaiveDateTime,
}

impl MovementRow {
    pub(super) fn into_movement(self) -> Result<Movement, StorageError> {
        let reservation_id = self.reservation_id.map(|id| id.parse()).transpose();
        Ok(Movement {
            id: self.id.parse().map_err(StorageError::corrupt)?,
            product_id: self.product_id.parse().map_err(StorageError::corrupt)?,
            location: Location::from_storage(self.location),
            kind: MovementKind::from_name(&self.kind)
                .ok_or_else(|| StorageError::corrupt(format!("movement kind {}", self.kind)))?,
            quantity: self.quantity,
            on_hand_after: self.on_hand_after,
            reason: self.reason,
            reservation_id: reservation_id.map_err(StorageError::corrupt)?,
            occurred_at: Timestamp::from_naive_utc(self.occurred_at),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = reservations)]
pub(super) struct ReservationRow {
    pub id: String,
    order_id: String,
    status: String,
    expires_at: NaiveDateTime,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl ReservationRow {
    fn into_reservation(self, lines: Vec<ReservedLine>) -> Result<Reservation, StorageError> {
        Ok(Reservation::from_storage(
            self.id.parse().map_err(StorageError::corrupt)?,
            self.order_id.parse().map_err(StorageError::corrupt)?,
            ReservationStatus::from_name(&self.status)
                .ok_or_else(|| StorageError::corrupt(format!("reservation status {}", self.status)))?,
            lines,
            Timestamp::from_naive_utc(self.expires_at),
            (
                Timestamp::from_naive_utc(self.created_at),
                Timestamp::from_naive_utc(self.updated_at),
            ),
        ))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = reservation_lines)]
pub(super) struct LineRow {
    reservation_id: String,
    product_id: String,
    location: String,
    quantity: i64,
}

impl LineRow {
    fn into_line(self) -> Result<ReservedLine, StorageError> {
        Ok(ReservedLine {
            product_id: self.product_id.parse().map_err(StorageError::corrupt)?,
            location: Location::from_storage(self.location),
            quantity: self.quantity,
        })
    }
}

/// Reservations and the lines of all of them.
pub(super) struct ReservationRows {
    pub heads: Vec<ReservationRow>,
    pub lines: Vec<LineRow>,
}

impl ReservationRows {
    pub(super) fn into_reservations(self) -> Result<Vec<Reservation>, StorageError> {
        let mut lines: HashMap<String, Vec<ReservedLine>> = HashMap::new();
        for row in self.lines {
            lines
                .entry(row.reservation_id.clone())
                .or_default()
                .push(row.into_line()?);
        }
        let with_lines = |head: ReservationRow| {
            let own = lines.remove(&head.id).unwrap_or_default();
            head.into_reservation(own)
        };
        self.heads.into_iter().map(with_lines).collect()
    }
}
