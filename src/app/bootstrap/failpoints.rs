//! Failpoints of a whole process, for tests that start one and have it die at a point.

use super::program::NotDone;

/// What `--version` says: a program with failpoints is none to trust a shop to.
#[cfg(feature = "failpoints")]
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " with failpoints");
/// What `--version` says.
#[cfg(not(feature = "failpoints"))]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Does what `BANYAN_FAILPOINTS` says (`ports/shared/failpoint.rs` tells how).
///
/// # Errors
/// [`NotDone::Wrong`] when it cannot be read.
#[cfg(feature = "failpoints")]
pub fn begin() -> Result<(), NotDone> {
    let Ok(configuration) = std::env::var("BANYAN_FAILPOINTS") else {
        return Ok(());
    };
    tracing::warn!(configuration, "this process fails where it is told to");
    // Abort, not exit: what a crash leaves undone must be left undone.
    crate::ports::shared::failpoint::everywhere(&configuration, || std::process::abort())
        .map_err(|reason| NotDone::Wrong(format!("BANYAN_FAILPOINTS: {reason}")))
}

/// Nothing: this program has no failpoints.
///
/// # Errors
/// None.
#[cfg(not(feature = "failpoints"))]
pub const fn begin() -> Result<(), NotDone> {
    Ok(())
}
