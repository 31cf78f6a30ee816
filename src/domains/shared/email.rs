//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// An e-mail address in lower case. Local parts are case-sensitive on paper (RFC 5321, 2.4) and nowhere else: two
/// spellings of one mailbox must not become two accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
// Letters beyond ASCII are allowed on both sides of the `@`: the format of RFC 6531.
#[schemars(extend("format" = "idn-email", "maxLength" = Self::MAX_BYTES))]
pub struct EmailAddress(String);

/// A text that is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The longest address (RFC 5321, 4.5.3.1.3, less the two angle brackets), in bytes.
    pub const MAX_BYTES: usize = 254;

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    /// Checks the shape (one `@`, a local part, a domain with a dot); that it exists only a message can tell.
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address.split_once('@').ok_or(InvalidEmail)?;
        let local_is_fine = !local.is_empty() && local.len() <= 64 && !local.starts_with('.') && !local.ends_with('.');
        let labels_are_fine = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        let allowed = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[],;:\\\"".contains(c);
        if local_is_fine && labels_are_fine && local.chars().all(allowed) && address.len() <= Self::MAX_BYTES {
            Ok(Self(address))
        } else {
            Err(InvalidEmail)
        }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
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
    fn an_address_is_kept_in_lower_case_and_bad_shapes_are_refused() {
        assert_eq!(
            "Ada.L@Example.COM".parse::<EmailAddress>().unwrap().as_str(),
            "ada.l@example.com"
        );
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a b@example.com",
            "a@b@c.d",
            "a@-x.de",
            "<a@b.de>",
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(InvalidEmail), "{text}");
        }
    }
}
