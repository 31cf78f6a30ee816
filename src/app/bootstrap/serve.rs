//! From the settings to a serving shop, and back to nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use actix_web::rt::System;
use actix_web::{rt, web};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::broker::AtBroker;
use super::contexts::{self, Contexts};
use super::data_dir::{self, DataDirLock};
use super::instance::Instance;
use super::jobs;
use super::platform::health::Readiness;
use super::rooms::Room;
use super::server::{self, Served};
use super::settings::Settings;
use super::start_error::StartError;
use super::wiring::Shop;
use super::workers::Workers;
use crate::adapters::shared::http::internal::InternalServices;
use crate::adapters::shared::http::internal::context::{InternalConsumer, InternalContext};
use crate::adapters::shared::remote::service_token::ServiceVerifier;

/// How long the workers are given to end their turns.
const WORKERS_STOP_TIME: Duration = Duration::from_secs(3);

/// How long each connection to the broker is given to close.
const BROKER_LEAVE_TIME: Duration = Duration::from_secs(1);

/// A shop that serves.
pub struct Open {
    /// Where, with the real port.
    pub address: SocketAddr,
    /// Where other processes reach it, with the real port.
    pub internal_address: Option<SocketAddr>,
    /// Its contexts.
    pub contexts: Contexts,
}

/// What tells the shop to close.
pub enum StopOn {
    /// `SIGTERM`, or `SIGINT` from a terminal.
    Signals,
    /// A message, or that nobody is left to send one.
    Message(oneshot::Receiver<()>),
}

impl StopOn {
    /// Listens from now on; the future ends when the shop is to close.
    pub(super) fn listen(self) -> io::Result<Pin<Box<dyn Future<Output = ()>>>> {
        match self {
            Self::Signals => {
                let mut terminate = signal(SignalKind::terminate())?;
                let mut interrupt = signal(SignalKind::interrupt())?;
                Ok(Box::pin(async move {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                }))
            }
            Self::Message(message) => Ok(Box::pin(async move {
                let _sent_or_gone = message.await;
            })),
        }
    }
}

/// Runs the shop until it is told to stop by `until`. Calls `prepare` before anybody can reach it, and `opened` with what
/// came of that as soon as it serves.
///
/// Order at the start: the data directory, the databases and their migrations, what the contexts prepare, what the
/// caller does, the workers, the door. At the end: readiness, a moment for those who ask for it, the door, requests under way, the
/// workers.
///
/// # Errors
/// [`StartError`]; once it serves, only when the server breaks off.
pub fn run<P>(
    settings: &Settings,
    until: StopOn,
    prepare: impl FnOnce(&Shop) -> Result<P, StartError>,
    opened: impl FnOnce(&Open, P),
) -> Result<(), StartError> {
    let _lock = lock(settings)?;
    let shop = Shop::open(settings)?;
    take_over(settings, &shop)?;
    for prepare in shop.rooms.iter().filter_map(|room| room.prepare.as_ref()) {
        prepare(settings)?;
    }
    let prepared = prepare(&shop)?;
    let timers = &settings.timers;
    let instance = Instance::new(&shop, timers);
    let mut jobs = jobs::all(&shop, timers, &instance);
    let broker = settings.broker.as_ref().map(|broker| AtBroker::connect(broker, &shop));
    let broker = broker.transpose().map_err(StartError::Workers)?;
    jobs.extend(broker.iter().flat_map(|broker| broker.jobs(&shop, timers, &instance)));
    let workers = Workers::start(jobs).map_err(StartError::Workers)?;
    let served = serve(settings, &shop, &workers, until, |open| opened(open, prepared));
    // First, so that a relay which waits for a broker that hangs is let go and can end its turn.
    if let Some(broker) = broker {
        broker.leave(BROKER_LEAVE_TIME);
    }
    let all_gone = workers.stop(WORKERS_STOP_TIME);
    tracing::info!(all_gone, "the shop is closed");
    served
}

/// A file belongs to one process. Where a database is on a server there may be several, and leases keep them apart.
fn lock(settings: &Settings) -> Result<Vec<DataDirLock>, StartError> {
    let here = settings.processes.here.iter();
    here.filter(|context| settings.databases.is_a_file(context))
        .map(|context| data_dir::lock(&settings.data_dir, context))
        .collect()
}

/// Nobody else can be at what a process before this one left behind in a file.
fn take_over(settings: &Settings, shop: &Shop) -> Result<(), StartError> {
    shop.rooms
        .iter()
        .filter(|room| settings.databases.is_a_file(room.context))
        .filter_map(|room| room.take_over.as_ref())
        .try_for_each(|take_over| take_over())
}

fn serve(
    settings: &Settings,
    shop: &Shop,
    workers: &Workers,
    until: StopOn,
    opened: impl FnOnce(&Open),
) -> Result<(), StartError> {
    let databases = shop
        .rooms
        .iter()
        .map(|room| (room.context, room.storage.database.clone()));
    let readiness = Readiness::new(databases.collect(), workers.attendance(), shop.keys.clone());
    let readiness = web::Data::new(readiness);
    let mut fronts = shop.fronts.clone();
    if fronts.len() == contexts::ALL.len() {
        fronts.extend(contexts::fronts_of_all(shop));
    }
    let served = Served {
        fronts,
        letters: shop.letters.clone(),
        verifier: shop.verifier.clone(),
        ids: shop.ids.clone(),
        readiness: readiness.clone(),
        keys: shop.keys.clone(),
    };
    let internal = internal_services(settings, shop);
    let tls = settings.processes.tls.as_deref();
    System::new().block_on(async move {
        let cannot_listen = |address| move |source| StartError::Listen { address, source };
        let (http, address) = server::start(settings.http_addr, served).map_err(cannot_listen(settings.http_addr))?;
        let internal = internal
            .map(|(address, services)| server::start_internal(address, services, tls).map_err(cannot_listen(address)))
            .transpose()?;
        let internal_address = internal.as_ref().map(|(_server, address)| *address);
        let handle = http.handle();
        let internal = internal.map(|(server, _address)| (server.handle(), rt::spawn(server)));
        let drain = settings.timers.drain;
        // Listened for before anybody is told that the shop is open: who is told may stop it at once.
        let stopped = until.listen().map_err(StartError::Signals)?;
        rt::spawn(async move {
            stopped.await;
            tracing::info!("the shop closes");
            readiness.close();
            tokio::time::sleep(drain).await;
            handle.stop(true).await;
        });
        tracing::info!(%address, "the shop is open");
        opened(&Open {
            address,
            internal_address,
            contexts: shop.contexts.clone(),
        });
        let served = http.await.map_err(StartError::Server);
        // The other processes are served to the last: requests under way here may need what they ask for.
        if let Some((handle, server)) = internal {
            handle.stop(true).await;
            let _stopped = server.await;
        }
        served
    })
}

/// What other processes reach here, where they are to.
fn internal_services(settings: &Settings, shop: &Shop) -> Option<(SocketAddr, web::Data<InternalServices>)> {
    let processes = &settings.processes;
    let (address, secret) = (processes.internal_addr?, processes.secret.as_ref()?);
    let verifier = ServiceVerifier::new(secret, processes.previous_secret.as_ref(), shop.clock.clone());
    let contexts = shop.rooms.iter().map(internal_context);
    let services = InternalServices::new(verifier, contexts.collect());
    let own_keys = shop.keys.public_keys().filter(|_keys| processes.runs("identity"));
    let services = match own_keys.and_then(|keys| keys.to_json().ok()) {
        Some(keys) => services.with_public_keys(keys),
        None => services,
    };
    Some((address, web::Data::new(services)))
}

/// A context with what is asked of it besides operations.
fn internal_context(room: &Room) -> InternalContext {
    let internal = room.internal.clone().with_events(room.storage.feed.clone());
    room.listeners.iter().fold(internal, |internal, listener| {
        internal.with_consumer(InternalConsumer {
            name: listener.consumer.name(),
            log: listener.listens_to,
            standings: listener.positions.clone(),
        })
    })
}
