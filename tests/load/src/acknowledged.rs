//! What the clients were told, in a file that outlives them.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::failure::Failure;

/// One JSON object a line, or nothing at all where nobody asked for a file.
pub struct Acknowledged(Option<(PathBuf, Mutex<File>)>);

impl Acknowledged {
    /// Appends to this file.
    pub fn in_file(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|source| Failure::file(path, source))?;
        Ok(Self(Some((path.to_owned(), Mutex::new(file)))))
    }

    /// Written at once, so that the file is complete whenever this program or the server is killed.
    pub fn write(&self, line: &Value) -> Result<(), Failure> {
        let Some((path, file)) = &self.0 else { return Ok(()) };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(format!("{line}\n").as_bytes())
            .map_err(|source| Failure::file(path, source))
    }
}
