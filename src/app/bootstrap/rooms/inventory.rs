//! Inventory: how much there is. It calls nobody and hears from nobody.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Opened, Room};
use crate::adapters::inventory::http;
use crate::adapters::inventory::sql::MIGRATIONS;
use crate::adapters::inventory::sql::store::SqlInventoryStore;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::app::bootstrap::capacity::{COMMANDS, QUERIES, SWEEP_BATCH};
use crate::app::bootstrap::house::House;
use crate::app::bootstrap::start_error::StartError;
use crate::app::bootstrap::storage::Storage;
use crate::app::inventory::InventoryService;
use crate::ports::inventory::operations::{ExpireReservations, Inventory};

/// Its name.
const NAME: &str = "inventory";

/// What is known of it before it is put together.
pub const BLUEPRINT: Blueprint = Blueprint::of::<dyn Inventory>(MIGRATIONS, http::routes, http::problems::KINDS);

/// Puts it together.
///
/// # Errors
/// [`StartError::Database`].
pub fn open(house: &House<'_>) -> Result<Opened<dyn Inventory>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let context: Arc<dyn Inventory> = house.ported(InventoryService::new(
        Arc::new(SqlInventoryStore::new(storage.database.clone())),
        storage.keys.clone(),
        house.clock.clone(),
        house.ids.clone(),
    ));
    let internal = InternalContext::of::<dyn Inventory>(context.clone(), QUERIES, COMMANDS);
    let mut room = Room::new("inventory.relay", storage, internal);
    room.sweeps = vec![house.sweep(&context, || ExpireReservations { limit: SWEEP_BATCH })];
    Ok(Opened { room, context })
}

/// Its endpoints.
pub fn front(context: Arc<dyn Inventory>) -> Front {
    let api = web::Data::new(Api::new(context, QUERIES, COMMANDS));
    Front::new(http::routes, move |config| {
        config.app_data(api.clone());
    })
}
