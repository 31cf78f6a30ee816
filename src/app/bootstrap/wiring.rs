//! Wiring: which service gets which store, and who calls whom. Straight-line code, to be read from top to bottom.

use std::sync::Arc;

use super::bell::Bell;
use super::contexts::Contexts;
use super::data_dir;
use super::settings::Settings;
use super::start_error::StartError;
use super::storage::{Storage, Storages};
use crate::adapters::catalog::sql::store::SqlCatalogStore;
use crate::adapters::identity::passwords::Argon2Hasher;
use crate::adapters::identity::sql::SqlIdentityStore;
use crate::adapters::identity::tokens::issuer::JwtIssuer;
use crate::adapters::identity::tokens::keys::{KeyRing, PublicKeys};
use crate::adapters::identity::tokens::verifier::JwtVerifier;
use crate::adapters::inventory::sql::store::SqlInventoryStore;
use crate::adapters::orders::sql::store::SqlOrderStore;
use crate::adapters::payments::providers::simulator::{Simulator, Waits};
use crate::adapters::payments::sql::store::SqlPaymentStore;
use crate::adapters::shared::sql::sagas::SqlSagaStore;
use crate::adapters::shared::system::{SystemClock, SystemIds};
use crate::app::catalog::CatalogService;
use crate::app::catalog::on_stock_changed::OnStockChanged;
use crate::app::identity::IdentityService;
use crate::app::inventory::InventoryService;
use crate::app::orders::on_payment_completed::OnPaymentCompleted;
use crate::app::orders::on_stock_released::OnStockReleased;
use crate::app::orders::{OrdersParts, OrdersService, OrdersSettings};
use crate::app::payments::{PaymentsService, Persistence};
use crate::app::shared::decorators::authorized::Authorized;
use crate::app::shared::decorators::deadline::WithinDeadline;
use crate::app::shared::decorators::traced::Traced;
use crate::app::shared::event_reader::Consumer;
use crate::domains::orders::pricing::PricingRules;
use crate::ports::catalog::operations::Catalog;
use crate::ports::identity::operations::Identity;
use crate::ports::identity::outbound::SessionStore;
use crate::ports::inventory::operations::Inventory;
use crate::ports::payments::operations::Payments;
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::events::{ConsumerStore, EventFeed};
use crate::ports::shared::saga::SagaStore;
use crate::ports::shared::tokens::TokenVerifier;

/// A shop that is wired and at rest: nothing happens until somebody calls a context or starts its workers.
pub struct Shop {
    /// The contexts.
    pub contexts: Contexts,
    /// Their databases.
    pub storages: Storages,
    /// Who listens to whose events.
    pub listeners: Vec<Listener>,
    /// The sagas of orders.
    pub sagas: Arc<dyn SagaStore>,
    /// The sessions of identity.
    pub sessions: Arc<dyn SessionStore>,
    /// Tells whom an access token speaks for.
    pub verifier: Arc<dyn TokenVerifier>,
    /// What others need to check an access token themselves.
    pub public_keys: PublicKeys,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
}

/// A consumer, the log that it reads and the place where it keeps its position.
pub struct Listener {
    /// Who reads.
    pub consumer: Arc<dyn Consumer>,
    /// What it reads.
    pub feed: Arc<dyn EventFeed>,
    /// Rings when there is more to read.
    pub bell: Arc<Bell>,
    /// Where it keeps its position.
    pub positions: Arc<dyn ConsumerStore>,
}

impl Listener {
    fn new(consumer: Arc<dyn Consumer>, home: &Storage, reads: &Storage) -> Self {
        Self {
            consumer,
            feed: Arc::clone(&reads.feed),
            bell: Arc::clone(&reads.bell),
            positions: Arc::clone(&home.positions),
        }
    }
}

impl Shop {
    /// Opens the databases and wires the contexts.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn open(settings: &Settings) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn IdSource> = Arc::new(SystemIds);
        data_dir::make(&settings.data_dir)?;
        let storages = Storages::open(settings)?;

        // identity, catalog and inventory call nobody; payments calls its provider; orders calls all of them.
        let users = Arc::new(SqlIdentityStore::new(storages.identity.database.clone()));
        let key_ring = KeyRing::load(&*users, clock.now())?;
        let identity = identity(&storages.identity, &users, &key_ring, &clock, &ids)?;
        let products = Arc::new(SqlCatalogStore::new(storages.catalog.database.clone()));
        let catalog = catalog(&storages.catalog, &products, &clock, &ids);
        let inventory = inventory(&storages.inventory, &clock, &ids);
        let payments = payments(&storages.payments, settings, &clock, &ids)?;
        let sagas = Arc::new(SqlSagaStore::new(storages.orders.database.clone()));
        let orders_service = Arc::new(OrdersService::new(OrdersParts {
            store: Arc::new(SqlOrderStore::new(storages.orders.database.clone())),
            keys: storages.orders.keys.clone(),
            sagas: sagas.clone(),
            catalog: catalog.clone(),
            inventory: inventory.clone(),
            payments: payments.clone(),
            identity: identity.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            settings: orders_settings(settings),
        }));

        // Events flow back: catalog hears what is in stock, orders what was paid and what was let go.
        let on_stock_changed = Arc::new(OnStockChanged::new(products));
        let on_payment_completed = Arc::new(OnPaymentCompleted(orders_service.clone()));
        let on_stock_released = Arc::new(OnStockReleased(orders_service.clone()));
        let listeners = vec![
            Listener::new(on_stock_changed, &storages.catalog, &storages.inventory),
            Listener::new(on_payment_completed, &storages.orders, &storages.payments),
            Listener::new(on_stock_released, &storages.orders, &storages.inventory),
        ];

        let contexts = Contexts {
            identity,
            catalog,
            inventory,
            payments,
            orders: decorated(orders_service),
        };
        Ok(Self {
            contexts,
            storages,
            listeners,
            sagas,
            sessions: users,
            verifier: Arc::new(JwtVerifier::new(key_ring.public_keys(), clock.clone())),
            public_keys: key_ring.public_keys().clone(),
            clock,
            ids,
        })
    }
}

fn identity(
    storage: &Storage,
    users: &Arc<SqlIdentityStore>,
    key_ring: &KeyRing,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Result<Arc<dyn Identity>, StartError> {
    Ok(decorated(Arc::new(IdentityService::new(
        users.clone(),
        storage.keys.clone(),
        Arc::new(Argon2Hasher::new()?),
        Arc::new(JwtIssuer::new(key_ring)),
        clock.clone(),
        ids.clone(),
    ))))
}

fn catalog(
    storage: &Storage,
    products: &Arc<SqlCatalogStore>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Arc<dyn Catalog> {
    decorated(Arc::new(CatalogService::new(
        products.clone(),
        storage.keys.clone(),
        clock.clone(),
        ids.clone(),
    )))
}

fn inventory(storage: &Storage, clock: &Arc<dyn Clock>, ids: &Arc<dyn IdSource>) -> Arc<dyn Inventory> {
    decorated(Arc::new(InventoryService::new(
        Arc::new(SqlInventoryStore::new(storage.database.clone())),
        storage.keys.clone(),
        clock.clone(),
        ids.clone(),
    )))
}

fn payments(
    storage: &Storage,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Result<Arc<dyn Payments>, StartError> {
    let waits = Waits {
        timeout: settings.timers.provider_timeout,
        ..Waits::default()
    };
    let simulator =
        Simulator::open(settings.simulator_ledger(), waits, clock.clone()).map_err(StartError::Simulator)?;
    Ok(decorated(Arc::new(PaymentsService::new(
        Arc::new(SqlPaymentStore::new(storage.database.clone())),
        storage.keys.clone(),
        Arc::new(simulator),
        clock.clone(),
        ids.clone(),
        Persistence::default(),
    ))))
}

/// What is done around every operation of a context, outermost first.
type Decorated<S> = Traced<WithinDeadline<Authorized<S>>>;

fn decorated<S>(service: Arc<S>) -> Arc<Decorated<S>> {
    Arc::new(Traced(Arc::new(WithinDeadline(Arc::new(Authorized(service))))))
}

fn orders_settings(settings: &Settings) -> OrdersSettings {
    OrdersSettings {
        pricing: PricingRules {
            tax_basis_points: settings.tax_basis_points,
            shipping_minor: settings.shipping_minor,
        },
        checkout_reservation_ms: settings.timers.checkout_reservation_ms,
        payment_window_ms: settings.timers.payment_window_ms,
    }
}
