//! Identity: who somebody is. It calls nobody and hears from nobody.

use std::sync::Arc;

use actix_web::web;

use super::{Blueprint, Front, Opened, Prepare, Room};
use crate::adapters::identity::http;
use crate::adapters::identity::passwords::Argon2Hasher;
use crate::adapters::identity::sql::MIGRATIONS;
use crate::adapters::identity::sql::SqlIdentityStore;
use crate::adapters::identity::tokens::issuer::JwtIssuer;
use crate::adapters::identity::tokens::keys::KeyRing;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::internal::context::InternalContext;
use crate::app::bootstrap::admin::{self, CreateAdminError, NewAdmin};
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
pub const BLUEPRINT: Blueprint = Blueprint::of::<dyn Identity>(MIGRATIONS, http::routes, http::problems::KINDS);

/// Puts it together, and puts its public keys up for everybody in this process.
///
/// # Errors
/// [`StartError::Database`]; [`StartError::Part`] without keys, or where passwords cannot be hashed.
pub fn open(house: &House<'_>) -> Result<Opened<dyn Identity>, StartError> {
    let storage = Storage::open(house.settings, NAME, MIGRATIONS)?;
    let users = Arc::new(SqlIdentityStore::new(storage.database.clone()));
    let key_ring = KeyRing::load(&*users, house.clock.now())
        .map_err(|error| StartError::part("there are no keys to sign access tokens with", error))?;
    let hasher = Argon2Hasher::new().map_err(|error| StartError::part("passwords cannot be hashed", error))?;
    house.keys.post(key_ring.public_keys().clone());
    let context: Arc<dyn Identity> = house.ported(IdentityService::new(
        users.clone(),
        storage.keys.clone(),
        Arc::new(hasher),
        Arc::new(JwtIssuer::new(&key_ring)),
        house.clock.clone(),
        house.ids.clone(),
    ));
    let internal = InternalContext::of::<dyn Identity>(context.clone(), QUERIES, SIGN_INS);
    let mut room = Room::new("identity.relay", storage, internal);
    room.prepare = Some(make_first_admin(house, &context));
    room.forgets = vec![Arc::new(move |now, limit| users.forget_sessions(now, limit))];
    Ok(Opened { room, context })
}

/// Its endpoints.
pub fn front(context: Arc<dyn Identity>) -> Front {
    let api = web::Data::new(Api::new(context, QUERIES, SIGN_INS));
    Front::new(http::routes, move |config| {
        config.app_data(api.clone());
    })
}

/// Somebody has to be able to let others in.
fn make_first_admin(house: &House<'_>, identity: &Arc<dyn Identity>) -> Prepare {
    let (identity, ids) = (Arc::clone(identity), Arc::clone(&house.ids));
    Arc::new(move |settings| {
        let Some(first) = &settings.first_admin else {
            return Ok(());
        };
        let admin = NewAdmin {
            email: first.email.clone(),
            password: first.password.clone(),
            first_name: "First".to_owned(),
            last_name: "Admin".to_owned(),
        };
        match admin::create(&*identity, &*ids, admin) {
            Ok(_user) => Ok(()),
            Err(CreateAdminError::Invalid { field, reason }) => Err(StartError::Setting(format!(
                "the first admin (BANYAN_ADMIN_EMAIL, BANYAN_ADMIN_PASSWORD): {field} {reason}"
            ))),
            Err(error) => Err(StartError::part(
                "the first admin (BANYAN_ADMIN_EMAIL, BANYAN_ADMIN_PASSWORD)",
                error,
            )),
        }
    })
}
