//! A consumer whose effects can be counted, and the dead letters of its context.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use banyan::adapters::shared::sql::connection::DbConn;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::dead_letters::SqlDeadLetterStore;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::app::shared::dead_letters::{DeadLetters, WithDeadLetters};
use banyan::app::shared::event_reader::{ConsumeError, Consumer, EventReader, Progress};
use banyan::ports::orders::operations::{DiscardDeadLetter, GetDeadLetter, ListDeadLetters, ReplayDeadLetter};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::dead_letters::{
    self, DeadLetterId, DiscardDeadLetterError, GetDeadLetterError, LetterGone, ListDeadLettersError, ParkedEvent,
    ReplayDeadLetterError,
};
use banyan::ports::shared::events::{Delivery, EventFeed, EventRecord};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::{Page, PageRequest};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};
use diesel::connection::SimpleConnection;
use uuid::Uuid;

use crate::shared::event_log::event;
use crate::support::databases::TestDatabase;
use crate::support::fixed::{FixedClock, call};

pub(super) const CONSUMER: &str = "orders.on_test_happened";
pub(super) const EFFECT: &str = "effect.made";

/// Whose effect is an entry in the log of its own context: committed with the delivery, so that the log tells how often and
/// in which order effects happened.
pub(super) struct Effects {
    pub(super) database: Arc<Database>,
    /// Numbers of events that it refuses.
    pub(super) poison: Mutex<BTreeSet<u128>>,
    /// Numbers of events that have no effect.
    pub(super) ignored: BTreeSet<u128>,
    pub(super) attempts: Mutex<BTreeMap<u128, i32>>,
    pub(super) made: AtomicU64,
    /// What goes wrong in the transaction of an effect.
    pub(super) trouble: Mutex<Trouble>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// The connection is lost in the middle.
    ConnectionLost,
    /// The last statement fails, behind that which ends the letter.
    LastStatement,
}

pub(super) fn number_of(event: &EventRecord) -> u128 {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
    u128::from(payload["number"].as_u64().unwrap())
}

impl Consumer for Effects {
    fn name(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["test.happened"]
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        let number = number_of(event);
        *self.attempts.lock().unwrap().entry(number).or_default() += 1;
        if self.poison.lock().unwrap().contains(&number) {
            return Err(ConsumeError::Poison(format!("{number} is poison")));
        }
        if self.ignored.contains(&number) {
            return Ok(false);
        }
        let trouble = *self.trouble.lock().unwrap();
        let made = u128::from(self.made.fetch_add(1, Ordering::SeqCst));
        let effect = EventRecord {
            event_id: Uuid::from_u128(1_000_000 + made).into(),
            event_type: EFFECT.to_owned(),
            ..event.clone()
        };
        let effects = match trouble {
            Trouble::LastStatement => vec![effect.clone(), effect],
            Trouble::None | Trouble::ConnectionLost => vec![effect],
        };
        let unit = UnitOfWork::events(effects).with_delivery(delivery.clone());
        self.database.commit(&unit, |conn| match trouble {
            Trouble::ConnectionLost => Err(lose(conn)),
            Trouble::None | Trouble::LastStatement => Ok(()),
        })?;
        Ok(true)
    }
}

/// Ends the connection, on a server.
pub(super) fn lose(conn: &mut DbConn) -> StorageError {
    let lost = conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())");
    StorageError::Unavailable(Box::new(
        lost.expect_err("a connection that is ended, or no such function"),
    ))
}

pub(super) fn effects_of(
    home: &TestDatabase,
    poison: impl IntoIterator<Item = u128>,
    ignored: &[u128],
) -> Arc<Effects> {
    Arc::new(Effects {
        database: home.database.clone(),
        poison: Mutex::new(poison.into_iter().collect()),
        ignored: ignored.iter().copied().collect(),
        attempts: Mutex::default(),
        made: AtomicU64::new(0),
        trouble: Mutex::new(Trouble::None),
    })
}

impl Effects {
    pub(super) fn heal(&self) {
        self.poison.lock().unwrap().clear();
    }
}

/// The dead letters of orders, and nothing else of it.
pub(super) type Letters = WithDeadLetters<()>;

pub(super) fn letters(home: &TestDatabase, consumers: Vec<Arc<dyn Consumer>>, clock: &Arc<FixedClock>) -> Letters {
    let store = Arc::new(SqlDeadLetterStore::new(home.database.clone()));
    WithDeadLetters::new(Arc::new(()), DeadLetters::new(store, consumers, clock.clone()))
}

pub(super) fn letters_of(home: &TestDatabase, consumer: &Arc<Effects>) -> Letters {
    letters(home, vec![consumer.clone()], &Arc::new(FixedClock::new()))
}

pub(super) fn reader(home: &TestDatabase, consumer: &Arc<Effects>) -> EventReader {
    EventReader::new(
        Arc::new(SqlEventFeed::new(home.database.clone())),
        Arc::new(SqlConsumerStore::new(home.database.clone())),
        consumer.clone(),
        Arc::new(FixedClock::new()),
    )
}

pub(super) fn append(home: &TestDatabase, events: Vec<EventRecord>) {
    home.database
        .commit(&UnitOfWork::events(events), |_conn| Ok(()))
        .unwrap();
}

pub(super) fn drain(reader: &EventReader) {
    let until = Instant::now() + Duration::from_mins(2);
    while reader.read_batch() != Progress::Idle {
        assert!(Instant::now() < until, "the reader does not come to an end");
    }
}

/// The numbers of the events that took effect, in the order in which they did.
pub(super) fn effects(home: &TestDatabase) -> Vec<u128> {
    let feed = SqlEventFeed::new(home.database.clone());
    let mut made = Vec::new();
    let mut position = 0;
    loop {
        let events = feed.read_after(position, 1_000).unwrap();
        let Some(last) = events.last() else { return made };
        position = last.seq;
        let told = events.iter().filter(|logged| logged.event.event_type == EFFECT);
        made.extend(told.map(|logged| number_of(&logged.event)));
    }
}

pub(super) fn staff() -> CallContext {
    call(Principal::service("operator"))
}

pub(super) fn id(number: u128) -> DeadLetterId {
    format!("{CONSUMER}:{}", event(number).event_id).parse().unwrap()
}

pub(super) fn replay(letters: &Letters, id: &DeadLetterId) -> Result<LetterGone, Failure<ReplayDeadLetterError>> {
    letters.handle(
        &staff(),
        ReplayDeadLetter::of(dead_letters::ReplayDeadLetter { id: id.clone() }),
    )
}

pub(super) fn discard(
    letters: &Letters,
    id: &DeadLetterId,
    reason: &str,
) -> Result<LetterGone, Failure<DiscardDeadLetterError>> {
    let wish = dead_letters::DiscardDeadLetter {
        id: id.clone(),
        reason: reason.to_owned(),
    };
    letters.handle(&staff(), DiscardDeadLetter::of(wish))
}

pub(super) fn get(letters: &Letters, id: &DeadLetterId) -> Result<ParkedEvent, Failure<GetDeadLetterError>> {
    letters.handle(
        &staff(),
        GetDeadLetter::of(dead_letters::GetDeadLetter { id: id.clone() }),
    )
}

pub(super) fn list(
    letters: &Letters,
    of: Option<&str>,
    limit: u32,
    after: Option<String>,
) -> Result<Page<ParkedEvent>, Failure<ListDeadLettersError>> {
    let wish = dead_letters::ListDeadLetters {
        of: of.map(str::to_owned),
        page: PageRequest { limit, after },
    };
    letters.handle(&staff(), ListDeadLetters::of(wish))
}

pub(super) fn ids(letters: &Letters) -> Vec<DeadLetterId> {
    let page = list(letters, None, 100, None).unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().map(|parked| parked.id).collect()
}

pub(super) fn gone(number: u128, next: Option<u128>) -> LetterGone {
    LetterGone {
        id: id(number),
        next: next.map(id),
    }
}

pub(super) const NOT_FOUND: Failure<ReplayDeadLetterError> = Failure::Domain(ReplayDeadLetterError::NotFound);
