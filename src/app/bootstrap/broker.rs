//! This process at the broker: it publishes the logs of its own contexts, and subscribes to those of others.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::instance::Instance;
use super::relays;
use super::settings::{BrokerSettings, Timers};
use super::wiring::Shop;
use super::workers::Job;
use crate::adapters::shared::messaging::publisher::AmqpPublisher;
use crate::adapters::shared::messaging::subscriber::AmqpSubscriber;
use crate::app::shared::relay::Relay;

/// The connections to the broker. One that is away is no error: nobody waits for it.
pub struct AtBroker {
    publisher: Arc<AmqpPublisher>,
    subscriber: AmqpSubscriber,
}

impl AtBroker {
    /// Connects, and goes on trying to.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn connect(settings: &BrokerSettings, shop: &Shop) -> io::Result<Self> {
        let feeds = shop.listeners().filter_map(|listener| listener.log.over_broker.clone());
        Ok(Self {
            publisher: Arc::new(AmqpPublisher::start(&settings.url, &settings.names)?),
            subscriber: AmqpSubscriber::start(&settings.url, &settings.names, feeds.collect())?,
        })
    }

    /// What tells the broker of each log of this process.
    pub fn jobs(&self, shop: &Shop, timers: &Timers, instance: &Instance) -> Vec<Job> {
        let rooms = shop.rooms.iter().map(|room| {
            let storage = &room.storage;
            let relay = Relay::new(
                room.context,
                room.relay,
                Arc::clone(&storage.feed),
                Arc::clone(&storage.positions),
                self.publisher.clone(),
            );
            instance.alone(storage, relays::job(relay, &storage.bell, timers.event_poll))
        });
        rooms.collect()
    }

    /// Closes the connections. Whether that was done within the time.
    pub fn leave(&self, within: Duration) -> bool {
        let published = self.publisher.stop(within);
        self.subscriber.stop(within) && published
    }
}
