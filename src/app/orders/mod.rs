//! Use cases of orders. Orders is the one context that calls others: it orchestrates checkout.

pub mod place_order;

pub mod cancel_order;
pub mod get_order;
pub mod get_order_details;
pub mod list_orders;
pub mod set_order_status;

pub mod on_payment_completed;
pub mod on_stock_released;

pub mod audit_orders;
pub mod audit_sagas;
pub mod resume_sagas;

pub mod sagas;

mod views;

use std::sync::Arc;

use crate::app::shared::event_reader::ConsumerInfo;
use crate::app::shared::left_leases::LeftLeases;
use crate::app::shared::saga::new_lease;
use crate::domains::orders::pricing::PricingRules;
use crate::ports::catalog::operations::{Catalog, QuoteProducts};
use crate::ports::identity::operations::{GetUser, Identity};
use crate::ports::inventory::operations::{
    CommitReservation, Inventory, ReleaseReservation, ReserveStock, ReturnStock,
};
use crate::ports::orders::outbound::OrderStore;
use crate::ports::payments::operations::{
    AuthorizePayment, CancelPayment, CapturePayment, GetPayment, Payments, RequestPayment,
};
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::idempotency::IdempotencyStore;
use crate::ports::shared::lease::Lease;
use crate::ports::shared::operation::OperationInfo;
use crate::ports::shared::saga::SagaStore;

/// The name under which orders calls other contexts.
const SERVICE: &str = "orders";

/// The operations of other contexts that orders calls.
pub const CALLS: &[OperationInfo] = &[
    OperationInfo::of::<QuoteProducts>(),
    OperationInfo::of::<ReserveStock>(),
    OperationInfo::of::<CommitReservation>(),
    OperationInfo::of::<ReleaseReservation>(),
    OperationInfo::of::<ReturnStock>(),
    OperationInfo::of::<RequestPayment>(),
    OperationInfo::of::<AuthorizePayment>(),
    OperationInfo::of::<CapturePayment>(),
    OperationInfo::of::<CancelPayment>(),
    OperationInfo::of::<GetPayment>(),
    OperationInfo::of::<GetUser>(),
];

/// The consumers of orders.
pub const CONSUMERS: &[ConsumerInfo] = &[on_payment_completed::INFO, on_stock_released::INFO];

/// What orders needs.
pub struct OrdersParts {
    /// Its orders.
    pub store: Arc<dyn OrderStore>,
    /// Its idempotency keys.
    pub keys: Arc<dyn IdempotencyStore>,
    /// Its sagas.
    pub sagas: Arc<dyn SagaStore>,
    /// What things cost.
    pub catalog: Arc<dyn Catalog>,
    /// What there is.
    pub inventory: Arc<dyn Inventory>,
    /// Who takes the money.
    pub payments: Arc<dyn Payments>,
    /// Who bought.
    pub identity: Arc<dyn Identity>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
    /// The shop's rules.
    pub settings: OrdersSettings,
}

/// The shop's rules.
#[derive(Debug, Clone, Copy)]
pub struct OrdersSettings {
    /// What comes on top of the lines.
    pub pricing: PricingRules,
    /// How long stock is held for a checkout under way, in milliseconds: longer than any checkout takes.
    pub checkout_reservation_ms: i64,
    /// How long stock is held for an order that is to be paid later, in milliseconds.
    pub payment_window_ms: i64,
    /// How long a saga stays with whoever works at it without a word, in milliseconds; see
    /// [`SagaRunner::lease_ms`](crate::app::shared::saga::SagaRunner::lease_ms).
    pub saga_lease_ms: i64,
}

/// Carries out the operations of orders.
pub struct OrdersService(OrdersParts, LeftLeases);

impl OrdersService {
    /// Made of its parts.
    pub fn new(parts: OrdersParts) -> Self {
        Self(parts, LeftLeases::default())
    }

    /// A lease for whoever begins to work at a saga now.
    fn new_saga_lease(&self) -> Lease {
        new_lease(&*self.0.ids, &*self.0.clock, self.0.settings.saga_lease_ms)
    }
}
