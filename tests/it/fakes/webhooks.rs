//! An in-memory fake of the inbox of webhooks, which knows from the fake store which payments there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use banyan::domains::shared::ids::PaymentId;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::payments::outbound::PaymentStore;
use banyan::ports::payments::webhooks::{NewWebhook, Received, Standing, Webhook, WebhookEnd, WebhookInbox};
use banyan::ports::shared::storage::StorageError;

use super::payments::FakePaymentStore;

struct Row {
    webhook: Webhook,
    next_attempt_at: Timestamp,
    waits_for: Option<PaymentId>,
    reason: String,
    ended: Option<(WebhookEnd, Timestamp)>,
}

pub struct FakeWebhookInbox {
    payments: Arc<FakePaymentStore>,
    rows: Mutex<BTreeMap<(String, String), Row>>,
}

impl FakeWebhookInbox {
    /// An inbox beside these payments.
    pub fn beside(payments: Arc<FakePaymentStore>) -> Self {
        Self {
            payments,
            rows: Mutex::default(),
        }
    }

    /// How a webhook ended, or that it did not, and why.
    pub fn standing(&self, event_id: &str) -> (Option<WebhookEnd>, String) {
        let rows = self.rows.lock().unwrap();
        let row = rows.values().find(|row| row.webhook.event_id == event_id).unwrap();
        (row.ended.map(|(end, _at)| end), row.reason.clone())
    }

    pub fn len(&self) -> usize {
        self.rows.lock().unwrap().len()
    }
}

impl WebhookInbox for FakeWebhookInbox {
    fn receive(&self, webhook: &NewWebhook) -> Result<Received, StorageError> {
        let mut rows = self.rows.lock().unwrap();
        let key = (webhook.provider.clone(), webhook.event_id.clone());
        if let Some(known) = rows.get(&key) {
            return Ok(if known.webhook.body == webhook.body {
                Received::Known
            } else {
                Received::OtherBody
            });
        }
        let row = Row {
            webhook: Webhook {
                provider: webhook.provider.clone(),
                event_id: webhook.event_id.clone(),
                body: webhook.body.clone(),
                attempts: 0,
                received_at: webhook.received_at,
            },
            next_attempt_at: webhook.received_at,
            waits_for: None,
            reason: String::new(),
            ended: None,
        };
        rows.insert(key, row);
        Ok(Received::Fresh)
    }

    fn take(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Webhook>, StorageError> {
        let mut rows = self.rows.lock().unwrap();
        let mut open: Vec<&mut Row> = rows.values_mut().filter(|row| row.ended.is_none()).collect();
        open.sort_by_key(|row| {
            (
                row.next_attempt_at > now,
                row.webhook.received_at,
                row.webhook.event_id.clone(),
            )
        });
        let is_there = |id: PaymentId| self.payments.find(id).is_ok_and(|payment| payment.is_some());
        let mut taken = Vec::new();
        for row in open {
            let is_due = row.next_attempt_at <= now || row.waits_for.is_some_and(is_there);
            if is_due && taken.len() < usize::try_from(limit).unwrap() {
                row.webhook.attempts += 1;
                row.next_attempt_at = until;
                row.waits_for = None;
                taken.push(row.webhook.clone());
            }
        }
        Ok(taken)
    }

    fn settle(&self, settled: &[(Webhook, Standing)]) -> Result<(), StorageError> {
        let mut rows = self.rows.lock().unwrap();
        for (webhook, standing) in settled {
            let row = rows.get_mut(&(webhook.provider.clone(), webhook.event_id.clone()));
            let row = row.filter(|row| row.webhook.attempts == webhook.attempts && row.ended.is_none());
            let Some(row) = row else {
                continue;
            };
            match standing.clone() {
                Standing::Waiting {
                    reason,
                    waits_for,
                    next_attempt_at,
                } => {
                    row.reason = reason;
                    row.waits_for = waits_for;
                    row.next_attempt_at = next_attempt_at;
                }
                Standing::Ended { end, reason, at } => {
                    row.reason = reason;
                    row.waits_for = None;
                    row.ended = Some((end, at));
                }
            }
        }
        Ok(())
    }

    fn forget_ended(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError> {
        let mut rows = self.rows.lock().unwrap();
        let old = rows
            .iter()
            .filter(|(_, row)| row.ended.is_some_and(|(_, at)| at < before));
        let mut old: Vec<_> = old
            .map(|(key, row)| (row.ended.map(|(_, at)| at), key.clone()))
            .collect();
        old.sort();
        old.truncate(usize::try_from(limit).unwrap());
        for (_, key) in &old {
            rows.remove(key);
        }
        Ok(old.len())
    }
}
