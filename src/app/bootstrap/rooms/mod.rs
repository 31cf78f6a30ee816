//! One file per context: how it is put together, what it does by itself, and its face to the storefront. A process runs
//! any set of them.

pub mod catalog;
pub mod identity;
pub mod inventory;
pub mod orders;
pub mod payments;

use std::sync::Arc;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use super::bell::Bell;
use super::house::House;
use super::settings::Settings;
use super::start_error::StartError;
use super::storage::Storage;
use super::workers::Next;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::adapters::shared::http::problem::ProblemKind;
use crate::adapters::shared::messaging::feed::AmqpFeed;
use crate::adapters::shared::sql::migrations::ContextMigrations;
use crate::app::shared::event_reader::{Consumer, ConsumerInfo};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::contract::Contract;
use crate::ports::shared::dead_letters::DeadLetterDesk;
use crate::ports::shared::events::{ConsumerStore, EventFeed, EventInfo};
use crate::ports::shared::operation::{OperationInfo, TableOfContents};
use crate::ports::shared::storage::StorageError;

/// What is known of a context before it is put together.
pub struct Blueprint {
    /// Its name.
    pub name: &'static str,
    /// What brings its database up to date.
    pub migrations: ContextMigrations,
    /// Adds its endpoints.
    pub routes: Routes,
    /// What can go wrong at them.
    pub problems: &'static [ProblemKind],
    /// Its operations.
    pub operations: &'static [OperationInfo],
    /// The events that it tells.
    pub events: &'static [EventInfo],
    /// What its messages look like.
    pub contract: fn() -> Contract,
    /// The operations of other contexts that it calls.
    pub calls: &'static [OperationInfo],
    /// What listens there to the events of other contexts.
    pub consumers: &'static [ConsumerInfo],
}

impl Blueprint {
    /// A context without neighbours; `dyn Orders` says what it offers.
    const fn of<C: TableOfContents + ?Sized>(
        migrations: ContextMigrations,
        routes: Routes,
        problems: &'static [ProblemKind],
    ) -> Self {
        Self {
            name: C::CONTEXT,
            migrations,
            routes,
            problems,
            operations: C::OPERATIONS,
            events: C::EVENTS,
            contract: Contract::of::<C>,
            calls: &[],
            consumers: &[],
        }
    }

    /// The other contexts without which it cannot be put together, each with what it does to them.
    pub fn neighbours(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let called = self.calls.iter().map(|operation| (operation.context(), "calls"));
        let heard = self
            .consumers
            .iter()
            .map(|consumer| (consumer.listens_to, "listens to"));
        called.chain(heard)
    }
}

/// Adds the endpoints of a context.
pub type Routes = fn(&mut ServiceConfig<'_>);

/// A context that runs in this process.
pub struct Room {
    /// Its name.
    pub context: &'static str,
    /// The name under which the broker is told of its log.
    pub relay: &'static str,
    /// Its database.
    pub storage: Storage,
    /// What it listens to.
    pub listeners: Vec<Listener>,
    /// How other processes reach it.
    pub internal: InternalContext,
    /// What it looks after again and again.
    pub sweeps: Vec<Sweep>,
    /// What it forgets when it is old.
    pub forgets: Vec<Forget>,
    /// What has to be there before it is of use to anybody.
    pub prepare: Option<Prepare>,
    /// What the only process of a shop may do when it starts, because nobody else can be at it.
    pub take_over: Option<TakeOver>,
}

impl Room {
    /// A room that does nothing by itself yet.
    pub(super) fn new(relay: &'static str, storage: Storage, internal: InternalContext) -> Self {
        Self {
            context: storage.context,
            relay,
            storage,
            internal,
            listeners: Vec::new(),
            sweeps: Vec::new(),
            forgets: Vec::new(),
            prepare: None,
            take_over: None,
        }
    }
}

/// A room and the context in it, as everybody calls it.
pub struct Opened<C: ?Sized> {
    /// What it does by itself.
    pub room: Room,
    /// Its operations.
    pub context: Arc<C>,
}

/// One look after what was left lying.
pub struct Sweep {
    /// The name of the operation that looks.
    pub name: &'static str,
    /// Rings when there is something to look at, where that is known at once.
    pub bell: Arc<Bell>,
    /// Looks once: bounded work.
    pub turn: Arc<dyn Fn() -> Next + Send + Sync>,
}

/// Forgets at most so many things from before a time; returns how many there were.
pub type Forget = Arc<dyn Fn(Timestamp, u32) -> Result<usize, StorageError> + Send + Sync>;

/// Done once, before the workers start.
pub type Prepare = Arc<dyn Fn(&Settings) -> Result<(), StartError> + Send + Sync>;

/// Done once, before the workers start.
pub type TakeOver = Arc<dyn Fn() -> Result<(), StartError> + Send + Sync>;

/// A consumer, the log that it reads and the place where it keeps its position.
pub struct Listener {
    /// Who reads.
    pub consumer: Arc<dyn Consumer>,
    /// Whose log it reads.
    pub listens_to: &'static str,
    /// That log.
    pub log: EventLog,
    /// Where it keeps its position.
    pub positions: Arc<dyn ConsumerStore>,
}

impl Listener {
    /// `consumer` lives in `home` and reads the log of `context`, wherever that runs.
    fn new(
        house: &House<'_>,
        consumer: Arc<dyn Consumer>,
        home: &Storage,
        context: &'static str,
    ) -> Result<Self, StartError> {
        let log = house.log_of(context, consumer.name())?;
        Ok(Self {
            consumer,
            listens_to: context,
            log,
            positions: Arc::clone(&home.positions),
        })
    }
}

/// A context's log, as its readers in this process see it.
#[derive(Clone)]
pub struct EventLog {
    /// What there is to read, by whichever way it comes.
    pub feed: Arc<dyn EventFeed>,
    /// The log itself.
    pub log: Arc<dyn EventFeed>,
    /// The way over the broker, where events come by it.
    pub over_broker: Option<Arc<AmqpFeed>>,
    /// Rings when there is more, where that is known at once.
    pub bell: Arc<Bell>,
}

impl EventLog {
    /// A log that is read where it is.
    pub(super) fn of(log: Arc<dyn EventFeed>, bell: Arc<Bell>) -> Self {
        Self {
            feed: Arc::clone(&log),
            log,
            over_broker: None,
            bell,
        }
    }
}

/// A context's face to the storefront: its endpoints, whether it runs here or its operations are passed on.
#[derive(Clone)]
pub struct Front {
    /// Adds its endpoints.
    pub routes: Routes,
    /// Its dead letters, where it listens to anybody.
    pub dead_letters: Option<Arc<dyn DeadLetterDesk>>,
    data: Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>,
}

impl Front {
    /// Endpoints, and what they take from the application.
    pub(in crate::app::bootstrap) fn new(
        routes: Routes,
        data: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static,
    ) -> Self {
        Self {
            routes,
            dead_letters: None,
            data: Arc::new(data),
        }
    }

    /// Also with its dead letters.
    fn with_dead_letters(self, desk: impl DeadLetterDesk + 'static) -> Self {
        Self {
            dead_letters: Some(Arc::new(desk)),
            ..self
        }
    }

    /// Gives the application what the endpoints take from it.
    pub fn add_data_to(&self, config: &mut web::ServiceConfig) {
        (self.data)(config);
    }
}
