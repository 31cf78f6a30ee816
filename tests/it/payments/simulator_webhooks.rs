//! The provider's webhooks on their way: noted with what happened, and sent until they are heard.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use banyan::adapters::payments::providers::simulator::{Simulator, Waits};
use banyan::adapters::payments::providers::simulator_server::faults::Faults;
use banyan::adapters::payments::providers::simulator_server::webhook_sender::WebhookSender;
use banyan::adapters::payments::providers::simulator_server::{SimulatorServer, routes};
use banyan::adapters::payments::providers::webhook_signature::verify;
use banyan::adapters::shared::system::SystemClock;
use banyan::app::bootstrap::settings::Provider as ProviderSetting;
use banyan::domains::shared::secret::Secret;
use banyan::ports::payments::outbound::PaymentProvider;
use banyan::ports::shared::clock::Clock;
use serde_json::Value;

use super::till::{WEBHOOK_SECRET, eur, webhook_secret};
use crate::support::app::{On, TestApp, eventually, text};
use crate::support::internal_server::InternalServer;

const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A provider that tells, with these faults.
fn provider(folder: &tempfile::TempDir, faults: &str) -> web::Data<SimulatorServer> {
    let waits = Waits {
        slow: Duration::from_millis(1),
        timeout: Duration::from_millis(1),
    };
    let ledger = folder.path().join("simulator.sqlite3");
    web::Data::new(SimulatorServer {
        simulator: Simulator::open(ledger, waits, Arc::new(SystemClock)).unwrap().telling(),
        faults: Faults::new(faults.parse().unwrap(), 7),
        hold: Duration::from_millis(1),
        slow: Duration::from_millis(1),
    })
}

fn sender(provider: &web::Data<SimulatorServer>, address: SocketAddr) -> WebhookSender {
    let url = format!("http://{address}/hooks").parse().unwrap();
    WebhookSender::new(provider.clone(), url, webhook_secret())
}

/// Somebody who listens, refuses so many first, and remembers the ids of the others.
struct Listener {
    server: InternalServer,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    fn refusing(first: u32) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (ears, knocks) = (heard.clone(), Arc::new(AtomicU32::new(0)));
        let hear = move |request: HttpRequest, body: String| {
            let signature = request.headers().get("banyan-simulator-signature").unwrap();
            verify(
                &[webhook_secret()],
                signature.to_str().unwrap(),
                &body,
                SystemClock.now(),
            )
            .expect("it is signed");
            let refuses = knocks.fetch_add(1, Ordering::SeqCst) < first;
            if !refuses {
                let id = serde_json::from_str::<Value>(&body).unwrap()["id"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                ears.lock().unwrap().push(id);
            }
            let answer = if refuses {
                HttpResponse::ServiceUnavailable().finish()
            } else {
                HttpResponse::Ok().finish()
            };
            std::future::ready(answer)
        };
        let server = InternalServer::start_with(ANYWHERE, move |config| {
            config.route("/hooks", web::post().to(hear.clone()));
        });
        Self { server, heard }
    }

    fn heard(&self) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.sort();
        heard
    }
}

/// Until those that are held back have been sent as well.
fn send_until_quiet(provider: &web::Data<SimulatorServer>, sender: &WebhookSender, all: u64) {
    eventually("all webhooks are sent or dropped", || {
        sender.send_batch().unwrap();
        let counts = provider.faults.webhooks.counts();
        counts["delivered"] + counts["webhook-dropped"] == all
    });
}

#[test]
fn what_happens_is_told_once_for_each_thing_that_happened() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(&folder, "");
    let listener = Listener::refusing(0);
    let simulator = &provider.simulator;
    for _ in 0..2 {
        simulator.authorize("a", "tok_visa", eur(100)).unwrap();
        simulator.capture("a", eur(100)).unwrap();
        simulator.refund("a", "r1", eur(30)).unwrap();
        simulator.refund("a", "r2", eur(30)).unwrap();
        simulator.authorize("b", "tok_declined", eur(100)).unwrap();
        simulator.void("c", eur(100)).unwrap();
        assert!(simulator.refund("a", "r3", eur(70)).is_err());
        assert!(simulator.authorize("d", "tok_error", eur(1)).is_err());
    }
    let sender = sender(&provider, listener.server.address);
    assert_eq!(sender.send_batch().unwrap(), 6);
    let expected = [
        "a.authorized",
        "a.captured",
        "a.refunded.r1",
        "a.refunded.r2",
        "b.declined",
        "c.voided",
    ];
    assert_eq!(listener.heard(), expected);
    assert_eq!(sender.send_batch().unwrap(), 0);
    assert_eq!(provider.faults.webhooks.counts()["delivered"], 6);
}

#[test]
fn what_is_not_heard_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(&folder, "");
    let listener = Listener::refusing(2);
    provider.simulator.authorize("a", "tok_visa", eur(100)).unwrap();
    let sender = sender(&provider, listener.server.address);
    eventually("the webhook is heard", || {
        sender.send_batch().unwrap();
        listener.heard() == ["a.authorized"]
    });
    let counts = provider.faults.webhooks.counts();
    assert_eq!((counts["sent"], counts["failed"], counts["delivered"]), (3, 2, 1));
}

#[test]
fn webhooks_are_doubled_held_back_and_dropped_as_the_profile_says() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(&folder, "webhook-doubled=30,webhook-reordered=20,webhook-dropped=10");
    let listener = Listener::refusing(0);
    for number in 0..100 {
        provider
            .simulator
            .authorize(&format!("k{number}"), "tok_visa", eur(1))
            .unwrap();
    }
    send_until_quiet(&provider, &sender(&provider, listener.server.address), 100);
    let counts = provider.faults.webhooks.counts();
    let heard = listener.heard();
    let different: std::collections::BTreeSet<&String> = heard.iter().collect();
    assert!(
        counts
            .iter()
            .all(|(name, count)| *count > 0 || ["failed", "given-up"].contains(name)),
        "{counts:?}"
    );
    assert_eq!(u64::try_from(different.len()).unwrap(), 100 - counts["webhook-dropped"]);
    assert_eq!(
        u64::try_from(heard.len()).unwrap(),
        counts["delivered"] + 2 * counts["webhook-doubled"]
    );
}

#[test]
fn a_provider_that_nobody_listens_to_notes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("simulator.sqlite3");
    let simulator = Simulator::open(ledger, Waits::default(), Arc::new(SystemClock)).unwrap();
    simulator.authorize("a", "tok_visa", eur(1)).unwrap();
    assert!(simulator.due_webhooks(10).unwrap().is_empty());
}

fn a_shop_hears_its_provider(on: On) {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(&folder, "webhook-doubled=50");
    let data = provider.clone();
    let door = InternalServer::start_with(ANYWHERE, move |config| routes(data.clone())(config));
    let url = format!("http://{}", door.address).parse().unwrap();
    let app = TestApp::start_whole(on, |settings| {
        settings.provider = ProviderSetting::At(url);
        settings.webhook_secrets = vec![Secret::new(WEBHOOK_SECRET)];
        settings.timers.provider_timeout = Duration::from_secs(10);
    });
    let product = app.create_product(1_999, 5);
    let customer = app.register_customer();
    let bought = app.buy(&customer, &product, 2, "tok_visa").expect(201);
    let order = format!("/api/v1/orders/{}", text(&bought, "id"));
    let url = format!("http://{}/api/v1/payments/webhooks/simulator", app.address);
    let sender = WebhookSender::new(provider.clone(), url.parse().unwrap(), webhook_secret());
    assert_eq!(sender.send_batch().unwrap(), 2);
    app.delete(&order).bearer(&customer.token).send().expect(200);
    assert_eq!(sender.send_batch().unwrap(), 1);
    let counts = provider.faults.webhooks.counts();
    assert_eq!((counts["delivered"], counts["failed"]), (3, 0), "{counts:?}");
    let payment = app.get(&format!("/api/v1/payments/order/{}", text(&bought, "id")));
    let payment = payment.bearer(&customer.token).send().expect(200);
    assert_eq!(
        (&payment["status"], payment["refunds"].as_array().unwrap().len()),
        (&Value::from("refunded"), 1)
    );
}

#[test]
fn a_shop_hears_its_provider_on_sqlite() {
    a_shop_hears_its_provider(On::Sqlite);
}

#[test]
fn a_shop_hears_its_provider_on_postgres() {
    a_shop_hears_its_provider(On::Postgres);
}
