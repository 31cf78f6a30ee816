//! What becomes of reservations.

use super::stock_level::LevelEffect;

/// What has become of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationStatus {
    /// Pieces are held.
    Active,
    /// They were sold.
    Committed,
    /// They were let go: the order did not come about.
    Released,
    /// They were let go: nobody asked for them in time.
    Expired,
    /// They were sold and came back.
    Returned,
}

/// The legal transitions, with what each does to the level of every line. All others are illegal.
const TRANSITIONS: [(ReservationStatus, ReservationStatus, LevelEffect); 4] = [
    (
        ReservationStatus::Active,
        ReservationStatus::Committed,
        LevelEffect::SELL,
    ),
    (
        ReservationStatus::Active,
        ReservationStatus::Released,
        LevelEffect::LET_GO,
    ),
    (
        ReservationStatus::Active,
        ReservationStatus::Expired,
        LevelEffect::LET_GO,
    ),
    (
        ReservationStatus::Committed,
        ReservationStatus::Returned,
        LevelEffect::TAKE_BACK,
    ),
];

impl ReservationStatus {
    pub(super) const ALL: [Self; 5] = [
        Self::Active,
        Self::Committed,
        Self::Released,
        Self::Expired,
        Self::Returned,
    ];

    /// Name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Returned => "returned",
        }
    }

    /// From the name in storage.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// What becoming `next` does to the level of every line; `None` where that is illegal.
    pub fn effect_of_becoming(self, next: Self) -> Option<LevelEffect> {
        TRANSITIONS
            .into_iter()
            .find(|(from, to, _)| (*from, *to) == (self, next))
            .map(|(_, _, effect)| effect)
    }

    /// Whether what `next` stands for has happened already, so that asking for it again changes nothing: what came back
    /// had been sold, and what expired holds as little as what was released.
    pub fn includes(self, next: Self) -> bool {
        self == next
            || matches!(
                (self, next),
                (Self::Returned, Self::Committed) | (Self::Expired, Self::Released) | (Self::Released, Self::Expired)
            )
    }
}
