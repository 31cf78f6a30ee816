//! A shop of several processes: real ones, of the binary that is shipped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use banyan::adapters::shared::remote::service_token::ServiceSecret;
use banyan::app::bootstrap::contexts;
use banyan::app::bootstrap::processes::{Processes, peer_variable};
use banyan::app::bootstrap::settings::Settings;

use super::broker::{self, TestBroker};
use super::certificates::{Authority, Papers};
use super::databases::PostgresDatabase;
use super::http::HttpClient;
use super::topology::{Service, Topology};

/// The variable that says whether events go over the broker between the processes of a shop; absent: they read each
/// other's logs.
const EVENTS_OVER_BROKER: &str = "BANYAN_TEST_EVENTS_OVER_BROKER";
/// What the processes of a test share.
pub const SECRET: &str = "what the processes of a test share with each other";
/// How long a process may take until it is ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// The processes of one shop; killed when dropped.
pub struct RunningProcesses {
    processes: Vec<RunningProcess>,
    /// Where the storefront is.
    pub storefront: SocketAddr,
    /// Where each context's internal server is.
    pub internal: BTreeMap<&'static str, SocketAddr>,
    /// Those of one who runs no context; where there are some, the processes speak TLS.
    papers: Option<Papers>,
    /// Those of the processes.
    _papers: Vec<Papers>,
    /// Their place at the broker, which is cleared when they are gone.
    _broker: Option<TestBroker>,
}

/// One process.
pub struct RunningProcess {
    /// The name of the service.
    pub name: String,
    /// Where it listens for the storefront.
    pub http: SocketAddr,
    child: Child,
}

impl RunningProcesses {
    /// Starts the processes of `topology` with `settings`, each with its database: one for each that the file names. Where
    /// there is an authority, each has a certificate of it.
    pub fn start(
        topology: &Topology,
        settings: &Settings,
        databases: &BTreeMap<String, PostgresDatabase>,
        authority: Option<&Authority>,
    ) -> Self {
        let ports: BTreeMap<&str, SocketAddr> = topology
            .services
            .iter()
            .map(|service| (service.name.as_str(), free_address()))
            .collect();
        // One after the other, each behind those that it asks without being asked: nobody meets a neighbour that is not
        // there yet, and leaves it alone for a while just when the test begins.
        let mut processes: Vec<RunningProcess> = Vec::new();
        let broker = std::env::var_os(EVENTS_OVER_BROKER).map(|_on| TestBroker::with(&consumers()));
        let mut their_papers = Vec::new();
        for service in in_order(&topology.services) {
            let mut environment = environment(settings);
            environment.extend(own_environment(service, &ports, scheme(authority.is_some())));
            if let Some(broker) = &broker {
                environment.insert("BANYAN_AMQP_URL".to_owned(), broker::url());
                environment.insert("BANYAN_AMQP_PREFIX".to_owned(), broker.prefix.clone());
            }
            if let Some(authority) = authority {
                let papers = authority.papers();
                environment.extend(papers.environment());
                their_papers.push(papers);
            }
            if let Some(database) = databases.get(service.database()) {
                environment.insert("BANYAN_DATABASE_URL".to_owned(), database.url.clone());
            }
            let process = RunningProcess::start(&service.name, &environment);
            process.wait_until_ready();
            processes.push(process);
        }
        let at = |service: &Service| processes.iter().find(|process| process.name == service.name).unwrap();
        let front = topology.services.iter().find(|service| service.is_storefront).unwrap();
        let internal = topology.services.iter().flat_map(|service| {
            let contexts = service.contexts().into_iter().map(canonical);
            contexts.map(|context| (context, ports[service.name.as_str()]))
        });
        Self {
            storefront: at(front).http,
            internal: internal.collect(),
            papers: authority.map(Authority::papers),
            _papers: their_papers,
            processes,
            _broker: broker,
        }
    }

    /// How somebody who runs no context reaches all of them.
    pub fn as_peers(&self) -> Processes {
        let peers = self.internal.iter();
        Processes {
            here: [].into(),
            peers: peers
                .map(|(context, address)| (*context, self.url(*address).parse().unwrap()))
                .collect(),
            secret: Some(ServiceSecret::new(SECRET).unwrap()),
            tls: self.papers.as_ref().map(|papers| Arc::new(papers.identity())),
            ..Processes::whole()
        }
    }

    /// The same for a process of its own.
    pub fn as_peers_environment(&self) -> BTreeMap<String, String> {
        let urls = self.internal.iter();
        let urls = urls.map(|(context, address)| (peer_variable(context), self.url(*address)));
        let mut environment: BTreeMap<String, String> = urls.collect();
        environment.insert("BANYAN_CONTEXTS".to_owned(), "none".to_owned());
        environment.insert("BANYAN_SERVICE_SECRET".to_owned(), SECRET.to_owned());
        environment.extend(self.papers.iter().flat_map(Papers::environment));
        environment
    }

    fn url(&self, address: SocketAddr) -> String {
        format!("{}://{address}", scheme(self.papers.is_some()))
    }
}

impl Drop for RunningProcesses {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill();
        }
        for process in &mut self.processes {
            let _ = process.child.wait();
        }
    }
}

impl RunningProcess {
    /// Starts it and reads where it listens.
    fn start(name: &str, environment: &BTreeMap<String, String>) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_banyan"))
            .arg("serve")
            .env_clear()
            .envs(std::env::var("PATH").map(|path| ("PATH", path)))
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = command.expect("the binary can be run");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it is");
        let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let http = address.and_then(|address| address.parse().ok());
        let http = http.unwrap_or_else(|| panic!("{name} does not say where it is: {line:?}, {:?}", child.try_wait()));
        Self {
            name: name.to_owned(),
            http,
            child,
        }
    }

    fn wait_until_ready(&self) {
        let client = HttpClient::new(format!("http://{}", self.http));
        let until = Instant::now() + PATIENCE;
        while client.request("GET", "/health/ready").send().status != 200 {
            assert!(Instant::now() < until, "{} does not get ready", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A process of the whole shop beside that of the test, on the same databases; killed when dropped.
pub struct OtherInstance(RunningProcess);

impl OtherInstance {
    /// Starts it and waits until it is ready.
    pub fn start(settings: &Settings) -> Self {
        let mut environment = environment(settings);
        if let Some(url) = &settings.databases.general {
            environment.insert("BANYAN_DATABASE_URL".to_owned(), url.as_str().to_owned());
        }
        let other = Self(RunningProcess::start("the other instance", &environment));
        other.0.wait_until_ready();
        other
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(&mut self) {
        let pid = self.0.child.id().to_string();
        let told = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill can be run");
        assert!(told.success(), "it can be told to stop");
        let ended = self.0.child.wait().expect("it ends");
        assert!(ended.success(), "it ended with {ended}");
    }
}

impl Drop for OtherInstance {
    fn drop(&mut self) {
        let _ = self.0.child.kill();
        let _ = self.0.child.wait();
    }
}

/// The services, each behind those whose logs it reads and behind the one that has the keys.
fn in_order(services: &[Service]) -> Vec<&Service> {
    let mut waiting: Vec<&Service> = services.iter().collect();
    let mut started: Vec<&Service> = Vec::new();
    while !waiting.is_empty() {
        let runs = |context: &str| started.iter().any(|service| service.contexts().contains(&context));
        let next = waiting.iter().position(|service| {
            let own = service.contexts();
            let heard = contexts::ALL
                .iter()
                .filter(|room| own.contains(&room.name))
                .flat_map(|room| room.consumers.iter().map(|consumer| consumer.listens_to));
            heard
                .chain(["identity"])
                .all(|context| own.contains(&context) || runs(context))
        });
        // In a circle somebody has to be the first.
        let next = waiting.remove(next.unwrap_or(0));
        started.push(next);
    }
    started
}

/// The names of all who listen to a log.
fn consumers() -> Vec<&'static str> {
    let rooms = contexts::ALL.iter();
    rooms
        .flat_map(|room| room.consumers.iter().map(|consumer| consumer.name))
        .collect()
}

fn canonical(context: &str) -> &'static str {
    let all = ["identity", "inventory", "catalog", "payments", "orders"];
    all.into_iter()
        .find(|known| *known == context)
        .expect("a context of ours")
}

fn scheme(over_tls: bool) -> &'static str {
    if over_tls { "https" } else { "http" }
}

/// What the file sets for this service, with the hosts of this machine in place of the others.
fn own_environment(service: &Service, ports: &BTreeMap<&str, SocketAddr>, scheme: &str) -> BTreeMap<String, String> {
    let mut own = BTreeMap::new();
    for (variable, value) in &service.environment {
        if let Some(host) = value
            .strip_prefix("http://")
            .and_then(|rest| rest.strip_suffix(":9090"))
        {
            own.insert(variable.clone(), format!("{scheme}://{}", ports[host]));
        } else if variable == "BANYAN_CONTEXTS" {
            own.insert(variable.clone(), value.clone());
        }
    }
    own.insert(
        "BANYAN_INTERNAL_ADDR".to_owned(),
        ports[service.name.as_str()].to_string(),
    );
    own.insert("BANYAN_SERVICE_SECRET".to_owned(), SECRET.to_owned());
    own
}

/// The settings as a process is given them.
fn environment(settings: &Settings) -> BTreeMap<String, String> {
    let timers = &settings.timers;
    let ms = |duration: Duration| duration.as_millis().to_string();
    let mut environment = BTreeMap::from([
        ("BANYAN_HTTP_ADDR", settings.http_addr.to_string()),
        ("BANYAN_DATA_DIR", settings.data_dir.display().to_string()),
        ("BANYAN_DEMO", if settings.demo { "on" } else { "off" }.to_owned()),
        ("BANYAN_TAX_BASIS_POINTS", settings.tax_basis_points.to_string()),
        ("BANYAN_SHIPPING_MINOR", settings.shipping_minor.to_string()),
        ("BANYAN_LOG", settings.log.filter.clone()),
        ("BANYAN_RESERVATION_TTL_SECONDS", seconds(timers.payment_window_ms)),
        ("BANYAN_CHECKOUT_TTL_SECONDS", seconds(timers.checkout_reservation_ms)),
        ("BANYAN_PROVIDER_TIMEOUT_MS", ms(timers.provider_timeout)),
        ("BANYAN_PROVIDER_LEFT_ALONE_MS", ms(timers.provider_left_alone)),
        ("BANYAN_EVENT_POLL_MS", ms(timers.event_poll)),
        ("BANYAN_SWEEP_MS", ms(timers.sweep)),
        ("BANYAN_LEASE_MS", timers.lease_ms.to_string()),
        ("BANYAN_SAGA_LEASE_MS", timers.saga_lease_ms.to_string()),
        ("BANYAN_DRAIN_MS", ms(timers.drain)),
    ]);
    if let Some(admin) = &settings.first_admin {
        environment.insert("BANYAN_ADMIN_EMAIL", admin.email.to_string());
        environment.insert("BANYAN_ADMIN_PASSWORD", admin.password.expose().to_owned());
    }
    if let Some(secret) = settings.webhook_secrets.first() {
        environment.insert("BANYAN_PROVIDER_WEBHOOK_SECRET", secret.expose().to_owned());
    }
    environment
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn seconds(ms: i64) -> String {
    assert_eq!(ms % 1_000, 0, "a process is told whole seconds");
    (ms / 1_000).to_string()
}

/// An address for an internal server. Below the ports that the system hands out by itself, and from another place in each
/// test process, so that neither a client's connection nor a test beside this one has it.
fn free_address() -> SocketAddr {
    const FIRST: u16 = 15_000;
    const PORTS: u16 = 15_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(u64::from(std::process::id()) * 7_919 % u64::from(PORTS)).unwrap();
    for _port in 0..PORTS {
        let offset = (u32::from(start) + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(PORTS);
        let port = FIRST + u16::try_from(offset).unwrap();
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
    panic!("no port is free");
}
