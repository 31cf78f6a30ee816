//! Keeps what the provider tells, before the provider is told that it has arrived.

use super::PaymentsService;
use crate::ports::payments::operations::{ReceiveWebhook, ReceiveWebhookError, WebhookReceipt};
use crate::ports::payments::webhooks::{NewWebhook, Received};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<ReceiveWebhook> for PaymentsService {
    /// The signature is what lets the caller in: it is looked at before anything of the body is. Nothing is applied here:
    /// the provider waits for an answer, and sends again what is not answered in time.
    fn handle(&self, _cx: &CallContext, op: ReceiveWebhook) -> Result<WebhookReceipt, Failure<ReceiveWebhookError>> {
        let reader = self.webhooks.reader.as_ref();
        let reader = reader
            .filter(|reader| reader.provider() == op.provider)
            .ok_or(Failure::Domain(ReceiveWebhookError::UnknownProvider))?;
        let now = self.clock.now();
        reader.verify(&op.signature, &op.body, now).map_err(|not_genuine| {
            tracing::warn!(provider = op.provider, "a webhook is refused: {not_genuine}");
            Failure::Domain(ReceiveWebhookError::NotGenuine)
        })?;
        let notice = reader.read(&op.body).map_err(|wrong| {
            tracing::error!(provider = op.provider, %wrong, "a webhook that is signed cannot be read");
            Failure::Domain(ReceiveWebhookError::Unreadable { reason: wrong.0 })
        })?;
        let webhook = NewWebhook {
            provider: op.provider,
            event_id: notice.event_id,
            event_type: notice.event_type,
            body: op.body,
            received_at: now,
        };
        match self.webhooks.inbox.receive(&webhook)? {
            Received::Fresh => Ok(WebhookReceipt { duplicate: false }),
            Received::Known => Ok(WebhookReceipt { duplicate: true }),
            Received::OtherBody => {
                let event = webhook.event_id;
                tracing::error!(
                    event,
                    "the provider tells two things under one id: an operator must look"
                );
                Err(Failure::Domain(ReceiveWebhookError::OtherBody))
            }
        }
    }
}
