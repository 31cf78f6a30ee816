//! Events between processes over RabbitMQ (AMQP 0.9.1).
//!
//! The log in each context's database is the truth; the broker is a faster way for its events to another process. No
//! request waits for it, and whatever it loses, doubles or disorders is found by the chain of places in the log that
//! travels with the events, and healed from the log itself (docs/adr/0009).

pub mod broker_url;
pub mod names;

pub mod publisher;

pub mod feed;
pub mod subscriber;

mod arrivals;
mod cloud_event;
mod supervisor;
