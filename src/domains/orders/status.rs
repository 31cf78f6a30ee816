//! The states of an order.

use std::str::FromStr;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Placed; stock or payment are not settled yet.
    Pending,
    /// Stock and money are settled.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Did not come about, or was called off.
    Cancelled,
}

/// The legal transitions. An order that left the shop cannot be cancelled any more: it would have to come back first.
const TRANSITIONS: [(Status, Status); 5] = [
    (Status::Pending, Status::Confirmed),
    (Status::Pending, Status::Cancelled),
    (Status::Confirmed, Status::Shipped),
    (Status::Confirmed, Status::Cancelled),
    (Status::Shipped, Status::Delivered),
];

impl Status {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Confirmed,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
    ];

    /// Whether an order may go from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A text that is not the name of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not the status of an order")]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_states_is_legal_or_not_as_drawn() {
        // Rows: from; columns: to; in the order of `Status::ALL`.
        let drawn = [
            [false, true, false, false, true],   // pending
            [false, false, true, false, true],   // confirmed
            [false, false, false, true, false],  // shipped
            [false, false, false, false, false], // delivered
            [false, false, false, false, false], // cancelled
        ];
        for (from, row) in Status::ALL.into_iter().zip(drawn) {
            for (to, legal) in Status::ALL.into_iter().zip(row) {
                assert_eq!(from.may_become(to), legal, "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn every_state_has_a_name_of_its_own() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert_eq!("returned".parse::<Status>(), Err(UnknownStatus));
    }
}
