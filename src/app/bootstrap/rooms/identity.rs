//! Identity: who somebody is. It calls nobody and hears from nobody.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Opened, Room};
use crate::adapters::identity::http;
use crate::adapters::identity::passwords::Argon2Hasher;
use crate::adapters::identity::sql::MIGRATIONS;
use crate::adapters::identity::sql::SqlIdentityStore;
use crate::adapters::identity::tokens::issuer::JwtIssuer;
use crate::adapters::identity::tokens::keys::KeyRing;
use crate::adapters::shared::access_tokens::public_keys::KeyBoard;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::app::bootstrap::capacity::{QUERIES, SIGN_INS};
use crate::app::bootstrap::house::House;
use crate::app::bootstrap::start_error::StartError;
use crate::app::bootstrap::storage::Storage;
use crate::app::identity::IdentityService;
use crate::ports::identity::operations::Identity;
use crate::ports::identity::outbound::SessionStore;

/// Its name.
const NAME: &str = "identity";

/// What is known of it before it is put together.
pub const BLUEPRINT: Blueprint = Blueprint::of::<dyn Identity>(MIGRATIONS, http::routes);

/// Puts it together, and puts its public keys up for everybody in this process.
///
/// # Errors
/// [`StartError::Database`], [`StartError::Keys`], [`StartError::Hashing`].
pub fn open(house: &House<'_>) -> Result<Opened<dyn Identity>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let users = Arc::new(SqlIdentityStore::new(storage.database.clone()));
    let key_ring = KeyRing::load(&*users, house.clock.now())?;
    house.keys.post(key_ring.public_keys().clone());
    let context: Arc<dyn Identity> = house.ported(IdentityService::new(
        users.clone(),
        storage.keys.clone(),
        Arc::new(Argon2Hasher::new()?),
        Arc::new(JwtIssuer::new(&key_ring)),
        house.clock.clone(),
        house.ids.clone(),
    ));
    let internal = InternalContext::of::<dyn Identity>(context.clone(), QUERIES, SIGN_INS);
    let mut room = Room::new("identity.relay", storage, internal);
    room.forgets = vec![Arc::new(move |now, limit| users.forget_sessions(now, limit))];
    Ok(Opened { room, context })
}

/// Its endpoints.
pub fn front(context: Arc<dyn Identity>, keys: Arc<KeyBoard>) -> Front {
    let api = web::Data::new(Api::new(context, QUERIES, SIGN_INS));
    let keys = web::Data::from(keys);
    Front::new(http::routes, move |config| {
        config.app_data(api.clone()).app_data(keys.clone());
    })
}
