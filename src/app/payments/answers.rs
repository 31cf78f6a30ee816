//! Answering the request that waits for an outcome, in the transaction that records the outcome: whoever finds it out.

use super::PaymentsService;
use super::unsettled::Unsettled;
use crate::app::shared::idempotent::{Outcome, answer};
use crate::domains::payments::attempt::RequestKey;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::idempotency::KEPT_FOR_MS;
use crate::ports::shared::operation::Operation;
use crate::ports::shared::storage::KeyWrite;

impl PaymentsService {
    /// The write that answers `request`; `None` where nobody waits, or the key has been forgotten or answered.
    pub(super) fn answer_to<Op: Operation>(
        &self,
        request: Option<&RequestKey>,
        outcome: &Outcome<Op>,
        now: Timestamp,
    ) -> Result<Option<KeyWrite>, Unsettled> {
        let Some(request) = request else {
            return Ok(None);
        };
        let contradiction = |error: String| Unsettled::Contradiction(error);
        let key = request
            .key
            .parse()
            .map_err(|error| contradiction(format!("{}: {error}", request.key)))?;
        let record = self.keys.find_key(&request.scope, &key, now.plus_ms(-KEPT_FOR_MS))?;
        match record {
            Some(record) if record.answer.is_none() => answer::<Op>(record, outcome).map(Some).map_err(|failure| {
                contradiction(match failure {
                    Failure::Internal(message) => message.for_operator().to_owned(),
                    _ => format!("{} cannot be answered", request.key),
                })
            }),
            Some(_) | None => Ok(None),
        }
    }
}
