//! The contracts of all contexts. The folder `contracts` keeps them as they were released last; a test compares.

use std::io;
use std::path::Path;

use super::contexts;
use crate::ports::shared::contract::Contract;

/// The contracts of this version.
pub fn all() -> Vec<Contract> {
    contexts::ALL.iter().map(|context| (context.contract)()).collect()
}

/// The text of a contract's file: for people who read what changed, and for `git diff`.
///
/// # Errors
/// None that a contract could cause: it is maps with text as keys, and plain values.
pub fn text(contract: &Contract) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(contract)?;
    text.push('\n');
    Ok(text)
}

/// Writes each contract to its file in `folder`: from then on it is the released one.
///
/// # Errors
/// Of the file system.
pub fn release_to(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for contract in all() {
        std::fs::write(folder.join(format!("{}.json", contract.context)), text(&contract)?)?;
    }
    Ok(())
}
