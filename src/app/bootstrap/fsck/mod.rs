//! `banyan fsck`: checks on a living shop what must hold between the contexts, and names every row that breaks it.
//!
//! The contexts are read page by page and compared while they are read; memory does not grow with the shop. Since the
//! shop goes on meanwhile, whatever looks wrong is read again, some times, before it is reported: see [`super::settle`].

mod charges;
mod events;
mod orders;
mod pages;
pub mod report;
mod sagas;
mod stock;

use std::sync::Arc;

use self::pages::Source;
use self::report::{FsckError, Report};
use super::contexts;
use super::contexts::Contexts;
use super::operator::Operator;
use super::settle::Course;
use super::wiring::Shop;
use crate::adapters::shared::remote::consumers::RemoteConsumers;
use crate::adapters::shared::remote::feed::RemoteFeed;
use crate::ports::inventory::operations::{AuditReservations, AuditStock};
use crate::ports::orders::operations::AuditOrders;
use crate::ports::payments::operations::{AuditCharges, AuditPayments};
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::events::{ConsumerStandings, EventFeed};

/// A consumer of events, with the log that it reads and the place where it keeps its position.
#[derive(Clone)]
pub struct EventConsumerCheck {
    /// Its stable name.
    pub name: String,
    /// The log.
    pub feed: Arc<dyn EventFeed>,
    /// Its position and its dead letters.
    pub positions: Arc<dyn ConsumerStandings>,
}

/// All consumers of the shop: those of this process, and those that another one tells of.
pub fn consumers_of(shop: &Shop) -> Vec<EventConsumerCheck> {
    let here = shop.listeners().map(|listener| EventConsumerCheck {
        name: listener.consumer.name().to_owned(),
        feed: Arc::clone(&listener.log.log),
        positions: listener.positions.clone(),
    });
    let mut consumers: Vec<EventConsumerCheck> = here.collect();
    for room in &contexts::ALL {
        let Some(peer) = shop.peers.of_context(room.name) else {
            continue;
        };
        consumers.extend(room.consumers.iter().filter_map(|consumer| {
            Some(EventConsumerCheck {
                name: consumer.name.to_owned(),
                feed: log_of(shop, consumer.listens_to)?,
                positions: Arc::new(RemoteConsumers::at(Arc::clone(peer), room.name)),
            })
        }));
    }
    consumers
}

/// The log of a context, wherever that runs.
fn log_of(shop: &Shop, context: &'static str) -> Option<Arc<dyn EventFeed>> {
    if let Some(room) = shop.rooms.iter().find(|room| room.context == context) {
        return Some(Arc::clone(&room.storage.feed));
    }
    let peer = shop.peers.of_context(context)?;
    Some(Arc::new(RemoteFeed::at(Arc::clone(peer), context)))
}

/// Checks the shop.
///
/// # Errors
/// [`FsckError`] when a context cannot be asked, or breaks the contract of its audits; what breaks an invariant is no
/// error but in the report.
pub fn run(
    contexts: &Contexts,
    ids: &dyn IdSource,
    clock: &dyn Clock,
    consumers: &[EventConsumerCheck],
    course: Course<'_>,
) -> Result<Report, FsckError> {
    let mut report = Report::default();
    match check(contexts, ids, clock, consumers, course, &mut report) {
        Err(FsckError::Stopped) => report.stopped = true,
        outcome => outcome?,
    }
    Ok(report)
}

fn check(
    contexts: &Contexts,
    ids: &dyn IdSource,
    clock: &dyn Clock,
    consumers: &[EventConsumerCheck],
    course: Course<'_>,
    report: &mut Report,
) -> Result<(), FsckError> {
    let operator = Operator::new(ids);
    let levels = Source::new(operator, course, &*contexts.inventory, |page| AuditStock { page });
    stock::check(&levels, course, report)?;

    let books = orders::Books {
        orders: Source::new(operator, course, &*contexts.orders, |page| AuditOrders { page }),
        reservations: Source::new(operator, course, &*contexts.inventory, |page| AuditReservations {
            page,
        }),
        payments: Source::new(operator, course, &*contexts.payments, |page| AuditPayments { page }),
    };
    orders::check(&books, course, report)?;

    let charges = Source::new(operator, course, &*contexts.payments, |page| AuditCharges { page });
    charges::check(&charges, course, report)?;

    sagas::check(operator, &*contexts.orders, clock, course, report)?;
    events::check(consumers, course, report)
}
