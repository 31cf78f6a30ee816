//! A name for a run that no earlier run had.

use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::ServerOptions;

/// The prefix that was asked for, or one made of the time and the process: lower case letters, digits and hyphens, so
/// that it fits keys, addresses and slugs alike.
#[expect(
    clippy::disallowed_methods,
    reason = "this program is a client of the server and has none of its ports"
)]
pub fn key_prefix(options: &ServerOptions) -> String {
    options.key_prefix.clone().unwrap_or_else(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("run-{:x}-{:x}", since_epoch.as_millis(), process::id())
    })
}
