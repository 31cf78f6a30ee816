//! A second look at what disagrees.

use super::PaymentsService;
use crate::ports::payments::operations::CompareCharge;
use crate::ports::payments::operations::reconciliation::Compared;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<CompareCharge> for PaymentsService {
    fn handle(&self, _cx: &CallContext, op: CompareCharge) -> Result<Compared, Failure<Never>> {
        let compared = self.compare(&op.key, self.clock.now())?;
        Ok(Compared {
            found: compared.under(&op.key).map(|found| compared.message(found)),
        })
    }
}
