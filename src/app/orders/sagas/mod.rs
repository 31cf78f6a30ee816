//! The sagas of orders, each a readable table of steps.

pub(super) mod cancel;
pub(super) mod checkout;
pub(super) mod settle;

mod steps;

use serde::{Deserialize, Serialize};

use super::{OrdersService, SERVICE};
use crate::app::shared::idempotent::Outcome;
use crate::app::shared::saga::{Definition, Outline, Run, SagaRunner, StepFailure};
use crate::domains::orders::order::Order;
use crate::domains::shared::correlation::CorrelationId;
use crate::domains::shared::ids::{OrderId, PaymentId, ReservationId, UserId};
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::inventory::operations::StockLine;
use crate::ports::orders::operations::{PlaceOrder, PlaceOrderError};
use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::idempotency::KeyRecord;
use crate::ports::shared::operation::Operation;
use crate::ports::shared::saga::{SagaRecord, SagaStatus};

/// What the steps of a purchase know. Ids are chosen before the first step, so that a repeated step finds what it made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Purchase {
    /// Of the request that began it.
    pub(super) correlation_id: CorrelationId,
    pub(super) order_id: OrderId,
    pub(super) customer_id: UserId,
    pub(super) reservation_id: ReservationId,
    pub(super) payment_id: PaymentId,
    pub(super) lines: Vec<StockLine>,
    pub(super) amount: Money,
    /// When the reservation expires by itself.
    pub(super) reserved_until: Timestamp,
    /// The provider's token; forgotten when the saga ends by itself.
    pub(super) token: Option<String>,
    /// The key to answer at the end.
    pub(super) key: Option<KeyRecord>,
    /// Why it goes back, in the words of the contract.
    pub(super) refusal: Option<PlaceOrderError>,
    /// What the key was answered with, for the request that waits. Not kept: the key has it.
    #[serde(skip)]
    pub(super) answer: Option<Outcome<PlaceOrder>>,
}

impl Purchase {
    /// What an order's later sagas (settling, cancelling) know of it.
    pub(super) fn of(order: &Order, correlation_id: CorrelationId) -> Self {
        let data = order.data();
        Self {
            correlation_id,
            order_id: data.ids.order,
            customer_id: data.customer_id,
            reservation_id: data.ids.reservation,
            payment_id: data.ids.payment,
            lines: Vec::new(),
            amount: data.totals.total,
            reserved_until: data.created_at,
            token: None,
            key: None,
            refusal: None,
            answer: None,
        }
    }
}

/// How long a saga that this version cannot read is left alone, in milliseconds.
const UNREADABLE_PAUSE_MS: i64 = 30_000;

type PurchaseSaga = Definition<OrdersService, Purchase>;

/// Every saga of orders.
fn all() -> [&'static PurchaseSaga; 4] {
    [
        &checkout::CHECKOUT,
        &checkout::CHECKOUT_PAID_LATER,
        &settle::SETTLE,
        &cancel::CANCEL,
    ]
}

/// What each saga of orders consists of.
pub fn outlines() -> Vec<Outline> {
    all().into_iter().map(Definition::outline).collect()
}

impl OrdersService {
    /// A saga that is about to begin, leased to the caller.
    ///
    /// # Errors
    /// When the state cannot be written as JSON.
    pub(super) fn new_saga(&self, saga: &PurchaseSaga, state: &Purchase) -> Result<SagaRecord, serde_json::Error> {
        let now = self.0.clock.now();
        Ok(SagaRecord {
            id: self.0.ids.make(),
            kind: saga.kind.to_owned(),
            subject: state.order_id.to_string(),
            status: SagaStatus::Running,
            position: 0,
            state: serde_json::to_string(state)?,
            attempts: 0,
            reason: None,
            lease: self.new_saga_lease(),
            next_attempt_at: now,
            created_at: now,
            updated_at: now,
        })
    }

    pub(super) fn run_saga(&self, saga: &PurchaseSaga, record: SagaRecord, state: &mut Purchase) -> Run {
        // On the shop's own behalf and time: whether the client still waits must not matter.
        let deadline = Deadline::after(crate::app::shared::saga::STEP_TIME);
        let cx = CallContext::new(Principal::service(SERVICE), state.correlation_id.clone(), deadline);
        let runner = SagaRunner {
            world: self,
            store: &*self.0.sagas,
            clock: &*self.0.clock,
            lease_ms: self.0.settings.saga_lease_ms,
        };
        let owner = record.lease.owner.clone();
        let run = saga.run(&runner, &cx, record, state);
        if run == Run::Suspended {
            self.1.remember(owner);
        }
        run
    }

    /// Moves a saga on that was found in storage.
    pub(super) fn resume_saga(&self, record: SagaRecord) -> Run {
        let known = all().into_iter().find(|saga| saga.kind == record.kind);
        let found = known.zip(serde_json::from_str::<Purchase>(&record.state).ok());
        if let Some((saga, mut state)) = found {
            return self.run_saga(saga, record, &mut state);
        }
        // A newer version's, perhaps: left as it is, for a process that can read it.
        tracing::error!(saga = %record.id, kind = record.kind, "a saga is of a kind or state unknown to this version");
        let now = self.0.clock.now();
        let mut later = SagaRecord {
            next_attempt_at: now.plus_ms(UNREADABLE_PAUSE_MS),
            ..record
        };
        later.lease.until = now;
        if let Err(error) = self.0.sagas.advance_saga(&later) {
            tracing::warn!(error = error.with_sources(), "it cannot be put back now");
        }
        Run::Suspended
    }

    /// The order of a saga, which exists as long as the saga does.
    fn order_of(&self, state: &Purchase) -> Result<Order, StepFailure> {
        let order = self.0.store.find(state.order_id)?;
        order.ok_or_else(|| StepFailure::Retry(format!("order {} is missing", state.order_id)))
    }
}

/// The record with the state as it is at the end: without what the provider's token could be used for.
fn last_record(record: SagaRecord, state: &mut Purchase) -> SagaRecord {
    state.token = None;
    match serde_json::to_string(state) {
        Ok(state) => SagaRecord { state, ..record },
        Err(_plain_data) => record,
    }
}

/// The record of the key, answered.
fn answered(
    key: Option<KeyRecord>,
    outcome: &Outcome<PlaceOrder>,
) -> Result<Option<crate::ports::shared::storage::KeyWrite>, StepFailure> {
    key.map(|key| crate::app::shared::idempotent::answer::<PlaceOrder>(key, outcome))
        .transpose()
        .map_err(|_failure| StepFailure::Retry(format!("the answer of {} cannot be written", PlaceOrder::NAME)))
}
