//! The HTTP server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use utoipa_actix_web::AppExt;

use super::capacity::LETTERS;
use super::platform::api_document::ApiDocument;
use super::platform::health::Readiness;
use super::platform::no_route::{KnownRoutes, no_route};
use super::rooms::{Front, Routes};
use super::routes;
use crate::adapters::shared::access_tokens::public_keys::KeyBoard;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::edge::edge;
use crate::adapters::shared::http::internal::{self, InternalServices};
use crate::adapters::shared::remote::tls::TlsIdentity;
use crate::app::shared::dead_letters::office::Office;
use crate::app::shared::decorators::authorized::Authorized;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::dead_letters::DeadLetterDesk;
use crate::ports::shared::tokens::TokenVerifier;

/// How long a client may take to send the head of a request.
const REQUEST_HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection without a request is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to close a connection.
const DISCONNECT_TIME: Duration = Duration::from_secs(5);
/// The most connections of each thread that serves them; further ones wait to be accepted.
const CONNECTIONS_PER_WORKER: usize = 4_096;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How long requests under way are given when the server stops.
pub const GRACE: Duration = Duration::from_secs(25);

/// Binds a server within these limits and starts it: by `bind`, or by another function of its kind that takes more. A macro,
/// because the types of an application have no names.
macro_rules! listen {
    ($http:expr, $bind:ident, $address:expr $(, $more:expr)?) => {{
        let http = $http
            .workers(available_parallelism().map_or(2, usize::from).max(2))
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(REQUEST_HEAD_TIME)
            .client_disconnect_timeout(DISCONNECT_TIME)
            .max_connections(CONNECTIONS_PER_WORKER)
            .backlog(BACKLOG)
            .shutdown_timeout(GRACE.as_secs())
            .disable_signals()
            .$bind($address $(, $more)?)?;
        let bound = http.addrs().first().copied().unwrap_or($address);
        Ok((http.run(), bound))
    }};
}

/// What the endpoints are given.
pub struct Served {
    /// The contexts that are served.
    pub fronts: Vec<Front>,
    /// Their dead letters.
    pub letters: Office,
    /// Tells who calls.
    pub verifier: Arc<dyn TokenVerifier>,
    /// Makes correlation ids.
    pub ids: Arc<dyn IdSource>,
    /// Whether the shop is well.
    pub readiness: web::Data<Readiness>,
    /// What access tokens are verified with.
    pub keys: Arc<KeyBoard>,
}

/// What the endpoints are given, as actix keeps it: one of each for all threads.
#[derive(Clone)]
struct AppData {
    fronts: Arc<[Front]>,
    letters: web::Data<Api<dyn DeadLetterDesk>>,
    verifier: web::Data<Arc<dyn TokenVerifier>>,
    ids: web::Data<Arc<dyn IdSource>>,
    readiness: web::Data<Readiness>,
    keys: web::Data<KeyBoard>,
    document: web::Data<ApiDocument>,
    known_routes: web::Data<KnownRoutes>,
}

impl AppData {
    fn of(served: Served) -> io::Result<Self> {
        let document = routes::document(served.fronts.iter().map(|front| front.routes));
        let known_routes = KnownRoutes::of(&document);
        Ok(Self {
            fronts: served.fronts.into(),
            letters: web::Data::new(dead_letters(served.letters)),
            verifier: web::Data::new(served.verifier),
            ids: web::Data::new(served.ids),
            readiness: served.readiness,
            keys: web::Data::from(served.keys),
            document: web::Data::new(ApiDocument(serde_json::to_vec(&document)?.into())),
            known_routes: web::Data::new(known_routes),
        })
    }

    fn add_to(&self, config: &mut web::ServiceConfig) {
        for front in &*self.fronts {
            front.add_data_to(config);
        }
        config
            .app_data(self.letters.clone())
            .app_data(self.verifier.clone())
            .app_data(self.ids.clone())
            .app_data(self.readiness.clone())
            .app_data(self.keys.clone())
            .app_data(self.document.clone())
            .app_data(self.known_routes.clone());
    }

    fn routes(&self) -> impl Iterator<Item = Routes> {
        self.fronts.iter().map(|front| front.routes)
    }
}

/// The contexts decide themselves who may see their letters; somebody who may not does not learn which contexts there are.
fn dead_letters(letters: Office) -> Api<dyn DeadLetterDesk> {
    Api::new(Arc::new(Authorized(Arc::new(letters))), LETTERS, LETTERS)
}

/// Listens at `address` and serves until [`Server::handle`] stops it. Returns the real address, too.
///
/// # Errors
/// When it cannot listen there.
pub fn start(address: SocketAddr, served: Served) -> io::Result<(Server, SocketAddr)> {
    let data = AppData::of(served)?;
    let http = HttpServer::new(move || {
        App::new()
            .configure(|config| data.add_to(config))
            .wrap(Compress::default())
            .wrap(from_fn(edge))
            .into_utoipa_app()
            .configure(|config| routes::add(config, data.routes()))
            .default_service(web::to(no_route))
            .into_app()
    });
    listen!(http, bind, address)
}

/// Listens at `address` for the shop's other processes, as [`start`] does for the storefront: with `tls` for those alone that
/// prove to be of the shop, before a word is said.
///
/// # Errors
/// When it cannot listen there.
pub fn start_internal(
    address: SocketAddr,
    services: web::Data<InternalServices>,
    tls: Option<&TlsIdentity>,
) -> io::Result<(Server, SocketAddr)> {
    let http = HttpServer::new(move || App::new().configure(internal::routes(services.clone())));
    match tls {
        None => listen!(http, bind, address),
        Some(tls) => listen!(http, bind_rustls_0_23, address, tls.server()),
    }
}
