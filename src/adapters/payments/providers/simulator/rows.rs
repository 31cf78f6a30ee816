//! Rows of the ledger.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::shared::money::{Currency, Money};
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};
use crate::ports::shared::storage::StorageError;

#[derive(QueryableByName)]
pub(super) struct ChargeRow {
    #[diesel(sql_type = Text)]
    pub(super) key: String,
    #[diesel(sql_type = BigInt)]
    pub(super) amount_minor: i64,
    #[diesel(sql_type = Text)]
    pub(super) currency: String,
    #[diesel(sql_type = Text)]
    pub(super) status: String,
    #[diesel(sql_type = BigInt)]
    pub(super) captured_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) refunded_minor: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) decline_reason: Option<String>,
}

#[derive(QueryableByName)]
pub(super) struct RefundRow {
    #[diesel(sql_type = Text)]
    pub(super) charge_key: String,
    #[diesel(sql_type = BigInt)]
    pub(super) amount_minor: i64,
    #[diesel(sql_type = Text)]
    pub(super) currency: String,
}

impl ChargeRow {
    /// What was asked to be held; a tombstone was never asked for.
    pub(super) fn amount(&self) -> Result<Money, StorageError> {
        Ok(Money::of(self.amount_minor, currency(&self.currency)?))
    }

    pub(super) fn into_charge(self) -> Result<ProviderCharge, StorageError> {
        let amount = self.amount()?;
        let of = |minor| Money::of(minor, amount.currency());
        let state = match (self.status.as_str(), self.decline_reason.as_deref()) {
            ("authorized", _) => ChargeState::Authorized,
            ("captured", _) => ChargeState::Captured,
            ("voided", _) => ChargeState::Voided,
            ("declined", Some(reason)) => ChargeState::Declined(
                DeclineReason::from_name(reason)
                    .ok_or_else(|| StorageError::corrupt(format!("decline reason {reason}")))?,
            ),
            (status, _) => return Err(StorageError::corrupt(format!("charge status {status}"))),
        };
        Ok(ProviderCharge {
            key: self.key,
            state,
            authorized: if matches!(state, ChargeState::Declined(_)) {
                of(0)
            } else {
                amount
            },
            captured: of(self.captured_minor),
            refunded: of(self.refunded_minor),
        })
    }
}

impl RefundRow {
    pub(super) fn amount(&self) -> Result<Money, StorageError> {
        Ok(Money::of(self.amount_minor, currency(&self.currency)?))
    }
}

fn currency(code: &str) -> Result<Currency, StorageError> {
    code.parse().map_err(StorageError::corrupt)
}
