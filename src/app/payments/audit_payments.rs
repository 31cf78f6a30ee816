//! All payments, each with what the provider has of it, for comparison.

use std::collections::{BTreeSet, HashMap};

use super::{PaymentsService, messages};
use crate::domains::payments::payment::Payment;
use crate::domains::shared::ids::OrderId;
use crate::ports::payments::operations::{AuditPayments, PaymentAudit};
use crate::ports::payments::outbound::{ProviderCharge, ProviderError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::{Page, PageRequest};

/// Stretches of the provider's ledger that are read for a page at most. Keys are ids of payments, which sort by the time
/// of their making as those of orders do: one or two stretches hold a whole page. What is not in them is asked for singly.
const STRETCHES_MAX: u32 = 4;

impl Handler<AuditPayments> for PaymentsService {
    /// The provider is asked for stretches of its ledger rather than for each payment: over HTTP a large shop's would be a
    /// million requests.
    fn handle(&self, _cx: &CallContext, op: AuditPayments) -> Result<Page<PaymentAudit>, Failure<Never>> {
        let after = op.page.after.map(|cursor| cursor.parse::<OrderId>()).transpose();
        let after = after.map_err(|error| Failure::internal(format!("a cursor that {error}")))?;
        let limit = op.page.limit.min(PageRequest::MAX_AUDIT_LIMIT);
        let payments = self.store.page_by_order(after, limit.saturating_add(1))?;
        let page = Page::from_one_more(payments, limit, |payment| payment.order_id().to_string());
        let mut charges = self.charges_by_key(&page.items)?;
        Ok(page.map(|payment| PaymentAudit {
            payment_id: payment.id(),
            order_id: payment.order_id(),
            status: messages::status(payment.status()),
            amount: payment.amount(),
            refunded: payment.refunded(),
            refunds_sum: payment.completed_refunds(),
            charge: charges.remove(payment.provider_key()).map(messages::charge),
        }))
    }
}

impl PaymentsService {
    /// What the provider has of these payments, by its keys.
    fn charges_by_key(&self, payments: &[Payment]) -> Result<HashMap<String, ProviderCharge>, Failure<Never>> {
        let all: BTreeSet<&str> = payments.iter().map(Payment::provider_key).collect();
        let mut left = all.clone();
        let mut found = HashMap::new();
        for _stretch in 0..STRETCHES_MAX {
            let Some(first) = left.pop_first() else { break };
            found.extend(self.charge_of(first)?.map(|charge| (first.to_owned(), charge)));
            if left.is_empty() {
                break;
            }
            let stretch = self
                .provider
                .list_charges(Some(first), None, PageRequest::MAX_AUDIT_LIMIT);
            let stretch = stretch.map_err(|error| unavailable("list", first, &error))?;
            // Behind the end of the ledger there is nothing of the others.
            let Some(last) = stretch.last().map(|charge| charge.key.clone()) else {
                return Ok(found);
            };
            left = left.split_off(last.as_str());
            left.remove(last.as_str());
            let wanted = stretch.into_iter().filter(|charge| all.contains(charge.key.as_str()));
            found.extend(wanted.map(|charge| (charge.key.clone(), charge)));
        }
        for key in left {
            found.extend(self.charge_of(key)?.map(|charge| (key.to_owned(), charge)));
        }
        Ok(found)
    }

    fn charge_of(&self, key: &str) -> Result<Option<ProviderCharge>, Failure<Never>> {
        let found = self.provider.find_charge(key);
        found.map_err(|error| unavailable("look up", key, &error))
    }
}

fn unavailable(what: &'static str, key: &str, error: &ProviderError) -> Failure<Never> {
    super::provider_calls::note(what, key, error);
    Failure::Unavailable
}
