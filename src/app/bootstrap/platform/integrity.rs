//! `GET /api/v1/admin/integrity`: what `banyan fsck` finds, for staff and on the shop that serves.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::capacity::{INTEGRITY, INTEGRITY_TIME};
use super::super::contexts::Contexts;
use super::super::fsck::report::{Counts, FsckError, Report, Violation};
use super::super::fsck::{self, EventConsumerCheck};
use super::super::rooms::Front;
use super::super::settle::{Course, Patience};
use super::super::wiring::Shop;
use super::health::Readiness;
use crate::adapters::shared::http::bulkhead::Bulkhead;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::problem::{self, Problem, ProblemBody};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::access::Access;
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::failure::{Failure, Never};

/// After this many seconds somebody who was turned away may ask again: a check of a large shop takes about a minute.
const RETRY_AFTER_SECONDS: u16 = 10;

/// What a check asks.
pub struct Integrity {
    contexts: Contexts,
    ids: Arc<dyn IdSource>,
    clock: Arc<dyn Clock>,
    consumers: Vec<EventConsumerCheck>,
    bulkhead: Bulkhead,
}

/// The endpoint, for a process that reaches all contexts.
pub fn front(shop: &Shop) -> Front {
    let integrity = web::Data::new(Integrity {
        contexts: shop.contexts.clone(),
        ids: Arc::clone(&shop.ids),
        clock: Arc::clone(&shop.clock),
        consumers: fsck::consumers_of(shop),
        bulkhead: Bulkhead::new(INTEGRITY),
    });
    Front::new(routes, move |config| {
        config.app_data(integrity.clone());
    })
}

/// Adds the endpoint.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(check_integrity);
}

/// Check the integrity of the shop
///
/// For staff. Compares stock, orders, payments, the provider's ledger, sagas and events while the shop goes on, and names every
/// row that breaks a rule; what looks wrong is read again for five seconds before it is reported. A large shop takes a minute;
/// one check runs at a time, for five minutes at most.
#[utoipa::path(
    tag = "platform",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What was found; `clean` tells whether everything holds", body = IntegrityBody),
        (status = 503, description = "`overloaded`: a check is under way; `unavailable`: a context or the provider is away",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/admin/integrity")]
pub async fn check_integrity(
    integrity: web::Data<Integrity>,
    readiness: web::Data<Readiness>,
    call: Call,
) -> Result<HttpResponse, Problem> {
    let allowed = Access::Staff.check(&call.0.principal);
    allowed.map_err(|denial| Problem::from(Failure::<Never>::from(denial)))?;
    let place = integrity.bulkhead.enter().await.ok_or_else(|| {
        Problem::new(problem::OVERLOADED)
            .detail("An integrity check is under way.")
            .retry_after_seconds(RETRY_AFTER_SECONDS)
    })?;
    let checked = web::block(move || {
        // Given back when the check has ended, also where the client has gone away meanwhile.
        let _place = place;
        integrity.check(&readiness)
    });
    let body = checked.await.map_err(|error| broken(&error))??;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .json(body))
}

impl Integrity {
    fn check(&self, readiness: &Readiness) -> Result<IntegrityBody, Problem> {
        let (started, checked_at) = (Instant::now(), self.clock.now());
        let course = Course {
            patience: Patience::default(),
            goes_on: &|| started.elapsed() < INTEGRITY_TIME && readiness.is_open(),
        };
        match fsck::run(&self.contexts, &*self.ids, &*self.clock, &self.consumers, course) {
            Ok(report) => Ok(IntegrityBody::of(report, checked_at, started)),
            Err(error @ (FsckError::Away { .. } | FsckError::Events { .. })) => {
                tracing::warn!(%error, "the integrity cannot be checked");
                Err(problem::unavailable())
            }
            Err(error) => Err(broken(&error)),
        }
    }
}

fn broken(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "an integrity check broke off");
    Problem::new(problem::INTERNAL)
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrityBody {
    /// Whether everything was looked at, and nothing is wrong.
    clean: bool,
    /// How much was looked at.
    counts: CountsBody,
    /// What must hold and does not; at most 1,000.
    violations: Vec<ViolationBody>,
    /// Whether the check ended early because there was too much to report.
    truncated: bool,
    /// Whether the check was stopped before it had looked at everything: it took too long, or the shop closes.
    stopped: bool,
    /// When the check began.
    checked_at: String,
    /// How long it took, in milliseconds.
    took_ms: u64,
}

/// How much was looked at.
#[derive(Debug, Serialize, ToSchema)]
struct CountsBody {
    stock_levels: u64,
    orders: u64,
    reservations: u64,
    payments: u64,
    /// Entries of the provider's ledger.
    charges: u64,
    /// Sagas that had not ended.
    open_sagas: u64,
    /// Consumers of events.
    consumers: u64,
}

/// Something that must hold and does not.
#[derive(Debug, Serialize, ToSchema)]
struct ViolationBody {
    /// Number of the invariant in ARCHITECTURE.md.
    invariant: u8,
    /// What must hold.
    rule: &'static str,
    /// Ids of the rows that break it, the one to look at first in front.
    rows: Vec<String>,
    /// What was found, with the numbers.
    found: String,
}

impl IntegrityBody {
    fn of(report: Report, checked_at: Timestamp, started: Instant) -> Self {
        Self {
            clean: report.is_clean(),
            counts: report.counts.into(),
            violations: report.violations.into_iter().map(ViolationBody::from).collect(),
            truncated: report.truncated,
            stopped: report.stopped,
            checked_at: checked_at.to_string(),
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl From<Counts> for CountsBody {
    fn from(counts: Counts) -> Self {
        let Counts {
            stock_levels,
            orders,
            reservations,
            payments,
            charges,
            open_sagas,
            consumers,
        } = counts;
        Self {
            stock_levels,
            orders,
            reservations,
            payments,
            charges,
            open_sagas,
            consumers,
        }
    }
}

impl From<Violation> for ViolationBody {
    fn from(violation: Violation) -> Self {
        let Violation {
            invariant,
            rule,
            rows,
            found,
        } = violation;
        Self {
            invariant,
            rule,
            rows,
            found,
        }
    }
}
