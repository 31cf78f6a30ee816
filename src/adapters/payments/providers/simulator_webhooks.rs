//! What the simulated provider tells by itself, and what the shop understands of it.
//!
//! `{"id", "type", "live": false, "created", "charge", "refund"}`: the charge as it stood when it happened, and with
//! `charge.refunded` the key and the amount of the refund. The same event is sent under the same id until it is answered
//! by 2xx, signed anew each time ([`webhook_signature`](super::webhook_signature)).

use serde::{Deserialize, Serialize};

use super::simulator::NAME;
use super::simulator_wire::ChargeBody;
use super::webhook_signature::{WebhookSecret, verify};
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::webhooks::{NotANotice, NotGenuine, ProviderNotice, Told, WebhookReader};

/// The header with the signature.
const SIGNATURE_HEADER: &str = "banyan-simulator-signature";

/// The name of the event that money went back.
pub(super) const REFUNDED: &str = "charge.refunded";
/// The names of the events that a charge came to stand elsewhere.
const CHARGE_EVENTS: [&str; 4] = [
    "charge.authorized",
    "charge.declined",
    "charge.captured",
    "charge.voided",
];

/// In which header a provider sends its signature; `None` for a provider that is not known.
pub fn signature_header(provider: &str) -> Option<&'static str> {
    (provider == NAME).then_some(SIGNATURE_HEADER)
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WebhookBody {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    /// Whether it is about real money. The simulator has none.
    pub(super) live: bool,
    pub(super) created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) charge: Option<ChargeBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refund: Option<RefundPart>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RefundPart {
    pub(super) key: String,
    pub(super) amount: Money,
}

/// What can be read of any event, whatever else is in it.
#[derive(Debug, Deserialize)]
struct Head {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    #[serde(default)]
    live: bool,
}

/// Knows the webhooks of the simulated provider.
pub struct SimulatorWebhooks {
    secrets: Vec<WebhookSecret>,
}

impl SimulatorWebhooks {
    /// Takes what is signed with one of these: the secret, and the one before it while it is changed.
    pub fn signed_with(secrets: Vec<WebhookSecret>) -> Self {
        Self { secrets }
    }
}

impl WebhookReader for SimulatorWebhooks {
    fn provider(&self) -> &str {
        NAME
    }

    fn verify(&self, signature: &str, body: &str, now: Timestamp) -> Result<(), NotGenuine> {
        verify(&self.secrets, signature, body, now)
    }

    fn read(&self, body: &str) -> Result<ProviderNotice, NotANotice> {
        let head: Head = parsed(body)?;
        for (name, value) in [("id", &head.id), ("type", &head.event_type)] {
            let fits = (1..=ProviderNotice::ID_CHARS_MAX).contains(&value.len());
            if !fits || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(NotANotice(format!(
                    "{name} must be 1 to {} visible ASCII characters",
                    ProviderNotice::ID_CHARS_MAX
                )));
            }
        }
        let event_type = head.event_type.as_str();
        let told = if head.live {
            Told::Nothing("it is about real money, of which the simulator has none")
        } else if event_type == REFUNDED || CHARGE_EVENTS.contains(&event_type) {
            told(parsed(body)?)?
        } else {
            Told::Nothing("events of this type say nothing to us")
        };
        Ok(ProviderNotice {
            event_id: head.id,
            event_type: head.event_type,
            told,
        })
    }
}

fn told(body: WebhookBody) -> Result<Told, NotANotice> {
    let charge = body
        .charge
        .ok_or_else(|| NotANotice("there is no charge in it".to_owned()))?;
    let charge = charge.into_charge();
    if body.event_type != REFUNDED {
        return Ok(Told::Charge(charge));
    }
    let refund = body
        .refund
        .ok_or_else(|| NotANotice("there is no refund in it".to_owned()))?;
    Ok(Told::Refund {
        charge,
        refund_key: refund.key,
        amount: refund.amount,
    })
}

/// Without the values that are wrong: they are nobody's to repeat.
fn parsed<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, NotANotice> {
    serde_json::from_str(body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "a member is missing or not of its form",
            _ => "it is not JSON",
        };
        NotANotice(format!("{what}, line {} column {}", error.line(), error.column()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::shared::money::Currency;
    use crate::ports::payments::outbound::ChargeState;

    fn read(body: &str) -> Result<ProviderNotice, NotANotice> {
        SimulatorWebhooks::signed_with(Vec::new()).read(body)
    }

    fn body(event_type: &str, live: bool, rest: &str) -> String {
        format!(
            r#"{{"id":"e1","type":"{event_type}","live":{live},"created":"2026-01-01T00:00:00Z","charge":{{"key":"k",
               "status":"captured","authorized":{{"amount":5,"currency":"EUR"}},"captured":{{"amount":5,"currency":"EUR"}},
               "refunded":{{"amount":2,"currency":"EUR"}}}}{rest}}}"#
        )
    }

    #[test]
    fn a_notice_has_the_charge_and_with_a_refund_the_refund() {
        let captured = read(&body("charge.captured", false, "")).unwrap();
        assert_eq!(
            (captured.event_id.as_str(), captured.event_type.as_str()),
            ("e1", "charge.captured")
        );
        let Told::Charge(charge) = captured.told else {
            panic!("{captured:?}")
        };
        assert_eq!((charge.key.as_str(), charge.state), ("k", ChargeState::Captured));
        let refund = r#","refund":{"key":"r","amount":{"amount":2,"currency":"EUR"}}"#;
        let refunded = read(&body(REFUNDED, false, refund)).unwrap();
        let expected = Told::Refund {
            charge,
            refund_key: "r".to_owned(),
            amount: Money::of(2, Currency::EUR),
        };
        assert_eq!(refunded.told, expected);
    }

    #[test]
    fn what_is_of_another_mode_or_type_is_nothing_to_us() {
        for nothing in [
            body("charge.captured", true, ""),
            body("dispute.opened", false, ""),
            r#"{"id":"e","type":"new.thing","charge":7}"#.to_owned(),
        ] {
            assert!(matches!(read(&nothing).unwrap().told, Told::Nothing(_)), "{nothing}");
        }
    }

    #[test]
    fn what_is_no_notice_says_so_without_its_contents() {
        let long = format!(r#"{{"id":"{}","type":"t"}}"#, "x".repeat(256));
        for wrong in [
            "",
            "[]",
            "{}",
            "secret",
            r#"{"id":"secret"}"#,
            r#"{"id":"","type":"t"}"#,
            r#"{"id":"se cret","type":"t"}"#,
            &long,
            r#"{"id":"e","type":"charge.captured","live":false,"created":"2026-01-01T00:00:00Z"}"#,
            &body(REFUNDED, false, ""),
            &body("charge.captured", false, "").replace("captured\",\"auth", "secret\",\"auth"),
            &body("charge.captured", false, "").replace("EUR", "secret"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(!error.0.contains("secret") && !error.0.is_empty(), "{wrong}: {error}");
        }
    }

    #[test]
    fn only_a_known_provider_has_a_header() {
        assert_eq!(signature_header("simulator"), Some("banyan-simulator-signature"));
        assert_eq!(signature_header("another"), None);
    }
}
