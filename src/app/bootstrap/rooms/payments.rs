//! Payments: the money. It calls its provider and no other context, and hears from nobody.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Opened, Room};
use crate::adapters::payments::http;
use crate::adapters::payments::providers::simulator::{Simulator, Waits};
use crate::adapters::payments::providers::simulator_client::{Patience, SimulatorClient};
use crate::adapters::payments::sql::MIGRATIONS;
use crate::adapters::payments::sql::store::SqlPaymentStore;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::app::bootstrap::capacity::{COMMANDS, QUERIES, SWEEP_BATCH};
use crate::app::bootstrap::house::House;
use crate::app::bootstrap::settings::Provider;
use crate::app::bootstrap::start_error::StartError;
use crate::app::bootstrap::storage::Storage;
use crate::app::payments::{PaymentsService, Persistence};
use crate::ports::payments::operations::{Payments, ResolveUnknown};
use crate::ports::payments::outbound::PaymentProvider;

/// Its name.
const NAME: &str = "payments";

/// What is known of it before it is put together.
pub const BLUEPRINT: Blueprint = Blueprint::of::<dyn Payments>(MIGRATIONS, http::routes, http::problems::KINDS);

/// Puts it together.
///
/// # Errors
/// [`StartError::Database`]; [`StartError::Part`] without the simulator's ledger.
pub fn open(house: &House<'_>) -> Result<Opened<dyn Payments>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let provider = provider(house)?;
    let context: Arc<dyn Payments> = house.ported(PaymentsService::new(
        Arc::new(SqlPaymentStore::new(storage.database.clone())),
        storage.keys.clone(),
        provider,
        house.clock.clone(),
        house.ids.clone(),
        Persistence::default(),
    ));
    let internal = InternalContext::of::<dyn Payments>(context.clone(), QUERIES, COMMANDS);
    let mut room = Room::new("payments.relay", storage, internal);
    room.sweeps = vec![house.sweep(&context, || ResolveUnknown { limit: SWEEP_BATCH })];
    Ok(Opened { room, context })
}

/// Who takes the money.
fn provider(house: &House<'_>) -> Result<Arc<dyn PaymentProvider>, StartError> {
    let timers = &house.settings.timers;
    if let Provider::At(url) = &house.settings.provider {
        let patience = Patience {
            answer: timers.provider_timeout,
            left_alone: timers.provider_left_alone,
        };
        return Ok(Arc::new(SimulatorClient::at(url.clone(), patience)));
    }
    let waits = Waits {
        timeout: timers.provider_timeout,
        ..Waits::default()
    };
    let simulator = Simulator::open(house.settings.simulator_ledger(), waits, house.clock.clone())
        .map_err(|error| StartError::part("the ledger of the simulated payment provider cannot be opened", error))?;
    Ok(Arc::new(simulator))
}

/// Its endpoints.
pub fn front(context: Arc<dyn Payments>) -> Front {
    let api = web::Data::new(Api::new(context, QUERIES, COMMANDS));
    Front::new(http::routes, move |config| {
        config.app_data(api.clone());
    })
}
