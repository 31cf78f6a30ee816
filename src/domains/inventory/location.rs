//! Where stock lies.

use std::fmt;

/// The name of a place where stock lies: a shop, a warehouse. Lower case, so that `Main` and `main` cannot drift apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(String);

/// A text that is not the name of a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to {} lower-case letters, digits, hyphens or underscores",
    Location::MAX_CHARS
)]
pub struct InvalidLocation;

impl Location {
    /// The most characters of a name.
    pub const MAX_CHARS: usize = 50;

    /// Takes a name of 1 to [`Self::MAX_CHARS`] characters of `a-z`, `0-9`, `-` and `_`.
    ///
    /// # Errors
    /// [`InvalidLocation`] for anything else.
    pub fn new(name: &str) -> Result<Self, InvalidLocation> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let fits = (1..=Self::MAX_CHARS).contains(&name.len());
        if fits && name.chars().all(is_allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidLocation)
        }
    }

    /// From storage, which holds what [`Self::new`] let through.
    pub fn from_storage(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_short_lower_case_name() {
        assert_eq!(Location::new("berlin-2").unwrap().as_str(), "berlin-2");
        let too_long = "x".repeat(51);
        for name in ["", "Main", "a b", "käse", "a:b", "a\n", too_long.as_str()] {
            assert_eq!(Location::new(name), Err(InvalidLocation), "{name}");
        }
    }
}
