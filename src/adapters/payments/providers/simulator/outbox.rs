//! What the provider has to tell: written in the transaction of what happened, and sent by somebody else.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamp};

use super::Simulator;
use super::ledger::{Ledger, find_charge};
use crate::adapters::payments::providers::simulator_webhooks::{REFUNDED, RefundPart, WebhookBody};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::shared::timestamp::Timestamp as Instant;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};
use crate::ports::shared::storage::StorageError;

/// A webhook that is to be sent.
#[derive(QueryableByName)]
pub struct OutboxEntry {
    /// The id of the event.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// What is said.
    #[diesel(sql_type = Text)]
    pub body: String,
    #[diesel(sql_type = Text)]
    status: String,
    /// How often it was sent in vain.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

impl OutboxEntry {
    /// Whether nobody has looked at it before.
    pub fn is_new(&self) -> bool {
        self.status == "new"
    }
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was answered by 2xx.
    Delivered,
    /// It was not; it is sent again at this time.
    Failed(Instant),
    /// It was not, too often.
    GivenUp,
    /// It is sent for the first time at this time: later than what happened after it.
    HeldBack(Instant),
    /// It is never sent.
    Dropped,
}

impl Simulator {
    /// Notes from now on what happens, for whoever sends it.
    #[must_use]
    pub fn telling(mut self) -> Self {
        self.ledger.tells = true;
        self
    }

    /// At most `limit` webhooks that are due, oldest first.
    ///
    /// # Errors
    /// [`StorageError`] of the ledger.
    pub fn due_webhooks(&self, limit: u32) -> Result<Vec<OutboxEntry>, StorageError> {
        let now = self.ledger.now();
        self.ledger.database.read(|conn| {
            sql_query(
                "SELECT id, body, status, attempts FROM webhooks WHERE next_attempt_at <= $1 \
                 ORDER BY next_attempt_at, created_at, id LIMIT $2",
            )
            .bind::<Timestamp, _>(now)
            .bind::<BigInt, _>(i64::from(limit))
            .load(conn)
        })
    }

    /// Writes what became of webhooks.
    ///
    /// # Errors
    /// [`StorageError`] of the ledger; then all of them are sent again.
    pub fn note_webhooks(&self, fates: &[(String, Fate)]) -> Result<(), StorageError> {
        if fates.is_empty() {
            return Ok(());
        }
        self.ledger.database.write(|conn| {
            for (id, fate) in fates {
                let (status, again) = match fate {
                    Fate::Delivered => ("delivered", None),
                    Fate::Failed(again) => ("failed", Some(again.naive_utc())),
                    Fate::GivenUp => ("given_up", None),
                    Fate::HeldBack(until) => ("held_back", Some(until.naive_utc())),
                    Fate::Dropped => ("dropped", None),
                };
                let sent = i32::from(!matches!(fate, Fate::HeldBack(_) | Fate::Dropped));
                sql_query(
                    "UPDATE webhooks SET status = $1, next_attempt_at = $2, attempts = attempts + $3 WHERE id = $4",
                )
                .bind::<Text, _>(status)
                .bind::<Nullable<Timestamp>, _>(again)
                .bind::<Integer, _>(sent)
                .bind::<Text, _>(id)
                .execute(conn)
                .map_err(storage_error)?;
            }
            Ok(())
        })
    }

    /// The provider's clock.
    pub fn now(&self) -> Instant {
        self.ledger.clock.now()
    }
}

impl Ledger {
    /// A charge has come to stand where it stands now.
    pub(super) fn tell_of_charge(&self, conn: &mut DbConn, charge: &ProviderCharge) -> Result<(), StorageError> {
        let what = match charge.state {
            ChargeState::Authorized => "authorized",
            ChargeState::Captured => "captured",
            ChargeState::Voided => "voided",
            ChargeState::Declined(_) => "declined",
        };
        let event = WebhookBody {
            id: format!("{}.{what}", charge.key),
            event_type: format!("charge.{what}"),
            live: false,
            created: self.clock.now(),
            charge: Some(charge.clone().into()),
            refund: None,
        };
        self.tell(conn, &event)
    }

    /// Money of a charge has gone back.
    pub(super) fn tell_of_refund(&self, conn: &mut DbConn, key: &str, refund: RefundPart) -> Result<(), StorageError> {
        let event = WebhookBody {
            id: format!("{key}.refunded.{}", refund.key),
            event_type: REFUNDED.to_owned(),
            live: false,
            created: self.clock.now(),
            charge: find_charge(conn, key)?.map(Into::into),
            refund: Some(refund),
        };
        self.tell(conn, &event)
    }

    fn tell(&self, conn: &mut DbConn, event: &WebhookBody) -> Result<(), StorageError> {
        if !self.tells {
            return Ok(());
        }
        let body = serde_json::to_string(event).map_err(|error| StorageError::Other(Box::new(error)))?;
        let now: NaiveDateTime = event.created.naive_utc();
        sql_query(
            "INSERT INTO webhooks (id, body, status, attempts, next_attempt_at, created_at) \
             VALUES ($1, $2, 'new', 0, $3, $3)",
        )
        .bind::<Text, _>(&event.id)
        .bind::<Text, _>(body)
        .bind::<Timestamp, _>(now)
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
    }
}
