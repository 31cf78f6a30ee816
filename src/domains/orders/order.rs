//! The order itself.

use super::pricing::{PricingRules, Totals};
use super::status::Status;
use crate::domains::shared::ids::{OrderId, PaymentId, ProductId, ReservationId, UserId};
use crate::domains::shared::money::{Money, MoneyError};
use crate::domains::shared::postal_address::PostalAddress;
use crate::domains::shared::quantity::Quantity;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::timestamp::Timestamp;

/// A line: the order's own copy of what the product was called and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of what.
    pub product_id: ProductId,
    /// The shop's own name of it, then.
    pub sku: Sku,
    /// Its name, then.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// What one piece cost, then.
    pub unit_price: Money,
    /// What the line costs: quantity times unit price.
    pub total: Money,
}

impl Line {
    /// A line whose total is computed.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn new(
        product_id: ProductId,
        sku: Sku,
        name: String,
        quantity: Quantity,
        unit_price: Money,
    ) -> Result<Self, MoneyError> {
        let total = unit_price.times(quantity)?;
        Ok(Self {
            product_id,
            sku,
            name,
            quantity,
            unit_price,
            total,
        })
    }
}

/// The ids of what belongs to an order, chosen when it is placed so that a repeated step finds what it made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderIds {
    /// The order.
    pub order: OrderId,
    /// Its payment.
    pub payment: PaymentId,
    /// Its reservation.
    pub reservation: ReservationId,
}

/// Everything an order consists of, as storage keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderData {
    /// Its ids.
    pub ids: OrderIds,
    /// Who bought.
    pub customer_id: UserId,
    /// Where it stands.
    pub status: Status,
    /// Whether it waits for its customer to pay.
    pub awaiting_payment: bool,
    /// What was bought: at least one line, each product on one.
    pub lines: Vec<Line>,
    /// What it costs.
    pub totals: Totals,
    /// Where it goes.
    pub shipping_address: PostalAddress,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(OrderData);

/// The rule that an order would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlacingRule {
    /// An order has at least one line.
    #[error("an order has at least one line")]
    HasLines,
    /// An order costs something: a provider cannot take nothing.
    #[error("an order costs something")]
    CostsSomething,
    /// Its prices are in one currency.
    #[error("the prices of an order are in one currency")]
    OneCurrency,
    /// Its total fits.
    #[error("the total of an order fits into 64 bits of minor units")]
    Fits,
}

/// The table of transitions does not know this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {} cannot become {}", from.name(), to.name())]
pub struct IllegalTransition {
    /// Where the order stands.
    pub from: Status,
    /// Where it was to stand.
    pub to: Status,
}

impl Order {
    /// Places an order: pending, at version 1.
    ///
    /// # Errors
    /// The [`PlacingRule`] that it would break.
    pub fn place(
        ids: OrderIds,
        customer_id: UserId,
        lines: Vec<Line>,
        rules: PricingRules,
        shipping_address: PostalAddress,
        now: Timestamp,
    ) -> Result<Self, PlacingRule> {
        let totals = rules
            .totals(lines.iter().map(|line| line.total))
            .map_err(|error| match error {
                MoneyError::CurrencyMismatch => PlacingRule::OneCurrency,
                MoneyError::Overflow => PlacingRule::Fits,
            })?;
        let totals = totals.ok_or(PlacingRule::HasLines)?;
        if !totals.total.is_positive() {
            return Err(PlacingRule::CostsSomething);
        }
        Ok(Self(OrderData {
            ids,
            customer_id,
            status: Status::Pending,
            awaiting_payment: false,
            lines,
            totals,
            shipping_address,
            cancel_reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }))
    }

    /// An order as storage kept it. For the stores only: nothing is checked again.
    pub fn from_storage(data: OrderData) -> Self {
        Self(data)
    }

    /// Everything it consists of.
    pub fn data(&self) -> &OrderData {
        &self.0
    }

    /// Its id.
    pub fn id(&self) -> OrderId {
        self.0.ids.order
    }

    /// Moves it on to `next`.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn become_status(self, next: Status, now: Timestamp) -> Result<Self, IllegalTransition> {
        let from = self.0.status;
        if !from.may_become(next) {
            return Err(IllegalTransition { from, to: next });
        }
        Ok(Self(OrderData {
            status: next,
            awaiting_payment: false,
            ..self.changed(now)
        }))
    }

    /// Calls it off.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn cancel(self, reason: &str, now: Timestamp) -> Result<Self, IllegalTransition> {
        let cancelled = self.become_status(Status::Cancelled, now)?;
        Ok(Self(OrderData {
            cancel_reason: Some(reason.to_owned()),
            ..cancelled.0
        }))
    }

    /// Notes whether it waits for its customer to pay. Only a pending order can.
    #[must_use]
    pub fn with_awaiting_payment(self, awaiting: bool, now: Timestamp) -> Self {
        let awaiting_payment = awaiting && self.0.status == Status::Pending;
        Self(OrderData {
            awaiting_payment,
            ..self.changed(now)
        })
    }

    fn changed(self, now: Timestamp) -> OrderData {
        OrderData {
            version: self.0.version + 1,
            updated_at: now,
            ..self.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::shared::money::Currency;
    use uuid::Uuid;

    fn order_of(prices: &[(i64, &str)]) -> Result<Order, PlacingRule> {
        let lines = prices.iter().map(|(minor, currency)| {
            let price = Money::of(*minor, currency.parse().unwrap());
            let product_id = ProductId::from(Uuid::from_u128(1));
            Line::new(
                product_id,
                "MILK".parse().unwrap(),
                "Milk".into(),
                Quantity::new(2).unwrap(),
                price,
            )
            .unwrap()
        });
        let ids = OrderIds {
            order: Uuid::from_u128(1).into(),
            payment: Uuid::from_u128(2).into(),
            reservation: Uuid::from_u128(3).into(),
        };
        let address = PostalAddress::new("1 Fig Lane", "Ulm", "", "89073", "DE").unwrap();
        let now = Timestamp::from_unix_seconds(0).unwrap();
        let rules = PricingRules {
            tax_basis_points: 0,
            shipping_minor: 0,
        };
        Order::place(ids, Uuid::from_u128(4).into(), lines.collect(), rules, address, now)
    }

    #[test]
    fn an_order_has_lines_costs_something_and_is_in_one_currency() {
        assert_eq!(order_of(&[]), Err(PlacingRule::HasLines));
        assert_eq!(order_of(&[(0, "EUR")]), Err(PlacingRule::CostsSomething));
        assert_eq!(order_of(&[(5, "EUR"), (5, "JPY")]), Err(PlacingRule::OneCurrency));
        assert_eq!(order_of(&[(i64::MAX / 2, "EUR"), (9, "EUR")]), Err(PlacingRule::Fits));
        let order = order_of(&[(5, "EUR"), (7, "EUR")]).unwrap();
        assert_eq!(order.data().totals.total, Money::of(24, Currency::EUR));
    }

    #[test]
    fn a_cancelled_order_keeps_its_reason_and_cannot_be_confirmed() {
        let now = Timestamp::from_unix_seconds(9).unwrap();
        let order = order_of(&[(5, "EUR")]).unwrap().cancel("out of stock", now).unwrap();
        assert_eq!(order.data().cancel_reason.as_deref(), Some("out of stock"));
        assert_eq!(order.data().version, 2);
        let refused = order.become_status(Status::Confirmed, now);
        assert_eq!(
            refused,
            Err(IllegalTransition {
                from: Status::Cancelled,
                to: Status::Confirmed
            })
        );
    }

    #[test]
    fn an_order_stops_waiting_for_payment_when_it_moves_on() {
        let now = Timestamp::from_unix_seconds(9).unwrap();
        let waiting = order_of(&[(5, "EUR")]).unwrap().with_awaiting_payment(true, now);
        assert!(waiting.data().awaiting_payment);
        assert!(
            !waiting
                .become_status(Status::Confirmed, now)
                .unwrap()
                .data()
                .awaiting_payment
        );
    }
}
