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

use super::contexts::Contexts;
use super::platform::api_document::ApiDocument;
use super::platform::health::Readiness;
use super::platform::no_route::{KnownRoutes, no_route};
use super::routes;
use crate::adapters::identity::tokens::keys::PublicKeys;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::bulkhead::BulkheadSize;
use crate::adapters::shared::http::edge::edge;
use crate::ports::catalog::operations::Catalog;
use crate::ports::identity::operations::Identity;
use crate::ports::inventory::operations::Inventory;
use crate::ports::orders::operations::Orders;
use crate::ports::payments::operations::Payments;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::tokens::TokenVerifier;

/// What browsing may take of a context.
const QUERIES: BulkheadSize = BulkheadSize {
    workers: 16,
    queue: 256,
    wait: Duration::from_millis(250),
};
/// What changes may take of a context.
const COMMANDS: BulkheadSize = BulkheadSize {
    workers: 16,
    queue: 256,
    wait: Duration::from_millis(250),
};
/// Buying. It calls four contexts and a provider, so more run at once, and a purchase that waited is worth more than a
/// quick refusal: the customer has made up their mind.
const PURCHASES: BulkheadSize = BulkheadSize {
    workers: 64,
    queue: 512,
    wait: Duration::from_secs(2),
};
/// Registering and signing in. Each hashes a password, which takes 19 MiB and some 20 ms of a core: few run at once, so
/// that they can starve nobody else, and the others wait longer.
const SIGN_INS: BulkheadSize = BulkheadSize {
    workers: 4,
    queue: 256,
    wait: Duration::from_secs(5),
};

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

/// What the endpoints are given.
pub struct Served {
    /// What they call.
    pub contexts: Contexts,
    /// Tells who calls.
    pub verifier: Arc<dyn TokenVerifier>,
    /// What others need to check a token themselves.
    pub public_keys: PublicKeys,
    /// Makes correlation ids.
    pub ids: Arc<dyn IdSource>,
    /// Whether the shop is well.
    pub readiness: web::Data<Readiness>,
}

/// What the endpoints are given, as actix keeps it: one of each for all threads.
#[derive(Clone)]
struct AppData {
    identity: web::Data<Api<dyn Identity>>,
    catalog: web::Data<Api<dyn Catalog>>,
    inventory: web::Data<Api<dyn Inventory>>,
    payments: web::Data<Api<dyn Payments>>,
    orders: web::Data<Api<dyn Orders>>,
    verifier: web::Data<Arc<dyn TokenVerifier>>,
    public_keys: web::Data<PublicKeys>,
    ids: web::Data<Arc<dyn IdSource>>,
    readiness: web::Data<Readiness>,
    document: web::Data<ApiDocument>,
    known_routes: web::Data<KnownRoutes>,
}

impl AppData {
    fn of(served: Served) -> io::Result<Self> {
        let document = routes::document();
        let known_routes = KnownRoutes::of(&document);
        let Contexts {
            identity,
            catalog,
            inventory,
            payments,
            orders,
        } = served.contexts;
        Ok(Self {
            identity: web::Data::new(Api::new(identity, QUERIES, SIGN_INS)),
            catalog: web::Data::new(Api::new(catalog, QUERIES, COMMANDS)),
            inventory: web::Data::new(Api::new(inventory, QUERIES, COMMANDS)),
            payments: web::Data::new(Api::new(payments, QUERIES, COMMANDS)),
            orders: web::Data::new(Api::new(orders, QUERIES, PURCHASES)),
            verifier: web::Data::new(served.verifier),
            public_keys: web::Data::new(served.public_keys),
            ids: web::Data::new(served.ids),
            readiness: served.readiness,
            document: web::Data::new(ApiDocument(serde_json::to_vec(&document)?.into())),
            known_routes: web::Data::new(known_routes),
        })
    }

    fn add_to(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.identity.clone())
            .app_data(self.catalog.clone())
            .app_data(self.inventory.clone())
            .app_data(self.payments.clone())
            .app_data(self.orders.clone())
            .app_data(self.verifier.clone())
            .app_data(self.public_keys.clone())
            .app_data(self.ids.clone())
            .app_data(self.readiness.clone())
            .app_data(self.document.clone())
            .app_data(self.known_routes.clone());
    }
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
            .configure(routes::all)
            .default_service(web::to(no_route))
            .into_app()
    })
    .workers(available_parallelism().map_or(2, usize::from).max(2))
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(REQUEST_HEAD_TIME)
    .client_disconnect_timeout(DISCONNECT_TIME)
    .max_connections(CONNECTIONS_PER_WORKER)
    .backlog(BACKLOG)
    .shutdown_timeout(GRACE.as_secs())
    .disable_signals()
    .bind(address)?;
    let bound = http.addrs().first().copied().unwrap_or(address);
    Ok((http.run(), bound))
}
