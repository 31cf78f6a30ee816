//! The way out for events: what a context has committed, told to a broker that other processes listen to.

use super::events::LoggedEvent;

/// Why events were not published. Whoever asked keeps their position and asks again; duplicates are harmless.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is no connection to the broker now.
    #[error("the broker is away")]
    Away,
    /// The broker has not confirmed in time. Whether it has the events is unknown.
    #[error("the broker did not confirm in time")]
    Unconfirmed,
    /// The broker has not taken an event in.
    #[error("the broker refused an event")]
    Refused,
    /// The form in which events travel cannot hold this one.
    #[error("an event cannot be published: {0}")]
    Unfit(String),
}

/// Publishes the log of a context.
pub trait EventPublisher: Send + Sync {
    /// Publishes `events`, which follow each other in the log of `context`; `previous` is the place of the event before
    /// the first of them, 0 at the beginning of the log. A reader can tell from the chain of places that it has missed
    /// nothing.
    ///
    /// MUST return `Ok` only when the broker has taken over the responsibility for every one of them, and MUST return
    /// within a bounded time whatever the broker does.
    ///
    /// # Errors
    /// See [`PublishError`]. Some of the events may have been published.
    fn publish(&self, context: &str, previous: i64, events: &[LoggedEvent]) -> Result<(), PublishError>;
}
