//! The data directory, where each context's file belongs to one server at a time.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::start_error::StartError;

/// The right to be the only server of a context's file, until it is dropped: the lock of a file beside it. The system lets
/// go of it when the process ends, however it ends.
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

/// Takes the file of `context`.
///
/// # Errors
/// [`StartError::DataDirInUse`] when another server has it; [`StartError::DataDir`] when it cannot be used.
pub fn lock(path: &Path, context: &'static str) -> Result<DataDirLock, StartError> {
    make(path)?;
    let unusable = |source| StartError::DataDir {
        path: path.to_owned(),
        source,
    };
    let file = File::create(path.join(format!("{context}.lock"))).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(DataDirLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StartError::DataDirInUse {
            path: path.to_owned(),
            context,
        }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}
