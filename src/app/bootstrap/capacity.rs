//! How much of everything this process does at once.

use std::time::Duration;

use crate::adapters::shared::http::bulkhead::BulkheadSize;

/// What browsing may take of a context.
pub const QUERIES: BulkheadSize = BulkheadSize {
    workers: 16,
    queue: 256,
    wait: Duration::from_millis(250),
};
/// What changes may take of a context.
pub const COMMANDS: BulkheadSize = BulkheadSize {
    workers: 16,
    queue: 256,
    wait: Duration::from_millis(250),
};
/// Buying. It calls four contexts and a provider, so more run at once, and a purchase that waited is worth more than a
/// quick refusal: the customer has made up their mind.
pub const PURCHASES: BulkheadSize = BulkheadSize {
    workers: 64,
    queue: 512,
    wait: Duration::from_secs(2),
};
/// Registering and signing in. Each hashes a password, which takes 19 MiB and some 20 ms of a core: few run at once, so
/// that they can starve nobody else, and the others wait longer.
pub const SIGN_INS: BulkheadSize = BulkheadSize {
    workers: 4,
    queue: 256,
    wait: Duration::from_secs(5),
};

/// Looking after dead letters: a few people, who must not take the room of the storefront's calls.
pub const LETTERS: BulkheadSize = BulkheadSize {
    workers: 4,
    queue: 64,
    wait: Duration::from_secs(2),
};

/// Checking the integrity of the shop: once at a time, since it reads everything.
pub const INTEGRITY: BulkheadSize = BulkheadSize {
    workers: 1,
    queue: 0,
    wait: Duration::ZERO,
};
/// How long that may take. A million orders take about a minute.
pub const INTEGRITY_TIME: Duration = Duration::from_mins(5);

/// Sagas, reservations, payments in one turn of a worker: few, so that one that is told to stop does so soon.
pub const SWEEP_BATCH: u32 = 20;
/// How long one turn has before nobody would begin with it any more.
pub const TURN_TIME: Duration = Duration::from_secs(30);
