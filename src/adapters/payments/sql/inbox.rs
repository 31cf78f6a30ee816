//! What the provider told, in the context's database.

use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::schema::{payments, webhook_inbox};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::database::Database;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::webhooks::{NewWebhook, Received, Standing, Webhook, WebhookInbox};
use crate::ports::shared::storage::StorageError;

/// Nobody has looked at it yet.
const RECEIVED: &str = "received";
/// It was looked at, and will be again.
const WAITING: &str = "waiting";

/// Told after each webhook that was kept and is new, so that whoever applies it need not wait for the next poll.
pub type WebhookKept = Arc<dyn Fn() + Send + Sync>;

/// What the provider told, in the context's database.
pub struct SqlWebhookInbox {
    database: Arc<Database>,
    kept: WebhookKept,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_inbox)]
struct WebhookRow {
    provider: String,
    event_id: String,
    body: String,
    attempts: i32,
    received_at: NaiveDateTime,
}

/// What changes when a webhook was looked at.
#[derive(AsChangeset)]
#[diesel(table_name = webhook_inbox, treat_none_as_null = true)]
struct StandingChanges<'a> {
    status: &'a str,
    reason: &'a str,
    waits_for: Option<String>,
    next_attempt_at: Option<NaiveDateTime>,
    ended_at: Option<NaiveDateTime>,
}

impl SqlWebhookInbox {
    /// The inbox in `database`.
    pub fn new(database: Arc<Database>, kept: WebhookKept) -> Self {
        Self { database, kept }
    }

    /// One whose id is here already.
    fn compare(&self, webhook: &NewWebhook) -> Result<Received, StorageError> {
        let known: Option<String> = self.database.read(|conn| {
            webhook_inbox::table
                .find((&webhook.provider, &webhook.event_id))
                .select(webhook_inbox::body)
                .first(conn)
                .optional()
        })?;
        Ok(match known {
            Some(known) if known != webhook.body => Received::OtherBody,
            // Forgotten just now: it had ended long ago.
            Some(_) | None => Received::Known,
        })
    }
}

impl WebhookInbox for SqlWebhookInbox {
    fn receive(&self, webhook: &NewWebhook) -> Result<Received, StorageError> {
        let kept = self.database.write(|conn| {
            diesel::insert_into(webhook_inbox::table)
                .values((
                    webhook_inbox::provider.eq(&webhook.provider),
                    webhook_inbox::event_id.eq(&webhook.event_id),
                    webhook_inbox::event_type.eq(&webhook.event_type),
                    webhook_inbox::body.eq(&webhook.body),
                    webhook_inbox::status.eq(RECEIVED),
                    webhook_inbox::reason.eq(""),
                    webhook_inbox::attempts.eq(0),
                    webhook_inbox::received_at.eq(webhook.received_at.naive_utc()),
                    webhook_inbox::next_attempt_at.eq(webhook.received_at.naive_utc()),
                ))
                .execute(conn)
                .map(|_one| ())
                .map_err(storage_error)
        });
        match kept {
            Ok(()) => {
                (self.kept)();
                Ok(Received::Fresh)
            }
            Err(StorageError::Duplicate { .. }) => self.compare(webhook),
            Err(error) => Err(error),
        }
    }

    fn take(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Webhook>, StorageError> {
        // Most looks find nothing: then nothing is written.
        if self.database.read(|conn| candidates(conn, now, limit))?.is_empty() {
            return Ok(Vec::new());
        }
        self.database.write(|conn| {
            let mut taken = Vec::new();
            for row in candidates(conn, now, limit).map_err(storage_error)? {
                let webhook = row.taken();
                let seen = webhook_inbox::table
                    .find((&webhook.provider, &webhook.event_id))
                    .filter(webhook_inbox::ended_at.is_null())
                    .filter(webhook_inbox::attempts.eq(webhook.attempts.saturating_sub(1)));
                let written = diesel::update(seen)
                    .set((
                        webhook_inbox::attempts.eq(webhook.attempts),
                        webhook_inbox::waits_for.eq(None::<String>),
                        webhook_inbox::next_attempt_at.eq(until.naive_utc()),
                    ))
                    .execute(conn)
                    .map_err(storage_error)?;
                if written == 1 {
                    taken.push(webhook);
                }
            }
            Ok(taken)
        })
    }

    fn settle(&self, settled: &[(Webhook, Standing)]) -> Result<(), StorageError> {
        if settled.is_empty() {
            return Ok(());
        }
        self.database.write(|conn| {
            for (webhook, standing) in settled {
                let taken = webhook_inbox::table
                    .find((&webhook.provider, &webhook.event_id))
                    .filter(webhook_inbox::ended_at.is_null())
                    .filter(webhook_inbox::attempts.eq(webhook.attempts));
                diesel::update(taken)
                    .set(StandingChanges::of(standing))
                    .execute(conn)
                    .map_err(storage_error)?;
            }
            Ok(())
        })
    }

    fn forget_ended(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError> {
        self.database.write(|conn| {
            let old: Vec<(String, String)> = webhook_inbox::table
                .filter(webhook_inbox::ended_at.lt(before.naive_utc()))
                .order(webhook_inbox::ended_at)
                .limit(i64::from(limit))
                .select((webhook_inbox::provider, webhook_inbox::event_id))
                .load(conn)
                .map_err(storage_error)?;
            for key in &old {
                diesel::delete(webhook_inbox::table.find((&key.0, &key.1)))
                    .execute(conn)
                    .map_err(storage_error)?;
            }
            Ok(old.len())
        })
    }
}

/// Those that are due, and as many as there is room for of those whose payment is there by now.
fn candidates(conn: &mut DbConn, now: Timestamp, limit: u32) -> QueryResult<Vec<WebhookRow>> {
    let mut rows: Vec<WebhookRow> = webhook_inbox::table
        .filter(webhook_inbox::next_attempt_at.le(now.naive_utc()))
        .order((webhook_inbox::received_at, webhook_inbox::event_id))
        .limit(i64::from(limit))
        .select(WebhookRow::as_select())
        .load(conn)?;
    let room = i64::from(limit).saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    if room > 0 {
        let no_longer_early: Vec<WebhookRow> = webhook_inbox::table
            .inner_join(payments::table.on(webhook_inbox::waits_for.eq(payments::id.nullable())))
            .filter(webhook_inbox::next_attempt_at.gt(now.naive_utc()))
            .order((webhook_inbox::received_at, webhook_inbox::event_id))
            .limit(room)
            .select(WebhookRow::as_select())
            .load(conn)?;
        rows.extend(no_longer_early);
    }
    Ok(rows)
}

impl WebhookRow {
    /// As it is once it has been taken another time.
    fn taken(self) -> Webhook {
        Webhook {
            provider: self.provider,
            event_id: self.event_id,
            body: self.body,
            attempts: self.attempts.saturating_add(1),
            received_at: Timestamp::from_naive_utc(self.received_at),
        }
    }
}

impl<'a> StandingChanges<'a> {
    fn of(standing: &'a Standing) -> Self {
        match standing {
            Standing::Waiting {
                reason,
                waits_for,
                next_attempt_at,
            } => Self {
                status: WAITING,
                reason,
                waits_for: waits_for.map(|payment_id| payment_id.to_string()),
                next_attempt_at: Some(next_attempt_at.naive_utc()),
                ended_at: None,
            },
            Standing::Ended { end, reason, at } => Self {
                status: end.name(),
                reason,
                waits_for: None,
                next_attempt_at: None,
                ended_at: Some(at.naive_utc()),
            },
        }
    }
}
