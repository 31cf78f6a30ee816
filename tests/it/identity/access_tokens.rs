//! Access tokens: what is ours is taken, what is forged is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use banyan::adapters::identity::tokens::issuer::JwtIssuer;
use banyan::adapters::identity::tokens::keys::KeyRing;
use banyan::adapters::shared::access_tokens::public_keys::{KeyBoard, PublicKeys};
use banyan::adapters::shared::access_tokens::verifier::JwtVerifier;
use banyan::domains::shared::ids::{SessionId, UserId};
use banyan::domains::shared::role::Role;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::identity::outbound::{SigningKey, SigningKeyStore, TokenIssuer};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::storage::StorageError;
use banyan::ports::shared::tokens::{TokenVerifier, Unverified};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fakes::identity::FakeIdentityStore;
use crate::support::fixed::FixedClock;

/// A verifier and everything that its owner has: the forger's wildest dream.
struct Mint {
    clock: Arc<FixedClock>,
    keys: KeyRing,
    verifier: JwtVerifier,
    key: EncodingKey,
    kid: String,
}

fn verifier(keys: &PublicKeys, clock: &Arc<FixedClock>) -> JwtVerifier {
    JwtVerifier::new(Arc::new(KeyBoard::with(keys.clone())), clock.clone())
}

impl Mint {
    fn new() -> Self {
        let (store, clock) = (FakeIdentityStore::new(), Arc::new(FixedClock::new()));
        let keys = KeyRing::load(&store, clock.now()).unwrap();
        let kept = store.signing_keys().unwrap().remove(0);
        let verifier = verifier(keys.public_keys(), &clock);
        Self {
            clock,
            keys,
            verifier,
            key: private(&kept),
            kid: kept.kid,
        }
    }

    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid.clone());
        header
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().unix_seconds();
        json!({
            "iss": "banyan", "aud": "banyan-storefront", "sub": user().to_string(), "role": "customer",
            "sid": session().to_string(), "jti": "1", "token_use": "access", "iat": now, "nbf": now, "exp": now + 900,
        })
    }

    /// A token with one claim changed, or taken away by `null`.
    fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims();
        let members = claims.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(claim)
        } else {
            members.insert(claim.to_owned(), value)
        };
        encode(&self.header(), &claims, &self.key).unwrap()
    }

    fn with_header(&self, change: impl FnOnce(&mut Header)) -> String {
        let mut header = self.header();
        change(&mut header);
        encode(&header, &self.claims(), &self.key).unwrap()
    }

    fn valid(&self) -> String {
        self.with_header(|_as_it_is| {})
    }

    /// Header and claims as they are, with any signature.
    fn unsigned(&self, header: Value, signature: &str) -> String {
        format!(
            "{}.{}.{signature}",
            base64url(header.to_string()),
            base64url(self.claims().to_string())
        )
    }

    fn jwks(&self) -> Value {
        serde_json::from_str(&self.keys.public_keys().to_json().unwrap()).unwrap()
    }
}

fn user() -> UserId {
    UserId::from(Uuid::from_u128(7))
}

fn session() -> SessionId {
    SessionId::from(Uuid::from_u128(8))
}

fn private(key: &SigningKey) -> EncodingKey {
    let hex = key.pkcs8_hex.expose();
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    EncodingKey::from_ed_der(&bytes)
}

/// RFC 4648, section 5, without padding.
fn base64url(text: impl AsRef<[u8]>) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_ref().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            out.push(char::from(
                ALPHABET[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()],
            ));
        }
    }
    out
}

fn forged_by_algorithm(mint: &Mint) -> Vec<(&'static str, String)> {
    let signature = mint.valid().rsplit_once('.').unwrap().1.to_owned();
    let header = |alg: &str| json!({"alg": alg, "typ": "at+jwt", "kid": mint.kid});
    let public = mint.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    let hmac = |secret: EncodingKey| {
        encode(
            &Header {
                alg: Algorithm::HS256,
                ..mint.header()
            },
            &mint.claims(),
            &secret,
        )
        .unwrap()
    };
    vec![
        ("alg none", mint.unsigned(header("none"), "")),
        ("alg None with a signature", mint.unsigned(header("None"), &signature)),
        ("alg NONE", mint.unsigned(header("NONE"), "")),
        (
            "no alg",
            mint.unsigned(json!({"typ": "at+jwt", "kid": mint.kid}), &signature),
        ),
        (
            "RS256 in front of our signature",
            mint.unsigned(header("RS256"), &signature),
        ),
        (
            "HS256 with the published key as its secret",
            hmac(EncodingKey::from_secret(public.as_bytes())),
        ),
        (
            "HS256 with the public key as its secret",
            hmac(EncodingKey::from_urlsafe_base64_secret(&format!("{public}=")).unwrap()),
        ),
        (
            "HS256 with the whole key set as its secret",
            hmac(EncodingKey::from_secret(mint.jwks().to_string().as_bytes())),
        ),
        ("an empty signature", mint.unsigned(header("EdDSA"), "")),
        (
            "the signature of zeroes",
            mint.unsigned(header("EdDSA"), &base64url([0_u8; 64])),
        ),
    ]
}

fn forged_by_key(mint: &Mint) -> Vec<(&'static str, String)> {
    let other = Mint::new();
    let kid = |kid: &str| mint.with_header(|header| header.kid = Some(kid.to_owned()));
    let attackers_key = serde_json::from_value(other.jwks()["keys"][0].clone()).unwrap();
    let our_key = Header {
        jwk: Some(serde_json::from_value(mint.jwks()["keys"][0].clone()).unwrap()),
        ..mint.header()
    };
    let own_key = Header {
        jwk: Some(attackers_key),
        ..mint.header()
    };
    vec![
        ("an unknown kid", kid("unknown")),
        ("a kid that is a path", kid("../../../dev/null")),
        ("a kid that is SQL", kid("' UNION SELECT 'x")),
        ("an empty kid", kid("")),
        ("no kid", mint.with_header(|header| header.kid = None)),
        ("another shop's token", other.valid()),
        (
            "another shop's key under our kid",
            encode(&mint.header(), &mint.claims(), &other.key).unwrap(),
        ),
        (
            "a key of its own in the header",
            encode(&own_key, &mint.claims(), &other.key).unwrap(),
        ),
        (
            "a key of ours in the header",
            encode(&our_key, &mint.claims(), &mint.key).unwrap(),
        ),
        (
            "an address of keys",
            mint.with_header(|header| header.jku = Some("https://evil.example/jwks.json".to_owned())),
        ),
        (
            "an address of a certificate",
            mint.with_header(|header| header.x5u = Some("https://evil.example/c".to_owned())),
        ),
        (
            "an extension to understand",
            mint.with_header(|header| header.crit = Some(vec!["b64".to_owned()])),
        ),
        (
            "a token of another type",
            mint.with_header(|header| header.typ = Some("JWT".to_owned())),
        ),
        ("a token of no type", mint.with_header(|header| header.typ = None)),
    ]
}

fn forged_by_claim(mint: &Mint) -> Vec<(&'static str, String)> {
    let now = mint.clock.now().unix_seconds();
    vec![
        ("another audience", mint.with("aud", json!("another-shop"))),
        (
            "a list of audiences",
            mint.with("aud", json!(["another-shop", "banyan-storefront"])),
        ),
        ("no audience", mint.with("aud", Value::Null)),
        ("another issuer", mint.with("iss", json!("evil"))),
        ("no issuer", mint.with("iss", Value::Null)),
        ("expired", mint.with("exp", json!(now - 5))),
        (
            "an expiry that is text",
            mint.with("exp", json!((now + 900).to_string())),
        ),
        ("an expiry with a fraction", mint.with("exp", json!(1e308))),
        ("an expiry before time", mint.with("exp", json!(-1))),
        ("no expiry", mint.with("exp", Value::Null)),
        ("not yet valid", mint.with("nbf", json!(now + 6))),
        ("a beginning that is text", mint.with("nbf", json!(now.to_string()))),
        ("no beginning", mint.with("nbf", Value::Null)),
        ("a refresh token", mint.with("token_use", json!("refresh"))),
        ("a token for no use", mint.with("token_use", Value::Null)),
        ("an unknown role", mint.with("role", json!("owner"))),
        (
            "an id of another kind",
            mint.with("sub", json!("ord_00000000000000000000000007")),
        ),
        ("nobody", mint.with("sub", Value::Null)),
    ]
}

fn forged_by_shape(mint: &Mint) -> Vec<(&'static str, String)> {
    let valid = mint.valid();
    let parts: Vec<&str> = valid.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let admin = base64url(mint.claims().to_string().replace("customer", "admin"));
    let issuer = JwtIssuer::new(&mint.keys);
    vec![
        ("nothing", String::new()),
        ("spaces", "   ".to_owned()),
        ("dots", "..".to_owned()),
        ("a dot too many at the end", format!("{valid}.")),
        ("a dot too many in front", format!(".{valid}")),
        ("four parts", format!("{header}.{claims}.{claims}.{signature}")),
        ("two parts", format!("{header}.{claims}")),
        ("padding", format!("{valid}=")),
        ("a scheme in front", format!("Bearer {valid}")),
        (
            "claims changed behind the signature",
            format!("{header}.{admin}.{signature}"),
        ),
        ("half a signature", format!("{header}.{claims}.{}", &signature[..43])),
        ("a token of 100 KB", mint.with("jti", json!("x".repeat(100_000)))),
        (
            "a real refresh token",
            issuer.refresh_token().unwrap().secret.expose().to_owned(),
        ),
        ("bytes that are no text", "\u{0}\u{ffff}.\u{1}.\u{2}".to_owned()),
    ]
}

#[test]
fn forged_tokens_are_refused_alike() {
    let mint = Mint::new();
    let corpus: Vec<_> = [forged_by_algorithm, forged_by_key, forged_by_claim, forged_by_shape]
        .iter()
        .flat_map(|forge| forge(&mint))
        .collect();
    assert!(corpus.len() >= 50, "{}", corpus.len());
    for (what, token) in corpus {
        assert_eq!(mint.verifier.verify(&token), Err(Unverified::Invalid), "{what}");
    }
    assert!(
        mint.verifier.verify(&mint.valid()).is_ok(),
        "what all of them were made from is good"
    );
}

#[test]
fn a_token_is_good_for_15_minutes_and_5_seconds_of_leeway() {
    let mint = Mint::new();
    let token = JwtIssuer::new(&mint.keys)
        .access_token(user(), Role::Staff, session(), mint.clock.now())
        .unwrap();
    mint.clock.advance_ms(-5_000);
    let principal = Principal::User {
        id: user(),
        role: Role::Staff,
    };
    assert_eq!(
        mint.verifier.verify(token.expose()),
        Ok(principal.clone()),
        "by a clock that is 5 s behind"
    );
    mint.clock.advance_ms(-1_000);
    assert_eq!(
        mint.verifier.verify(token.expose()),
        Err(Unverified::Invalid),
        "by a clock that is 6 s behind"
    );
    mint.clock.advance_ms(6_000 + 15 * 60 * 1000 + 4_000);
    assert_eq!(mint.verifier.verify(token.expose()), Ok(principal));
    mint.clock.advance_ms(1_000);
    assert_eq!(mint.verifier.verify(token.expose()), Err(Unverified::Invalid));
}

#[test]
fn the_published_keys_are_public_and_enough_to_verify() {
    let mint = Mint::new();
    let text = mint.keys.public_keys().to_json().unwrap();
    let key = mint.jwks()["keys"][0].clone();
    let names: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x"]),
        "and above all no d"
    );
    assert_eq!(
        (key["use"].as_str(), key["alg"].as_str(), key["crv"].as_str()),
        (Some("sig"), Some("EdDSA"), Some("Ed25519"))
    );
    let elsewhere = verifier(&PublicKeys::from_json(&text).unwrap(), &mint.clock);
    assert!(elsewhere.verify(&mint.valid()).is_ok());
}

#[test]
fn processes_that_start_on_one_store_share_a_key() {
    let (store, clock) = (FakeIdentityStore::new(), Arc::new(FixedClock::new()));
    let (one, other) = (
        KeyRing::load(&store, clock.now()).unwrap(),
        KeyRing::load(&store, clock.now()).unwrap(),
    );
    assert_eq!(one.public_keys(), other.public_keys());
    let token = JwtIssuer::new(&one)
        .access_token(user(), Role::Customer, session(), clock.now())
        .unwrap();
    assert!(verifier(other.public_keys(), &clock).verify(token.expose()).is_ok());
}

/// A store that holds what it was given.
struct Given(Vec<SigningKey>);

impl SigningKeyStore for Given {
    fn active_key_or(&self, candidate: &SigningKey) -> Result<SigningKey, StorageError> {
        Ok(self
            .0
            .iter()
            .find(|key| key.retired_at.is_none())
            .unwrap_or(candidate)
            .clone())
    }

    fn signing_keys(&self) -> Result<Vec<SigningKey>, StorageError> {
        Ok(self.0.clone())
    }
}

fn fresh_key(now: Timestamp) -> SigningKey {
    let store = FakeIdentityStore::new();
    KeyRing::load(&store, now).unwrap();
    store.signing_keys().unwrap().remove(0)
}

#[test]
fn a_retired_key_verifies_until_its_last_token_has_expired() {
    let clock = FixedClock::new();
    let now = clock.now();
    let (active, retired) = (
        fresh_key(now),
        SigningKey {
            retired_at: Some(now),
            ..fresh_key(now)
        },
    );
    let store = Given(vec![active, retired]);
    let published = |at: Timestamp| {
        let text = KeyRing::load(&store, at).unwrap().public_keys().to_json().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["keys"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(published(now.plus_ms(905_000)), 2);
    assert_eq!(published(now.plus_ms(905_001)), 1);
}

#[test]
fn a_damaged_key_stops_the_start_and_is_named_without_being_shown() {
    let clock = FixedClock::new();
    let key = fresh_key(clock.now());
    let damaged = |hex: String| {
        let pkcs8_hex = banyan::domains::shared::secret::Secret::new(hex);
        let error = KeyRing::load(
            &Given(vec![SigningKey {
                pkcs8_hex,
                ..key.clone()
            }]),
            clock.now(),
        )
        .err()
        .unwrap();
        format!("{error} {error:?}")
    };
    let hex = key.pkcs8_hex.expose().to_owned();
    for text in [
        damaged("no hex".to_owned()),
        damaged(hex[2..].to_owned()),
        damaged(fresh_key(clock.now()).pkcs8_hex.expose().to_owned()),
    ] {
        assert!(text.contains(&key.kid) && !text.contains(&hex[32..]), "{text}");
    }
}

#[test]
fn before_the_keys_have_come_nothing_is_said_of_a_token_and_afterwards_it_is() {
    let mint = Mint::new();
    let board = Arc::new(KeyBoard::default());
    let verifier = JwtVerifier::new(board.clone(), mint.clock.clone());
    assert_eq!(verifier.verify(&mint.valid()), Err(Unverified::NoKeysYet));
    assert_eq!(verifier.verify("nonsense"), Err(Unverified::Invalid));
    board.post(mint.keys.public_keys().clone());
    assert!(verifier.verify(&mint.valid()).is_ok());
}
