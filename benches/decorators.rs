//! What all decorators together add to an operation within a process, in nanoseconds: `cargo bench --bench decorators`.
//!
//! The operation does nothing, so that nothing but the way to it is measured; the log is set as in production. Both ways
//! are measured in turns, and the median of the rounds is printed.
#![expect(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a measurement is no product code"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use banyan::app::bootstrap::logging;
use banyan::app::bootstrap::ported::Ported;
use banyan::app::bootstrap::settings::{LOG_FILTER, LogFormat, LogSettings};
use banyan::domains::shared::correlation::CorrelationId;
use banyan::ports::inventory::operations::ExpireReservations;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::{CallContext, Deadline};
use banyan::ports::shared::failure::{Failure, Never};
use banyan::ports::shared::operation::Handler;

const ROUNDS: usize = 31;
const CALLS: u32 = 200_000;

struct DoesNothing;

impl Handler<ExpireReservations> for DoesNothing {
    fn handle(&self, _cx: &CallContext, op: ExpireReservations) -> Result<u32, Failure<Never>> {
        Ok(op.limit)
    }
}

fn main() {
    logging::start(&LogSettings {
        filter: LOG_FILTER.to_owned(),
        format: LogFormat::Json,
    });
    let cx = CallContext::new(
        Principal::service("bench"),
        CorrelationId::from(uuid::Uuid::from_u128(1)),
        Deadline::after(Duration::from_hours(1)),
    );
    let bare: Arc<dyn Handler<ExpireReservations>> = Arc::new(DoesNothing);
    let ported: Arc<dyn Handler<ExpireReservations>> = Arc::new(Ported::direct(Arc::new(DoesNothing)));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _round in 0..ROUNDS {
        without.push(nanoseconds_each(&*bare, &cx));
        with.push(nanoseconds_each(&*ported, &cx));
    }
    let (without, with) = (median(without), median(with));
    println!(
        "one call: {without:.0} ns bare, {with:.0} ns with all decorators: they add {:.0} ns",
        with - without
    );
}

fn nanoseconds_each(handler: &dyn Handler<ExpireReservations>, cx: &CallContext) -> f64 {
    let started = Instant::now();
    for limit in 0..CALLS {
        black_box(handler.handle(black_box(cx), ExpireReservations { limit })).unwrap();
    }
    started.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
