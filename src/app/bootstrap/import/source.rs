//! The file: read as a whole within a limit, so that a file that cannot be imported is refused before anything is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::report::ImportError;

/// The most bytes of a file: 64 MiB, some 300,000 products. It is held in memory.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads a text in UTF-8, without the byte order mark that some programs put before it.
pub(super) fn read(file: &Path) -> Result<String, ImportError> {
    let unreadable = |source| ImportError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(file)
        .map_err(unreadable)?
        .take(BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(ImportError::TooLarge { bytes_max: BYTES_MAX });
    }
    let looks_like_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line_ends = error
            .as_bytes()
            .iter()
            .take(good)
            .filter(|byte| **byte == b'\n')
            .count();
        ImportError::NotUtf8 {
            line: u64::try_from(line_ends).unwrap_or(u64::MAX).saturating_add(1),
            hint: if looks_like_utf16 {
                " (it looks like UTF-16)"
            } else {
                ""
            },
        }
    })
}

/// The text without a byte order mark.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Tells the lines of places in a text, asked for in order.
pub(super) struct Lines<'t> {
    text: &'t str,
    byte: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    /// At the beginning of `text`.
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, byte: 0, line: 1 }
    }

    /// The line of the first character at or after `byte` that is no white space.
    pub(super) fn line_at(&mut self, byte: usize) -> u64 {
        let rest = self.text.get(byte..).unwrap_or_default();
        let target = byte + (rest.len() - rest.trim_start().len());
        let passed = self.text.get(self.byte..target).unwrap_or_default();
        self.line += u64::try_from(passed.matches('\n').count()).unwrap_or(0);
        self.byte = target.max(self.byte);
        self.line
    }
}
