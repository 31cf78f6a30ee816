//! Reads the payment of an order.

use super::{PaymentsService, messages};
use crate::ports::payments::operations::{GetPaymentError, GetPaymentOfOrder, Payment};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetPaymentOfOrder> for PaymentsService {
    /// A payment of somebody else's is not found.
    fn handle(&self, cx: &CallContext, op: GetPaymentOfOrder) -> Result<Payment, Failure<GetPaymentError>> {
        self.store
            .find_by_order(op.order_id)?
            .filter(|payment| cx.principal.may_see(payment.customer_id()))
            .map(|payment| messages::payment(&payment))
            .ok_or(Failure::Domain(GetPaymentError::NotFound))
    }
}
