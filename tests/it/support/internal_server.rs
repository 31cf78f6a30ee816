//! A process of the shop as far as its peers can tell: an internal server, here in a thread.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::{App, HttpServer, rt, web};
use banyan::adapters::shared::http::bulkhead::BulkheadSize;
use banyan::adapters::shared::http::internal::context::InternalContext;
use banyan::adapters::shared::http::internal::{InternalServices, routes};
use banyan::adapters::shared::remote::handler::Remote;
use banyan::adapters::shared::remote::peer::Peer;
use banyan::adapters::shared::remote::service_token::{ServiceSecret, ServiceSigner, ServiceVerifier};
use banyan::adapters::shared::system::{SystemClock, SystemIds};
use banyan::ports::shared::operation::TableOfContents;
use rustls::ServerConfig;
use tokio::sync::oneshot;

/// As much as a context gets here.
const ROOM: BulkheadSize = BulkheadSize {
    workers: 8,
    queue: 64,
    wait: Duration::from_secs(1),
};

/// The secret of the shop.
pub fn secret() -> ServiceSecret {
    ServiceSecret::new("the secret that the processes of a test share").unwrap()
}

/// Signs as one of the shop's processes.
pub fn signer() -> Arc<ServiceSigner> {
    Arc::new(ServiceSigner::new("the test", &secret(), Arc::new(SystemClock)))
}

/// What a process offers that runs this context.
pub fn offering<C: TableOfContents + ?Sized>(handle: Arc<C>) -> InternalServices {
    serving(vec![context(handle)])
}

/// A context with room for whatever a test does at once.
pub fn context<C: TableOfContents + ?Sized>(handle: Arc<C>) -> InternalContext {
    InternalContext::of(handle, ROOM, ROOM)
}

/// What a process offers that runs these contexts.
pub fn serving(contexts: Vec<InternalContext>) -> InternalServices {
    InternalServices::new(ServiceVerifier::new(&secret(), None, Arc::new(SystemClock)), contexts)
}

/// The process that is reached at this address.
pub fn peer_at(address: SocketAddr) -> Arc<Peer> {
    let url = format!("http://{address}").parse().unwrap();
    Arc::new(Peer::new(url, signer(), None))
}

/// The context `C` in the process at this address.
pub fn remote_at<C: TableOfContents + ?Sized>(address: SocketAddr) -> Remote<C> {
    Remote::at(peer_at(address), Arc::new(SystemIds))
}

/// An internal server, until it is dropped: then it is gone at once, and its connections with it.
pub struct InternalServer {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl InternalServer {
    pub fn start(services: InternalServices) -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), services)
    }

    pub fn start_at(address: SocketAddr, services: InternalServices) -> Self {
        let services = web::Data::new(services);
        Self::start_with(address, move |config| routes(services.clone())(config))
    }

    pub fn start_over_tls(tls: ServerConfig, services: InternalServices) -> Self {
        Self::start_over_tls_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls, services)
    }

    pub fn start_over_tls_at(address: SocketAddr, tls: ServerConfig, services: InternalServices) -> Self {
        let services = web::Data::new(services);
        Self::listen(address, Some(tls), move |config| routes(services.clone())(config))
    }

    /// With routes of a test's own.
    pub fn start_with(
        address: SocketAddr,
        configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        Self::listen(address, None, configure)
    }

    /// With routes of a test's own, over TLS or in the clear.
    pub fn listen(
        address: SocketAddr,
        tls: Option<ServerConfig>,
        configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (opened, opens) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(move || App::new().configure(&configure))
                    .workers(1)
                    .disable_signals();
                let bound = match tls {
                    None => server.bind(address),
                    Some(tls) => server.bind_rustls_0_23(address, tls),
                };
                let server = bound.expect("the address is free");
                opened.send(server.addrs()[0]).unwrap();
                let server = server.run();
                let handle = server.handle();
                rt::spawn(async move {
                    let _dropped = stopped.await;
                    handle.stop(false).await;
                });
                server.await.expect("the internal server runs");
            });
        });
        Self {
            address: opens.recv().expect("the internal server opens"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for InternalServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the internal server panicked");
        }
    }
}
