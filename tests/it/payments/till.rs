//! A till to try payments at: the use cases over the fake store and the real simulator, with a line in between that can
//! be disturbed.

use std::sync::Arc;
use std::time::Duration;

use banyan::adapters::payments::providers::simulator::{Simulator, Waits};
use banyan::adapters::payments::providers::simulator_webhooks::SimulatorWebhooks;
use banyan::adapters::payments::providers::webhook_signature::{WebhookSecret, sign};
use banyan::adapters::payments::sql::inbox::SqlWebhookInbox;
use banyan::adapters::payments::sql::store::SqlPaymentStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use banyan::app::payments::{PaymentsService, Persistence, Webhooks};
use banyan::domains::shared::ids::{OrderId, PaymentId, RefundId, UserId};
use banyan::domains::shared::money::{Currency, Money};
use banyan::ports::payments::operations::{
    ApplyWebhooks, AuthorizePayment, CancelPayment, CapturePayment, GetPayment, Payment, ProcessPayment,
    ReceiveWebhook, ReceiveWebhookError, RefundPayment, RequestPayment, ResolveUnknown, WebhookReceipt,
};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider, PaymentStore, ProviderCharge};
use banyan::ports::payments::webhooks::WebhookInbox;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::idempotency::IdempotencyStore;
use banyan::ports::shared::operation::{Handler, Operation};
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use uuid::Uuid;

use super::disturbed_provider::DisturbedProvider;
use crate::fakes::payments::FakePaymentStore;
use crate::fakes::webhooks::FakeWebhookInbox;
use crate::support::fixed::{CountingIds, FixedClock, call, customer, with_key};

/// The file of the provider's ledger.
const LEDGER: &str = "simulator.sqlite3";

/// The customer who pays at the till.
pub const CUSTOMER: u128 = 77;

pub struct Till {
    pub store: Arc<FakePaymentStore>,
    pub inbox: Arc<FakeWebhookInbox>,
    pub provider: Arc<DisturbedProvider>,
    pub clock: Arc<FixedClock>,
    pub payments: Arc<PaymentsService>,
    folder: tempfile::TempDir,
}

impl Till {
    pub fn open() -> Self {
        let store = Arc::new(FakePaymentStore::new());
        let rows: Arc<dyn PaymentStore> = store.clone();
        let keys: Arc<dyn IdempotencyStore> = store.clone();
        Self::over(store, rows, keys)
    }

    /// Over the real tables.
    pub fn over_sql(database: &Arc<Database>) -> Self {
        let store = Arc::new(SqlPaymentStore::new(database.clone()));
        let keys = Arc::new(SqlIdempotencyStore::new(database.clone()));
        let inbox = Arc::new(SqlWebhookInbox::new(database.clone(), Arc::new(|| {})));
        let fake = Arc::new(FakePaymentStore::new());
        let unused = Arc::new(FakeWebhookInbox::beside(fake.clone()));
        Self::of(fake, unused, store, keys, inbox)
    }

    /// Over other stores than the fake.
    pub fn over(fake: Arc<FakePaymentStore>, store: Arc<dyn PaymentStore>, keys: Arc<dyn IdempotencyStore>) -> Self {
        let inbox = Arc::new(FakeWebhookInbox::beside(fake.clone()));
        Self::of(fake, inbox.clone(), store, keys, inbox)
    }

    fn of(
        fake: Arc<FakePaymentStore>,
        fake_inbox: Arc<FakeWebhookInbox>,
        store: Arc<dyn PaymentStore>,
        keys: Arc<dyn IdempotencyStore>,
        inbox: Arc<dyn WebhookInbox>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new());
        let waits = Waits {
            slow: Duration::from_millis(1),
            timeout: Duration::from_millis(1),
        };
        let simulator = Simulator::open(folder.path().join(LEDGER), waits, clock.clone()).unwrap();
        let simulator = simulator.telling();
        let provider = Arc::new(DisturbedProvider::new(simulator));
        let persistence = Persistence {
            attempts: 3,
            pause: Duration::ZERO,
        };
        let ids = Arc::new(CountingIds::new());
        let reader = SimulatorWebhooks::signed_with(vec![webhook_secret()]);
        let webhooks = Webhooks {
            inbox,
            reader: Some(Arc::new(reader)),
        };
        let payments = PaymentsService::new(store, keys, provider.clone(), webhooks, clock.clone(), ids, persistence);
        Self {
            store: fake,
            inbox: fake_inbox,
            provider,
            clock,
            payments: Arc::new(payments),
            folder,
        }
    }

    /// On behalf of the checkout.
    pub fn do_as_orders<Op: Operation>(&self, op: Op) -> Result<Op::Reply, Failure<Op::Error>>
    where
        PaymentsService: Handler<Op>,
    {
        self.payments.handle(&orders(), op)
    }

    pub fn authorize(&self, number: u128, token: &str) -> Result<(), Failure<<AuthorizePayment as Operation>::Error>> {
        self.do_as_orders(authorization(number, token))
    }

    pub fn capture(&self, number: u128) -> Result<(), Failure<<CapturePayment as Operation>::Error>> {
        self.do_as_orders(CapturePayment {
            payment_id: payment_id(number),
        })
    }

    pub fn cancel(&self, number: u128) -> Result<(), Failure<<CancelPayment as Operation>::Error>> {
        self.do_as_orders(cancellation(number))
    }

    pub fn request(&self, number: u128) -> Result<(), Failure<<RequestPayment as Operation>::Error>> {
        self.do_as_orders(request(number))
    }

    pub fn process(
        &self,
        number: u128,
        token: &str,
        key: &str,
    ) -> Result<Payment, Failure<<ProcessPayment as Operation>::Error>> {
        let op = ProcessPayment {
            order_id: order_id(number),
            token: token.to_owned(),
        };
        self.payments.handle(&with_key(&customer(CUSTOMER), key), op)
    }

    pub fn refund(
        &self,
        number: u128,
        amount: Option<Money>,
        key: &str,
    ) -> Result<<RefundPayment as Operation>::Reply, Failure<<RefundPayment as Operation>::Error>> {
        self.payments
            .handle(&with_key(&staff(), key), refund_of(number, amount))
    }

    /// What the provider has told so far of what happened, each as its id and body.
    pub fn told(&self) -> Vec<(String, String)> {
        let entries = self.provider.simulator.due_webhooks(1_000).unwrap();
        entries.into_iter().map(|entry| (entry.id, entry.body)).collect()
    }

    /// A webhook with this body arrives, signed.
    pub fn hear(&self, body: &str) -> Result<WebhookReceipt, Failure<ReceiveWebhookError>> {
        let op = ReceiveWebhook {
            provider: "simulator".to_owned(),
            signature: sign(&webhook_secret(), body, self.clock.now()),
            body: body.to_owned(),
        };
        self.payments.handle(&call(Principal::Anonymous), op)
    }

    /// As the worker does that applies what has arrived.
    pub fn apply(&self) -> u32 {
        self.do_as_orders(ApplyWebhooks { limit: 100 }).unwrap()
    }

    /// As the worker does, after a while.
    pub fn resolve_later(&self) -> u32 {
        self.clock.advance_ms(130_000);
        self.do_as_orders(ResolveUnknown { limit: 100 }).unwrap()
    }

    pub fn payment(&self, number: u128) -> Payment {
        self.do_as_orders(GetPayment {
            payment_id: payment_id(number),
        })
        .unwrap()
    }

    /// What the provider has, whatever the line is like.
    pub fn charge(&self, number: u128) -> Option<ProviderCharge> {
        self.provider
            .simulator
            .find_charge(&payment_id(number).to_string())
            .unwrap()
    }

    pub fn charge_state(&self, number: u128) -> Option<ChargeState> {
        self.charge(number).map(|charge| charge.state)
    }

    /// Changes the provider's books behind everybody's back.
    pub fn ledger(&self, statement: &str) {
        let mut books = SqliteConnection::establish(self.folder.path().join(LEDGER).to_str().unwrap()).unwrap();
        sql_query(statement).execute(&mut books).unwrap();
    }

    /// A completed payment of 50 EUR.
    pub fn captured(&self, number: u128) {
        self.authorize(number, "tok_visa").unwrap();
        self.capture(number).unwrap();
    }
}

/// What the provider shares with the shop.
pub const WEBHOOK_SECRET: &str = "the secret of the till and its provider";

/// The same, to sign with.
pub fn webhook_secret() -> WebhookSecret {
    WebhookSecret::new(WEBHOOK_SECRET).unwrap()
}

pub fn eur(minor: i64) -> Money {
    Money::of(minor, Currency::EUR)
}

/// What every payment at the till is over.
pub fn amount() -> Money {
    eur(5_000)
}

pub fn payment_id(number: u128) -> PaymentId {
    PaymentId::from(Uuid::from_u128(1_000_000 + number))
}

pub fn order_id(number: u128) -> OrderId {
    OrderId::from(Uuid::from_u128(2_000_000 + number))
}

/// The refund with which a cancelled payment goes back.
pub fn rest_refund_id(number: u128) -> RefundId {
    RefundId::from(Uuid::from_u128(1_000_000 + number))
}

pub fn customer_id() -> UserId {
    UserId::from(Uuid::from_u128(CUSTOMER))
}

pub fn authorization(number: u128, token: &str) -> AuthorizePayment {
    AuthorizePayment {
        payment_id: payment_id(number),
        order_id: order_id(number),
        customer_id: customer_id(),
        amount: amount(),
        token: token.to_owned(),
    }
}

pub fn cancellation(number: u128) -> CancelPayment {
    CancelPayment {
        payment_id: payment_id(number),
        order_id: order_id(number),
        customer_id: customer_id(),
        amount: amount(),
        reason: "changed my mind".to_owned(),
    }
}

pub fn request(number: u128) -> RequestPayment {
    RequestPayment {
        payment_id: payment_id(number),
        order_id: order_id(number),
        customer_id: customer_id(),
        amount: amount(),
    }
}

pub fn refund_of(number: u128, amount: Option<Money>) -> RefundPayment {
    RefundPayment {
        payment_id: payment_id(number),
        amount,
        reason: "broken".to_owned(),
    }
}

pub fn orders() -> CallContext {
    call(Principal::service("orders"))
}

pub fn staff() -> CallContext {
    use banyan::domains::shared::role::Role;
    call(Principal::User {
        id: UserId::from(Uuid::from_u128(5)),
        role: Role::Staff,
    })
}
