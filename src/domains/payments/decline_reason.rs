//! Why a payment was not taken.

/// Why a payment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// The issuer said no, and does not say why.
    CardDeclined,
    /// There is not enough money.
    InsufficientFunds,
    /// The provider does not know the token.
    InvalidToken,
    /// The provider could not be brought to an answer; it has been made sure that nothing was taken.
    ProviderFailure,
}

impl DeclineReason {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::CardDeclined,
        Self::InsufficientFunds,
        Self::InvalidToken,
        Self::ProviderFailure,
    ];

    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CardDeclined => "card_declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::InvalidToken => "invalid_token",
            Self::ProviderFailure => "provider_failure",
        }
    }

    /// From the name in storage.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}
