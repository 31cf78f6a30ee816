//! Bodies that several endpoints of identity share.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::adapters::shared::http::postal_address::PostalAddressBody;
use crate::adapters::shared::http::problem::{Problem, VALIDATION_FAILED};
use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::ids::{AddressId, UserId};
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::operations::{Address, TokenPair, User};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserBody {
    /// Their id.
    #[schema(value_type = String, example = "usr_01h2e8kqvbfwea724h75qc655w")]
    id: UserId,
    /// Where they get mail, and the name they sign in with.
    #[schema(example = "ada@example.com")]
    email: String,
    /// First name.
    #[schema(example = "Ada")]
    first_name: String,
    /// Last name.
    #[schema(example = "Lovelace")]
    last_name: String,
    /// What they may do: `customer`, `staff` or `admin`.
    #[schema(example = "customer")]
    role: &'static str,
    /// When they registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When they last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email.to_string(),
            first_name: user.first_name,
            last_name: user.last_name,
            role: user.role.name(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// What a sign-in gives. No `Debug`: it holds what must not be logged.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenBody {
    /// Sent with every request: `Authorization: Bearer ...`.
    access_token: String,
    /// Exchanged once for a new pair.
    #[schema(example = "rft_5f2b1c0d9e8a7f6b5f2b1c0d9e8a7f6b5f2b1c0d9e8a7f6b5f2b1c0d9e8a7f6b")]
    refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: u32,
    /// Who signed in.
    #[schema(value_type = String, example = "usr_01h2e8kqvbfwea724h75qc655w")]
    user_id: UserId,
}

/// The answer with a pair of tokens, which no cache may keep (RFC 6749, 5.1).
pub(super) fn tokens(pair: &TokenPair) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(TokenBody {
            access_token: pair.access_token.expose().to_owned(),
            refresh_token: pair.refresh_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: pair.expires_in_seconds,
            user_id: pair.user_id,
        })
}

/// A refresh token.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshTokenBody {
    /// The refresh token of the session.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, example = "rft_5f2b1c0d9e8a7f6b5f2b1c0d9e8a7f6b5f2b1c0d9e8a7f6b5f2b1c0d9e8a7f6b")]
    pub(super) refresh_token: Secret,
}

/// An entry of an address book.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressBody {
    /// Its id.
    #[schema(value_type = String, example = "adr_01h2e8kqvbfwea724h75qc655w")]
    id: AddressId,
    /// The address.
    #[serde(flatten)]
    address: PostalAddressBody,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Address> for AddressBody {
    fn from(entry: Address) -> Self {
        Self {
            id: entry.id,
            address: entry.address.into(),
            created_at: entry.created_at,
        }
    }
}

/// An address, as a whole body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
pub(super) struct AddressInput(pub(super) PostalAddressBody);

/// What the rules of an address are, `PostalAddressBody::checked` knows.
impl Validate for AddressInput {
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

/// Reads an e-mail address of a body.
pub(super) fn email(text: &str) -> Result<EmailAddress, Problem> {
    text.parse()
        .map_err(|error| Problem::new(VALIDATION_FAILED).field("/email", format!("{error}")))
}

/// Reads a text that is not repeated when it is no text.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer)
        .map(Secret::new)
        .map_err(|_may_repeat_it| serde::de::Error::custom("must be a text"))
}
