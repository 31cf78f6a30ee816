//! From rows to orders.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::schema::{order_lines, orders};
use crate::domains::orders::order::{Line, Order, OrderData, OrderIds};
use crate::domains::orders::pricing::Totals;
use crate::domains::shared::money::{Currency, Money};
use crate::domains::shared::postal_address::PostalAddress;
use crate::domains::shared::quantity::Quantity;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::StorageError;

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct OrderRow {
    pub(super) id: String,
    customer_id: String,
    status: String,
    awaiting_payment: bool,
    subtotal_minor: i64,
    tax_minor: i64,
    shipping_minor: i64,
    total_minor: i64,
    currency: String,
    street: String,
    city: String,
    state: String,
    zip_code: String,
    country: String,
    payment_id: String,
    reservation_id: String,
    cancel_reason: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = order_lines)]
pub(super) struct LineRow {
    pub(super) order_id: String,
    product_id: String,
    sku: String,
    name: String,
    quantity: i32,
    unit_price_minor: i64,
    total_minor: i64,
}

impl OrderRow {
    /// The order with its lines, which are in their order.
    pub(super) fn into_order(self, lines: Vec<LineRow>) -> Result<Order, StorageError> {
        let currency: Currency = self.currency.parse().map_err(StorageError::corrupt)?;
        let ids = OrderIds {
            order: self.id.parse().map_err(StorageError::corrupt)?,
            payment: self.payment_id.parse().map_err(StorageError::corrupt)?,
            reservation: self.reservation_id.parse().map_err(StorageError::corrupt)?,
        };
        let address = PostalAddress::new(&self.street, &self.city, &self.state, &self.zip_code, &self.country);
        Ok(Order::from_storage(OrderData {
            ids,
            customer_id: self.customer_id.parse().map_err(StorageError::corrupt)?,
            status: self.status.parse().map_err(StorageError::corrupt)?,
            awaiting_payment: self.awaiting_payment,
            lines: lines
                .into_iter()
                .map(|line| line.into_line(currency))
                .collect::<Result<_, _>>()?,
            totals: Totals {
                subtotal: Money::of(self.subtotal_minor, currency),
                tax: Money::of(self.tax_minor, currency),
                shipping: Money::of(self.shipping_minor, currency),
                total: Money::of(self.total_minor, currency),
            },
            shipping_address: address.map_err(StorageError::corrupt)?,
            cancel_reason: self.cancel_reason,
            version: self.version,
            created_at: Timestamp::from_naive_utc(self.created_at),
            updated_at: Timestamp::from_naive_utc(self.updated_at),
        }))
    }
}

impl LineRow {
    fn into_line(self, currency: Currency) -> Result<Line, StorageError> {
        Ok(Line {
            product_id: self.product_id.parse().map_err(StorageError::corrupt)?,
            sku: self.sku.parse().map_err(StorageError::corrupt)?,
            name: self.name,
            quantity: Quantity::new(i64::from(self.quantity)).map_err(StorageError::corrupt)?,
            unit_price: Money::of(self.unit_price_minor, currency),
            total: Money::of(self.total_minor, currency),
        })
    }
}
