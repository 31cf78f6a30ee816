//! When the disk under a file fails, or is full.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, SqliteConnection};

use super::connection::{DbConn, SQLITE_BUSY_TIMEOUT};
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

/// What `PRAGMA wal_checkpoint` answers.
#[derive(QueryableByName)]
pub(super) struct Checkpoint {
    /// 1 where somebody was in the way.
    #[diesel(sql_type = Integer)]
    busy: i32,
    /// Pages in the log.
    #[diesel(sql_type = Integer)]
    log: i32,
    /// Those of them that are in the file by now.
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Checkpoint {
    /// Whether all of the log is in the file, so that the next commit begins it anew.
    pub(super) fn is_whole(&self) -> bool {
        self.busy == 0 && self.log == self.checkpointed
    }
}

/// Has a connection to a file do something that fails at once where somebody else is in the way.
pub(super) fn without_waiting(connection: &mut DbConn, act: impl FnOnce(&mut SqliteConnection) -> bool) -> bool {
    let DbConn::Sqlite(connection) = connection else {
        return true;
    };
    let wait_for = |connection: &mut SqliteConnection, time: Duration| {
        let pragma = format!("PRAGMA busy_timeout = {}", time.as_millis());
        if let Err(error) = connection.batch_execute(&pragma) {
            tracing::warn!(%error, "a connection keeps its patience");
        }
    };
    wait_for(connection, Duration::ZERO);
    let done = act(connection);
    wait_for(connection, SQLITE_BUSY_TIMEOUT);
    done
}
