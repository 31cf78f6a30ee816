//! How a process shows that it is one of the shop's own: a token for each message, signed with the secret they share.
//!
//! A JSON Web Token (RFC 7519) with HMAC SHA-256, good for a minute and for one message: it names the context and the
//! address it is meant for and the hash of the body, so that whoever gets hold of one can at most have the same message
//! carried out again. It proves membership, not which member: all of them share the secret, so each may speak for any
//! principal, and `iss` is a name for the log. Who reads the traffic should be kept out by the network, or by TLS.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::adapters::shared::hex;
use crate::ports::shared::clock::Clock;

/// How long a token is good, in seconds: it is made for one message and sent at once.
pub const TOKEN_SECONDS: i64 = 60;
/// How far the clocks of two processes may be apart, in seconds.
pub const CLOCK_LEEWAY_SECONDS: i64 = 5;
/// The longest token that is looked at, in bytes: ours have some 500.
const MAX_TOKEN_BYTES: usize = 2048;
/// `typ` in the header: a token of any other kind is not taken for one of these.
const TOKEN_TYPE: &str = "banyan-service+jwt";

/// A secret that the processes of a shop share. It never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceSecret(String);

/// A text that is not fit to be a service secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at least {} bytes", ServiceSecret::MIN_BYTES)]
pub struct WeakServiceSecret;

impl ServiceSecret {
    /// As many as the hash has (RFC 7518, 3.2).
    pub const MIN_BYTES: usize = 32;

    /// Takes a text, as `openssl rand -base64 32` prints one.
    ///
    /// # Errors
    /// [`WeakServiceSecret`] when it is too short.
    pub fn new(text: impl Into<String>) -> Result<Self, WeakServiceSecret> {
        let text = text.into();
        if text.len() < Self::MIN_BYTES {
            return Err(WeakServiceSecret);
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for ServiceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceSecret(...)")
    }
}

/// What a token says. Numbers are whole and texts are texts: whatever else JSON allows is refused.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// Who sends, for the log.
    iss: String,
    /// The context it is meant for.
    aud: String,
    /// The address it is meant for, with its query.
    op: String,
    /// SHA-256 of the body, in hex.
    body: String,
    /// Seconds since 1970, as the one below.
    iat: i64,
    exp: i64,
}

/// A message that a token is for.
#[derive(Debug, Clone, Copy)]
pub struct Addressed<'a> {
    /// The context.
    pub context: &'a str,
    /// Path and query.
    pub target: &'a str,
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a service token could not be signed")]
pub struct NotSigned(#[source] jsonwebtoken::errors::Error);

/// Makes tokens.
pub struct ServiceSigner {
    name: String,
    key: EncodingKey,
    clock: Arc<dyn Clock>,
}

impl ServiceSigner {
    /// Signs with `secret`. `name` is what the other side's log calls this process.
    pub fn new(name: impl Into<String>, secret: &ServiceSecret, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: name.into(),
            key: EncodingKey::from_secret(secret.0.as_bytes()),
            clock,
        }
    }

    /// A token for one message.
    ///
    /// # Errors
    /// [`NotSigned`]; none is known that cannot be.
    pub fn sign(&self, message: Addressed<'_>, body: &[u8]) -> Result<String, NotSigned> {
        let now = self.clock.now().unix_seconds();
        let claims = Claims {
            iss: self.name.clone(),
            aud: message.context.to_owned(),
            op: message.target.to_owned(),
            body: hash(body),
            iat: now,
            exp: now.saturating_add(TOKEN_SECONDS),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TOKEN_TYPE.to_owned());
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(NotSigned)
    }
}

/// Without the key.
impl fmt::Debug for ServiceSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceSigner")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Checks tokens.
pub struct ServiceVerifier {
    keys: Vec<DecodingKey>,
    clock: Arc<dyn Clock>,
}

/// A good token, as far as can be told without the body.
#[derive(Debug, PartialEq, Eq)]
pub struct ServicePass {
    /// What the sender calls itself.
    pub sender: String,
    body_hash: String,
}

impl ServicePass {
    /// Whether it was made for this body.
    pub fn covers(&self, body: &[u8]) -> bool {
        self.body_hash == hash(body)
    }
}

impl ServiceVerifier {
    /// Takes tokens that were signed with `current`, or with `previous` while a secret is being replaced: first all
    /// processes learn to take the new one, then they sign with it, then the old one goes.
    pub fn new(current: &ServiceSecret, previous: Option<&ServiceSecret>, clock: Arc<dyn Clock>) -> Self {
        let secrets = std::iter::once(current).chain(previous);
        Self {
            keys: secrets
                .map(|secret| DecodingKey::from_secret(secret.0.as_bytes()))
                .collect(),
            clock,
        }
    }

    /// The pass that `token` is for this message; `None` whatever is wrong with it.
    pub fn verify(&self, token: &str, message: Addressed<'_>) -> Option<ServicePass> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::HS256 || header.typ.as_deref() != Some(TOKEN_TYPE) || header.crit.is_some() {
            return None;
        }
        let validation = validation(message.context);
        let claims = self.keys.iter().find_map(|key| {
            let decoded = jsonwebtoken::decode::<Claims>(token, key, &validation);
            decoded.ok().map(|token| token.claims)
        })?;
        if claims.op != message.target || !self.is_its_time(&claims) {
            return None;
        }
        Some(ServicePass {
            sender: claims.iss,
            body_hash: claims.body,
        })
    }

    /// A token may not give itself more time than ours have.
    fn is_its_time(&self, claims: &Claims) -> bool {
        let now = self.clock.now().unix_seconds();
        let has_begun = now.saturating_add(CLOCK_LEEWAY_SECONDS) >= claims.iat;
        let has_expired = now >= claims.exp.saturating_add(CLOCK_LEEWAY_SECONDS);
        let lifetime = claims.exp.saturating_sub(claims.iat);
        has_begun && !has_expired && (0..=TOKEN_SECONDS).contains(&lifetime)
    }
}

/// What the library checks: algorithm, signature, audience. Time it would take from the system's clock.
fn validation(context: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[context]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn hash(body: &[u8]) -> String {
    hex::encode(&Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domains::shared::timestamp::Timestamp;

    struct Now(Mutex<i64>);

    impl Now {
        fn at(seconds: i64) -> Arc<Self> {
            Arc::new(Self(Mutex::new(seconds)))
        }
    }

    impl Clock for Now {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_seconds(*self.0.lock().unwrap()).unwrap()
        }
    }

    const START: i64 = 1_767_225_600;
    const TO_ORDERS: Addressed<'_> = Addressed {
        context: "orders",
        target: "/internal/v1/orders.place_order",
    };

    fn secret(letter: &str) -> ServiceSecret {
        ServiceSecret::new(letter.repeat(32)).unwrap()
    }

    fn token_at(seconds: i64, secret: &ServiceSecret) -> String {
        ServiceSigner::new("gateway", secret, Now::at(seconds))
            .sign(TO_ORDERS, b"body")
            .unwrap()
    }

    #[test]
    fn a_secret_has_enough_bytes_and_never_prints_itself() {
        assert_eq!(ServiceSecret::new("x".repeat(31)), Err(WeakServiceSecret));
        assert_eq!(format!("{:?}", secret("x")), "ServiceSecret(...)");
        let signer = ServiceSigner::new("gateway", &secret("x"), Now::at(START));
        assert!(!format!("{signer:?}").contains("xxx"));
    }

    #[test]
    fn a_token_is_good_for_its_message_alone() {
        let verifier = ServiceVerifier::new(&secret("a"), None, Now::at(START));
        let token = token_at(START, &secret("a"));
        let pass = verifier.verify(&token, TO_ORDERS).unwrap();
        assert_eq!(pass.sender, "gateway");
        assert!(pass.covers(b"body"));
        assert!(!pass.covers(b"another"));
        for other in [
            Addressed {
                context: "payments",
                ..TO_ORDERS
            },
            Addressed {
                target: "/internal/v1/orders.cancel_order",
                ..TO_ORDERS
            },
        ] {
            assert_eq!(verifier.verify(&token, other), None, "{other:?}");
        }
    }

    #[test]
    fn a_token_of_another_secret_is_refused_unless_it_is_the_previous_one() {
        let token = token_at(START, &secret("a"));
        let clock = Now::at(START);
        let verified = |current: &str, previous: Option<&str>| {
            let previous = previous.map(secret);
            ServiceVerifier::new(&secret(current), previous.as_ref(), clock.clone())
                .verify(&token, TO_ORDERS)
                .is_some()
        };
        assert!(verified("a", None));
        assert!(verified("b", Some("a")));
        assert!(verified("a", Some("b")));
        assert!(!verified("b", None));
        assert!(!verified("b", Some("c")));
    }

    #[test]
    fn a_token_is_good_for_its_time_and_the_leeway() {
        let good_at = |seconds: i64| {
            let verifier = ServiceVerifier::new(&secret("a"), None, Now::at(seconds));
            verifier.verify(&token_at(START, &secret("a")), TO_ORDERS).is_some()
        };
        assert!(!good_at(START - CLOCK_LEEWAY_SECONDS - 1));
        assert!(good_at(START - CLOCK_LEEWAY_SECONDS));
        assert!(good_at(START + TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS - 1));
        assert!(!good_at(START + TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS));
    }

    fn forged(header: &Header, change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut claims = serde_json::json!({
            "iss": "gateway", "aud": TO_ORDERS.context, "op": TO_ORDERS.target, "body": hash(b"body"),
            "iat": START, "exp": START + TOKEN_SECONDS,
        });
        change(&mut claims);
        jsonwebtoken::encode(header, &claims, &EncodingKey::from_secret("a".repeat(32).as_bytes())).unwrap()
    }

    #[test]
    fn a_token_that_only_looks_like_ours_is_refused() {
        let verifier = ServiceVerifier::new(&secret("a"), None, Now::at(START));
        let ours = Header {
            typ: Some(TOKEN_TYPE.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        let passes = |token: String| verifier.verify(&token, TO_ORDERS).is_some();
        assert!(passes(forged(&ours, |_same| {})));
        assert!(!passes(
            forged(&ours, |claims| claims["exp"] = (START + TOKEN_SECONDS + 1).into())
        ));
        assert!(!passes(forged(&ours, |claims| claims["iat"] = (START + 61).into())));
        for missing in ["iss", "aud", "op", "body", "iat", "exp"] {
            let without = forged(&ours, |claims| {
                claims.as_object_mut().unwrap().remove(missing);
            });
            assert!(!passes(without), "without {missing}");
        }
        let other_type = Header {
            typ: Some("JWT".to_owned()),
            ..ours.clone()
        };
        assert!(!passes(forged(&other_type, |_same| {})));
        let stronger = Header {
            alg: Algorithm::HS512,
            ..ours.clone()
        };
        assert!(!passes(forged(&stronger, |_same| {})));
        let unsigned = forged(&ours, |_same| {});
        let (signed_part, _signature) = unsigned.rsplit_once('.').unwrap();
        assert!(!passes(format!("{signed_part}.")));
        assert!(!passes(String::new()));
        assert!(!passes("a".repeat(MAX_TOKEN_BYTES + 1)));
    }
}
