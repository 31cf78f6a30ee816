//! Where a payment stands, and the one table of what may follow.

use std::fmt;

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Nothing is known to have been taken or held.
    Pending,
    /// The provider holds the amount.
    Authorized,
    /// The amount was taken.
    Completed,
    /// The provider refused, or could not be brought to take it; nothing is held.
    Failed,
    /// Given up before anything was taken; nothing is held.
    Voided,
    /// Part of what was taken went back.
    PartiallyRefunded,
    /// All that was taken went back.
    Refunded,
}

/// The table of legal transitions. What is not in it does not happen.
const TRANSITIONS: [(PaymentStatus, PaymentStatus); 9] = {
    use PaymentStatus::{Authorized, Completed, Failed, PartiallyRefunded, Pending, Refunded, Voided};
    [
        (Pending, Authorized),
        (Pending, Failed),
        (Pending, Voided),
        (Authorized, Completed),
        (Authorized, Voided),
        (Completed, PartiallyRefunded),
        (Completed, Refunded),
        // Another part goes back, and something is left.
        (PartiallyRefunded, PartiallyRefunded),
        (PartiallyRefunded, Refunded),
    ]
};

impl PaymentStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Authorized,
        Self::Completed,
        Self::Failed,
        Self::Voided,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// Whether a payment that stands here may come to stand at `to`.
    pub fn may_become(self, to: Self) -> bool {
        TRANSITIONS.contains(&(self, to))
    }

    /// Whether the amount was taken at some time: only then can it go back.
    pub const fn was_captured(self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyRefunded | Self::Refunded)
    }

    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Voided => "voided",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    /// From the name in storage.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A change that the table of transitions does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// Where it stands.
    pub from: PaymentStatus,
    /// Where it was to stand.
    pub to: PaymentStatus,
}

#[cfg(test)]
mod tests {
    use super::PaymentStatus::{self, Authorized, Completed, Failed, PartiallyRefunded, Pending, Refunded, Voided};

    #[test]
    fn exactly_the_listed_transitions_are_legal() {
        let followers = |from| match from {
            Pending => vec![Authorized, Failed, Voided],
            Authorized => vec![Completed, Voided],
            Completed | PartiallyRefunded => vec![PartiallyRefunded, Refunded],
            Failed | Voided | Refunded => vec![],
        };
        for from in PaymentStatus::ALL {
            for to in PaymentStatus::ALL {
                assert_eq!(from.may_become(to), followers(from).contains(&to), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn nothing_leads_from_captured_back_to_not_captured() {
        for from in PaymentStatus::ALL {
            for to in PaymentStatus::ALL {
                assert!(
                    !(from.was_captured() && !to.was_captured() && from.may_become(to)),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn every_status_is_found_by_its_name() {
        for status in PaymentStatus::ALL {
            assert_eq!(PaymentStatus::from_name(status.name()), Some(status));
        }
        assert_eq!(PaymentStatus::from_name("paid"), None);
    }
}
