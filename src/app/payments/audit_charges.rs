//! The provider's ledger, each entry with the order it belongs to, for comparison.

use std::collections::HashMap;

use super::{PaymentsService, messages};
use crate::domains::payments::payment::Payment;
use crate::domains::shared::ids::{OrderId, PaymentId};
use crate::ports::payments::operations::{AuditCharges, ChargeAudit};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::{Page, PageRequest};

impl Handler<AuditCharges> for PaymentsService {
    /// An entry whose key names none of our payments is an orphan: it has no order.
    fn handle(&self, _cx: &CallContext, op: AuditCharges) -> Result<Page<ChargeAudit>, Failure<Never>> {
        let limit = op.page.limit.min(PageRequest::MAX_AUDIT_LIMIT);
        let charges = self
            .provider
            .list_charges(op.page.after.as_deref(), None, limit.saturating_add(1));
        let charges = charges.map_err(|error| {
            super::provider_calls::note("list", op.page.after.as_deref().unwrap_or_default(), &error);
            Failure::Unavailable
        })?;
        let page = Page::from_one_more(charges, limit, |charge| charge.key.clone());
        let ids: Vec<PaymentId> = page
            .items
            .iter()
            .filter_map(|charge| Payment::id_of_key(&charge.key))
            .collect();
        let payments = self.store.orders_of(&ids)?.into_iter();
        let payments: HashMap<PaymentId, (OrderId, String)> =
            payments.map(|(id, order_id, key)| (id, (order_id, key))).collect();
        Ok(page.map(|charge| {
            let payment = Payment::id_of_key(&charge.key).and_then(|id| payments.get(&id));
            ChargeAudit {
                order_id: payment.map(|(order_id, _key)| *order_id),
                superseded: payment.is_some_and(|(_order_id, key)| *key != charge.key),
                charge: messages::charge(charge),
            }
        }))
    }
}
