//! At most one effect for each idempotency key, and the same answer every time.
//!
//! A use case asks [`begin`] first. It gets either the answer of an earlier request, or a [`Claim`] which it commits
//! with its effect: answered at once when the effect is one transaction ([`Claim::answered`]), or in flight when it
//! takes longer ([`Claim::in_flight`], later [`answer`]). Of two requests that race, the database lets one claim; the
//! other asks again ([`after_lost_race`]) and gets the winner's answer.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::idempotency::{IdempotencyStore, KEPT_FOR_MS, KeyRecord};
use crate::ports::shared::operation::Operation;
use crate::ports::shared::storage::KeyWrite;

/// The result of an operation: what an idempotency key remembers.
pub type Outcome<Op> = Result<<Op as Operation>::Reply, <Op as Operation>::Error>;

/// What a request under a key finds.
pub enum Begun<Op: Operation> {
    /// Nobody has used the key: go on, and commit the claim with the effect.
    Fresh(Claim),
    /// This was the answer.
    Replayed(Outcome<Op>),
}

/// The right to carry out an operation, to be committed with its effect.
#[derive(Debug, Clone)]
pub struct Claim(KeyRecord);

impl Claim {
    /// For an effect that ends in the same transaction, with its answer.
    pub fn answered<Op: Operation>(self, outcome: &Outcome<Op>) -> Result<KeyWrite, Failure<Op::Error>> {
        Ok(KeyWrite::Claim(with_answer::<Op>(self.0, outcome)?))
    }

    /// For an effect that takes longer. Until it is answered, others under the key are told that it is in flight.
    pub fn in_flight(&self) -> KeyWrite {
        KeyWrite::Claim(self.0.clone())
    }

    /// The record, for whoever will answer later.
    pub fn into_record(self) -> KeyRecord {
        self.0
    }
}

/// The write that answers a key which was claimed in flight.
///
/// # Errors
/// [`Failure::Internal`] when the outcome cannot be written as JSON.
pub fn answer<Op: Operation>(record: KeyRecord, outcome: &Outcome<Op>) -> Result<KeyWrite, Failure<Op::Error>> {
    Ok(KeyWrite::Answer(with_answer::<Op>(record, outcome)?))
}

/// Looks the caller's key up.
///
/// # Errors
/// [`Failure::IdempotencyKeyMissing`] without a key, [`Failure::IdempotencyKeyReused`] when it was used for something
/// else, [`Failure::IdempotencyKeyInFlight`] while its first use is not answered.
pub fn begin<Op: Operation>(
    store: &dyn IdempotencyStore,
    cx: &CallContext,
    op: &Op,
    now: Timestamp,
) -> Result<Begun<Op>, Failure<Op::Error>> {
    let key = cx.idempotency_key.clone().ok_or(Failure::IdempotencyKeyMissing)?;
    let scope = cx.principal.key_scope();
    let fingerprint = fingerprint(op).map_err(|error| Failure::internal(error.to_string()))?;
    let Some(record) = store.find_key(&scope, &key, now.plus_ms(-KEPT_FOR_MS))? else {
        let operation = Op::NAME.to_owned();
        return Ok(Begun::Fresh(Claim(KeyRecord {
            scope,
            key,
            operation,
            fingerprint,
            answer: None,
            created_at: now,
        })));
    };
    if record.operation != Op::NAME || record.fingerprint != fingerprint {
        return Err(Failure::IdempotencyKeyReused);
    }
    let Some(answer) = record.answer else {
        return Err(Failure::IdempotencyKeyInFlight);
    };
    let outcome = serde_json::from_str(&answer).map_err(|error| Failure::internal(error.to_string()))?;
    cx.note_replayed();
    Ok(Begun::Replayed(outcome))
}

/// What to answer when the commit found that another request had claimed the key in the meantime: its answer, or that
/// it is still in flight. `None` when the key is free, so that the commit must have failed for another reason.
///
/// # Errors
/// As [`begin`].
pub fn after_lost_race<Op: Operation>(
    store: &dyn IdempotencyStore,
    cx: &CallContext,
    op: &Op,
    now: Timestamp,
) -> Result<Option<Outcome<Op>>, Failure<Op::Error>> {
    match begin(store, cx, op, now)? {
        Begun::Replayed(outcome) => Ok(Some(outcome)),
        Begun::Fresh(_) => Ok(None),
    }
}

/// What to answer when a rule refused a request whose key was free a moment ago. If it was another request under the same
/// key that made it so, that one's answer, or that it is still in flight; else the refusal.
///
/// # Errors
/// As [`begin`], or `refusal`.
pub fn after_refusal<Op: Operation>(
    store: &dyn IdempotencyStore,
    cx: &CallContext,
    op: &Op,
    now: Timestamp,
    refusal: Failure<Op::Error>,
) -> Result<Op::Reply, Failure<Op::Error>> {
    match after_lost_race(store, cx, op, now)? {
        Some(outcome) => into_result::<Op>(outcome),
        None => Err(refusal),
    }
}

/// Turns what a key remembered into what a handler returns.
pub fn into_result<Op: Operation>(outcome: Outcome<Op>) -> Result<Op::Reply, Failure<Op::Error>> {
    outcome.map_err(Failure::Domain)
}

fn with_answer<Op: Operation>(record: KeyRecord, outcome: &Outcome<Op>) -> Result<KeyRecord, Failure<Op::Error>> {
    let answer = serde_json::to_string(outcome).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(KeyRecord {
        answer: Some(answer),
        ..record
    })
}

/// SHA-256 of the operation's own JSON form, in hex. The client's spelling (order of members, white space) is gone by
/// then: what differs is another request.
fn fingerprint(op: &impl Serialize) -> Result<String, serde_json::Error> {
    use std::fmt::Write as _;
    let digest = Sha256::digest(serde_json::to_vec(op)?);
    Ok(digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}
