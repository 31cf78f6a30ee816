//! Reads a payment.

use super::{PaymentsService, messages};
use crate::ports::payments::operations::{GetPayment, GetPaymentError, Payment};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetPayment> for PaymentsService {
    /// A payment of somebody else's is not found.
    fn handle(&self, cx: &CallContext, op: GetPayment) -> Result<Payment, Failure<GetPaymentError>> {
        self.store
            .find(op.payment_id)?
            .filter(|payment| cx.principal.may_see(payment.customer_id()))
            .map(|payment| messages::payment(&payment))
            .ok_or(Failure::Domain(GetPaymentError::NotFound))
    }
}
