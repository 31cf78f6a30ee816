//! Moves on sagas whose process is gone or which are due again.

use super::OrdersService;
use crate::ports::orders::operations::ResumeSagas;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<ResumeSagas> for OrdersService {
    /// One at a time: each gets a lease that begins when its turn comes.
    fn handle(&self, _cx: &CallContext, op: ResumeSagas) -> Result<u32, Failure<Never>> {
        let end = |owners: &[String]| self.0.sagas.end_leases_of(owners, self.0.clock.now());
        if let Err(error) = self.1.end(end) {
            tracing::warn!(
                error = error.with_sources(),
                "leases that were left cannot be ended now"
            );
        }
        let mut resumed = 0;
        while resumed < op.limit {
            let lease = self.new_saga_lease();
            let Some(record) = self.0.sagas.take_due_sagas(self.0.clock.now(), &lease, 1)?.pop() else {
                break;
            };
            self.resume_saga(record);
            resumed += 1;
        }
        Ok(resumed)
    }
}
