//! The readable name of a thing in a URL.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Lower-case letters, digits and single hyphens: `whole-milk`. Unique among products, and among categories.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[schemars(extend("pattern" = "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength" = Self::MAX_CHARS))]
pub struct Slug(String);

/// A text that is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be lower-case letters and digits in words joined by single hyphens, at most {} characters",
    Slug::MAX_CHARS
)]
pub struct InvalidSlug;

impl Slug {
    /// The most characters of a slug.
    pub const MAX_CHARS: usize = 120;

    /// Makes a slug from a name: letters and digits stay (in lower case, the accents of Latin-1 dropped), everything
    /// else becomes a hyphen. `None` when nothing is left.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut slug = String::new();
        for character in name.chars().flat_map(char::to_lowercase) {
            match without_accent(character) {
                Some(plain) => slug.push_str(plain),
                None if character.is_ascii_alphanumeric() => slug.push(character),
                None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
                None => {}
            }
            if slug.len() >= Self::MAX_CHARS {
                break;
            }
        }
        slug.truncate(Self::MAX_CHARS);
        slug.trim_end_matches('-').parse().ok()
    }

    /// This slug with a number behind it, for the second thing of the same name.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let kept: String = self.0.chars().take(Self::MAX_CHARS - suffix.len()).collect();
        Self(format!("{}{suffix}", kept.trim_end_matches('-')))
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn without_accent(character: char) -> Option<&'static str> {
    Some(match character {
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'ä' | 'æ' => "ae",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'ö' => "oe",
        'ù' | 'ú' | 'û' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ß' => "ss",
        _ => return None,
    })
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if text.len() <= Self::MAX_CHARS && text.split('-').all(word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSlug)
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        for (name, slug) in [
            ("Whole Milk", "whole-milk"),
            ("liquor (appetizer)", "liquor-appetizer"),
            ("  Crème  fraîche 30 % ", "creme-fraiche-30"),
            ("Grüße", "gruesse"),
        ] {
            assert_eq!(Slug::from_name(name).unwrap().as_str(), slug);
        }
        assert_eq!(Slug::from_name("%%%"), None);
        assert_eq!(
            Slug::from_name(&"x".repeat(500)).unwrap().as_str().len(),
            Slug::MAX_CHARS
        );
    }

    #[test]
    fn only_words_joined_by_single_hyphens_are_slugs() {
        for text in ["", "-a", "a-", "a--b", "A", "a b", "ä", "../x"] {
            assert_eq!(text.parse::<Slug>(), Err(InvalidSlug), "{text}");
        }
    }

    #[test]
    fn a_numbered_slug_is_a_slug() {
        let long: Slug = "x".repeat(Slug::MAX_CHARS).parse().unwrap();
        assert!(long.numbered(12).as_str().parse::<Slug>().is_ok());
    }
}
