//! What two processes have of each other: a log here, a consumer with a database of its own there, the broker between.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::shared::messaging::broker_url::BrokerUrl;
use banyan::adapters::shared::messaging::feed::{AmqpFeed, Subscription};
use banyan::adapters::shared::messaging::publisher::AmqpPublisher;
use banyan::adapters::shared::messaging::subscriber::AmqpSubscriber;
use banyan::adapters::shared::sql::connection::DbConn;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::app::bootstrap::bell::Bell;
use banyan::app::bootstrap::relays;
use banyan::app::bootstrap::workers::{Job, Next, Workers};
use banyan::app::shared::event_reader::{ConsumeError, Consumer, EventReader, Progress};
use banyan::app::shared::relay::Relay;
use banyan::ports::shared::events::{ConsumerStore, Delivery, EventFeed, EventRecord, LoggedEvent};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::shared::event_log::event;
use crate::support::broker::{TestBroker, url};
use crate::support::databases::{TestDatabase, postgres, sqlite};
use crate::support::fixed::FixedClock;

/// The context whose log is read.
pub const CONTEXT: &str = "inventory";
/// Who reads it.
pub const CONSUMER: &str = "catalog.on_test_happened";
/// How far the broker was told.
pub const RELAY: &str = "inventory.relay";
/// How long what has to happen may take on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_mins(2);
/// What stops stops within this.
pub const STOPS_WITHIN: Duration = Duration::from_secs(5);
/// How often workers look for what nobody told them of.
const POLL: Duration = Duration::from_millis(50);
/// How often a feed looks at the log while nothing arrives: never within a test, unless it says so.
pub const NEVER: Duration = Duration::from_hours(1);

diesel::table! {
    effects (place) {
        place -> BigInt,
        payload -> Text,
    }
}

/// Two processes that share nothing but a broker.
pub struct TwoProcesses {
    pub broker: TestBroker,
    /// The process with the log.
    pub here: TestDatabase,
    /// The process with the consumer.
    pub there: TestDatabase,
    /// Those of the readers there. A bell whose worker was stopped is silent for ever, so each reader has its own.
    bells: Arc<Mutex<Vec<Arc<Bell>>>>,
}

impl TwoProcesses {
    pub fn on_sqlite() -> Self {
        let two = Self::with(sqlite("orders", MIGRATIONS), sqlite("orders", MIGRATIONS));
        two.make_effects("INTEGER PRIMARY KEY AUTOINCREMENT");
        two
    }

    pub fn on_postgres() -> Self {
        let two = Self::with(postgres("orders", MIGRATIONS), postgres("orders", MIGRATIONS));
        two.make_effects("BIGINT GENERATED ALWAYS AS IDENTITY");
        two
    }

    fn with(here: TestDatabase, there: TestDatabase) -> Self {
        Self {
            broker: TestBroker::with(&[CONSUMER]),
            here,
            there,
            bells: Arc::default(),
        }
    }

    fn make_effects(&self, place: &str) {
        let table = format!("CREATE TABLE effects (place {place}, payload TEXT NOT NULL)");
        self.there
            .database
            .read(|conn: &mut DbConn| conn.batch_execute(&table))
            .unwrap();
    }

    /// Commits events with these numbers, all at once.
    pub fn append(&self, numbers: RangeInclusive<u128>) {
        let events = numbers.map(event).collect();
        self.here
            .database
            .commit(&UnitOfWork::events(events), |_conn| Ok(()))
            .unwrap();
    }

    /// The log, as one reads it who can reach it.
    pub fn log(&self) -> Arc<dyn EventFeed> {
        Arc::new(SqlEventFeed::new(self.here.database.clone()))
    }

    pub fn relay_positions(&self) -> Arc<dyn ConsumerStore> {
        Arc::new(SqlConsumerStore::new(self.here.database.clone()))
    }

    pub fn relay(&self, publisher: &Arc<AmqpPublisher>) -> Relay {
        self.relay_with(publisher, self.relay_positions())
    }

    pub fn relay_with(&self, publisher: &Arc<AmqpPublisher>, positions: Arc<dyn ConsumerStore>) -> Relay {
        Relay::new(CONTEXT, RELAY, self.log(), positions, publisher.clone())
    }

    /// A publisher that is connected.
    pub fn publisher(&self) -> Arc<AmqpPublisher> {
        let publisher = self.publisher_at(&BrokerUrl::parse(&url()).unwrap());
        eventually("the publisher connects", || publisher.is_connected());
        publisher
    }

    pub fn publisher_at(&self, url: &BrokerUrl) -> Arc<AmqpPublisher> {
        Arc::new(AmqpPublisher::start(url, &self.broker.names).unwrap())
    }

    /// The feed there: over the broker, or from `log`.
    pub fn feed(&self, look_every: Duration, log: Arc<dyn EventFeed>) -> Arc<AmqpFeed> {
        let subscription = Subscription {
            consumer: CONSUMER.into(),
            context: CONTEXT.into(),
        };
        let bells = self.bells.clone();
        let wake = Arc::new(move || bells.lock().unwrap().iter().for_each(|bell| bell.ring()));
        Arc::new(AmqpFeed::looking_every(look_every, subscription, log, wake))
    }

    /// A subscriber that is connected.
    pub fn subscribe(&self, feed: &Arc<AmqpFeed>) -> AmqpSubscriber {
        let subscriber = self.subscribe_at(&BrokerUrl::parse(&url()).unwrap(), feed);
        eventually("the feed is subscribed", || feed.is_connected());
        subscriber
    }

    pub fn subscribe_at(&self, url: &BrokerUrl, feed: &Arc<AmqpFeed>) -> AmqpSubscriber {
        AmqpSubscriber::start(url, &self.broker.names, vec![feed.clone()]).unwrap()
    }

    pub fn reader(&self, feed: &Arc<AmqpFeed>, poison: &[u128]) -> EventReader {
        EventReader::new(
            feed.clone(),
            Arc::new(self.positions()),
            Arc::new(Effects {
                database: self.there.database.clone(),
                poison: poison.iter().map(|number| event(*number).payload).collect(),
            }),
            Arc::new(FixedClock::new()),
        )
    }

    pub fn positions(&self) -> SqlConsumerStore {
        SqlConsumerStore::new(self.there.database.clone())
    }

    /// The relay at work here.
    pub fn relay_job(&self, publisher: &Arc<AmqpPublisher>) -> Job {
        relays::job(self.relay(publisher), &Arc::default(), POLL)
    }

    /// The reader at work there.
    pub fn reader_job(&self, feed: &Arc<AmqpFeed>, poison: &[u128]) -> Job {
        let reader = self.reader(feed, poison);
        let bell = Arc::new(Bell::default());
        self.bells.lock().unwrap().push(bell.clone());
        Job {
            name: reader.name(),
            bell,
            pause: POLL,
            turn: Box::new(move || match reader.read_batch() {
                Progress::Overtaken | Progress::Idle => Next::WhenRung,
                Progress::Read(_) => Next::AtOnce,
                Progress::Blocked => Next::Later,
            }),
        }
    }

    /// What has been delivered is acknowledged soon, and nothing goes back to the queue.
    pub fn assert_all_acknowledged(&self, feed: &AmqpFeed, subscriber: &AmqpSubscriber) {
        eventually("all is acknowledged", || {
            self.broker.waiting(Some(CONSUMER)) == 0 && feed.unacknowledged() == 0
        });
        assert!(subscriber.stop(STOPS_WITHIN));
        assert_eq!(
            self.broker.waiting(Some(CONSUMER)),
            0,
            "messages that were not acknowledged"
        );
    }

    /// What has taken effect there, in that order.
    pub fn effects(&self) -> Vec<String> {
        self.there
            .database
            .read(|conn| effects::table.order(effects::place).select(effects::payload).load(conn))
            .unwrap()
    }

    /// Waits until so many effects are there.
    pub fn wait_for_effects(&self, count: usize) {
        let count = i64::try_from(count).unwrap();
        eventually("all events take effect", || {
            // Counting costs the database more than an effect does.
            std::thread::sleep(Duration::from_millis(30));
            let there: i64 = self
                .there
                .database
                .read(|conn| effects::table.count().get_result(conn))
                .unwrap();
            there >= count
        });
    }

    /// Exactly these have taken effect, once each and in order.
    pub fn assert_effects(&self, numbers: impl IntoIterator<Item = u128>) {
        let expected: Vec<String> = numbers.into_iter().map(|number| event(number).payload).collect();
        let effects = self.effects();
        let same = expected.iter().zip(&effects).take_while(|(a, b)| a == b).count();
        assert!(
            effects == expected,
            "{} effects for {} events; the first that differs is number {same}: {:?} for {:?}",
            effects.len(),
            expected.len(),
            effects.get(same),
            expected.get(same)
        );
    }
}

/// Publishes until there is nothing more.
pub fn drain(relay: &Relay) {
    let until = Instant::now() + PATIENCE;
    while relay.relay_batch() != Progress::Idle {
        assert!(Instant::now() < until, "the relay does not come to an end");
    }
}

pub fn start(jobs: Vec<Job>) -> Workers {
    Workers::start(jobs).unwrap()
}

/// Waits for what has to come.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A consumer whose effect is a row, committed with the position: without a key, so that a second effect would show.
struct Effects {
    database: Arc<Database>,
    poison: Vec<String>,
}

impl Consumer for Effects {
    fn name(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["test.happened"]
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        if self.poison.contains(&event.payload) {
            return Err(ConsumeError::Poison("it is poison".into()));
        }
        let unit = UnitOfWork::none().with_delivery(delivery.clone());
        self.database.commit(&unit, |conn| {
            diesel::insert_into(effects::table)
                .values(effects::payload.eq(&event.payload))
                .execute(conn)
                .map_err(|error| StorageError::Other(Box::new(error)))
        })?;
        Ok(true)
    }
}

/// A log that cannot be reached: what takes effect nevertheless came over the broker.
pub struct OutOfReach;

impl EventFeed for OutOfReach {
    fn read_after(&self, _position: i64, _limit: u32) -> Result<Vec<LoggedEvent>, StorageError> {
        Err(StorageError::Unavailable("the other process is away".into()))
    }
}

/// Each function takes two processes and becomes a test with their databases on `SQLite` and one on `PostgreSQL`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() {
                super::$name(&$crate::messaging::two_processes::TwoProcesses::on_sqlite());
            })+
        }
        mod on_postgres {
            $(#[test] fn $name() {
                super::$name(&$crate::messaging::two_processes::TwoProcesses::on_postgres());
            })+
        }
    };
}
pub(super) use on_both;
