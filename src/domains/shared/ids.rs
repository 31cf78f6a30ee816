//! The register of identifiers: one type for each kind of thing, so that no two kinds can be confused.
//!
//! The text form is that of the TypeID specification 0.3: a prefix, an underscore, and the 128 bits of a `UUIDv7` as 26
//! characters of Crockford's base 32 (`ord_01jzy5x1v7f6ssc2sdb6rmg1vt`). Ids sort by the time they were made.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Characters of the suffix, in order of their value (Crockford's base 32, lower case).
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p',
    'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
];
/// Length of the suffix: 26 characters of 5 bits hold 130 bits, of which the top two are always zero.
const SUFFIX_LENGTH: usize = 26;

/// A text that is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not an id of the form {prefix}_ and 26 base-32 characters")]
pub struct InvalidId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

fn encode_suffix(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..SUFFIX_LENGTH)
        .map(|position| {
            let shift = 125 - 5 * position;
            let value = usize::try_from((bits >> shift) & 0x1f).unwrap_or(0);
            ALPHABET.get(value).copied().unwrap_or('0')
        })
        .collect()
}

fn decode_suffix(suffix: &str) -> Option<Uuid> {
    if suffix.len() != SUFFIX_LENGTH || !suffix.starts_with(|first: char| ('0'..='7').contains(&first)) {
        return None;
    }
    let mut bits: u128 = 0;
    for character in suffix.chars() {
        let value = ALPHABET.iter().position(|known| *known == character)?;
        bits = (bits << 5) | u128::try_from(value).ok()?;
    }
    Some(Uuid::from_u128(bits))
}

macro_rules! id_register {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        #[schemars(with = "String", extend("pattern" = concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of this kind of id in its text form.
            pub const PREFIX: &'static str = $prefix;
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        /// The bits without the kind, to make an id of another kind that belongs to this one.
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", Self::PREFIX, encode_suffix(self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode_suffix)
                    .map(Self)
                    .ok_or(InvalidId { prefix: Self::PREFIX })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

// Append only: a prefix that has been given out is never given to another kind.
id_register! {
    /// A person who can sign in: customer, staff or admin.
    UserId = "usr";
    /// An entry of a user's address book.
    AddressId = "adr";
    /// A family of refresh tokens: one sign-in on one device.
    SessionId = "ses";
    /// A product of the catalog.
    ProductId = "prd";
    /// A category of the catalog.
    CategoryId = "cat";
    /// An order.
    OrderId = "ord";
    /// A payment: one authorization and its captures and refunds.
    PaymentId = "pay";
    /// A refund of a payment, in full or in part.
    RefundId = "ref";
    /// Stock held for an order.
    ReservationId = "rsv";
    /// One entry of the stock ledger.
    MovementId = "mov";
    /// A domain event.
    EventId = "evt";
    /// A saga: a durable sequence of steps across contexts.
    SagaId = "sag";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_round_trip_through_its_text() {
        let id = OrderId::from(Uuid::from_u128(0x0190_f2c5_7a10_7cc3_9a3f_0123_4567_89ab));
        assert_eq!(id.to_string().parse::<OrderId>(), Ok(id));
        assert_eq!(
            OrderId::from(Uuid::from_u128(u128::MAX)).to_string(),
            "ord_7zzzzzzzzzzzzzzzzzzzzzzzzz"
        );
    }

    #[test]
    fn an_id_matches_the_typeid_specification() {
        // The vector `valid-uuidv7` of the TypeID specification, with our prefix.
        let id = OrderId::from(Uuid::from_u128(0x0188_9c89_df6b_7f1c_a388_9139_6ec3_14bc));
        assert_eq!(id.to_string(), "ord_01h2e8kqvbfwea724h75qc655w");
    }

    #[test]
    fn an_id_of_another_kind_or_shape_is_refused() {
        let payment = PaymentId::from(Uuid::from_u128(7)).to_string();
        for text in [
            payment.as_str(),
            "",
            "ord_",
            "ord_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "ord_01H2E8KQVBFWEA724H75QC655W",
            "ord_äöüäöüäöüäöüä",
        ] {
            assert_eq!(text.parse::<OrderId>(), Err(InvalidId { prefix: "ord" }), "{text}");
        }
    }
}
