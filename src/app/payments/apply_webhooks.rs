//! Applies what the provider told, whenever it arrived. For the worker.

use super::PaymentsService;
use super::merge_notice::Verdict;
use super::unsettled::Unsettled;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::ApplyWebhooks;
use crate::ports::payments::webhooks::{Standing, Webhook, WebhookEnd};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::StorageError;

/// How long whoever took a webhook has for it. Then another may take it: it has died over it.
const TAKEN_FOR_MS: i64 = 30_000;

/// How long a webhook may wait for its payment: as long as a provider goes on sending what was not answered.
const WAITS_AT_MOST_MS: i64 = 72 * 60 * 60 * 1_000;

/// When a webhook that waits is looked at again, at first; each time twice as late.
const FIRST_PAUSE_MS: i64 = 1_000;
/// The longest pause. It is for what is not noticed otherwise: a payment that is there by now is.
const PAUSE_MAX_MS: i64 = 10 * 60 * 1_000;

impl Handler<ApplyWebhooks> for PaymentsService {
    /// Returns how many were looked at. That a webhook is applied and that it is noted are two transactions: one that is
    /// applied again changes nothing.
    fn handle(&self, cx: &CallContext, op: ApplyWebhooks) -> Result<u32, Failure<Never>> {
        let now = self.clock.now();
        let taken = self.webhooks.inbox.take(now, now.plus_ms(TAKEN_FOR_MS), op.limit)?;
        let count = u32::try_from(taken.len()).unwrap_or(op.limit);
        if taken.is_empty() {
            return Ok(0);
        }
        let mut settled = Vec::new();
        let mut outage = None;
        for webhook in taken {
            match self.look_at(cx, &webhook) {
                Ok(standing) => settled.push((webhook, standing)),
                // The database itself is away: the others would fare no better, and all are due again later.
                Err(error) => {
                    outage = Some(error);
                    break;
                }
            }
        }
        self.webhooks.inbox.settle(&settled)?;
        match outage {
            None => Ok(count),
            Some(error) => Err(error.into()),
        }
    }
}

impl PaymentsService {
    fn look_at(&self, cx: &CallContext, webhook: &Webhook) -> Result<Standing, StorageError> {
        let verdict = match self.verdict_on(cx, webhook) {
            Ok(verdict) => verdict,
            Err(Unsettled::ProviderAway) => Verdict::Later("the provider does not answer".to_owned()),
            Err(Unsettled::Changed) => Verdict::Later("others change the payment again and again".to_owned()),
            Err(Unsettled::Contradiction(why)) => Verdict::Quarantined(why),
            Err(Unsettled::Storage(error @ (StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_)))) => {
                return Err(error);
            }
            Err(Unsettled::Storage(error)) => Verdict::Later(error.with_sources()),
        };
        Ok(standing(webhook, verdict, self.clock.now()))
    }

    fn verdict_on(&self, cx: &CallContext, webhook: &Webhook) -> Result<Verdict, Unsettled> {
        let reader = self.webhooks.reader.as_ref();
        let Some(reader) = reader.filter(|reader| reader.provider() == webhook.provider) else {
            return Ok(Verdict::Later("its provider is not known here any more".to_owned()));
        };
        match reader.read(&webhook.body) {
            Ok(notice) => self.merge(cx, &webhook.provider, &notice.told),
            Err(wrong) => Ok(Verdict::Quarantined(wrong.to_string())),
        }
    }
}

/// What is written of a verdict.
fn standing(webhook: &Webhook, verdict: Verdict, now: Timestamp) -> Standing {
    let (reason, waits_for) = match verdict {
        Verdict::Applied(what) => return ended(WebhookEnd::Applied, what.to_owned(), now),
        Verdict::Ignored(why) => return ended(WebhookEnd::Ignored, why.to_owned(), now),
        Verdict::Quarantined(why) => return quarantined(webhook, why, now),
        Verdict::WaitsFor(payment_id) => (format!("there is no {payment_id} yet"), Some(payment_id)),
        Verdict::Later(why) => (why, None),
    };
    if now.ms_since(webhook.received_at) >= WAITS_AT_MOST_MS {
        return quarantined(webhook, format!("it waited too long: {reason}"), now);
    }
    Standing::Waiting {
        reason,
        waits_for,
        next_attempt_at: now.plus_ms(pause_after(webhook.attempts)),
    }
}

fn quarantined(webhook: &Webhook, reason: String, now: Timestamp) -> Standing {
    tracing::error!(
        event = webhook.event_id,
        reason,
        "a webhook contradicts our books: an operator must look"
    );
    ended(WebhookEnd::Quarantined, reason, now)
}

fn ended(end: WebhookEnd, reason: String, at: Timestamp) -> Standing {
    Standing::Ended { end, reason, at }
}

fn pause_after(attempts: i32) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let factor = 1_i64.checked_shl(doublings).filter(|factor| *factor > 0);
    factor
        .and_then(|factor| FIRST_PAUSE_MS.checked_mul(factor))
        .map_or(PAUSE_MAX_MS, |pause| pause.min(PAUSE_MAX_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_the_one_before_until_the_longest() {
        assert_eq!([1, 2, 3, 10].map(pause_after), [1_000, 2_000, 4_000, 512_000]);
        for attempts in [11, 12, 62, 63, 64, 65, i32::MAX] {
            assert_eq!(pause_after(attempts), PAUSE_MAX_MS, "{attempts}");
        }
    }
}
