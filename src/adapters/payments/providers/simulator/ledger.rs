//! The simulator's ledger: a file of its own, each call one transaction that is on the disk before it is answered.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use super::rows::{ChargeRow, RefundRow};
use crate::adapters::payments::providers::simulator_webhooks::RefundPart;
use crate::adapters::shared::sql::connection::{DatabaseLocation, DbConn};
use crate::adapters::shared::sql::database::{Database, PoolSize};
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::refund_rules::{captured_within_authorized, refund_within_captured};
use crate::domains::shared::money::{Currency, Money};
use crate::domains::shared::timestamp::Timestamp as Moment;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};
use crate::ports::shared::clock::Clock;
use crate::ports::shared::storage::StorageError;

const SCHEMA: &str = include_str!("schema.sql");

/// Connections for reading; there is one for writing.
const READERS: u32 = 4;

/// What the ledger answers.
#[derive(Debug)]
pub(super) enum Answer<T> {
    /// It is done, now or before.
    Done(T),
    /// The call makes no sense to the ledger; nothing was done.
    Refused(String),
}

/// The simulator's ledger.
pub(super) struct Ledger {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether what happens is noted for whoever is to be told.
    pub(super) tells: bool,
}

impl Ledger {
    pub(super) fn open(path: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| StorageError::Unavailable(Box::new(error)))?;
        }
        let size = PoolSize { connections: READERS };
        // Nobody listens: the simulator tells no events.
        let database = Database::open(DatabaseLocation::SqliteFile(path), size, Arc::new(|| {}));
        database.write(|conn| conn.batch_execute(SCHEMA).map_err(storage_error))?;
        Ok(Self {
            database,
            clock,
            tells: false,
        })
    }

    /// Holds an amount, or notes that it was declined. What is under the key already stays as it is.
    pub(super) fn authorize(
        &self,
        key: &str,
        token: &str,
        amount: Money,
        declined: Option<DeclineReason>,
    ) -> Result<Answer<ProviderCharge>, StorageError> {
        if !amount.is_positive() {
            return Ok(Answer::Refused(format!("{amount} cannot be held")));
        }
        let now = self.now();
        self.database.write(|conn| {
            if let Some(row) = find(conn, key)? {
                let known = row.amount()?;
                let charge = row.into_charge()?;
                return Ok(if charge.state == ChargeState::Voided || known == amount {
                    Answer::Done(charge)
                } else {
                    Answer::Refused(format!("{key} was used for {known}"))
                });
            }
            let status = if declined.is_some() { "declined" } else { "authorized" };
            self.insert(
                conn,
                &NewCharge {
                    key,
                    token,
                    amount,
                    status,
                    declined,
                    now,
                },
            )
        })
    }

    /// Takes what is held; leaves every other charge as it is.
    pub(super) fn capture(&self, key: &str, amount: Money) -> Result<Answer<ProviderCharge>, StorageError> {
        let now = self.now();
        self.database.write(|conn| {
            let Some(charge) = find_charge(conn, key)? else {
                return Ok(Answer::Refused(format!("there is no charge {key}")));
            };
            match charge.state {
                ChargeState::Voided | ChargeState::Declined(_) => return Ok(Answer::Done(charge)),
                ChargeState::Captured if charge.captured == amount => return Ok(Answer::Done(charge)),
                ChargeState::Captured => return Ok(Answer::Refused(format!("{} was captured", charge.captured))),
                ChargeState::Authorized => {}
            }
            if let Err(exceeds) = captured_within_authorized(amount, charge.authorized) {
                return Ok(Answer::Refused(exceeds.to_string()));
            }
            sql_query("UPDATE charges SET status = 'captured', captured_minor = $1, updated_at = $2 WHERE key = $3")
                .bind::<BigInt, _>(amount.minor())
                .bind::<Timestamp, _>(now)
                .bind::<Text, _>(key)
                .execute(conn)
                .map_err(storage_error)?;
            self.told(conn, key)
        })
    }

    /// Lets go what is held; where there is nothing, leaves a tombstone. Leaves every other charge as it is.
    pub(super) fn void(&self, key: &str, currency: Currency) -> Result<Answer<ProviderCharge>, StorageError> {
        let now = self.now();
        self.database.write(|conn| match find_charge(conn, key)? {
            None => {
                let amount = Money::zero(currency);
                self.insert(
                    conn,
                    &NewCharge {
                        key,
                        token: "",
                        amount,
                        status: "voided",
                        declined: None,
                        now,
                    },
                )
            }
            Some(charge) if charge.state == ChargeState::Authorized => {
                sql_query("UPDATE charges SET status = 'voided', updated_at = $1 WHERE key = $2")
                    .bind::<Timestamp, _>(now)
                    .bind::<Text, _>(key)
                    .execute(conn)
                    .map_err(storage_error)?;
                self.told(conn, key)
            }
            Some(charge) => Ok(Answer::Done(charge)),
        })
    }

    /// Gives back a part of what was taken.
    pub(super) fn refund(&self, key: &str, refund_key: &str, amount: Money) -> Result<Answer<()>, StorageError> {
        let now = self.now();
        self.database.write(|conn| {
            if let Some(known) = find_refund(conn, refund_key)? {
                return Ok(if known.charge_key == key && known.amount()? == amount {
                    Answer::Done(())
                } else {
                    Answer::Refused(format!("{refund_key} was used for another refund"))
                });
            }
            let Some(charge) = find_charge(conn, key)? else {
                return Ok(Answer::Refused(format!("there is no charge {key}")));
            };
            let left = charge.captured.minor().saturating_sub(charge.refunded.minor());
            if let Err(refused) = refund_within_captured(amount, Money::of(left, charge.captured.currency())) {
                return Ok(Answer::Refused(format!("the amount {refused}")));
            }
            sql_query(
                "INSERT INTO refunds (key, charge_key, amount_minor, currency, created_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind::<Text, _>(refund_key)
            .bind::<Text, _>(key)
            .bind::<BigInt, _>(amount.minor())
            .bind::<Text, _>(amount.currency().code())
            .bind::<Timestamp, _>(now)
            .execute(conn)
            .map_err(storage_error)?;
            sql_query("UPDATE charges SET refunded_minor = refunded_minor + $1, updated_at = $2 WHERE key = $3")
                .bind::<BigInt, _>(amount.minor())
                .bind::<Timestamp, _>(now)
                .bind::<Text, _>(key)
                .execute(conn)
                .map_err(storage_error)?;
            let refund = RefundPart {
                key: refund_key.to_owned(),
                amount,
            };
            self.tell_of_refund(conn, key, refund)?;
            Ok(Answer::Done(()))
        })
    }

    pub(super) fn find_charge(&self, key: &str) -> Result<Option<ProviderCharge>, StorageError> {
        let rows = self.database.read(|conn| select_charge(conn, key))?;
        rows.map(ChargeRow::into_charge).transpose()
    }

    pub(super) fn find_refund(&self, refund_key: &str) -> Result<Option<Money>, StorageError> {
        let row = self.database.read(|conn| select_refund(conn, refund_key))?;
        row.map(|row| row.amount()).transpose()
    }

    pub(super) fn list_charges(
        &self,
        after: &str,
        since: Option<Moment>,
        limit: u32,
    ) -> Result<Vec<ProviderCharge>, StorageError> {
        let since = since.map(Moment::naive_utc);
        let rows: Vec<ChargeRow> = self.database.read(|conn| {
            sql_query("SELECT * FROM charges WHERE key > $1 AND ($2 IS NULL OR created_at >= $2) ORDER BY key LIMIT $3")
                .bind::<Text, _>(after)
                .bind::<Nullable<Timestamp>, _>(since)
                .bind::<BigInt, _>(i64::from(limit))
                .load(conn)
        })?;
        rows.into_iter().map(ChargeRow::into_charge).collect()
    }

    pub(super) fn now(&self) -> NaiveDateTime {
        self.clock.now().naive_utc()
    }

    fn insert(&self, conn: &mut DbConn, charge: &NewCharge<'_>) -> Result<Answer<ProviderCharge>, StorageError> {
        insert(conn, charge)?;
        self.told(conn, charge.key)
    }

    /// A charge as it stands now, told to whoever listens.
    fn told(&self, conn: &mut DbConn, key: &str) -> Result<Answer<ProviderCharge>, StorageError> {
        let charge = find_charge(conn, key)?;
        let charge = charge.ok_or_else(|| StorageError::corrupt(format!("charge {key} is gone")))?;
        self.tell_of_charge(conn, &charge)?;
        Ok(Answer::Done(charge))
    }
}

struct NewCharge<'a> {
    key: &'a str,
    token: &'a str,
    amount: Money,
    status: &'a str,
    declined: Option<DeclineReason>,
    now: NaiveDateTime,
}

fn insert(conn: &mut DbConn, charge: &NewCharge<'_>) -> Result<(), StorageError> {
    sql_query(
        "INSERT INTO charges (key, token, amount_minor, currency, status, captured_minor, refunded_minor, \
         decline_reason, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8)",
    )
    .bind::<Text, _>(charge.key)
    .bind::<Text, _>(charge.token)
    .bind::<BigInt, _>(charge.amount.minor())
    .bind::<Text, _>(charge.amount.currency().code())
    .bind::<Text, _>(charge.status)
    .bind::<Nullable<Text>, _>(charge.declined.map(DeclineReason::name))
    .bind::<Timestamp, _>(charge.now)
    .bind::<Timestamp, _>(charge.now)
    .execute(conn)
    .map(|_one| ())
    .map_err(storage_error)
}

pub(super) fn find_charge(conn: &mut DbConn, key: &str) -> Result<Option<ProviderCharge>, StorageError> {
    find(conn, key)?.map(ChargeRow::into_charge).transpose()
}

fn find(conn: &mut DbConn, key: &str) -> Result<Option<ChargeRow>, StorageError> {
    select_charge(conn, key).map_err(storage_error)
}

fn find_refund(conn: &mut DbConn, refund_key: &str) -> Result<Option<RefundRow>, StorageError> {
    select_refund(conn, refund_key).map_err(storage_error)
}

fn select_charge(conn: &mut DbConn, key: &str) -> QueryResult<Option<ChargeRow>> {
    sql_query("SELECT * FROM charges WHERE key = $1")
        .bind::<Text, _>(key)
        .get_result(conn)
        .optional()
}

fn select_refund(conn: &mut DbConn, refund_key: &str) -> QueryResult<Option<RefundRow>> {
    sql_query("SELECT * FROM refunds WHERE key = $1")
        .bind::<Text, _>(refund_key)
        .get_result(conn)
        .optional()
}
