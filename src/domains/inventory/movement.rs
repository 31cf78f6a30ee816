//! The ledger: why a level's figures changed.

use super::location::Location;
use super::stock_change::ChangeKind;
use crate::domains::shared::ids::{MovementId, ProductId, ReservationId};
use crate::domains::shared::timestamp::Timestamp;

/// What moved pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementKind {
    /// A delivery.
    Receive,
    /// A correction.
    Adjust,
    /// The difference that a count found.
    Recount,
    /// A sale left the shop's hands.
    Sale,
    /// A sale came back.
    Return,
}

impl MovementKind {
    const ALL: [Self; 5] = [Self::Receive, Self::Adjust, Self::Recount, Self::Sale, Self::Return];

    /// Name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Adjust => "adjust",
            Self::Recount => "recount",
            Self::Sale => "sale",
            Self::Return => "return",
        }
    }

    /// From the name in storage.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl From<ChangeKind> for MovementKind {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Receive => Self::Receive,
            ChangeKind::Adjust => Self::Adjust,
            ChangeKind::Recount => Self::Recount,
        }
    }
}

/// An entry of the ledger: a fact, so nothing about it changes. `on_hand` of a level is the sum of its movements'
/// quantities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Its id.
    pub id: MovementId,
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: Location,
    /// What kind.
    pub kind: MovementKind,
    /// Pieces that came (positive) or went (negative).
    pub quantity: i64,
    /// On hand afterwards.
    pub on_hand_after: i64,
    /// Why.
    pub reason: String,
    /// The reservation that was sold or came back.
    pub reservation_id: Option<ReservationId>,
    /// When.
    pub occurred_at: Timestamp,
}
