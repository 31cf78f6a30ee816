//! `banyan reconcile payments`, as a process, on both databases; and the same by itself in a server.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use banyan::adapters::shared::system::SystemIds;
use banyan::domains::shared::ids::PaymentId;
use banyan::ports::shared::clock::IdSource;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use serde_json::Value;

use super::command_line::{Server, banyan};
use crate::support::databases::PostgresDatabase;

/// A key of the shop's form, of which it knows no payment.
const ORPHAN: &str = "pay_01h2e8kqvbfwea724h75qc655w";
/// How long the scheduled comparison may take to come round: it waits five seconds before it believes what it sees.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text)]
    status: String,
}

/// The provider's ledger, which is there once the program has run.
fn ledger(folder: &Path) -> SqliteConnection {
    let file = folder.join("data/payments-simulator.sqlite3");
    let mut books = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    sql_query("PRAGMA busy_timeout = 10000").execute(&mut books).unwrap();
    books
}

fn hold(folder: &Path, key: &str) {
    sql_query(
        "INSERT INTO charges VALUES ($1, 'tok_visa', 700, 'EUR', 'authorized', 0, 0, NULL, datetime('now'), datetime('now'))",
    )
    .bind::<Text, _>(key)
    .execute(&mut ledger(folder))
    .unwrap();
}

/// A payment that was declined long ago, of which the provider has nothing: both sides agree.
fn decline(folder: &Path, database: Option<&str>) {
    let id = PaymentId::from(SystemIds.next_uuid());
    let statement = format!(
        "INSERT INTO payments (id, order_id, customer_id, status, amount_minor, currency, refunded_minor, provider,
            provider_key, attempts, attempt_abandoned, version, created_at, updated_at)
        VALUES ('{id}', 'ord_01h2e8kqvbfwea724h75qc655w', 'usr_01h2e8kqvbfwea724h75qc655w', 'failed', 700, 'EUR', 0,
            'simulator', '{id}', 1, FALSE, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    );
    match database {
        None => {
            let file = folder.join("data/payments.sqlite3");
            let mut books = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            books.batch_execute(&statement).unwrap();
        }
        Some(url) => {
            let mut books = PgConnection::establish(url).unwrap();
            books
                .batch_execute(&format!("SET search_path TO payments; {statement}"))
                .unwrap();
        }
    }
}

fn status(folder: &Path, key: &str) -> String {
    let found = sql_query("SELECT status FROM charges WHERE key = $1").bind::<Text, _>(key);
    found.get_result::<Status>(&mut ledger(folder)).unwrap().status
}

fn reconcile(folder: &Path, database: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = banyan(folder);
    command.args(["reconcile", "payments"]).args(arguments);
    command.envs(database.map(|url| ("BANYAN_DATABASE_URL", url)));
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn an_orphan_is_found_then_repaired_then_gone(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| reconcile(folder.path(), database, arguments);
    let clean = run(&[]);
    assert_eq!(clean.status.code(), Some(0), "{clean:?}");
    assert!(said(&clean).contains("they agree"), "{clean:?}");
    hold(folder.path(), ORPHAN);
    hold(folder.path(), "of somebody else");
    let found = run(&["--format", "json"]);
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    let report: Value = serde_json::from_str(&said(&found)).unwrap();
    let keys = |report: &Value| -> Vec<(String, String)> {
        let found = report["found"].as_array().unwrap().iter();
        found
            .map(|found| {
                (
                    found["key"].as_str().unwrap().to_owned(),
                    found["outcome"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    let reported = |key: &str| (key.to_owned(), "reported".to_owned());
    assert_eq!(keys(&report), [reported("of somebody else"), reported(ORPHAN)]);
    assert_eq!(
        (&report["found"][1]["class"], &report["found"][1]["repair"]),
        (&"orphan_charge".into(), &"void".into())
    );
    assert_eq!(status(folder.path(), ORPHAN), "authorized", "nothing was asked for");
    let careful = run(&["--apply"]);
    assert_eq!(careful.status.code(), Some(1), "{careful:?}");
    assert!(said(&careful).contains("is this the shop's database?"), "{careful:?}");
    assert_eq!(
        status(folder.path(), ORPHAN),
        "authorized",
        "all that a shop has taken would go back"
    );
    decline(folder.path(), database);
    let repaired = run(&["--apply", "--since", "1h"]);
    assert_eq!(repaired.status.code(), Some(1), "one is for a person: {repaired:?}");
    let table = said(&repaired);
    assert!(
        table.contains("repaired: void") && table.contains("a person") && table.contains("2 orphan charge"),
        "{table}"
    );
    assert_eq!(
        (status(folder.path(), ORPHAN), status(folder.path(), "of somebody else")),
        ("voided".into(), "authorized".into())
    );
    let again = run(&["--apply", "--format", "json"]);
    let report: Value = serde_json::from_str(&said(&again)).unwrap();
    assert_eq!(keys(&report), [reported("of somebody else")]);
}

#[test]
fn an_orphan_is_found_then_repaired_then_gone_on_sqlite() {
    an_orphan_is_found_then_repaired_then_gone(None);
}

#[test]
fn an_orphan_is_found_then_repaired_then_gone_on_postgres() {
    let database = PostgresDatabase::create();
    an_orphan_is_found_then_repaired_then_gone(Some(&database.url));
}

#[test]
fn without_a_verdict_it_ends_with_2_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (["--since", "yesterday"], "time span"),
        (["--provider-url", "http://127.0.0.1:1"], "payments cannot be compared"),
    ] {
        let outcome = reconcile(folder.path(), None, &arguments);
        let complaint = String::from_utf8(outcome.stderr.clone()).unwrap();
        assert_eq!(outcome.status.code(), Some(2), "{outcome:?}");
        assert!(complaint.contains(reason) && outcome.stdout.is_empty(), "{outcome:?}");
    }
}

#[test]
fn a_server_compares_by_itself_and_repairs_when_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let wish = [
        ("BANYAN_RECONCILE_EVERY_SECONDS", "1"),
        ("BANYAN_RECONCILE_APPLY", "on"),
    ];
    let server = Server::start_with(folder.path(), "off", &wish);
    decline(folder.path(), None);
    hold(folder.path(), ORPHAN);
    let until = Instant::now() + PATIENCE;
    while status(folder.path(), ORPHAN) != "voided" {
        assert!(Instant::now() < until, "it was not repaired");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(server);
}
