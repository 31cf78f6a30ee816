//! Sagas that have not ended.

use super::OrdersService;
use crate::ports::orders::operations::{AuditSagas, SagaAudit};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<AuditSagas> for OrdersService {
    fn handle(&self, _cx: &CallContext, op: AuditSagas) -> Result<Vec<SagaAudit>, Failure<Never>> {
        let open = self.0.sagas.open_sagas(op.limit)?;
        Ok(open
            .into_iter()
            .map(|saga| SagaAudit {
                saga_id: saga.id,
                kind: saga.kind,
                subject: saga.subject,
                status: saga.status.name().to_owned(),
                reason: saga.reason,
                updated_at: saga.updated_at,
            })
            .collect())
    }
}
