//! Orders: what was bought. It calls all others, and hears what was paid and what was let go.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Listener, Opened, Room, TakeOver};
use crate::adapters::orders::http;
use crate::adapters::orders::sql::MIGRATIONS;
use crate::adapters::orders::sql::store::SqlOrderStore;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::adapters::shared::sql::sagas::SqlSagaStore;
use crate::app::bootstrap::capacity::{PURCHASES, QUERIES, SWEEP_BATCH};
use crate::app::bootstrap::house::House;
use crate::app::bootstrap::settings::Settings;
use crate::app::bootstrap::start_error::StartError;
use crate::app::bootstrap::storage::Storage;
use crate::app::orders::on_payment_completed::OnPaymentCompleted;
use crate::app::orders::on_stock_released::OnStockReleased;
use crate::app::orders::{CALLS, CONSUMERS, OrdersParts, OrdersService, OrdersSettings};
use crate::app::shared::dead_letters::office::DeskOf;
use crate::app::shared::dead_letters::{DeadLetters, WithDeadLetters};
use crate::app::shared::event_reader::Consumer;
use crate::domains::orders::pricing::PricingRules;
use crate::ports::catalog::operations::Catalog;
use crate::ports::identity::operations::Identity;
use crate::ports::inventory::operations::Inventory;
use crate::ports::orders::operations::{Orders, OrdersLetters, ResumeSagas};
use crate::ports::payments::operations::Payments;
use crate::ports::shared::saga::SagaStore;

/// Its name.
const NAME: &str = "orders";

/// What is known of it before it is put together.
pub const BLUEPRINT: Blueprint = Blueprint {
    calls: CALLS,
    consumers: CONSUMERS,
    ..Blueprint::of::<dyn Orders>(MIGRATIONS, http::routes, http::problems::KINDS)
};

/// Whom orders calls.
pub struct Called {
    /// What things cost.
    pub catalog: Arc<dyn Catalog>,
    /// What there is.
    pub inventory: Arc<dyn Inventory>,
    /// Who takes the money.
    pub payments: Arc<dyn Payments>,
    /// Who bought.
    pub identity: Arc<dyn Identity>,
}

/// Puts it together.
///
/// # Errors
/// [`StartError::Database`].
pub fn open(house: &House<'_>, called: Called) -> Result<Opened<dyn Orders>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let sagas = Arc::new(SqlSagaStore::new(storage.database.clone()));
    let service = Arc::new(OrdersService::new(OrdersParts {
        store: Arc::new(SqlOrderStore::new(storage.database.clone())),
        keys: storage.keys.clone(),
        sagas: sagas.clone(),
        catalog: called.catalog,
        inventory: called.inventory,
        payments: called.payments,
        identity: called.identity,
        clock: house.clock.clone(),
        ids: house.ids.clone(),
        settings: orders_settings(house.settings),
    }));
    let on_payment_completed: Arc<dyn Consumer> = Arc::new(OnPaymentCompleted(service.clone()));
    let on_stock_released: Arc<dyn Consumer> = Arc::new(OnStockReleased(service.clone()));
    let letters = DeadLetters::new(
        storage.letters.clone(),
        vec![on_payment_completed.clone(), on_stock_released.clone()],
        house.clock.clone(),
    );
    let context: Arc<dyn Orders> = house.ported(WithDeadLetters::new(service, letters));
    let internal = InternalContext::of::<dyn Orders>(context.clone(), QUERIES, PURCHASES);
    let mut room = Room::new("orders.relay", storage, internal);
    room.listeners = vec![
        Listener::new(house, on_payment_completed, &room.storage, "payments")?,
        Listener::new(house, on_stock_released, &room.storage, "inventory")?,
    ];
    room.sweeps = vec![house.sweep(&context, || ResumeSagas { limit: SWEEP_BATCH })];
    room.take_over = Some(end_leases_of_the_dead(house, sagas));
    Ok(Opened { room, context })
}

/// Its endpoints.
pub fn front(context: Arc<dyn Orders>) -> Front {
    let letters = DeskOf::<OrdersLetters, _>::new(context.clone());
    let api = web::Data::new(Api::new(context, QUERIES, PURCHASES));
    Front::new(http::routes, move |config| {
        config.app_data(api.clone());
    })
    .with_dead_letters(letters)
}

/// The only process on a database need not wait until the leases of its predecessor run out.
fn end_leases_of_the_dead(house: &House<'_>, sagas: Arc<dyn SagaStore>) -> TakeOver {
    let clock = Arc::clone(&house.clock);
    let variable = house.settings.databases.variable_of(NAME);
    Arc::new(move || {
        let ended = sagas
            .end_all_leases(clock.now())
            .map_err(|source| StartError::Database {
                context: NAME,
                variable: variable.clone(),
                source,
            })?;
        if ended > 0 {
            tracing::info!(ended, "sagas were interrupted and go on");
        }
        Ok(())
    })
}

fn orders_settings(settings: &Settings) -> OrdersSettings {
    OrdersSettings {
        pricing: PricingRules {
            tax_basis_points: settings.tax_basis_points,
            shipping_minor: settings.shipping_minor,
        },
        checkout_reservation_ms: settings.timers.checkout_reservation_ms,
        payment_window_ms: settings.timers.payment_window_ms,
        saga_lease_ms: settings.timers.saga_lease_ms,
    }
}
