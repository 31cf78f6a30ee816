//! The shop, wired: its contexts, wherever they run, and what those that run here do by themselves.

use std::sync::Arc;

use super::contexts::Contexts;
use super::data_dir;
use super::house::House;
use super::peers::Peers;
use super::rooms::{Front, Listener, Room};
use super::settings::Settings;
use super::start_error::StartError;
use crate::adapters::shared::access_tokens::public_keys::KeyBoard;
use crate::adapters::shared::access_tokens::verifier::JwtVerifier;
use crate::app::shared::dead_letters::office::Office;
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::tokens::TokenVerifier;

/// A shop that is wired and at rest: nothing happens until somebody calls a context or starts its workers.
pub struct Shop {
    /// The contexts, wherever they run.
    pub contexts: Contexts,
    /// Those that run here.
    pub rooms: Vec<Room>,
    /// Those that the storefront reaches here.
    pub fronts: Vec<Front>,
    /// The dead letters of the contexts that run here or at a known place.
    pub letters: Office,
    /// Tells whom an access token speaks for.
    pub verifier: Arc<dyn TokenVerifier>,
    /// The public keys that it does that with.
    pub keys: Arc<KeyBoard>,
    /// The other processes.
    pub peers: Peers,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
}

impl Shop {
    /// Opens the databases and wires the contexts.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn open(settings: &Settings) -> Result<Self, StartError> {
        data_dir::make(&settings.data_dir)?;
        let mut house = House::new(settings);
        let contexts = Contexts::wire(&mut house)?;
        let mut fronts = contexts.fronts();
        fronts.retain(|(context, _front)| settings.processes.serves(context));
        let letters = fronts
            .iter()
            .filter_map(|(context, front)| Some((*context, front.dead_letters.clone()?)));
        Ok(Self {
            letters: Office::of(letters),
            fronts: fronts.into_iter().map(|(_context, front)| front).collect(),
            contexts,
            verifier: Arc::new(JwtVerifier::new(house.keys.clone(), house.clock.clone())),
            keys: house.keys.clone(),
            peers: house.peers.clone(),
            clock: house.clock.clone(),
            ids: house.ids.clone(),
            rooms: house.into_rooms(),
        })
    }

    /// Everybody here who listens to somebody.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.rooms.iter().flat_map(|room| &room.listeners)
    }
}
