//! The simulated provider as a process of its own, which does everything wrong that providers do, and the shop's client.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use banyan::adapters::payments::providers::simulator::{Simulator, Waits};
use banyan::adapters::payments::providers::simulator_client::{Patience, SimulatorClient};
use banyan::adapters::payments::providers::simulator_server::faults::Faults;
use banyan::adapters::payments::providers::simulator_server::{SimulatorServer, routes};
use banyan::app::bootstrap::settings::Provider as ProviderSetting;
use banyan::domains::payments::decline_reason::DeclineReason;
use banyan::domains::shared::money::Money;
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider, ProviderError};

use super::till::eur;
use crate::support::app::{On, TestApp, text};
use crate::support::fixed::FixedClock;
use crate::support::internal_server::InternalServer;

/// How long the shop waits in these tests, and how long a provider holds back what is not to arrive in time.
const ANSWER: Duration = Duration::from_millis(300);
const HOLD: Duration = Duration::from_millis(600);
const LEFT_ALONE: Duration = Duration::from_millis(400);

const PATIENCE: Patience = Patience {
    answer: ANSWER,
    left_alone: LEFT_ALONE,
};

/// One ledger, and as many doors to it as a test wants.
pub(super) struct Provider {
    folder: tempfile::TempDir,
    pub(super) ledger: Simulator,
}

/// A provider that listens.
pub(super) struct Door {
    server: InternalServer,
    provider: web::Data<SimulatorServer>,
    client: SimulatorClient,
}

impl Provider {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            ledger: ledger(&folder),
            folder,
        }
    }

    /// A door behind which this goes wrong.
    pub(super) fn with(&self, faults: &str) -> Door {
        let provider = web::Data::new(SimulatorServer {
            simulator: ledger(&self.folder),
            faults: Faults::new(faults.parse().unwrap(), 7),
            hold: HOLD,
            slow: Duration::from_millis(20),
        });
        let data = provider.clone();
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = InternalServer::start_with(anywhere, move |config| routes(data.clone())(config));
        let client = client_of(server.address);
        Door {
            server,
            provider,
            client,
        }
    }
}

impl Door {
    /// A shop that takes its money through this door.
    pub(super) fn shop(&self) -> TestApp {
        let url = format!("http://{}", self.server.address).parse().unwrap();
        TestApp::start_whole(On::Sqlite, |settings| {
            settings.provider = ProviderSetting::At(url);
            // A slow machine is no provider that is away.
            settings.timers.provider_timeout = Duration::from_secs(10);
        })
    }
}

fn ledger(folder: &tempfile::TempDir) -> Simulator {
    let waits = Waits {
        slow: Duration::from_millis(20),
        timeout: HOLD,
    };
    let path = folder.path().join("simulator.sqlite3");
    Simulator::open(path, waits, Arc::new(FixedClock::new())).unwrap()
}

fn client_of(address: SocketAddr) -> SimulatorClient {
    SimulatorClient::at(format!("http://{address}").parse().unwrap(), PATIENCE)
}

fn is_unknown<T: std::fmt::Debug>(outcome: &Result<T, ProviderError>) -> bool {
    matches!(outcome, Err(ProviderError::OutcomeUnknown(_)))
}

fn is_unavailable<T: std::fmt::Debug>(outcome: &Result<T, ProviderError>) -> bool {
    matches!(outcome, Err(ProviderError::Unavailable(_)))
}

#[test]
fn an_honest_provider_answers_over_http_as_it_does_in_this_process() {
    let provider = Provider::new();
    let door = provider.with("");
    let far = &door.client;
    let near = &provider.ledger;

    let charge = far.authorize("a", "tok_visa", eur(100)).unwrap();
    assert_eq!(Some(charge), near.find_charge("a").unwrap());
    assert_eq!(far.capture("a", eur(90)).unwrap().captured, eur(90));
    far.refund("a", "r", eur(30)).unwrap();
    assert_eq!(far.find_charge("a").unwrap(), near.find_charge("a").unwrap());
    assert_eq!(far.find_refund("r").unwrap(), Some(eur(30)));
    assert_eq!(far.find_refund("s").unwrap(), None);
    assert_eq!(far.find_charge("b").unwrap(), None);

    let declined = far.authorize("d", "tok_insufficient_funds", eur(5)).unwrap();
    assert_eq!(declined.state, ChargeState::Declined(DeclineReason::InsufficientFunds));
    assert_eq!(far.void("v", eur(5)).unwrap().state, ChargeState::Voided);
    for refused in [
        far.authorize("a", "tok_visa", eur(101)).map(drop),
        far.capture("nowhere", eur(1)).map(drop),
        far.refund("a", "r", eur(31)),
        far.refund("a", "t", eur(61)),
        far.authorize("usd", "tok_visa", Money::of(0, "USD".parse().unwrap()))
            .map(drop),
    ] {
        assert!(matches!(refused, Err(ProviderError::Refused(_))), "{refused:?}");
    }

    let all = near.list_charges(None, None, 10).unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(far.list_charges(None, None, 10).unwrap(), all);
    assert_eq!(far.list_charges(Some("a"), None, 1).unwrap(), all[1..2]);
}

#[test]
fn whatever_goes_wrong_the_shop_knows_what_it_does_not_know() {
    // By the fault: whether the shop is told that nothing was done, whether something was, and how often it asks.
    for (fault, told_nothing_done, done, asked) in [
        ("timeout-after", false, true, 1),
        ("timeout-before", false, false, 1),
        ("error-after", false, true, 3),
        ("cut-off", false, true, 3),
        ("wrong-amount", false, true, 3),
        ("conflict", true, false, 3),
        ("busy", true, false, 3),
    ] {
        let provider = Provider::new();
        let door = provider.with(&format!("{fault}=100"));
        let outcome = door.client.authorize("k", "tok_visa", eur(100));
        let expected = if told_nothing_done {
            is_unavailable(&outcome)
        } else {
            is_unknown(&outcome)
        };
        assert!(expected, "{fault}: {outcome:?}");
        let charge = provider.ledger.find_charge("k").unwrap();
        assert_eq!(
            charge.map(|charge| charge.authorized),
            done.then_some(eur(100)),
            "{fault}"
        );
        assert_eq!(door.provider.faults.counts().0, asked, "{fault}");
        assert_eq!(door.provider.faults.counts().1[fault], asked, "{fault}");
    }
}

#[test]
fn an_amount_that_was_not_asked_for_is_not_believed_whatever_was_done() {
    let provider = Provider::new();
    let door = provider.with("wrong-amount=100");
    provider.ledger.authorize("k", "tok_visa", eur(100)).unwrap();
    assert!(is_unknown(&door.client.capture("k", eur(100))));
    assert!(is_unknown(&door.client.refund("k", "r", eur(10))));
    assert!(is_unknown(&door.client.void("k", eur(100))));
    let charge = provider.ledger.find_charge("k").unwrap().unwrap();
    assert_eq!((charge.captured, charge.refunded), (eur(100), eur(10)));
}

#[test]
fn what_goes_wrong_now_and_then_is_asked_again_and_done_once() {
    let provider = Provider::new();
    let door = provider.with("error-after=1,cut-off=1,wrong-amount=1,conflict=1,busy=1,slow=1");
    for number in 0..300 {
        let key = format!("k{number}");
        let amount = eur(100 + number);
        assert_eq!(
            door.client.authorize(&key, "tok_visa", amount).unwrap().authorized,
            amount
        );
        assert_eq!(door.client.capture(&key, amount).unwrap().captured, amount);
    }
    let charges = provider.ledger.list_charges(None, None, 1_000).unwrap();
    assert_eq!(charges.len(), 300);
    assert!(charges.iter().all(|charge| charge.captured == charge.authorized));
    let (requests, struck) = door.provider.faults.counts();
    assert!(requests > 600, "nothing was asked again");
    for fault in ["error-after", "cut-off", "wrong-amount", "conflict", "busy", "slow"] {
        assert!(struck[fault] > 0, "{fault} never struck: {struck:?}");
    }
}

#[test]
fn who_only_asks_is_told_that_nobody_can_tell() {
    let provider = Provider::new();
    for fault in ["timeout-after", "error-after", "cut-off", "busy"] {
        let door = provider.with(&format!("{fault}=100"));
        let far = &door.client;
        assert!(is_unavailable(&far.find_charge("k")), "{fault}");
        assert!(is_unavailable(&far.find_refund("r")), "{fault}");
        assert!(is_unavailable(&far.list_charges(None, None, 10)), "{fault}");
        assert!(door.provider.faults.counts().1[fault] >= 3, "{fault} did not strike");
    }
}

#[test]
fn what_is_no_answer_of_the_provider_leaves_open_what_was_done() {
    // A gateway that has lost its way, or wants a password: it says no in the place of somebody who may have said yes.
    for status in [201, 204, 302, 400, 401, 403, 404, 410, 422] {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let answer = move || async move {
            HttpResponse::build(StatusCode::from_u16(status).unwrap()).body("<h1>Elsewhere</h1>")
        };
        let server = InternalServer::start_with(anywhere, move |config| {
            config.default_service(web::to(answer));
        });
        let far = client_of(server.address);
        assert!(is_unknown(&far.refund("k", "r", eur(1))), "{status}");
        assert!(is_unknown(&far.capture("k", eur(1))), "{status}");
        assert!(is_unavailable(&far.find_refund("r")), "{status}");
        assert!(is_unavailable(&far.find_charge("k")), "{status}");
        assert!(is_unavailable(&far.list_charges(None, None, 10)), "{status}");
    }
}

#[test]
fn a_provider_that_is_not_there_did_nothing() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let far = client_of(nobody);
    assert!(is_unavailable(&far.authorize("k", "tok_visa", eur(1))));
    assert!(is_unavailable(&far.refund("k", "r", eur(1))));
}

#[test]
fn a_provider_that_keeps_failing_is_left_alone_and_then_tried_once() {
    // It takes every connection and hangs up: a stand-in for one that is overrun.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let met = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&met);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    let far = client_of(address);
    let mut outcomes = (0..20).map(|number| far.authorize(&format!("k{number}"), "tok_visa", eur(1)));
    assert!(outcomes.all(|outcome| outcome.is_err()));
    assert_eq!(met.load(Ordering::SeqCst), 5, "five failures in a row are enough");

    let asked = Instant::now();
    let outcome = far.authorize("k", "tok_visa", eur(1));
    assert!(is_unavailable(&outcome), "nothing was sent: {outcome:?}");
    assert!(asked.elapsed() < Duration::from_millis(10), "{:?}", asked.elapsed());

    std::thread::sleep(LEFT_ALONE);
    for number in 0..5 {
        let _away = far.find_charge(&format!("k{number}"));
    }
    assert_eq!(met.load(Ordering::SeqCst), 6, "one call is let through to see");
}

#[test]
fn a_provider_that_is_back_is_asked_again() {
    let provider = Provider::new();
    let door = provider.with("");
    let address = door.server.address;
    let far = client_of(address);
    far.authorize("before", "tok_visa", eur(1)).unwrap();
    drop(door.server);
    for number in 0..6 {
        assert!(far.authorize(&format!("k{number}"), "tok_visa", eur(1)).is_err());
    }
    let data = door.provider.clone();
    let _back = InternalServer::start_with(address, move |config| routes(data.clone())(config));
    std::thread::sleep(LEFT_ALONE);
    far.authorize("after", "tok_visa", eur(1)).unwrap();
    assert_eq!(provider.ledger.list_charges(None, None, 10).unwrap().len(), 2);
}

#[test]
fn a_shop_sells_and_gives_back_over_a_provider_that_is_another_process() {
    let provider = Provider::new();
    let door = provider.with("");
    let app = door.shop();
    let product = app.create_product(1_999, 5);
    let customer = app.register_customer();
    let bought = app.buy(&customer, &product, 2, "tok_visa").expect(201);
    assert_eq!(bought["status"], "confirmed");
    app.buy(&customer, &product, 1, "tok_declined")
        .problem(402, "payment_declined");
    let charges = provider.ledger.list_charges(None, None, 10).unwrap();
    assert_eq!(
        charges.iter().map(|charge| charge.captured).collect::<Vec<_>>(),
        [eur(3_998), eur(0)]
    );
    let order = format!("/api/v1/orders/{}", text(&bought, "id"));
    app.delete(&order).bearer(&customer.token).send().expect(200);
    let charge = provider.ledger.find_charge(&charges[0].key).unwrap().unwrap();
    assert_eq!(charge.refunded, eur(3_998));
}
