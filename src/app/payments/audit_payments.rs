//! All payments, each with what the provider has of it, for comparison.

use super::{PaymentsService, messages};
use crate::domains::payments::payment::Payment;
use crate::domains::shared::ids::OrderId;
use crate::ports::payments::operations::{AuditPayments, PaymentAudit};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::{Page, PageRequest};

impl Handler<AuditPayments> for PaymentsService {
    /// The provider is asked for each payment of the page, and for no more.
    fn handle(&self, _cx: &CallContext, op: AuditPayments) -> Result<Page<PaymentAudit>, Failure<Never>> {
        let after = op.page.after.map(|cursor| cursor.parse::<OrderId>()).transpose();
        let after = after.map_err(|error| Failure::internal(format!("a cursor that {error}")))?;
        let limit = op.page.limit.min(PageRequest::MAX_LIMIT);
        let payments = self.store.page_by_order(after, limit.saturating_add(1))?;
        let page = Page::from_one_more(payments, limit, |payment| payment.order_id().to_string());
        let items = page
            .items
            .iter()
            .map(|payment| self.audit(payment))
            .collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}

impl PaymentsService {
    fn audit(&self, payment: &Payment) -> Result<PaymentAudit, Failure<Never>> {
        let charge = self.provider.find_charge(payment.provider_key()).map_err(|error| {
            super::provider_calls::note("look up", payment.provider_key(), &error);
            Failure::Unavailable
        })?;
        Ok(PaymentAudit {
            payment_id: payment.id(),
            order_id: payment.order_id(),
            status: messages::status(payment.status()),
            amount: payment.amount(),
            refunded: payment.refunded(),
            refunds_sum: payment.completed_refunds(),
            charge: charge.map(messages::charge),
        })
    }
}
