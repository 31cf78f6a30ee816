//! A place at the private RabbitMQ that `./test` started, for one test each; and a line to it that can be cut.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use banyan::adapters::shared::messaging::broker_url::BrokerUrl;
use banyan::adapters::shared::messaging::names::Names;
use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use uuid::Uuid;

use super::databases::rand_bits;

/// The broker that `BANYAN_TEST_AMQP_URL` names; `./test` sets it.
pub fn url() -> String {
    std::env::var("BANYAN_TEST_AMQP_URL")
        .expect("BANYAN_TEST_AMQP_URL is not set: run ./test, which starts a private RabbitMQ")
}

/// Exchanges and queues of one test, gone when this is dropped.
pub struct TestBroker {
    /// What their names begin with.
    pub prefix: String,
    pub names: Names,
    consumers: Vec<&'static str>,
}

impl TestBroker {
    /// Names that nobody else has, for queues of `consumers`.
    pub fn with(consumers: &[&'static str]) -> Self {
        let prefix = format!("t_{}", Uuid::from_u128(rand_bits()).simple());
        Self {
            names: Names::new(&prefix),
            prefix,
            consumers: consumers.to_vec(),
        }
    }

    /// How many messages wait in the queue of a consumer, or among the dead letters (`None`). What is delivered and not
    /// acknowledged does not count.
    pub fn waiting(&self, consumer: Option<&str>) -> u32 {
        let queue = consumer.map_or_else(|| self.names.dead(), |consumer| self.names.queue(consumer));
        let look = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        on_a_channel(async |channel| {
            channel
                .queue_declare(queue.into(), look, FieldTable::default())
                .await
                .unwrap()
                .message_count()
        })
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        on_a_channel(async |channel| {
            let queues = self.consumers.iter().map(|consumer| self.names.queue(consumer));
            for queue in queues.chain([self.names.dead()]) {
                let _ = channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await;
            }
            for exchange in [self.names.events(), self.names.dead()] {
                let _ = channel
                    .exchange_delete(exchange.into(), ExchangeDeleteOptions::default())
                    .await;
            }
        });
    }
}

/// Does something at the broker behind the shop's back.
pub fn on_a_channel<T>(work: impl AsyncFnOnce(Channel) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let connection = Connection::connect(&url(), ConnectionProperties::default())
            .await
            .expect("the private RabbitMQ answers");
        let channel = connection.create_channel().await.unwrap();
        let value = work(channel).await;
        let _ = connection.close(200, "OK".into()).await;
        value
    })
}

/// A RabbitMQ of one test's own, to be killed.
pub struct PrivateBroker {
    folder: tempfile::TempDir,
    pub url: BrokerUrl,
}

impl PrivateBroker {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // It runs as a user of its own.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let url = BrokerUrl::parse(&script("start", folder.path(), &[])).unwrap();
        Self { folder, url }
    }

    /// As a power cut would.
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(self.folder.path().join("node/pid")).unwrap();
        let killed = Command::new("kill").args(["-KILL", pid.trim()]).status().unwrap();
        assert!(killed.success());
    }

    /// The same node with what was on its disk.
    pub fn start_again(&self) {
        script("start", self.folder.path(), &[]);
    }

    /// As an operator, with the arguments of `rabbitmqctl`.
    pub fn ctl(&self, arguments: &[&str]) {
        script("ctl", self.folder.path(), arguments);
    }
}

impl Drop for PrivateBroker {
    fn drop(&mut self) {
        script("stop", self.folder.path(), &[]);
    }
}

fn script(action: &str, folder: &Path, arguments: &[&str]) -> String {
    let ran = Command::new("tests/servers/rabbitmq.sh")
        .arg(action)
        .arg(folder.join("node"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// How a line behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// It carries what it is given.
    Fair,
    /// Nobody is there: whoever connects is sent away, and connections that were open are gone.
    Away,
    /// It takes everything and carries nothing, as a broker that is stopped or a network that drops packets.
    Frozen,
}

/// A line to the broker whose weather a test makes.
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    weather: Mutex<Weather>,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// A line to the private RabbitMQ.
    pub fn to_the_broker(weather: Weather) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let line = Self {
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                weather: Mutex::new(weather),
                open: Mutex::default(),
            }),
        };
        let shared = line.shared.clone();
        let there = broker_address();
        // Ends with the process; a listener has no timeout, and a test does not wait for it.
        std::thread::spawn(move || {
            for here in listener.incoming() {
                let _ = shared.connect(here.unwrap(), &there);
            }
        });
        line
    }

    /// The broker's URL by way of this line.
    pub fn url(&self) -> BrokerUrl {
        let url = url();
        let (_scheme, rest) = url.split_once("://").unwrap();
        let (user, rest) = rest.split_once('@').unwrap();
        let host = rest.split('/').next().unwrap();
        let path = rest.strip_prefix(host).unwrap();
        BrokerUrl::parse(&format!("amqp://{user}@{}{path}", self.address)).unwrap()
    }

    /// From now on.
    pub fn becomes(&self, weather: Weather) {
        *self.shared.weather.lock().unwrap() = weather;
        if weather == Weather::Away {
            self.cut();
        }
    }

    /// Ends every connection, without a word.
    pub fn cut(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.becomes(Weather::Away);
    }
}

impl Shared {
    fn weather(&self) -> Weather {
        *self.weather.lock().unwrap()
    }

    fn connect(self: &Arc<Self>, here: TcpStream, there: &str) -> io::Result<()> {
        if self.weather() == Weather::Away {
            return Ok(());
        }
        let there = TcpStream::connect(there)?;
        self.open
            .lock()
            .unwrap()
            .extend([here.try_clone()?, there.try_clone()?]);
        for (from, to) in [(here.try_clone()?, there.try_clone()?), (there, here)] {
            let shared = self.clone();
            std::thread::spawn(move || shared.carry(from, to));
        }
        Ok(())
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(read) = from.read(&mut bytes) {
            while self.weather() == Weather::Frozen {
                std::thread::sleep(Duration::from_millis(5));
            }
            if read == 0 || to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

/// `host:port` of the private RabbitMQ.
fn broker_address() -> String {
    let url = url();
    let behind_user = url.rsplit('@').next().unwrap();
    behind_user.split('/').next().unwrap().to_owned()
}
