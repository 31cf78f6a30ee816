//! The data directory, which one server at a time may use.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::start_error::StartError;

/// The file whose lock means that a server runs. The system lets go of it when the process ends, however it ends.
const LOCK_FILE: &str = "serve.lock";

/// The right to be the only server on a data directory, until it is dropped.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// Makes the directory where it is missing.
///
/// # Errors
/// [`StartError::DataDir`].
pub fn make(path: &Path) -> Result<(), StartError> {
    fs::create_dir_all(path).map_err(|source| StartError::DataDir {
        path: path.to_owned(),
        source,
    })
}

/// Takes the directory.
///
/// # Errors
/// [`StartError::DataDirInUse`] when another server has it; [`StartError::DataDir`] when it cannot be used.
pub fn lock(path: &Path) -> Result<DataDirLock, StartError> {
    make(path)?;
    let unusable = |source| StartError::DataDir {
        path: path.to_owned(),
        source,
    };
    let file = File::create(path.join(LOCK_FILE)).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(DataDirLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StartError::DataDirInUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}
