//! The catalog: what the shop sells. It calls nobody, and hears from inventory what is in stock.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Listener, Opened, Room};
use crate::adapters::catalog::http;
use crate::adapters::catalog::sql::MIGRATIONS;
use crate::adapters::catalog::sql::store::SqlCatalogStore;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::app::bootstrap::capacity::{COMMANDS, QUERIES};
use crate::app::bootstrap::house::House;
use crate::app::bootstrap::start_error::StartError;
use crate::app::bootstrap::storage::Storage;
use crate::app::catalog::on_stock_changed::OnStockChanged;
use crate::app::catalog::{CONSUMERS, CatalogService};
use crate::app::shared::dead_letters::office::DeskOf;
use crate::app::shared::dead_letters::{DeadLetters, WithDeadLetters};
use crate::app::shared::event_reader::Consumer;
use crate::ports::catalog::operations::{Catalog, CatalogLetters};

/// Its name.
const NAME: &str = "catalog";

/// What is known of it before it is put together.
pub const BLUEPRINT: Blueprint = Blueprint {
    consumers: CONSUMERS,
    ..Blueprint::of::<dyn Catalog>(MIGRATIONS, http::routes, http::problems::KINDS)
};

/// Puts it together.
///
/// # Errors
/// [`StartError::Database`].
pub fn open(house: &House<'_>) -> Result<Opened<dyn Catalog>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let products = Arc::new(SqlCatalogStore::new(storage.database.clone()));
    let service = Arc::new(CatalogService::new(
        products.clone(),
        storage.keys.clone(),
        house.clock.clone(),
        house.ids.clone(),
    ));
    let on_stock_changed: Arc<dyn Consumer> = Arc::new(OnStockChanged::new(products));
    let letters = DeadLetters::new(
        storage.letters.clone(),
        vec![on_stock_changed.clone()],
        house.clock.clone(),
    );
    let context: Arc<dyn Catalog> = house.ported(WithDeadLetters::new(service, letters));
    let internal = InternalContext::of::<dyn Catalog>(context.clone(), QUERIES, COMMANDS);
    let mut room = Room::new("catalog.relay", storage, internal);
    room.listeners = vec![Listener::new(house, on_stock_changed, &room.storage, "inventory")?];
    Ok(Opened { room, context })
}

/// Its endpoints.
pub fn front(context: Arc<dyn Catalog>) -> Front {
    let letters = DeskOf::<CatalogLetters, _>::new(context.clone());
    let api = web::Data::new(Api::new(context, QUERIES, COMMANDS));
    Front::new(http::routes, move |config| {
        config.app_data(api.clone());
    })
    .with_dead_letters(letters)
}
