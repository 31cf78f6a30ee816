//! Postal addresses, as clients send and see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{self, Problem};
use crate::domains::shared::postal_address::{InvalidPostalAddress, PostalAddress};

/// A postal address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostalAddressBody {
    /// Street and number.
    #[schema(example = "1 Fig Tree Lane", max_length = 120)]
    pub street: String,
    /// City.
    #[schema(example = "Springfield", max_length = 120)]
    pub city: String,
    /// State or province; may be empty or absent.
    #[serde(default)]
    #[schema(example = "", max_length = 120)]
    pub state: String,
    /// Postal code.
    #[schema(example = "12345", max_length = 120)]
    pub zip_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
}

impl PostalAddressBody {
    /// The address, checked; `pointer` is where it stands in the body.
    ///
    /// # Errors
    /// 422 `validation_failed`.
    pub fn checked(&self, pointer: &str) -> Result<PostalAddress, Problem> {
        PostalAddress::new(&self.street, &self.city, &self.state, &self.zip_code, &self.country).map_err(|error| {
            let field = match error {
                InvalidPostalAddress::Line { field, .. } => field,
                InvalidPostalAddress::Country => "country",
            };
            Problem::new(problem::VALIDATION_FAILED).field(format!("{pointer}/{field}"), error.to_string())
        })
    }
}

impl From<PostalAddress> for PostalAddressBody {
    fn from(address: PostalAddress) -> Self {
        Self {
            street: address.street().to_owned(),
            city: address.city().to_owned(),
            state: address.state().to_owned(),
            zip_code: address.zip_code().to_owned(),
            country: address.country().to_owned(),
        }
    }
}
