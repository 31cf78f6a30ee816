//! Stock held for an order.

use super::location::Location;
use super::movement::{Movement, MovementKind};
use super::reservation_status::ReservationStatus;
use super::stock_level::{LevelEffect, StockLevel};
use crate::domains::shared::ids::{MovementId, OrderId, ProductId, ReservationId};
use crate::domains::shared::timestamp::Timestamp;

/// Pieces held at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedLine {
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: Location,
    /// How many: at least one.
    pub quantity: i64,
}

/// Stock held for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    id: ReservationId,
    order_id: OrderId,
    status: ReservationStatus,
    lines: Vec<ReservedLine>,
    expires_at: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What was asked of a reservation cannot be: it has gone another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reservation has ended otherwise")]
pub struct EndedOtherwise;

/// A transition of a reservation and what it does to the levels of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    reservation: Reservation,
    from: ReservationStatus,
    effect: LevelEffect,
}

impl Reservation {
    /// A reservation that is let go before anybody held it: remembered, so that a late wish of this id holds nothing.
    pub fn released_unheard_of(id: ReservationId, order_id: OrderId, now: Timestamp) -> Self {
        let status = ReservationStatus::Released;
        Self {
            id,
            order_id,
            status,
            lines: Vec::new(),
            expires_at: now,
            created_at: now,
            updated_at: now,
        }
    }

    /// From storage: the fields as they were written.
    pub fn from_storage(
        id: ReservationId,
        order_id: OrderId,
        status: ReservationStatus,
        lines: Vec<ReservedLine>,
        expires_at: Timestamp,
        (created_at, updated_at): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            id,
            order_id,
            status,
            lines,
            expires_at,
            created_at,
            updated_at,
        }
    }

    /// Brings the reservation to `next`. `None` when that has happened before: twice is once.
    ///
    /// # Errors
    /// [`EndedOtherwise`] when the transition is illegal.
    pub fn end(&self, next: ReservationStatus, now: Timestamp) -> Result<Option<Ending>, EndedOtherwise> {
        if self.status.includes(next) {
            return Ok(None);
        }
        let effect = self.status.effect_of_becoming(next).ok_or(EndedOtherwise)?;
        let reservation = Self {
            status: next,
            updated_at: now,
            ..self.clone()
        };
        Ok(Some(Ending {
            reservation,
            from: self.status,
            effect,
        }))
    }

    /// Its id.
    pub fn id(&self) -> ReservationId {
        self.id
    }

    /// For which order.
    pub fn order_id(&self) -> OrderId {
        self.order_id
    }

    /// What has become of it.
    pub fn status(&self) -> ReservationStatus {
        self.status
    }

    /// What it holds or held.
    pub fn lines(&self) -> &[ReservedLine] {
        &self.lines
    }

    /// When it expires by itself if it is still active.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When its status last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl Ending {
    /// The reservation after the transition.
    pub fn reservation(&self) -> &Reservation {
        &self.reservation
    }

    /// The status that it MUST still have when the transition is written.
    pub fn from(&self) -> ReservationStatus {
        self.from
    }

    /// What the transition does to each line's level, for each piece.
    pub fn effect(&self) -> LevelEffect {
        self.effect
    }

    /// The entries in the ledger, one for each line whose pieces leave or come back, given the levels afterwards.
    pub fn entries(&self, levels_after: &[StockLevel], mut next_id: impl FnMut() -> MovementId) -> Vec<Movement> {
        let Reservation {
            id,
            order_id,
            lines,
            updated_at,
            ..
        } = &self.reservation;
        let Some((kind, what)) = self.movement() else {
            return Vec::new();
        };
        let entry = |line: &ReservedLine| {
            let is_its_level =
                |level: &&StockLevel| level.product_id() == line.product_id && *level.location() == line.location;
            let level = levels_after.iter().find(is_its_level)?;
            Some(Movement {
                id: next_id(),
                product_id: line.product_id,
                location: line.location.clone(),
                kind,
                quantity: self.effect.on_hand.saturating_mul(line.quantity),
                on_hand_after: level.on_hand(),
                reason: format!("{what} {order_id}"),
                reservation_id: Some(*id),
                occurred_at: *updated_at,
            })
        };
        lines.iter().filter_map(entry).collect()
    }

    fn movement(&self) -> Option<(MovementKind, &'static str)> {
        match self.reservation.status {
            ReservationStatus::Committed => Some((MovementKind::Sale, "sold with")),
            ReservationStatus::Returned => Some((MovementKind::Return, "returned from")),
            ReservationStatus::Active | ReservationStatus::Released | ReservationStatus::Expired => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn now() -> Timestamp {
        Timestamp::from_unix_seconds(1_767_225_600).unwrap()
    }

    fn product(number: u128) -> ProductId {
        ProductId::from(Uuid::from_u128(number))
    }

    fn reservation(status: ReservationStatus) -> Reservation {
        let line = ReservedLine {
            product_id: product(1),
            location: Location::new("main").unwrap(),
            quantity: 3,
        };
        let (id, order_id) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        Reservation::from_storage(id, order_id, status, vec![line], now(), (now(), now()))
    }

    #[test]
    fn every_pair_of_statuses_is_a_transition_or_has_happened_or_is_refused() {
        use ReservationStatus::{Active, Committed, Expired, Released, Returned};
        let legal = [
            (Active, Committed),
            (Active, Released),
            (Active, Expired),
            (Committed, Returned),
        ];
        let happened = [(Returned, Committed), (Expired, Released), (Released, Expired)];
        for from in ReservationStatus::ALL {
            for next in ReservationStatus::ALL {
                let ended = reservation(from).end(next, now().plus_ms(1));
                if from == next || happened.contains(&(from, next)) {
                    assert_eq!(ended, Ok(None), "{from:?} {next:?}");
                } else if legal.contains(&(from, next)) {
                    let ending = ended.unwrap().unwrap();
                    assert_eq!((ending.from(), ending.reservation().status()), (from, next));
                    assert_eq!(ending.reservation().updated_at(), now().plus_ms(1));
                } else {
                    assert_eq!(ended, Err(EndedOtherwise), "{from:?} {next:?}");
                }
            }
        }
    }

    #[test]
    fn the_ledger_hears_of_what_leaves_and_comes_back_only() {
        let active = reservation(ReservationStatus::Active);
        for (next, kind) in [
            (ReservationStatus::Committed, Some(MovementKind::Sale)),
            (ReservationStatus::Released, None),
            (ReservationStatus::Expired, None),
        ] {
            let ending = active.end(next, now()).unwrap().unwrap();
            assert_eq!(ending.movement().map(|(kind, _)| kind), kind);
            assert_eq!(ending.effect().on_hand != 0, kind.is_some());
        }
        let back = reservation(ReservationStatus::Committed)
            .end(ReservationStatus::Returned, now())
            .unwrap()
            .unwrap();
        assert_eq!(back.movement().map(|(kind, _)| kind), Some(MovementKind::Return));
    }
}
