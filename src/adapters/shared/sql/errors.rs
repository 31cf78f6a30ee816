//! From the errors of the database library to those of the storage ports.

use diesel::result::{DatabaseErrorKind, Error};

use crate::ports::shared::storage::StorageError;

/// What passes by itself, in the databases' own words: `SQLITE_BUSY`, `SQLITE_READONLY` and `SQLITE_FULL`; a
/// `PostgreSQL` server that goes down, its deadlocks, its timeouts of statements and locks, what its operator cancels, its
/// full disk. A server whose messages are in another language is told by its kinds of errors alone: `lc_messages` belongs
/// to `C` or English there.
const PASSING: [&str; 12] = [
    "database is locked",
    "database is busy",
    "readonly database",
    "disk is full",
    "No space left on device",
    "terminating connection",
    "shutting down",
    "read-only transaction",
    "deadlock detected",
    "due to statement timeout",
    "due to lock timeout",
    "due to user request",
];

/// Tells what a failed statement means. `NotFound` is not expected here: finders use `.optional()`.
pub fn storage_error(error: Error) -> StorageError {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => StorageError::Duplicate {
            // PostgreSQL names the constraint; SQLite only tells the columns, in the message.
            constraint: info.constraint_name().unwrap_or_else(|| info.message()).to_owned(),
        },
        Error::DatabaseError(DatabaseErrorKind::CheckViolation, info) => StorageError::Refused {
            constraint: info.constraint_name().unwrap_or_else(|| info.message()).to_owned(),
        },
        Error::DatabaseError(
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::SerializationFailure,
            _,
        )
        | Error::BrokenTransactionManager => unavailable(error),
        Error::DatabaseError(_, ref info) if PASSING.iter().any(|sign| info.message().contains(sign)) => {
            unavailable(error)
        }
        other => StorageError::Other(Box::new(other)),
    }
}

fn unavailable(error: Error) -> StorageError {
    tracing::warn!(%error, "the database is away");
    StorageError::Unavailable(Box::new(error))
}
