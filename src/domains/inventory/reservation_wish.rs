//! The wish for a reservation.

use std::collections::BTreeMap;

use super::reservation::Reservation;
use super::reservation_status::ReservationStatus;
use crate::domains::shared::ids::{OrderId, ProductId, ReservationId};
use crate::domains::shared::quantity::Quantity;
use crate::domains::shared::timestamp::Timestamp;

/// So many pieces of a product, wished from any location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishedLine {
    /// Of what.
    pub product_id: ProductId,
    /// How many: at least one.
    pub quantity: i64,
}

/// The wish for a reservation: each product once, in the order of their ids, which is the order in which everybody
/// touches levels, so that no two wait for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationWish {
    id: ReservationId,
    order_id: OrderId,
    lines: Vec<WishedLine>,
    expires_at: Timestamp,
    created_at: Timestamp,
}

impl ReservationWish {
    /// A wish for the sum of `lines`: a product on two lines is wished once, with the sum of both.
    pub fn new(
        id: ReservationId,
        order_id: OrderId,
        lines: impl IntoIterator<Item = (ProductId, Quantity)>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let mut sums: BTreeMap<ProductId, i64> = BTreeMap::new();
        for (product_id, quantity) in lines {
            let sum = sums.entry(product_id).or_default();
            *sum = sum.saturating_add(i64::from(quantity.get()));
        }
        let lines = sums
            .into_iter()
            .map(|(product_id, quantity)| WishedLine { product_id, quantity })
            .collect();
        Self {
            id,
            order_id,
            lines,
            expires_at,
            created_at: now,
        }
    }

    /// Whether `existing`, a reservation of the same id, is what is wished: the same pieces for the same order, held or
    /// sold by now. One that was let go or came back holds nothing any more.
    pub fn is_fulfilled_by(&self, existing: &Reservation) -> bool {
        let stands = matches!(
            existing.status(),
            ReservationStatus::Active | ReservationStatus::Committed
        );
        let mut held: Vec<WishedLine> = existing
            .lines()
            .iter()
            .map(|line| WishedLine {
                product_id: line.product_id,
                quantity: line.quantity,
            })
            .collect();
        held.sort_by_key(|line| line.product_id);
        stands && existing.order_id() == self.order_id && held == self.lines
    }

    /// The id it shall have.
    pub fn id(&self) -> ReservationId {
        self.id
    }

    /// For which order.
    pub fn order_id(&self) -> OrderId {
        self.order_id
    }

    /// What, in the order of product ids.
    pub fn lines(&self) -> &[WishedLine] {
        &self.lines
    }

    /// When it expires by itself.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When it was wished.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::inventory::location::Location;
    use crate::domains::inventory::reservation::ReservedLine;
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

    fn wish(lines: &[(u128, i64)]) -> ReservationWish {
        let lines = lines
            .iter()
            .map(|(number, pieces)| (product(*number), Quantity::new(*pieces).unwrap()));
        ReservationWish::new(
            Uuid::from_u128(1).into(),
            Uuid::from_u128(2).into(),
            lines,
            now(),
            now(),
        )
    }

    #[test]
    fn a_product_on_two_lines_is_wished_once_with_the_sum() {
        let wish = wish(&[(2, 1), (1, 4), (2, 5)]);
        let lines: Vec<(ProductId, i64)> = wish
            .lines()
            .iter()
            .map(|line| (line.product_id, line.quantity))
            .collect();
        assert_eq!(lines, [(product(1), 4), (product(2), 6)]);
    }

    #[test]
    fn only_the_same_pieces_still_held_or_sold_fulfil_a_wish() {
        assert!(wish(&[(1, 3)]).is_fulfilled_by(&reservation(ReservationStatus::Active)));
        assert!(wish(&[(1, 2), (1, 1)]).is_fulfilled_by(&reservation(ReservationStatus::Committed)));
        assert!(!wish(&[(1, 2)]).is_fulfilled_by(&reservation(ReservationStatus::Active)));
        assert!(!wish(&[(1, 3), (2, 1)]).is_fulfilled_by(&reservation(ReservationStatus::Active)));
        for status in [
            ReservationStatus::Released,
            ReservationStatus::Expired,
            ReservationStatus::Returned,
        ] {
            assert!(!wish(&[(1, 3)]).is_fulfilled_by(&reservation(status)), "{status:?}");
        }
    }
}
