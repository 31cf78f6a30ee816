//! Payments: the money. It calls its provider and no other context, and hears from nobody.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Opened, Room, Sweep};
use crate::adapters::payments::http;
use crate::adapters::payments::providers::simulator::{Simulator, Waits};
use crate::adapters::payments::providers::simulator_client::{Patience, SimulatorClient};
use crate::adapters::payments::providers::simulator_webhooks::SimulatorWebhooks;
use crate::adapters::payments::providers::webhook_signature::{WeakWebhookSecret, WebhookSecret};
use crate::adapters::payments::sql::MIGRATIONS;
use crate::adapters::payments::sql::inbox::SqlWebhookInbox;
use crate::adapters::payments::sql::store::SqlPaymentStore;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::app::bootstrap::bell::Bell;
use crate::app::bootstrap::capacity::{COMMANDS, QUERIES, SWEEP_BATCH};
use crate::app::bootstrap::house::House;
use crate::app::bootstrap::reconcile::scheduled;
use crate::app::bootstrap::settings::{PROVIDER_WEBHOOK_SECRET, Provider, Settings};
use crate::app::bootstrap::start_error::StartError;
use crate::app::bootstrap::storage::Storage;
use crate::app::payments::{PaymentsService, Persistence, Webhooks};
use crate::ports::payments::operations::{ApplyWebhooks, Payments, ResolveUnknown};
use crate::ports::payments::outbound::PaymentProvider;
use crate::ports::payments::webhooks::WebhookReader;

/// Its name.
const NAME: &str = "payments";

/// How long a webhook is kept that has ended: longer than any provider sends the same one again, and long enough to look
/// at one that contradicted the books.
const WEBHOOKS_KEPT_FOR_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// What is known of it before it is put together.
pub const BLUEPRINT: Blueprint = Blueprint::of::<dyn Payments>(MIGRATIONS, http::routes, http::problems::KINDS);

/// Puts it together.
///
/// # Errors
/// [`StartError::Database`]; [`StartError::Part`] without the simulator's ledger; [`StartError::Setting`].
pub fn open(house: &House<'_>) -> Result<Opened<dyn Payments>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let provider = provider(house)?;
    let webhook_bell = Arc::new(Bell::default());
    let webhooks = webhooks(house, &storage, &webhook_bell)?;
    let inbox = webhooks.inbox.clone();
    let context: Arc<dyn Payments> = house.ported(PaymentsService::new(
        Arc::new(SqlPaymentStore::new(storage.database.clone())),
        storage.keys.clone(),
        provider,
        webhooks,
        house.clock.clone(),
        house.ids.clone(),
        Persistence::default(),
    ));
    let internal = InternalContext::of::<dyn Payments>(context.clone(), QUERIES, COMMANDS);
    let mut room = Room::new("payments.relay", storage, internal);
    room.sweeps = vec![
        house.sweep(&context, || ResolveUnknown { limit: SWEEP_BATCH }),
        Sweep {
            bell: webhook_bell,
            ..house.sweep(&context, || ApplyWebhooks { limit: SWEEP_BATCH })
        },
    ];
    room.forgets = vec![Arc::new(move |now, limit| {
        inbox.forget_ended(now.plus_ms(-WEBHOOKS_KEPT_FOR_MS), limit)
    })];
    let reconciliation = house.settings.reconciliation;
    room.sweeps
        .extend(scheduled::sweep(&context, &house.ids, &house.clock, reconciliation));
    Ok(Opened { room, context })
}

/// What the provider tells by itself. The bell rings for each new webhook that this process keeps.
fn webhooks(house: &House<'_>, storage: &Storage, bell: &Arc<Bell>) -> Result<Webhooks, StartError> {
    let bell = Arc::clone(bell);
    let secrets = webhook_secrets(house.settings)?;
    let reader = || -> Arc<dyn WebhookReader> { Arc::new(SimulatorWebhooks::signed_with(secrets.clone())) };
    Ok(Webhooks {
        inbox: Arc::new(SqlWebhookInbox::new(
            storage.database.clone(),
            Arc::new(move || bell.ring()),
        )),
        reader: (!secrets.is_empty()).then(reader),
    })
}

/// The secrets with which the provider signs its webhooks, the newest first.
///
/// # Errors
/// [`StartError::Setting`] for one that could be guessed.
pub fn webhook_secrets(settings: &Settings) -> Result<Vec<WebhookSecret>, StartError> {
    let secrets = settings.webhook_secrets.iter();
    let weak = |weak: WeakWebhookSecret| StartError::Setting(format!("{PROVIDER_WEBHOOK_SECRET} {weak}"));
    secrets
        .map(|secret| WebhookSecret::new(secret.expose()).map_err(weak))
        .collect()
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
