//! How something is paid, as clients send it: by a token, never by a card number.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::problem::{self, Problem};
use crate::domains::shared::card_number::looks_like_card_number;

/// How something is paid.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentInput {
    /// The payment provider's token for the customer's card; never a card number.
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    #[schema(example = "tok_visa")]
    token: String,
}

impl PaymentInput {
    /// The token.
    ///
    /// # Errors
    /// 422 `card_data_not_accepted` for what could be a card number: it must not get as far as a log or a database.
    pub fn token(self) -> Result<String, Problem> {
        if looks_like_card_number(&self.token) {
            return Err(Problem::new(problem::CARD_DATA_NOT_ACCEPTED).field("/payment/token", "is no token"));
        }
        Ok(self.token)
    }
}
