//! What goes wrong with the provider's webhooks, and how often.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ports::shared::seeded::mixed_text;

/// What may go wrong with a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebhookFault {
    /// It is sent three times at once.
    Doubled,
    /// It is held back for a while, so that later ones overtake it.
    Reordered,
    /// It is never sent.
    Dropped,
}

impl WebhookFault {
    /// All of them, with their names in a profile.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Doubled, "webhook-doubled"),
        (Self::Reordered, "webhook-reordered"),
        (Self::Dropped, "webhook-dropped"),
    ];
}

/// Counts what became of webhooks.
#[derive(Debug, Default)]
pub struct WebhookTally {
    /// Requests that were sent, of which three for one that was doubled.
    pub sent: AtomicU64,
    /// Webhooks that were answered by 2xx.
    pub delivered: AtomicU64,
    /// Times that one was not, and is sent again.
    pub failed: AtomicU64,
    /// Webhooks that were not answered by 2xx in the end.
    pub given_up: AtomicU64,
    struck: [AtomicU64; WebhookFault::ALL.len()],
}

impl WebhookTally {
    /// It went wrong.
    pub(super) fn count(&self, fault: WebhookFault) {
        let counters = WebhookFault::ALL.iter().zip(&self.struck);
        for (_, counter) in counters.filter(|((known, _name), _)| *known == fault) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All counts, by their names.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let own = [
            ("sent", &self.sent),
            ("delivered", &self.delivered),
            ("failed", &self.failed),
            ("given-up", &self.given_up),
        ];
        let struck = WebhookFault::ALL.iter().zip(&self.struck);
        let struck = struck.map(|((_fault, name), counter)| (*name, counter));
        own.into_iter()
            .chain(struck)
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
            .collect()
    }
}

/// What goes wrong with the webhook of this id: the same whenever it is asked.
pub(super) fn draw(shares: &BTreeMap<WebhookFault, u32>, seed: u64, id: &str) -> Option<WebhookFault> {
    let mut draw = mixed_text(seed, id) % 100;
    for (fault, percent) in shares {
        let percent = u64::from(*percent);
        if draw < percent {
            return Some(*fault);
        }
        draw -= percent;
    }
    None
}
