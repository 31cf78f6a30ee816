//! What exchanges and queues are called.

/// The names of a shop's exchanges and queues at the broker. Shops that share a virtual host have different prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Default for Names {
    fn default() -> Self {
        Self::new("banyan")
    }
}

impl Names {
    /// Names that begin with `prefix`.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The topic exchange that all events are published to.
    pub fn events(&self) -> String {
        format!("{}.events", self.prefix)
    }

    /// The exchange, and its one queue, for messages that nobody could take in.
    pub fn dead(&self) -> String {
        format!("{}.dead", self.prefix)
    }

    /// The queue of a consumer.
    pub fn queue(&self, consumer: &str) -> String {
        format!("{}.{consumer}", self.prefix)
    }

    /// What a queue is bound by to get the whole log of a context. See [`routing_key`].
    pub(super) fn whole_log(context: &str) -> String {
        format!("{context}.#")
    }
}

/// What an event is routed by: `inventory.inventory.reserved` for `inventory.reserved` of inventory.
pub(super) fn routing_key(context: &str, event_type: &str) -> String {
    format!("{context}.{event_type}")
}
