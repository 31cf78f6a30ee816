//! `GET /health/live`, `GET /health/ready`: for whatever starts, stops and balances the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, get, rt, web};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::super::workers::Attendance;
use crate::adapters::shared::access_tokens::public_keys::KeyBoard;
use crate::adapters::shared::sql::database::Database;

/// How long the databases are given to answer. One that takes longer is as good as away.
const PING_TIME: Duration = Duration::from_secs(1);

/// Whether the shop is ready for requests.
pub struct Readiness {
    databases: Vec<Pinged>,
    workers: Attendance,
    keys: Arc<KeyBoard>,
    open: AtomicBool,
}

struct Pinged {
    context: &'static str,
    database: Arc<Database>,
    under_way: Arc<AtomicBool>,
}

impl Readiness {
    /// Of a process with these databases and workers, which verifies access tokens with `keys`.
    pub fn new(databases: Vec<(&'static str, Arc<Database>)>, workers: Attendance, keys: Arc<KeyBoard>) -> Self {
        let databases = databases
            .into_iter()
            .map(|(context, database)| Pinged {
                context,
                database,
                under_way: Arc::new(AtomicBool::new(false)),
            })
            .collect();
        Self {
            databases,
            workers,
            keys,
            open: AtomicBool::new(true),
        }
    }

    /// From now on it is not: the shop is about to close.
    pub fn close(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    /// Whether it is, as far as nobody has told it to close.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    async fn checks(&self) -> BTreeMap<&'static str, Check> {
        let deadline = Instant::now() + PING_TIME;
        let asked: Vec<_> = self
            .databases
            .iter()
            .map(|pinged| (pinged.context, pinged.ask()))
            .collect();
        let mut checks = BTreeMap::from([
            ("open", Check::of(self.is_open())),
            ("workers", Check::of(self.workers.is_full())),
            ("access_token_keys", Check::of(self.keys.public_keys().is_some())),
        ]);
        for (context, answer) in asked {
            let answered = match answer {
                Some(answer) => timeout_at(deadline, answer)
                    .await
                    .is_ok_and(|ping| ping.unwrap_or(false)),
                // The last ping has not come back yet. Another one would only wait behind it.
                None => false,
            };
            checks.insert(context, Check::of(answered));
        }
        checks
    }
}

impl Pinged {
    fn ask(&self) -> Option<rt::task::JoinHandle<bool>> {
        if self.under_way.swap(true, Ordering::AcqRel) {
            return None;
        }
        let database = Arc::clone(&self.database);
        let under_way = Arc::clone(&self.under_way);
        Some(rt::task::spawn_blocking(move || {
            let answered = database.ping().is_ok();
            under_way.store(false, Ordering::Release);
            answered
        }))
    }
}

/// One of the things that have to be well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It is.
    Ok,
    /// It is not.
    Failed,
}

impl Check {
    fn of(well: bool) -> Self {
        if well { Self::Ok } else { Self::Failed }
    }
}

/// That the process runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Live {
    /// Always `live`: a process that is not does not answer.
    status: &'static str,
}

/// Whether the shop is ready for requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// `ready`, or `not_ready` when one of the checks failed.
    #[schema(example = "ready")]
    status: &'static str,
    /// A context's name for its database; `workers`; `access_token_keys`, which fails until they have come from identity's
    /// process; `open`, which fails while the shop is closing.
    checks: BTreeMap<&'static str, Check>,
}

/// Whether the process runs
///
/// 200 as long as it does, whatever else is away: restarting it would help nobody.
#[utoipa::path(tag = "platform", responses((status = 200, body = Live)))]
#[get("/health/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Live { status: "live" })
}

/// Whether requests can be served
///
/// The database of every context that runs here answers, every worker is there, access tokens can be verified, and the
/// shop is not closing. That another process is away does not count: what it is not needed for goes on.
#[utoipa::path(
    tag = "platform",
    responses(
        (status = 200, description = "All checks are ok.", body = Ready),
        (status = 503, description = "Some are not.", body = Ready),
    )
)]
#[get("/health/ready")]
pub async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    let checks = readiness.checks().await;
    if checks.values().all(|check| *check == Check::Ok) {
        HttpResponse::Ok().json(Ready {
            status: "ready",
            checks,
        })
    } else {
        HttpResponse::ServiceUnavailable().json(Ready {
            status: "not_ready",
            checks,
        })
    }
}
