//! Reservations, inside of a transaction.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::rows::{LineRow, ReservationRow, ReservationRows};
use super::schema::{reservation_lines, reservations};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::inventory::reservation::{Ending, Reservation, ReservedLine};
use crate::domains::inventory::reservation_status::ReservationStatus;
use crate::domains::inventory::reservation_wish::ReservationWish;
use crate::domains::shared::ids::ReservationId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::StorageError;

/// The condition of the partial index, in its own words: with a bound value in it neither database sees that the index
/// applies.
pub(super) const IS_ACTIVE: &str = "reservations.status = 'active'";

pub(super) fn find(conn: &mut DbConn, id: ReservationId) -> QueryResult<ReservationRows> {
    let heads = reservations::table
        .find(id.to_string())
        .select(ReservationRow::as_select())
        .load(conn)?;
    with_lines(conn, heads)
}

/// Active reservations that are due, the most overdue first.
pub(super) fn due(conn: &mut DbConn, now: Timestamp, limit: u32) -> QueryResult<ReservationRows> {
    let heads = reservations::table
        .filter(sql::<Bool>(IS_ACTIVE))
        .filter(reservations::expires_at.le(now.naive_utc()))
        .order((reservations::expires_at, reservations::id))
        .limit(i64::from(limit))
        .select(ReservationRow::as_select())
        .load(conn)?;
    with_lines(conn, heads)
}

fn with_lines(conn: &mut DbConn, heads: Vec<ReservationRow>) -> QueryResult<ReservationRows> {
    let lines = reservation_lines::table
        .filter(reservation_lines::reservation_id.eq_any(heads.iter().map(|head| &head.id)))
        .order((reservation_lines::reservation_id, reservation_lines::line_no))
        .select(LineRow::as_select())
        .load(conn)?;
    Ok(ReservationRows { heads, lines })
}

/// Writes the head of a reservation that is wished; its lines follow once they are held. It comes first: of two wishes
/// with the same id the second waits here for the first, and holds nothing of its own meanwhile.
pub(super) fn insert_wish(conn: &mut DbConn, wish: &ReservationWish) -> Result<(), StorageError> {
    let times = (wish.expires_at(), wish.created_at(), wish.created_at());
    insert(
        conn,
        (
            wish.id().to_string(),
            wish.order_id().to_string(),
            ReservationStatus::Active,
        ),
        times,
    )
}

/// Writes a reservation without lines.
pub(super) fn insert_empty(conn: &mut DbConn, reservation: &Reservation) -> Result<(), StorageError> {
    let times = (
        reservation.expires_at(),
        reservation.created_at(),
        reservation.updated_at(),
    );
    let identity = (
        reservation.id().to_string(),
        reservation.order_id().to_string(),
        reservation.status(),
    );
    insert(conn, identity, times)
}

fn insert(
    conn: &mut DbConn,
    (id, order_id, status): (String, String, ReservationStatus),
    (expires_at, created_at, updated_at): (Timestamp, Timestamp, Timestamp),
) -> Result<(), StorageError> {
    diesel::insert_into(reservations::table)
        .values((
            reservations::id.eq(id),
            reservations::order_id.eq(order_id),
            reservations::status.eq(status.name()),
            reservations::expires_at.eq(expires_at.naive_utc()),
            reservations::created_at.eq(created_at.naive_utc()),
            reservations::updated_at.eq(updated_at.naive_utc()),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}

pub(super) fn insert_lines(conn: &mut DbConn, id: ReservationId, lines: &[ReservedLine]) -> Result<(), StorageError> {
    for (line_no, line) in (1_i32..).zip(lines) {
        diesel::insert_into(reservation_lines::table)
            .values((
                reservation_lines::reservation_id.eq(id.to_string()),
                reservation_lines::line_no.eq(line_no),
                reservation_lines::product_id.eq(line.product_id.to_string()),
                reservation_lines::location.eq(line.location.as_str()),
                reservation_lines::quantity.eq(line.quantity),
            ))
            .execute(conn)
            .map_err(storage_error)?;
    }
    Ok(())
}

/// Writes the new status. The old one in the condition: of two transitions from the same status one finds it changed.
pub(super) fn update_status(conn: &mut DbConn, ending: &Ending) -> Result<(), StorageError> {
    let reservation = ending.reservation();
    let written = diesel::update(
        reservations::table
            .find(reservation.id().to_string())
            .filter(reservations::status.eq(ending.from().name())),
    )
    .set((
        reservations::status.eq(reservation.status().name()),
        reservations::updated_at.eq(reservation.updated_at().naive_utc()),
    ))
    .execute(conn)
    .map_err(storage_error)?;
    if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
}
