//! Moves on sagas whose process is gone or which are due again.

use super::OrdersService;
use crate::app::shared::saga::new_lease;
use crate::ports::orders::operations::ResumeSagas;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<ResumeSagas> for OrdersService {
    /// One at a time: each gets a lease that begins when its turn comes.
    fn handle(&self, _cx: &CallContext, op: ResumeSagas) -> Result<u32, Failure<Never>> {
        let mut resumed = 0;
        while resumed < op.limit {
            let lease = new_lease(&*self.0.ids, &*self.0.clock);
            let Some(record) = self.0.sagas.take_due_sagas(self.0.clock.now(), &lease, 1)?.pop() else {
                break;
            };
            self.resume_saga(record);
            resumed += 1;
        }
        Ok(resumed)
    }
}
