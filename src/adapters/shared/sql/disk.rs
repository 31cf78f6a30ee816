//! When the disk under a file fails.

/// What `SQLite` says of every failed system call on its files (`SQLITE_IOERR`); a full disk is `SQLITE_FULL`.
const FAILED: &str = "disk I/O error";

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
