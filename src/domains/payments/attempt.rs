//! An attempt to have the provider take an amount, and the request that waits for its outcome.

use crate::domains::shared::ids::PaymentId;
use crate::domains::shared::timestamp::Timestamp;

/// The name of the request that waits for an outcome, so that whoever finds the outcome can answer it: the process
/// that took the request may be gone by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose key it is.
    pub scope: String,
    /// The key.
    pub key: String,
}

/// An attempt that is under way: the provider may have been asked, and what became of it is not recorded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// The customer's request that waits for it; `None` where the checkout of the order does.
    pub request: Option<RequestKey>,
    /// Rule: an abandoned attempt is not taken up again. Noted before the provider is told to void it, so that nobody
    /// has the amount held, or takes it for held, in between.
    pub abandoned: bool,
}

/// The key by which the provider knows an attempt of a payment, counted from 1: the payment's id for the first, `<id>-2`
/// for the second.
pub fn key_of_attempt(id: PaymentId, number: i32) -> String {
    match number {
        1 => id.to_string(),
        number => format!("{id}-{number}"),
    }
}

/// The payment and the attempt that a key at the provider names; `None` for a key that [`key_of_attempt`] never makes.
pub fn attempt_of_key(key: &str) -> Option<(PaymentId, i32)> {
    let (id, number) = match key.split_once('-') {
        None => (key.parse().ok()?, 1),
        Some((id, number)) => (id.parse().ok()?, number.parse().ok()?),
    };
    (key_of_attempt(id, number) == key && number > 0).then_some((id, number))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_key_names_its_attempt_and_nothing_else_is_a_key() {
        let id = PaymentId::from(Uuid::from_u128(7));
        for number in [1, 2, 3, i32::MAX] {
            assert_eq!(attempt_of_key(&key_of_attempt(id, number)), Some((id, number)));
        }
        for tail in [
            "-1",
            "-0",
            "--2",
            "-+2",
            "-02",
            "-x",
            "-",
            "-2147483648",
            "-2147483648000",
        ] {
            assert_eq!(attempt_of_key(&format!("{id}{tail}")), None, "{tail}");
        }
        assert_eq!(attempt_of_key(""), None);
    }
}
