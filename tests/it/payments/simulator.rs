//! The simulated provider itself.

use std::sync::Arc;
use std::time::Duration;

use banyan::adapters::payments::providers::simulator::{Simulator, Waits};
use banyan::domains::payments::decline_reason::DeclineReason;
use banyan::domains::shared::money::Money;
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider, ProviderError};
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};

use super::till::eur;
use crate::support::fixed::FixedClock;

fn open(folder: &tempfile::TempDir) -> Simulator {
    let waits = Waits {
        slow: Duration::from_millis(30),
        timeout: Duration::from_millis(30),
    };
    Simulator::open(
        folder.path().join("data/simulator.sqlite3"),
        waits,
        Arc::new(FixedClock::new()),
    )
    .unwrap()
}

fn is_refused<T: std::fmt::Debug>(outcome: Result<T, ProviderError>) {
    assert!(matches!(outcome, Err(ProviderError::Refused(_))), "{outcome:?}");
}

fn is_unknown<T: std::fmt::Debug>(outcome: Result<T, ProviderError>) {
    assert!(matches!(outcome, Err(ProviderError::OutcomeUnknown(_))), "{outcome:?}");
}

#[test]
fn each_token_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = open(&folder);
    let state = |token: &str| simulator.authorize(token, token, eur(100)).unwrap().state;
    assert_eq!(state("tok_visa"), ChargeState::Authorized);
    assert_eq!(state("tok_slow"), ChargeState::Authorized);
    assert_eq!(
        state("tok_declined"),
        ChargeState::Declined(DeclineReason::CardDeclined)
    );
    assert_eq!(
        state("tok_insufficient_funds"),
        ChargeState::Declined(DeclineReason::InsufficientFunds)
    );
    assert_eq!(state("tok_nobody"), ChargeState::Declined(DeclineReason::InvalidToken));
    for (token, known) in [
        ("tok_timeout_before_charge", None),
        ("tok_timeout_after_charge", Some(ChargeState::Authorized)),
        ("tok_error", None),
    ] {
        is_unknown(simulator.authorize(token, token, eur(100)));
        assert_eq!(
            simulator.find_charge(token).unwrap().map(|charge| charge.state),
            known,
            "{token}"
        );
    }
}

#[test]
fn the_same_key_brings_the_same_charge_and_another_amount_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = open(&folder);
    let first = simulator.authorize("k", "tok_visa", eur(100)).unwrap();
    assert_eq!(simulator.authorize("k", "tok_declined", eur(100)).unwrap(), first);
    is_refused(simulator.authorize("k", "tok_visa", eur(101)));
    is_refused(simulator.authorize("k", "tok_visa", Money::of(100, "USD".parse().unwrap())));
    let declined = simulator.authorize("d", "tok_declined", eur(100)).unwrap();
    assert_eq!(simulator.authorize("d", "tok_visa", eur(100)).unwrap(), declined);
    is_refused(simulator.authorize("zero", "tok_visa", eur(0)));
    assert_eq!(simulator.list_charges(None, None, 10).unwrap().len(), 2);
}

#[test]
fn no_more_is_captured_than_is_held_and_never_twice() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = open(&folder);
    is_refused(simulator.capture("k", eur(100)));
    simulator.authorize("k", "tok_visa", eur(100)).unwrap();
    is_refused(simulator.capture("k", eur(101)));
    let captured = simulator.capture("k", eur(100)).unwrap();
    assert_eq!((captured.state, captured.captured), (ChargeState::Captured, eur(100)));
    assert_eq!(simulator.capture("k", eur(100)).unwrap(), captured);
    is_refused(simulator.capture("k", eur(50)));
    assert_eq!(simulator.void("k", eur(100)).unwrap(), captured);
}

#[test]
fn what_was_voided_is_neither_captured_nor_held_again() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = open(&folder);
    simulator.authorize("k", "tok_visa", eur(100)).unwrap();
    let voided = simulator.void("k", eur(100)).unwrap();
    assert_eq!((voided.state, voided.authorized), (ChargeState::Voided, eur(100)));
    for again in [
        simulator.void("k", eur(100)),
        simulator.capture("k", eur(100)),
        simulator.authorize("k", "tok_visa", eur(100)),
    ] {
        assert_eq!(again.unwrap(), voided);
    }
}

#[test]
fn a_key_that_was_voided_before_it_was_used_is_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = open(&folder);
    let tombstone = simulator.void("k", eur(100)).unwrap();
    assert_eq!((tombstone.state, tombstone.authorized), (ChargeState::Voided, eur(0)));
    assert_eq!(simulator.authorize("k", "tok_visa", eur(100)).unwrap(), tombstone);
    is_unknown(simulator.authorize("k", "tok_timeout_after_charge", eur(100)));
    assert_eq!(simulator.find_charge("k").unwrap(), Some(tombstone));
}

#[test]
fn no_more_is_refunded_than_was_captured_and_each_key_once() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = open(&folder);
    is_refused(simulator.refund("k", "r1", eur(1)));
    simulator.authorize("k", "tok_visa", eur(100)).unwrap();
    is_refused(simulator.refund("k", "r1", eur(1)));
    simulator.capture("k", eur(100)).unwrap();
    simulator.refund("k", "r1", eur(60)).unwrap();
    simulator.refund("k", "r1", eur(60)).unwrap();
    is_refused(simulator.refund("k", "r1", eur(40)));
    is_refused(simulator.refund("k", "r2", eur(41)));
    is_refused(simulator.refund("k", "r3", Money::of(1, "USD".parse().unwrap())));
    assert_eq!(simulator.find_refund("r1").unwrap(), Some(eur(60)));
    assert_eq!(simulator.find_refund("r2").unwrap(), None);
    simulator.refund("k", "r2", eur(40)).unwrap();
    assert_eq!(simulator.find_charge("k").unwrap().unwrap().refunded, eur(100));
}

#[test]
fn the_ledger_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let charge = open(&folder).authorize("k", "tok_visa", eur(100)).unwrap();
    let simulator = open(&folder);
    assert_eq!(simulator.find_charge("k").unwrap(), Some(charge.clone()));
    simulator.authorize("l", "tok_visa", eur(100)).unwrap();
    assert_eq!(simulator.list_charges(None, None, 1).unwrap(), [charge]);
    assert_eq!(simulator.list_charges(Some("k"), None, 10).unwrap().len(), 1);
}

#[test]
fn what_is_not_one_of_its_tokens_is_not_kept() {
    #[derive(QueryableByName)]
    struct Token {
        #[diesel(sql_type = diesel::sql_types::Text)]
        token: String,
    }
    let folder = tempfile::tempdir().unwrap();
    open(&folder).authorize("k", "4242424242424242", eur(100)).unwrap();
    let path = folder.path().join("data/simulator.sqlite3");
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let tokens: Vec<Token> = diesel::sql_query("SELECT token FROM charges")
        .load(&mut connection)
        .unwrap();
    assert_eq!(
        tokens.iter().map(|row| row.token.as_str()).collect::<Vec<_>>(),
        ["unknown"]
    );
}
