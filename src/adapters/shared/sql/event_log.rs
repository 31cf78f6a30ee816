//! A context's event log: appended with the aggregate, read in order, nothing skipped.
//!
//! On `SQLite` there is one writer, so the order of `seq` is the order of commits. On `PostgreSQL` a lower `seq` can
//! commit after a higher one, and a reader that has moved past it would never see it. Therefore an appender holds a
//! shared advisory lock from before its first `seq` until its commit, and a reader takes the same lock exclusively for
//! the moment of its query: it waits for the appenders that are under way, and sees all that they wrote
//! (docs/adr/0003). Appending comes last in every transaction, so the wait is one commit long and no cycle of locks
//! can form.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::connection::DbConn;
use super::database::Database;
use super::errors::storage_error;
use super::schema::event_log;
use crate::ports::shared::events::{EventFeed, EventRecord, LoggedEvent};
use crate::ports::shared::storage::StorageError;

/// The advisory lock of the log in the connection's schema.
const LOCK_KEY: &str = "hashtextextended('banyan.event_log.' || current_schema(), 0)";

/// Appends events inside of the caller's transaction, as its last statements.
pub(super) fn append(conn: &mut DbConn, events: &[EventRecord]) -> Result<(), StorageError> {
    if events.is_empty() {
        return Ok(());
    }
    if let DbConn::Postgres(c) = conn {
        c.batch_execute(&format!("SELECT pg_advisory_xact_lock_shared({LOCK_KEY})"))
            .map_err(storage_error)?;
    }
    for event in events {
        diesel::insert_into(event_log::table)
            .values((
                event_log::event_id.eq(event.event_id.to_string()),
                event_log::event_type.eq(&event.event_type),
                event_log::version.eq(event.version),
                event_log::subject.eq(&event.subject),
                event_log::payload.eq(&event.payload),
                event_log::occurred_at.eq(event.occurred_at.naive_utc()),
                event_log::correlation_id.eq(event.correlation_id.to_string()),
                event_log::trace_parent.eq(event.trace_parent.as_deref()),
            ))
            .execute(conn)
            .map_err(storage_error)?;
    }
    Ok(())
}

/// The log of a context in this process.
pub struct SqlEventFeed {
    database: Arc<Database>,
}

impl SqlEventFeed {
    /// Reads the log in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

impl EventFeed for SqlEventFeed {
    fn read_after(&self, position: i64, limit: u32) -> Result<Vec<LoggedEvent>, StorageError> {
        let select = |conn: &mut DbConn| {
            event_log::table
                .filter(event_log::seq.gt(position))
                .order(event_log::seq)
                .limit(i64::from(limit))
                .select(EventRow::as_select())
                .load(conn)
        };
        let seen = self.database.read(select)?;
        let settled = if seen.is_empty() || self.database.commits_in_order() {
            seen
        } else {
            self.database.write(|conn| {
                // An appender that froze must not hold up the others through us: they queue behind this request.
                conn.batch_execute(&format!(
                    "SET LOCAL lock_timeout = '250ms'; SELECT pg_advisory_xact_lock({LOCK_KEY})"
                ))
                .map_err(storage_error)?;
                select(conn).map_err(storage_error)
            })?
        };
        settled.into_iter().map(EventRow::into_event).collect()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = event_log)]
struct EventRow {
    seq: i64,
    event_id: String,
    event_type: String,
    version: i32,
    subject: String,
    payload: String,
    occurred_at: chrono::NaiveDateTime,
    correlation_id: String,
    trace_parent: Option<String>,
}

impl EventRow {
    fn into_event(self) -> Result<LoggedEvent, StorageError> {
        Ok(LoggedEvent {
            seq: self.seq,
            event: EventRecord {
                event_id: self.event_id.parse().map_err(StorageError::corrupt)?,
                event_type: self.event_type,
                version: self.version,
                subject: self.subject,
                payload: self.payload,
                occurred_at: crate::domains::shared::timestamp::Timestamp::from_naive_utc(self.occurred_at),
                correlation_id: self.correlation_id.parse().map_err(StorageError::corrupt)?,
                trace_parent: self.trace_parent,
            },
        })
    }
}
