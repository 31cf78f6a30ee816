//! When the disk under a file fails, or is full.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::ports::shared::storage::StorageError;

/// What `SQLite` says of every failed system call on its files (`SQLITE_IOERR`); a full disk is `SQLITE_FULL`.
const FAILED: &str = "disk I/O error";
/// What `SQLite` says of a full disk.
const FULL: &str = "disk is full";

/// How often a write of this process met a full disk: its files are on the same one, and any of their logs may be what fills it.
static TIMES_FULL: AtomicU32 = AtomicU32::new(0);

/// Counts `error` when it is that of a write for which there was no space.
pub(super) fn note_if_full(error: &StorageError) {
    if let StorageError::Unavailable(source) = error
        && source.to_string().contains(FULL)
    {
        TIMES_FULL.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) fn times_full() -> u32 {
    TIMES_FULL.load(Ordering::Relaxed)
}

/// Ends the process when `error`, of something that was to be written, says that the disk failed.
///
/// After a failed fsync the kernel may have dropped the pages and taken note that they are clean. Another fsync would succeed,
/// and `SQLite` would acknowledge commits that are on no disk. What is on the disk is whole: the next process starts from there.
pub(super) fn distrust_after(error: &str, database: &str) {
    if error.contains(FAILED) {
        tracing::error!(error, database, "the disk cannot be trusted: the process ends");
        std::process::abort();
    }
}
