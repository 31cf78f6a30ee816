//! Publishes events with the broker's confirmation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use std::{io, mem};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Confirmation, Connection, ExchangeKind};
use tokio::sync::mpsc;

use super::broker_url::BrokerUrl;
use super::cloud_event::{Outgoing, encode};
use super::names::Names;
use super::supervisor::{Broken, Session, Stop, Supervisor, in_time};
use crate::ports::shared::event_publisher::{EventPublisher, PublishError};
use crate::ports::shared::events::LoggedEvent;

/// Batches that wait for the connection: each relay has one under way, and there are as many relays as contexts.
const QUEUE: usize = 16;
/// How long the broker may take to confirm a batch before the connection counts as broken. Long, because a broker that
/// is merely slow would get the same batch again and be slower still; one that is gone shows in the heartbeats.
const CONFIRM_WITHIN: Duration = Duration::from_secs(20);
/// How long whoever publishes waits in all; longer than one batch takes, be it in vain.
const PUBLISH_WITHIN: Duration = Duration::from_secs(25);
/// How often an idle connection is looked at. Its heartbeats are the library's affair.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Publishes the logs of all contexts of this process over one connection of its own: a broker that is short of memory
/// stops reading from connections that publish, and must not stop the acknowledgements of those that consume.
pub struct AmqpPublisher {
    batches: mpsc::Sender<Batch>,
    connected: Arc<AtomicBool>,
    supervisor: Supervisor,
}

impl AmqpPublisher {
    /// Starts the thread that holds the connection. A broker that is away is no error.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(url: &BrokerUrl, names: &Names) -> io::Result<Self> {
        let (batches, received) = mpsc::channel(QUEUE);
        let connected = Arc::new(AtomicBool::new(false));
        let session = Publishing {
            exchange: names.events(),
            batches: received,
            connected: Arc::clone(&connected),
        };
        Ok(Self {
            batches,
            connected,
            supervisor: Supervisor::start(url, session)?,
        })
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }

    /// Closes the connection and ends the thread; whoever publishes meanwhile is told that the broker is away. Whether
    /// that was done within the time.
    pub fn stop(&self, within: Duration) -> bool {
        self.supervisor.stop(within)
    }
}

impl EventPublisher for AmqpPublisher {
    fn publish(&self, context: &str, previous: i64, events: &[LoggedEvent]) -> Result<(), PublishError> {
        if !self.is_connected() {
            return Err(PublishError::Away);
        }
        let mut link = previous;
        let messages = events
            .iter()
            .map(|logged| encode(context, mem::replace(&mut link, logged.seq), logged))
            .collect::<Result<Vec<_>, _>>()?;
        let (answer, answered) = sync_channel(1);
        let batch = Batch {
            messages,
            until: Instant::now() + PUBLISH_WITHIN,
            answer,
        };
        self.batches
            .try_send(batch)
            .map_err(|_full_or_gone| PublishError::Away)?;
        answered
            .recv_timeout(PUBLISH_WITHIN)
            .unwrap_or_else(|error| match error {
                RecvTimeoutError::Timeout => Err(PublishError::Unconfirmed),
                // The connection broke: whether the broker has them is unknown, and they are published again.
                RecvTimeoutError::Disconnected => Err(PublishError::Away),
            })
    }
}

struct Batch {
    messages: Vec<Outgoing>,
    /// When nobody waits for it any more.
    until: Instant,
    answer: SyncSender<Result<(), PublishError>>,
}

struct Publishing {
    exchange: String,
    batches: mpsc::Receiver<Batch>,
    connected: Arc<AtomicBool>,
}

impl Session for Publishing {
    fn name(&self) -> &'static str {
        "broker-publish"
    }

    async fn run(&mut self, connection: &Connection, stop: &mut Stop) -> Result<(), Broken> {
        let exchange = ShortString::try_new(self.exchange.as_str())?;
        let channel = in_time(prepare(connection, &exchange)).await?;
        self.connected.store(true, Ordering::Release);
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.told() => return Ok(()),
                _tick = look.tick() => if !channel.status().connected() {
                    return Err(Broken::Lost);
                },
                Some(batch) = self.batches.recv() => {
                    if Instant::now() >= batch.until {
                        continue;
                    }
                    let publishing = tokio::time::timeout(CONFIRM_WITHIN, publish(&channel, &exchange, batch.messages));
                    let published = publishing.await.map_err(|_elapsed| Broken::Unconfirmed)??;
                    // Whoever waited may have gone.
                    let _gone = batch.answer.send(published);
                }
            }
        }
    }

    fn closed(&mut self) {
        self.connected.store(false, Ordering::Release);
        // Dropped unanswered, which whoever waits takes for what it is.
        while self.batches.try_recv().is_ok() {}
    }
}

async fn prepare(connection: &Connection, exchange: &ShortString) -> Result<Channel, Broken> {
    let channel = connection.create_channel().await?;
    declare_events_exchange(&channel, exchange).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// The exchange that everything is published to, and every queue is bound to.
pub(super) async fn declare_events_exchange(channel: &Channel, name: &ShortString) -> Result<(), lapin::Error> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(name.clone(), ExchangeKind::Topic, durable, FieldTable::default())
        .await
}

/// Publishes all, then waits for all confirmations. Not `mandatory`: an event for which there is no queue yet is
/// confirmed and dropped, and whoever makes a queue later reads what was before from the log.
async fn publish(
    channel: &Channel,
    exchange: &ShortString,
    messages: Vec<Outgoing>,
) -> Result<Result<(), PublishError>, lapin::Error> {
    let mut confirmations = Vec::with_capacity(messages.len());
    for message in messages {
        let options = BasicPublishOptions::default();
        let published = channel
            .basic_publish(
                exchange.clone(),
                message.routing_key,
                options,
                &message.body,
                message.properties,
            )
            .await?;
        confirmations.push(published);
    }
    let mut result = Ok(());
    for confirmation in confirmations {
        match confirmation.await? {
            Confirmation::Ack(_) => {}
            Confirmation::Nack(_) | Confirmation::NotRequested => result = Err(PublishError::Refused),
        }
    }
    Ok(result)
}
