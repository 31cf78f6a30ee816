//! The whole shop in this process, on a free port and a database of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use banyan::app::bootstrap::contexts::Contexts;
use banyan::app::bootstrap::databases::Databases;
use banyan::app::bootstrap::processes::Processes;
use banyan::app::bootstrap::serve::{self, StopOn};
use banyan::app::bootstrap::settings::{
    FirstAdmin, LOG_FILTER, LogFormat, LogSettings, Ports, Provider, Reconciliation, Settings, Timers,
};
use banyan::app::bootstrap::wiring::Shop;
use banyan::domains::shared::correlation::CorrelationId;
use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::operations::CreateStaff;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::{CallContext, Deadline};
use diesel::{Connection, PgConnection};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::certificates::Authority;
use super::databases::PostgresDatabase;
use super::http::{Answer, HttpClient, Request};
use super::processes::RunningProcesses;
use super::topology::{Service, Topology};

/// What people of a test sign in with.
pub const PASSWORD: &str = "a password for one test";
/// The first admin of every shop.
const ADMIN: &str = "admin@example.com";
/// How long what happens behind a request's back may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which of the two databases.
#[derive(Debug, Clone, Copy)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A shop that serves, until it is dropped.
pub struct TestApp {
    pub address: SocketAddr,
    /// What the shop can be asked behind HTTP's back.
    pub contexts: Contexts,
    client: HttpClient,
    admin: OnceLock<String>,
    staff: OnceLock<String>,
    counter: AtomicU32,
    running: Option<Running>,
    // Dropped behind what runs.
    databases: BTreeMap<String, PostgresDatabase>,
    _folder: tempfile::TempDir,
}

/// What serves.
enum Running {
    /// A thread of this process that serves everything, until nobody is left to tell it to stop.
    Thread(oneshot::Sender<()>, JoinHandle<()>),
    /// Processes, as `deploy/compose` has them.
    Processes(Box<RunningProcesses>),
}

/// Somebody who has registered and signed in.
pub struct Customer {
    pub id: String,
    pub email: String,
    pub token: String,
}

impl TestApp {
    /// A shop that sells nothing yet, with fast timers.
    pub fn start(on: On) -> Self {
        Self::start_as(Topology::wished(), None, on, |_settings| {})
    }

    /// A shop of one process with other settings, whatever the suite runs on: for tests of what one process does.
    pub fn start_whole(on: On, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_as(None, None, on, change)
    }

    /// A shop of the processes of `deploy/compose/<topology>.yaml`, each with a certificate, whatever the suite runs on.
    pub fn start_over_tls(topology: &str, on: On) -> Self {
        let authority = Authority::new();
        Self::start_as(Some(Topology::named(topology)), Some(&authority), on, |_settings| {})
    }

    /// A shop of the processes of `deploy/compose/<topology>.yaml`, whatever the suite runs on.
    pub fn start_apart(topology: &str, on: On, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_as(Some(Topology::named(topology)), None, on, change)
    }

    fn start_as(
        topology: Option<Topology>,
        authority: Option<&Authority>,
        on: On,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        let names = match (on, &topology) {
            (On::Sqlite, _) => Vec::new(),
            (On::Postgres, None) => vec!["banyan"],
            (On::Postgres, Some(topology)) => topology.services.iter().map(Service::database).collect(),
        };
        let mut databases = BTreeMap::new();
        for name in names {
            databases
                .entry(name.to_owned())
                .or_insert_with(PostgresDatabase::create);
        }
        settings.databases.general = databases.values().next().map(|database| database.url.parse().unwrap());
        change(&mut settings);
        let (address, contexts, running) = match topology {
            None => serve_here(settings),
            Some(topology) => {
                let processes = RunningProcesses::start(&topology, &settings, &databases, authority);
                settings.processes = processes.as_peers();
                let contexts = Shop::open(&settings).expect("the processes can be reached").contexts;
                (processes.storefront, contexts, Running::Processes(Box::new(processes)))
            }
        };
        Self {
            address,
            contexts,
            client: HttpClient::new(format!("http://{address}")),
            admin: OnceLock::new(),
            staff: OnceLock::new(),
            counter: AtomicU32::new(0),
            running: Some(running),
            databases,
            _folder: folder,
        }
    }

    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        self.client.request(method, path)
    }

    pub fn get(&self, path: &str) -> Request<'_> {
        self.request("GET", path)
    }

    pub fn post(&self, path: &str, body: Value) -> Request<'_> {
        self.request("POST", path).json(body)
    }

    pub fn put(&self, path: &str, body: Value) -> Request<'_> {
        self.request("PUT", path).json(body)
    }

    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request("DELETE", path)
    }

    /// Takes the database away, on `PostgreSQL`.
    pub fn drop_database(&self) {
        assert!(!self.databases.is_empty(), "a database that can be dropped");
        self.databases.values().for_each(PostgresDatabase::drop_now);
    }

    /// Whether its databases, on `PostgreSQL`, take no writes. Who is connected has to connect again.
    pub fn set_databases_read_only(&self, read_only: bool) {
        assert!(!self.databases.is_empty(), "a database that can be told");
        for database in self.databases.values() {
            database.set_read_only(read_only);
        }
    }

    /// A connection to its database, on `PostgreSQL`, beside those of the shop.
    pub fn connect_to_database(&self) -> PgConnection {
        let database = self.databases.values().next().expect("a database on a server");
        PgConnection::establish(&database.url).expect("the server answers")
    }

    /// How a process is told where the contexts are that runs none of them itself.
    pub fn operator_environment(&self) -> BTreeMap<String, String> {
        match &self.running {
            Some(Running::Processes(processes)) => processes.as_peers_environment(),
            _ => panic!("a shop of several processes"),
        }
    }

    /// The access token of an admin.
    pub fn admin(&self) -> &str {
        self.admin.get_or_init(|| self.log_in(ADMIN))
    }

    /// The access token of somebody of staff who is no admin.
    pub fn staff(&self) -> &str {
        self.staff.get_or_init(|| {
            let email = "staff@example.com";
            let hire = CreateStaff {
                email: email.parse().unwrap(),
                password: Secret::new(PASSWORD),
                first_name: "Stella".to_owned(),
                last_name: "Staff".to_owned(),
                role: Role::Staff,
            };
            self.contexts.identity.handle(&operator(), hire).unwrap();
            self.log_in(email)
        })
    }

    /// A new customer.
    pub fn register_customer(&self) -> Customer {
        let email = format!("customer{}@example.com", self.next());
        let body = json!({"email": email, "password": PASSWORD, "first_name": "Carla", "last_name": "Customer"});
        let user = self.post("/api/v1/users/register", body).send().expect(201);
        Customer {
            id: text(&user, "id"),
            token: self.log_in(&email),
            email,
        }
    }

    /// A new product at this price in euro cents, of which there are so many. Returns its id.
    pub fn create_product(&self, price_minor: i64, stock: u32) -> String {
        let number = self.next();
        let product = json!({
            "sku": format!("SKU-{number}"),
            "name": format!("Product {number}"),
            "description": "Made for a test.",
            "price": {"amount": price_minor, "currency": "EUR"},
        });
        let product = self
            .post("/api/v1/products", product)
            .bearer(self.staff())
            .send()
            .expect(201);
        let id = text(&product, "id");
        if stock > 0 {
            self.receive(&id, stock);
        }
        id
    }

    /// So many pieces more of a product.
    pub fn receive(&self, product_id: &str, pieces: u32) {
        let delivery = json!({"kind": "receive", "quantity": pieces, "reason": "delivery"});
        self.post(&format!("/api/v1/products/{product_id}/inventory"), delivery)
            .bearer(self.staff())
            .key(&format!("receive-{}", self.next()))
            .send()
            .expect(201);
    }

    /// A customer buys pieces of a product with this payment token.
    pub fn buy(&self, customer: &Customer, product_id: &str, quantity: u32, payment_token: &str) -> Answer {
        self.post("/api/v1/orders", purchase(product_id, quantity, payment_token))
            .bearer(&customer.token)
            .key(&format!("buy-{}", self.next()))
            .send()
    }

    fn log_in(&self, email: &str) -> String {
        let answer = self
            .post("/api/v1/users/login", json!({"email": email, "password": PASSWORD}))
            .send();
        text(&answer.expect(200), "access_token")
    }

    fn next(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(Running::Thread(stop, server)) = self.running.take() {
            drop(stop);
            let ended = server.join();
            if !std::thread::panicking() {
                assert!(ended.is_ok(), "the server panicked");
            }
        }
    }
}

/// Serves everything in a thread of this process.
fn serve_here(settings: Settings) -> (SocketAddr, Contexts, Running) {
    let (stop, stopped) = oneshot::channel::<()>();
    let (opened, opens) = mpsc::channel();
    let server = std::thread::spawn(move || {
        let tell = |open: &serve::Open, ()| opened.send((open.address, open.contexts.clone())).unwrap();
        serve::run(&settings, StopOn::Message(stopped), |_shop| Ok(()), tell).expect("the shop opens and closes");
    });
    let (address, contexts) = opens.recv().expect("the shop opens");
    (address, contexts, Running::Thread(stop, server))
}

/// A call by the shop itself.
pub fn operator() -> CallContext {
    CallContext::new(
        Principal::service("operator"),
        CorrelationId::from(uuid::Uuid::from_u128(1)),
        Deadline::after(PATIENCE),
    )
}

/// The body of a purchase.
pub fn purchase(product_id: &str, quantity: u32, payment_token: &str) -> Value {
    json!({
        "items": [{"product_id": product_id, "quantity": quantity}],
        "shipping_address": {
            "street": "1 Fig Tree Lane", "city": "Berlin", "state": "", "zip_code": "10115", "country": "DE",
        },
        "payment": {"token": payment_token},
    })
}

/// A member that is a text.
pub fn text(body: &Value, member: &str) -> String {
    let value = body[member].as_str();
    value
        .unwrap_or_else(|| panic!("{member} is no text in {body}"))
        .to_owned()
}

/// Asks until the answer is yes.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < until, "{what}: not within {} s", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The variable that has the whole suite run over the loopback.
fn ports() -> Ports {
    match std::env::var("BANYAN_PORTS").as_deref() {
        Ok("loopback") => Ports::Loopback { seed: 1 },
        _ => Ports::Direct,
    }
}

fn settings(folder: &Path) -> Settings {
    Settings {
        http_addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: folder.to_owned(),
        databases: Databases::default(),
        processes: Processes::whole(),
        ports: ports(),
        broker: None,
        provider: Provider::BuiltIn,
        webhook_secrets: Vec::new(),
        first_admin: Some(FirstAdmin {
            email: ADMIN.parse().unwrap(),
            password: Secret::new(PASSWORD),
        }),
        admin_password: None,
        demo: false,
        tax_basis_points: 0,
        shipping_minor: 0,
        log: LogSettings {
            filter: LOG_FILTER.to_owned(),
            format: LogFormat::Text,
        },
        reconciliation: Reconciliation {
            every: None,
            repairs: false,
        },
        timers: Timers {
            payment_window_ms: 60_000,
            checkout_reservation_ms: 60_000,
            provider_timeout: Duration::from_millis(10),
            provider_left_alone: Duration::from_millis(100),
            event_poll: Duration::from_millis(50),
            sweep: Duration::from_millis(50),
            database_wait: Duration::ZERO,
            lease_ms: 2_000,
            saga_lease_ms: 15_000,
            drain: Duration::ZERO,
        },
    }
}

/// `on_both_databases! { fn a_sentence(app: &TestApp) { .. } }`: each function becomes a test on `SQLite` and one on
/// `PostgreSQL`, each on a shop of its own. One invocation in a module.
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* fn $name:ident($app:ident: &TestApp) $body:block)+) => {
        $($(#[$attribute])* fn $name($app: &$crate::support::app::TestApp) $body)+

        mod on_sqlite {
            use $crate::support::app::{On, TestApp};
            $(#[test] fn $name() { super::$name(&TestApp::start(On::Sqlite)); })+
        }
        mod on_postgres {
            use $crate::support::app::{On, TestApp};
            $(#[test] fn $name() { super::$name(&TestApp::start(On::Postgres)); })+
        }
    };
}
pub(crate) use on_both_databases;
