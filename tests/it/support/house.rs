//! Orders and what it calls, on real databases and the real simulator, with faults in between.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use banyan::adapters::catalog::sql::store::SqlCatalogStore;
use banyan::adapters::inventory::sql::store::SqlInventoryStore;
use banyan::adapters::orders::sql::store::SqlOrderStore;
use banyan::adapters::payments::providers::simulator::{Simulator, Waits};
use banyan::adapters::payments::sql::inbox::SqlWebhookInbox;
use banyan::adapters::payments::sql::store::SqlPaymentStore;
use banyan::adapters::shared::sql::connection::DatabaseLocation;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use banyan::adapters::shared::sql::migrations::ContextMigrations;
use banyan::adapters::shared::sql::sagas::SqlSagaStore;
use banyan::adapters::shared::system::SystemIds;
use banyan::adapters::{catalog, inventory, orders, payments};
use banyan::app::catalog::CatalogService;
use banyan::app::inventory::InventoryService;
use banyan::app::orders::on_payment_completed::OnPaymentCompleted;
use banyan::app::orders::{OrdersParts, OrdersService, OrdersSettings};
use banyan::app::payments::{PaymentsService, Persistence, Webhooks};
use banyan::app::shared::event_reader::EventReader;
use banyan::domains::orders::pricing::PricingRules;
use banyan::domains::shared::ids::ProductId;
use banyan::domains::shared::money::{Currency, Money};
use banyan::ports::catalog::operations::{Catalog, CreateProduct, ProductDetails};
use banyan::ports::inventory::operations::{
    ChangeStock, DEFAULT_LOCATION, GetStock, Inventory, StockChange, StockLevel,
};
use banyan::ports::orders::operations::ResumeSagas;
use banyan::ports::payments::operations::{AuditPayments, PaymentAudit, Payments};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::PageRequest;
use banyan::ports::shared::saga::SagaStore;

use super::databases::TestDatabase;
use super::faulty::{Away, Faults};
use super::fixed::{FixedClock, call, with_key};
use crate::fakes::letters::without_letters;

/// The file of the provider's own ledger.
const LEDGER: &str = "simulator.sqlite3";

/// Makes a database for a context.
pub type MakeDatabase = fn(&str, ContextMigrations) -> TestDatabase;

/// Orders and what it calls.
pub struct House {
    pub orders: Arc<OrdersService>,
    pub inventory: Arc<dyn Inventory>,
    pub payments: Arc<dyn Payments>,
    pub catalog: Arc<dyn Catalog>,
    pub sagas: Arc<dyn SagaStore>,
    pub clock: Arc<FixedClock>,
    pub faults: Faults,
    /// What orders takes in of the events of payments.
    pub paid: EventReader,
    ground: Ground,
}

/// What stays when a process is gone.
struct Ground {
    catalog: TestDatabase,
    inventory: TestDatabase,
    payments: TestDatabase,
    orders: TestDatabase,
    ledger: tempfile::TempDir,
    clock: Arc<FixedClock>,
}

/// Stock held so long that no saga of a test loses it.
fn settings() -> OrdersSettings {
    OrdersSettings {
        pricing: PricingRules {
            tax_basis_points: 0,
            shipping_minor: 0,
        },
        checkout_reservation_ms: 24 * 60 * 60 * 1000,
        payment_window_ms: 24 * 60 * 60 * 1000,
        saga_lease_ms: 15_000,
    }
}

impl House {
    pub fn build(make: MakeDatabase) -> Self {
        Self::on(Ground {
            catalog: make("catalog", catalog::sql::MIGRATIONS),
            inventory: make("inventory", inventory::sql::MIGRATIONS),
            payments: make("payments", payments::sql::MIGRATIONS),
            orders: make("orders", orders::sql::MIGRATIONS),
            ledger: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::new()),
        })
    }

    /// A new process on what the old one left behind.
    pub fn restarted(self) -> Self {
        // The old one's services and connections go first.
        let Self { mut ground, .. } = self;
        for database in [
            &mut ground.catalog,
            &mut ground.inventory,
            &mut ground.payments,
            &mut ground.orders,
        ] {
            database.reopen();
        }
        Self::on(ground)
    }

    fn on(ground: Ground) -> Self {
        let clock = ground.clock.clone();
        let ids = Arc::new(SystemIds);
        let [of_catalog, of_inventory, of_payments, of_orders] =
            [&ground.catalog, &ground.inventory, &ground.payments, &ground.orders].map(|home| home.database.clone());
        let keys = |database| Arc::new(SqlIdempotencyStore::new(database));
        let waits = Waits {
            slow: Duration::from_millis(20),
            timeout: Duration::from_millis(1),
        };
        let ledger = ground.ledger.path().join(LEDGER);
        let simulator = Simulator::open(ledger, waits, clock.clone()).unwrap();
        let catalog: Arc<dyn Catalog> = Arc::new(without_letters(CatalogService::new(
            Arc::new(SqlCatalogStore::new(of_catalog.clone())),
            keys(of_catalog),
            clock.clone(),
            ids.clone(),
        )));
        let inventory: Arc<dyn Inventory> = Arc::new(InventoryService::new(
            Arc::new(SqlInventoryStore::new(of_inventory.clone())),
            keys(of_inventory),
            clock.clone(),
            ids.clone(),
        ));
        let payments: Arc<dyn Payments> = Arc::new(PaymentsService::new(
            Arc::new(SqlPaymentStore::new(of_payments.clone())),
            keys(of_payments.clone()),
            Arc::new(simulator),
            no_webhooks(of_payments.clone()),
            clock.clone(),
            ids.clone(),
            Persistence {
                attempts: 2,
                pause: Duration::from_millis(1),
            },
        ));
        let faults = Faults::default();
        let sagas = Arc::new(SqlSagaStore::new(of_orders.clone()));
        let orders = Arc::new(OrdersService::new(OrdersParts {
            store: Arc::new(SqlOrderStore::new(of_orders.clone())),
            keys: keys(of_orders.clone()),
            sagas: sagas.clone(),
            catalog: catalog.clone(),
            inventory: Arc::new(faults.around(inventory.clone())),
            payments: Arc::new(faults.around(payments.clone())),
            identity: Arc::new(Away),
            clock: clock.clone(),
            ids,
            settings: settings(),
        }));
        let paid = EventReader::new(
            Arc::new(SqlEventFeed::new(of_payments)),
            Arc::new(SqlConsumerStore::new(of_orders)),
            Arc::new(OnPaymentCompleted(orders.clone())),
            clock.clone(),
        );
        Self {
            orders,
            inventory,
            payments,
            catalog,
            sagas,
            clock,
            faults,
            paid,
            ground,
        }
    }

    /// Where the tables of a context are, for whoever reads them with SQL.
    pub fn tables_of(&self, context: &str) -> &DatabaseLocation {
        let homes = [
            ("inventory", &self.ground.inventory),
            ("payments", &self.ground.payments),
            ("orders", &self.ground.orders),
        ];
        let found = homes.into_iter().find(|(name, _home)| *name == context);
        &found.expect("a context of the house").1.location
    }

    /// Where the provider's own ledger is.
    pub fn ledger(&self) -> PathBuf {
        self.ground.ledger.path().join(LEDGER)
    }

    /// A call by the shop itself.
    pub fn operator() -> CallContext {
        call(Principal::service("operator"))
    }

    /// A product at `price_minor` cents of which there are `pieces`.
    pub fn product(&self, name: &str, price_minor: i64, pieces: i64) -> ProductId {
        let details = ProductDetails {
            sku: name.parse().unwrap(),
            slug: None,
            name: name.to_owned(),
            description: String::new(),
            price: Money::of(price_minor, Currency::EUR),
            active: true,
            category_slugs: Vec::new(),
        };
        let product_id = self
            .catalog
            .handle(&Self::operator(), CreateProduct { details })
            .unwrap()
            .id;
        let change = ChangeStock {
            product_id,
            location: DEFAULT_LOCATION.to_owned(),
            change: StockChange::Receive(pieces),
            reason: "delivery".to_owned(),
        };
        self.inventory
            .handle(&with_key(&Self::operator(), name), change)
            .unwrap();
        product_id
    }

    /// How much there is of a product.
    pub fn level(&self, product_id: ProductId) -> StockLevel {
        self.inventory
            .handle(&Self::operator(), GetStock { product_id })
            .unwrap()
            .remove(0)
    }

    /// What payments and the provider know, of all orders.
    pub fn audits(&self) -> Vec<PaymentAudit> {
        let page = PageRequest {
            limit: PageRequest::MAX_LIMIT,
            after: None,
        };
        self.payments
            .handle(&Self::operator(), AuditPayments { page })
            .unwrap()
            .items
    }

    /// What a restart and then time do: leases end, sagas go on until all have ended.
    pub fn let_sagas_end(&self) {
        self.sagas.end_all_leases(self.clock.now()).unwrap();
        for _round in 0..40 {
            self.clock.advance_ms(20_000);
            self.orders
                .handle(&Self::operator(), ResumeSagas { limit: 100 })
                .unwrap();
            if self.sagas.open_sagas(1).unwrap().is_empty() {
                return;
            }
        }
        panic!("sagas do not end: {:?}", self.sagas.open_sagas(3).unwrap());
    }
}

/// Its provider is in the house, and tells nothing by itself.
fn no_webhooks(database: Arc<Database>) -> Webhooks {
    Webhooks {
        inbox: Arc::new(SqlWebhookInbox::new(database, Arc::new(|| {}))),
        reader: None,
    }
}
