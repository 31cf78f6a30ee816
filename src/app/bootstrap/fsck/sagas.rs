//! Invariant 9: every saga ends, or waits for a person with a reason.

use std::collections::HashSet;

use super::super::operator::{Operator, explain};
use super::report::{FsckError, Report, Violation};
use crate::app::bootstrap::settle::{Course, settle};
use crate::ports::orders::operations::{AuditSagas, Orders, SagaAudit};
use crate::ports::shared::clock::Clock;
use crate::ports::shared::operation::Operation;
use crate::ports::shared::saga::SagaStatus;

/// How long a saga may stand still: 60 seconds, in milliseconds.
const AGE_MS_MAX: i64 = 60_000;
/// The most sagas that are looked at; the oldest come first.
const SAGAS_MAX: u32 = 1_000;

/// Checks the sagas that have not ended.
pub(super) fn check(
    operator: Operator<'_>,
    orders: &dyn Orders,
    clock: &dyn Clock,
    course: Course<'_>,
    report: &mut Report,
) -> Result<(), FsckError> {
    let open_sagas = || {
        operator
            .ask(orders, &AuditSagas { limit: SAGAS_MAX })
            .map_err(|failure| FsckError::Away {
                operation: AuditSagas::NAME,
                reason: explain(&failure),
            })
    };
    let found = open_sagas()?;
    report.counts.open_sagas = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let suspects: HashSet<_> = found
        .iter()
        .filter(|saga| broken(saga, clock).is_some())
        .map(|saga| saga.saga_id)
        .collect();
    if suspects.is_empty() {
        return Ok(());
    }
    // One list tells of all of them: they are one suspect.
    let violations = settle(vec![suspects], course, |suspects| -> Result<_, FsckError> {
        Ok(open_sagas()?
            .iter()
            .filter(|saga| suspects.contains(&saga.saga_id))
            .filter_map(|saga| broken(saga, clock))
            .collect())
    })?;
    report.add(violations);
    Ok(())
}

fn broken(saga: &SagaAudit, clock: &dyn Clock) -> Option<Violation> {
    let reason = saga.reason.as_deref().unwrap_or("no reason is known");
    let (rule, found) = if saga.status == SagaStatus::Stuck.name() {
        (
            "no saga needs a person",
            format!(
                "{} is stuck since {} and needs an operator: {reason}",
                saga.kind, saga.updated_at
            ),
        )
    } else if clock.now().ms_since(saga.updated_at) > AGE_MS_MAX {
        (
            "a saga ends within a minute",
            format!("{} is {} since {}: {reason}", saga.kind, saga.status, saga.updated_at),
        )
    } else {
        return None;
    };
    Some(Violation {
        invariant: 9,
        rule,
        rows: vec![saga.saga_id.to_string(), saga.subject.clone()],
        found,
    })
}
