//! `banyan fsck`: checks on a living shop what must hold between the contexts, and names every row that breaks it.
//!
//! The contexts are read page by page and compared while they are read; memory does not grow with the shop. Since the
//! shop goes on meanwhile, whatever looks wrong is read again, some times, before it is reported: see [`settle`].

mod charges;
mod events;
mod orders;
mod pages;
pub mod report;
mod sagas;
mod settle;
mod stock;

use std::sync::Arc;
use std::time::Duration;

use self::pages::Source;
use self::report::{FsckError, Report};
use super::contexts;
use super::contexts::Contexts;
use super::operator::Operator;
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

/// How often, and how far apart, something that looks wrong is read again before it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often.
    pub rounds: u32,
    /// How long to wait before each time.
    pub pause: Duration,
}

impl Default for Patience {
    /// Five seconds in all: longer than a checkout takes.
    fn default() -> Self {
        Self {
            rounds: 5,
            pause: Duration::from_secs(1),
        }
    }
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
    patience: Patience,
) -> Result<Report, FsckError> {
    let operator = Operator::new(ids);
    let mut report = Report::default();

    let levels = Source::new(operator, &*contexts.inventory, |page| AuditStock { page });
    stock::check(&levels, patience, &mut report)?;

    let books = orders::Books {
        orders: Source::new(operator, &*contexts.orders, |page| AuditOrders { page }),
        reservations: Source::new(operator, &*contexts.inventory, |page| AuditReservations { page }),
        payments: Source::new(operator, &*contexts.payments, |page| AuditPayments { page }),
    };
    orders::check(&books, patience, &mut report)?;

    let charges = Source::new(operator, &*contexts.payments, |page| AuditCharges { page });
    charges::check(&charges, patience, &mut report)?;

    sagas::check(operator, &*contexts.orders, clock, patience, &mut report)?;
    events::check(consumers, patience, &mut report)?;
    Ok(report)
}
