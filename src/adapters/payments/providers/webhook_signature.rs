//! Signed webhooks, in the scheme of Stripe: `t=<seconds since 1970>,v1=<hex>`, where v1 is the HMAC SHA-256 of
//! `<t>.<body>`. There may be several v1, of which one has to be right: the sender signs with two secrets while it
//! changes from one to the other. Other names (`v0`) prove nothing.

use std::fmt;

use aws_lc_rs::hmac;

use crate::adapters::shared::hex;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::webhooks::NotGenuine;

/// How far the time of a signature may be from ours, in seconds, either way: what is older may be a repetition by somebody
/// who overheard it.
pub const TOLERANCE_SECONDS: i64 = 300;
/// The most signatures that are compared: each costs a hash of the body.
const SIGNATURES_MAX: usize = 5;

/// A secret that the shop shares with a provider. It never prints itself.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

/// A text that is not fit to be a webhook secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at least {} bytes", WebhookSecret::MIN_BYTES)]
pub struct WeakWebhookSecret;

impl WebhookSecret {
    /// As many as the hash has (RFC 2104, 3).
    pub const MIN_BYTES: usize = 32;

    /// Takes a text, as `openssl rand -hex 32` prints one.
    ///
    /// # Errors
    /// [`WeakWebhookSecret`] when it is too short.
    pub fn new(text: &str) -> Result<Self, WeakWebhookSecret> {
        if text.len() < Self::MIN_BYTES {
            return Err(WeakWebhookSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(...)")
    }
}

/// The signature of a body that is sent at `now`.
pub fn sign(secret: &WebhookSecret, body: &str, now: Timestamp) -> String {
    let time = now.unix_seconds().to_string();
    let tag = hmac::sign(&secret.0, signed(&time, body).as_bytes());
    format!("t={time},v1={}", hex::encode(tag.as_ref()))
}

/// Whether `signature` is that of exactly this body by one of the secrets, not long before or after `now`. Takes the same
/// time wherever a wrong signature differs.
///
/// # Errors
/// [`NotGenuine`].
pub fn verify(secrets: &[WebhookSecret], signature: &str, body: &str, now: Timestamp) -> Result<(), NotGenuine> {
    let values = |wished: &'static str| {
        let entries = signature.split(',').filter_map(|entry| entry.split_once('='));
        entries
            .filter(move |(name, _value)| name.trim() == wished)
            .map(|(_name, value)| value.trim())
    };
    let mut times = values("t");
    let (Some(time), None) = (times.next(), times.next()) else {
        return Err(NotGenuine);
    };
    // The signed text has the time as it was written, so only one way to write it is taken.
    let seconds: i64 = time.parse().ok().filter(|_| is_plain_number(time)).ok_or(NotGenuine)?;
    if now.unix_seconds().abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(NotGenuine);
    }
    let signed = signed(time, body);
    let mut tags = values("v1").take(SIGNATURES_MAX).filter_map(hex::decode);
    let is_ours = |tag: &[u8]| {
        secrets
            .iter()
            .any(|secret| hmac::verify(&secret.0, signed.as_bytes(), tag).is_ok())
    };
    if tags.any(|tag| is_ours(&tag)) {
        Ok(())
    } else {
        Err(NotGenuine)
    }
}

fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn signed(time: &str, body: &str) -> String {
    format!("{time}.{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"id":"evt_1","type":"charge.captured"}"#;
    const TIME: i64 = 1_767_225_600;
    /// Made with Python's `hmac.new(SECRET, b"1767225600." + BODY, "sha256").hexdigest()`.
    const VECTOR: &str = "b8aa4fcae3a0486f5355f85efa45d5e8442505b0098da84759665a49366a32a4";

    fn secret(text: &str) -> WebhookSecret {
        WebhookSecret::new(text).unwrap()
    }

    fn current() -> WebhookSecret {
        secret("the secret of the shop and its provider")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).unwrap()
    }

    fn check(signature: &str) -> Result<(), NotGenuine> {
        verify(&[current()], signature, BODY, at(TIME))
    }

    #[test]
    fn a_signature_is_the_one_that_others_make() {
        assert_eq!(sign(&current(), BODY, at(TIME)), format!("t={TIME},v1={VECTOR}"));
        assert_eq!(check(&format!("t={TIME},v1={VECTOR}")), Ok(()));
        assert_eq!(check(&format!("v1={VECTOR}, t={TIME}")), Ok(()));
    }

    #[test]
    fn one_right_signature_among_several_is_enough_and_only_v1_counts() {
        let wrong = "00".repeat(32);
        assert_eq!(check(&format!("t={TIME},v1={wrong},v1={VECTOR}")), Ok(()));
        assert_eq!(check(&format!("t={TIME},v1=odd,v0={wrong},v1={VECTOR}")), Ok(()));
        let too_late = format!("v1={wrong},").repeat(SIGNATURES_MAX);
        for signature in [
            String::new(),
            format!("t={TIME}"),
            format!("v1={VECTOR}"),
            format!("t={TIME},v0={VECTOR}"),
            format!("t={TIME},v1={wrong}"),
            format!("t={TIME},v1={}", &VECTOR[2..]),
            format!("t={TIME},v1={VECTOR}00"),
            format!("t={TIME},v1="),
            format!("t={TIME},v1"),
            format!("t={TIME};v1={VECTOR}"),
            format!("t={TIME},{too_late}v1={VECTOR}"),
        ] {
            assert_eq!(check(&signature), Err(NotGenuine), "{signature}");
        }
    }

    #[test]
    fn the_time_is_signed_recent_said_once_and_a_number() {
        let body = BODY;
        let signed_at = |seconds: i64| verify(&[current()], &sign(&current(), body, at(seconds)), body, at(TIME));
        for near in [TIME - 300, TIME, TIME + 300] {
            assert_eq!(signed_at(near), Ok(()), "{near}");
        }
        for far in [0, TIME - 301, TIME + 301, TIME + 1_000_000_000] {
            assert_eq!(signed_at(far), Err(NotGenuine), "{far}");
        }
        for time in [
            "",
            "now",
            "-1767225600",
            "+1767225600",
            "1767225600.0",
            "01767225601",
            "99999999999999999999",
        ] {
            assert_eq!(check(&format!("t={time},v1={VECTOR}")), Err(NotGenuine), "{time}");
        }
        assert_eq!(check(&format!("t={TIME},t={TIME},v1={VECTOR}")), Err(NotGenuine));
        assert_eq!(check(&format!("t={},v1={VECTOR}", TIME + 1)), Err(NotGenuine));
    }

    #[test]
    fn exactly_the_signed_bytes_are_signed() {
        let signature = sign(&current(), BODY, at(TIME));
        let again = serde_json::from_str::<serde_json::Value>(r#"{"type":"charge.captured","id":"evt_1"}"#).unwrap();
        for other in [
            "",
            " ",
            &BODY.replace(':', ": "),
            &again.to_string(),
            &format!("{BODY}\n"),
        ] {
            let outcome = verify(&[current()], &signature, other, at(TIME));
            assert_eq!(outcome, if other == BODY { Ok(()) } else { Err(NotGenuine) }, "{other}");
        }
    }

    #[test]
    fn the_secret_before_the_change_is_still_taken_and_no_other() {
        let (previous, stranger) = (secret(&"p".repeat(32)), secret(&"s".repeat(32)));
        let both = [current(), previous.clone()];
        for ours in [&current(), &previous] {
            assert_eq!(verify(&both, &sign(ours, BODY, at(TIME)), BODY, at(TIME)), Ok(()));
        }
        let forged = sign(&stranger, BODY, at(TIME));
        assert_eq!(verify(&both, &forged, BODY, at(TIME)), Err(NotGenuine));
        assert_eq!(verify(&[], &forged, BODY, at(TIME)), Err(NotGenuine));
    }

    #[test]
    fn a_secret_is_long_and_does_not_print_itself() {
        assert!(WebhookSecret::new(&"x".repeat(31)).is_err());
        assert!(!format!("{:?}", current()).contains("shop"));
    }
}
