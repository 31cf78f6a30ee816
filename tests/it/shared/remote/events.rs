//! The log, the consumers and the keys of a context elsewhere.

use std::sync::Arc;

use banyan::adapters::shared::http::internal::context::InternalConsumer;
use banyan::adapters::shared::remote::consumers::RemoteConsumers;
use banyan::adapters::shared::remote::feed::RemoteFeed;
use banyan::adapters::shared::remote::peer::ReadError;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::ports::inventory::operations::Inventory;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::events::{ConsumerStandings, ConsumerStore, DeadLetter, EventFeed, Passage};
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::storage::StorageError;

use super::{Warehouse, operator, product, under_key};
use crate::support::fixed::FixedClock;
use crate::support::internal_server::{InternalServer, context, offering, peer_at, serving};

const CONSUMER: &str = "inventory.on_something";

struct Library {
    warehouse: Warehouse,
    log: Arc<SqlEventFeed>,
    positions: Arc<SqlConsumerStore>,
    server: InternalServer,
}

impl Library {
    /// A warehouse whose log and consumers can be read.
    fn open() -> Self {
        let warehouse = Warehouse::open();
        let database = &warehouse.database.database;
        let log = Arc::new(SqlEventFeed::new(database.clone()));
        let positions = Arc::new(SqlConsumerStore::new(database.clone()));
        let inventory: Arc<dyn Inventory> = warehouse.watched.clone();
        let inventory = context(inventory)
            .with_events(log.clone())
            .with_consumer(InternalConsumer {
                name: CONSUMER,
                log: "payments",
                standings: positions.clone(),
            });
        let server = InternalServer::start(serving(vec![inventory]).with_public_keys("{\"keys\":[]}".to_owned()));
        Self {
            warehouse,
            log,
            positions,
            server,
        }
    }

    fn feed(&self) -> RemoteFeed {
        RemoteFeed::at(peer_at(self.server.address), "inventory")
    }

    /// So many things happen.
    fn happen(&self, times: u32) {
        for number in 0..times {
            let (product_id, key) = (product(1), format!("delivery-{number}"));
            self.warehouse
                .watched
                .handle(&under_key(&key), super::delivery(product_id, 1))
                .unwrap();
            self.warehouse
                .watched
                .handle(&operator(), super::reservation_number(number, product_id))
                .unwrap();
        }
    }
}

#[test]
fn a_log_elsewhere_reads_as_it_does_over_there() {
    let library = Library::open();
    assert_eq!(library.feed().read_after(0, 10).unwrap(), Vec::new());
    library.happen(3);
    let all = library.log.read_after(0, 100).unwrap();
    assert!(all.len() >= 3, "{all:?}");
    let feed = library.feed();
    assert_eq!(feed.read_after(0, 100).unwrap(), all);
    assert_eq!(feed.read_after(0, 2).unwrap(), all[..2]);
    assert_eq!(feed.read_after(all[0].seq, 100).unwrap(), all[1..]);
    assert_eq!(feed.read_after(all[all.len() - 1].seq, u32::MAX).unwrap(), Vec::new());
}

#[test]
fn a_log_that_cannot_be_reached_is_away() {
    let library = Library::open();
    let another = RemoteFeed::at(peer_at(library.server.address), "orders");
    assert!(matches!(another.read_after(0, 10), Err(StorageError::Unavailable(_))));
    let feed = library.feed();
    drop(library);
    assert!(matches!(feed.read_after(0, 10), Err(StorageError::Unavailable(_))));
}

#[test]
fn consumers_elsewhere_stand_where_they_do_over_there() {
    let library = Library::open();
    library.happen(3);
    let consumers = RemoteConsumers::at(peer_at(library.server.address), "inventory");
    assert_eq!(consumers.position(CONSUMER).unwrap(), 0);
    let event = library.log.read_after(0, 1).unwrap().remove(0);
    let letter = DeadLetter {
        consumer: CONSUMER.to_owned(),
        event: event.clone(),
        reason: "it made no \"sense\"".to_owned(),
        attempts: 5,
        parked_at: FixedClock::new().now(),
    };
    let passage = Passage {
        consumer: CONSUMER.to_owned(),
        from_position: 0,
        to_position: event.seq,
    };
    library.positions.park(&letter, &passage).unwrap();
    assert_eq!(consumers.position(CONSUMER).unwrap(), event.seq);
    assert_eq!(consumers.parked(CONSUMER, 10).unwrap(), [letter]);
    assert_eq!(consumers.parked(CONSUMER, 0).unwrap(), []);
    let all = consumers.all().unwrap();
    assert_eq!((all.len(), all[0].log.as_str()), (1, "payments"));
    assert!(matches!(
        consumers.position("inventory.on_nothing"),
        Err(StorageError::Unavailable(_))
    ));
}

#[test]
fn the_keys_come_from_where_identity_runs_and_nowhere_else() {
    let library = Library::open();
    let keys = peer_at(library.server.address).public_keys();
    assert_eq!(keys.unwrap(), "{\"keys\":[]}");
    let inventory: Arc<dyn Inventory> = library.warehouse.watched.clone();
    let without = InternalServer::start(offering(inventory));
    let keys = peer_at(without.address).public_keys();
    assert!(matches!(keys, Err(ReadError::Refused { status: 404, .. })), "{keys:?}");
}
