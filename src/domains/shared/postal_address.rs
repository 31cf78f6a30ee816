//! Where a parcel goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{InvalidText, single_line};

/// A postal address. An order keeps its own copy, so that a customer who moves does not rewrite history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostalAddress {
    street: String,
    city: String,
    state: String,
    zip_code: String,
    country: String,
}

/// The part of an address that is wrong, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPostalAddress {
    /// A line that is empty, too long or holds control characters.
    #[error("{field} {reason}")]
    Line {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        reason: InvalidText,
    },
    /// The country is not two upper-case letters.
    #[error("country must be two upper-case letters (ISO 3166-1 alpha-2)")]
    Country,
}

impl PostalAddress {
    /// The most characters of a line of an address.
    pub const MAX_LINE_CHARS: usize = 120;

    /// A checked address. The state may be empty: most countries write addresses without one.
    ///
    /// # Errors
    /// [`InvalidPostalAddress`] names the first part that is wrong.
    pub fn new(
        street: &str,
        city: &str,
        state: &str,
        zip_code: &str,
        country: &str,
    ) -> Result<Self, InvalidPostalAddress> {
        let line = |field, text| {
            single_line(text, Self::MAX_LINE_CHARS).map_err(|reason| InvalidPostalAddress::Line { field, reason })
        };
        if country.len() != 2 || !country.chars().all(|c| c.is_ascii_uppercase()) {
            return Err(InvalidPostalAddress::Country);
        }
        Ok(Self {
            street: line("street", street)?,
            city: line("city", city)?,
            state: if state.trim().is_empty() {
                String::new()
            } else {
                line("state", state)?
            },
            zip_code: line("zip_code", zip_code)?,
            country: country.to_owned(),
        })
    }

    /// Street and number.
    pub fn street(&self) -> &str {
        &self.street
    }

    /// City.
    pub fn city(&self) -> &str {
        &self.city
    }

    /// State or province; empty where there is none.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Postal code.
    pub fn zip_code(&self) -> &str {
        &self.zip_code
    }

    /// ISO 3166-1 alpha-2.
    pub fn country(&self) -> &str {
        &self.country
    }
}
