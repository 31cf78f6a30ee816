//! The workers that tell the broker of the logs.

use std::sync::Arc;
use std::time::Duration;

use super::bell::Bell;
use super::workers::{Job, Next};
use crate::app::shared::event_reader::Progress;
use crate::app::shared::relay::Relay;

/// Publishes a log. The log's bell rings for what this process commits; the poll finds what others do, and whether a
/// broker that was away is back.
pub fn job(relay: Relay, bell: &Arc<Bell>, poll: Duration) -> Job {
    Job {
        name: relay.name(),
        bell: Arc::clone(bell),
        pause: poll,
        turn: Box::new(move || match relay.relay_batch() {
            Progress::Overtaken | Progress::Idle => Next::WhenRung,
            Progress::Read(_) => Next::AtOnce,
            Progress::Blocked => Next::Later,
        }),
    }
}
