//! The whole shop with a broker: it tells of its orders, and no customer waits for that.

use std::time::{Duration, Instant};

use banyan::app::bootstrap::settings::BrokerSettings;
use lapin::ExchangeKind;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;

use super::two_processes::eventually;
use crate::support::app::{On, TestApp};
use crate::support::broker::{Line, TestBroker, Weather, on_a_channel};

/// Somebody outside of the shop who wants to know what is bought.
const OBSERVER: &str = "observer";
/// Far more than a checkout takes, and far less than the broker may take to confirm.
const NOT_WAITING: Duration = Duration::from_secs(8);

fn observe_confirmed_orders(broker: &TestBroker) {
    let (exchange, queue) = (broker.names.events(), broker.names.queue(OBSERVER));
    on_a_channel(async |channel| {
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let nothing = FieldTable::default;
        let (topic, kind) = (exchange.as_str().into(), ExchangeKind::Topic);
        channel.exchange_declare(topic, kind, durable, nothing()).await.unwrap();
        let durable = QueueDeclareOptions::durable();
        channel
            .queue_declare(queue.as_str().into(), durable, nothing())
            .await
            .unwrap();
        let key = "orders.order.confirmed".into();
        let options = QueueBindOptions::default();
        channel
            .queue_bind(queue.into(), exchange.into(), key, options, nothing())
            .await
            .unwrap();
    });
}

fn no_checkout_waits_for_the_broker(on: On) {
    let broker = TestBroker::with(&[OBSERVER]);
    observe_confirmed_orders(&broker);
    let line = Line::to_the_broker(Weather::Fair);
    let app = TestApp::start_whole(on, |settings| {
        settings.broker = Some(BrokerSettings {
            url: line.url(),
            names: broker.names.clone(),
        });
    });
    let customer = app.register_customer();
    let product = app.create_product(1_000, 100);
    let mut orders = 0;
    let mut buy = || {
        let began = Instant::now();
        app.buy(&customer, &product, 1, "tok_visa").expect(201);
        assert!(began.elapsed() < NOT_WAITING, "{:?}", began.elapsed());
        orders += 1;
        orders
    };
    let there = |orders| eventually("the orders are told", || broker.waiting(Some(OBSERVER)) >= orders);
    there(buy());
    for weather in [Weather::Frozen, Weather::Away] {
        line.becomes(weather);
        buy();
        let bought = buy();
        line.becomes(Weather::Fair);
        there(bought);
    }
    line.becomes(Weather::Frozen);
    buy();
    let began = Instant::now();
    drop(app);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn no_checkout_waits_for_the_broker_on_sqlite() {
    no_checkout_waits_for_the_broker(On::Sqlite);
}

#[test]
fn no_checkout_waits_for_the_broker_on_postgres() {
    no_checkout_waits_for_the_broker(On::Postgres);
}
