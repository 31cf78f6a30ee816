//! Receives events from the queues of this process's consumers.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions, ExchangeDeclareOptions,
    QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer, ExchangeKind};
use tokio::task::JoinSet;

use super::broker_url::BrokerUrl;
use super::cloud_event::decode;
use super::feed::AmqpFeed;
use super::names::Names;
use super::publisher::declare_events_exchange;
use super::supervisor::{Broken, CLOSE_WITHIN, Session, Stop, Supervisor, in_time};

/// Messages of a queue that are here without being acknowledged: five batches of the reader.
const PREFETCH: u16 = 500;
/// How often a message that goes back to its queue is delivered before it is set aside: every lost connection counts.
/// An event that is set aside is not lost, the log has it.
const DELIVERIES_MAX: i64 = 20;
/// Events that wait in a queue; beyond it the oldest go, and are read from the log. A consumer that is away for long
/// must not fill the broker's disk.
const QUEUE_LENGTH_MAX: i64 = 100_000;
/// A queue that nobody has consumed from for so long belongs to a consumer that is gone: seven days, in milliseconds.
const QUEUE_EXPIRES_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// The code with which a channel is closed that is not needed any more (AMQP 0.9.1, 1.2).
const REPLY_SUCCESS: u16 = 200;
/// Messages set aside that are kept for somebody to look at.
const DEAD_LETTERS_MAX: i64 = 10_000;

/// Subscribes the consumers of this process, over one connection.
pub struct AmqpSubscriber {
    /// None where nobody subscribes.
    supervisor: Option<Supervisor>,
}

impl AmqpSubscriber {
    /// Starts the thread that holds the connection and fills `feeds`; without feeds there is no connection. A broker that
    /// is away is no error: the feeds read the logs meanwhile.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(url: &BrokerUrl, names: &Names, feeds: Vec<Arc<AmqpFeed>>) -> io::Result<Self> {
        if feeds.is_empty() {
            return Ok(Self { supervisor: None });
        }
        let session = Subscribing {
            names: names.clone(),
            feeds,
        };
        Ok(Self {
            supervisor: Some(Supervisor::start(url, session)?),
        })
    }

    /// Closes the connection and ends the thread; what was not acknowledged goes back to its queue. Whether that was
    /// done within the time.
    pub fn stop(&self, within: Duration) -> bool {
        self.supervisor
            .as_ref()
            .is_none_or(|supervisor| supervisor.stop(within))
    }
}

struct Subscribing {
    names: Names,
    feeds: Vec<Arc<AmqpFeed>>,
}

impl Session for Subscribing {
    fn name(&self) -> &'static str {
        "broker-consume"
    }

    async fn run(&mut self, connection: &Connection, stop: &mut Stop) -> Result<(), Broken> {
        let mut subscriptions = JoinSet::new();
        for feed in &self.feeds {
            subscriptions.spawn(wait(Arc::clone(feed), stop.clone()));
        }
        loop {
            tokio::select! {
                () = stop.told() => {
                    // An acknowledgement that is being sent is sent; then they end by themselves.
                    let _hurried = tokio::time::timeout(CLOSE_WITHIN, subscriptions.join_all()).await;
                    return Ok(());
                }
                // The first that fails ends all: they share the connection.
                Some(ended) = subscriptions.join_next() => {
                    match ended.unwrap_or_else(|error| Err(Broken::Panicked(error.to_string())))? {
                        Ended::Stopped => {}
                        Ended::Wanted(feed) => {
                            let (channel, consumer) = in_time(subscribe(connection, &self.names, &feed)).await?;
                            feed.connected();
                            subscriptions.spawn(receive(channel, consumer, feed, stop.clone()));
                        }
                        Ended::Unwanted(feed) => {
                            subscriptions.spawn(wait(feed, stop.clone()));
                        }
                    }
                }
            }
        }
    }

    fn closed(&mut self) {
        for feed in &self.feeds {
            feed.disconnected();
        }
    }
}

/// Why there is no subscription, or not any more.
enum Ended {
    /// It was told to stop.
    Stopped,
    /// Somebody here begins to read.
    Wanted(Arc<AmqpFeed>),
    /// Nobody here reads any more.
    Unwanted(Arc<AmqpFeed>),
}

/// Waits until somebody here reads `feed`.
async fn wait(feed: Arc<AmqpFeed>, mut stop: Stop) -> Result<Ended, Broken> {
    tokio::select! {
        () = stop.told() => Ok(Ended::Stopped),
        () = feed.until_wanted(true) => Ok(Ended::Wanted(feed)),
    }
}

/// Makes what is not there yet, and begins to consume.
async fn subscribe(connection: &Connection, names: &Names, feed: &AmqpFeed) -> Result<(Channel, Consumer), Broken> {
    let channel = connection.create_channel().await?;
    let subscription = feed.subscription();
    let events = ShortString::try_new(names.events())?;
    let dead = ShortString::try_new(names.dead())?;
    let queue = ShortString::try_new(names.queue(&subscription.consumer))?;
    declare_events_exchange(&channel, &events).await?;
    declare_dead_letters(&channel, &dead).await?;
    let arguments = table(&[
        ("x-queue-type", AMQPValue::LongString("quorum".into())),
        // Of several instances of the process one gets the messages, in their order.
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        ("x-delivery-limit", AMQPValue::LongLongInt(DELIVERIES_MAX)),
        ("x-dead-letter-exchange", AMQPValue::LongString(dead.as_str().into())),
        ("x-max-length", AMQPValue::LongLongInt(QUEUE_LENGTH_MAX)),
        ("x-expires", AMQPValue::LongLongInt(QUEUE_EXPIRES_MS)),
    ]);
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(queue.clone(), durable, arguments).await?;
    let whole_log = ShortString::try_new(Names::whole_log(&subscription.context))?;
    let options = QueueBindOptions::default();
    channel
        .queue_bind(queue.clone(), events, whole_log, options, FieldTable::default())
        .await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let tag = ShortString::default();
    let consumer = channel
        .basic_consume(queue, tag, BasicConsumeOptions::default(), FieldTable::default())
        .await?;
    Ok((channel, consumer))
}

/// Where messages go that nobody could take in: one queue for all consumers, for people to look at.
async fn declare_dead_letters(channel: &Channel, dead: &ShortString) -> Result<(), Broken> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let nothing = FieldTable::default();
    channel
        .exchange_declare(dead.clone(), ExchangeKind::Fanout, durable, nothing.clone())
        .await?;
    let arguments = table(&[
        ("x-queue-type", AMQPValue::LongString("quorum".into())),
        ("x-max-length", AMQPValue::LongLongInt(DEAD_LETTERS_MAX)),
    ]);
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(dead.clone(), durable, arguments).await?;
    let options = QueueBindOptions::default();
    channel
        .queue_bind(dead.clone(), dead.clone(), ShortString::default(), options, nothing)
        .await?;
    Ok(())
}

fn table(entries: &[(&'static str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert((*key).into(), value.clone());
    }
    table
}

/// Fills a feed until the channel ends or nobody here reads it, and acknowledges what its reader has committed.
async fn receive(
    channel: Channel,
    mut consumer: Consumer,
    feed: Arc<AmqpFeed>,
    mut stop: Stop,
) -> Result<Ended, Broken> {
    loop {
        tokio::select! {
            () = stop.told() => return Ok(Ended::Stopped),
            () = feed.until_wanted(false) => {
                // What was not acknowledged goes back to the queue, and to whoever reads now.
                channel.close(REPLY_SUCCESS, "read elsewhere".into()).await?;
                feed.disconnected();
                return Ok(Ended::Unwanted(feed));
            }
            delivery = poll_fn(|cx| Pin::new(&mut consumer).poll_next(cx)) => match delivery {
                Some(delivery) => take_in(delivery?, &feed).await?,
                None => return Err(Broken::Unsubscribed(feed.subscription().consumer.clone())),
            },
            () = feed.to_acknowledge() => if let Some(tag) = feed.take_acknowledgeable() {
                channel.basic_ack(tag, BasicAckOptions { multiple: true }).await?;
            },
        }
    }
}

async fn take_in(delivery: Delivery, feed: &AmqpFeed) -> Result<(), Broken> {
    match decode(&feed.subscription().context, &delivery.properties, delivery.data) {
        Ok(event) => feed.arrived(delivery.delivery_tag, event),
        Err(malformed) => {
            tracing::error!(
                consumer = feed.subscription().consumer,
                message_id = delivery.properties.message_id().as_ref().map(ShortString::as_str),
                reason = %malformed,
                "a message is none of our events and goes to the dead letters"
            );
            feed.refused();
            delivery.acker.reject(BasicRejectOptions { requeue: false }).await?;
        }
    }
    Ok(())
}
