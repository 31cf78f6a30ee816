//! Dead letters as staff see them: over HTTP and at the command line, in one process and in two.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use banyan::adapters::shared::sql::connection::DatabaseLocation;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::database::{Database, PoolSize};
use banyan::app::bootstrap::settings::Settings;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::inventory::events::{InventoryChanged, LevelAfter};
use banyan::ports::shared::dead_letters::DeadLetterId;
use banyan::ports::shared::events::{ConsumerStandings, ConsumerStore, DeadLetter, EventRecord, LoggedEvent, Passage};
use banyan::ports::shared::storage::StorageError;
use serde_json::{Value, json};

use super::command_line::banyan;
use crate::support::app::{On, TestApp, eventually, operator};
use crate::support::fixed::CountingIds;
use crate::support::http::Answer;

const ROUTE: &str = "/api/v1/admin/dead-letters";
const CONSUMER: &str = "catalog.on_stock_changed";

/// A shop, and the catalog's database behind its back.
struct Shop {
    app: TestApp,
    letters: SqlConsumerStore,
    ids: CountingIds,
    /// How a program beside it finds its databases.
    environment: BTreeMap<String, String>,
}

impl Shop {
    fn start(on: On) -> Self {
        Self::around(|keep| TestApp::start_whole(on, keep))
    }

    fn start_apart() -> Self {
        let mut shop = Self::around(|keep| TestApp::start_apart("catalog-apart", On::Sqlite, keep));
        shop.environment = shop.app.operator_environment();
        shop
    }

    fn around(start: impl FnOnce(&mut dyn FnMut(&mut Settings)) -> TestApp) -> Self {
        let mut kept = None;
        let app = start(&mut |settings: &mut Settings| {
            let mut environment =
                BTreeMap::from([("BANYAN_DATA_DIR".to_owned(), settings.data_dir.display().to_string())]);
            let general = settings.databases.general.as_ref();
            environment.extend(general.map(|url| ("BANYAN_DATABASE_URL".to_owned(), url.as_str().to_owned())));
            kept = Some((settings.database_of("catalog"), environment));
        });
        let (location, environment): (DatabaseLocation, _) = kept.unwrap();
        let database = Database::open(location, PoolSize { connections: 2 }, Arc::new(|| {}));
        Self {
            app,
            letters: SqlConsumerStore::new(Arc::new(database)),
            ids: CountingIds::new(),
            environment,
        }
    }

    /// Parks the news that a product is sold out.
    fn park(&self, consumer: &str, seq: i64, product_id: &str, reason: &str) -> DeadLetterId {
        let news = InventoryChanged {
            level: LevelAfter {
                product_id: product_id.parse().unwrap(),
                location: "main".to_owned(),
                available: 0,
                version: 1_000_000 + seq,
            },
            quantity: 1,
            reason: "counted".to_owned(),
        };
        let at = Timestamp::from_unix_seconds(1_767_225_600).unwrap();
        let letter = DeadLetter {
            consumer: consumer.to_owned(),
            event: LoggedEvent {
                seq,
                event: EventRecord::of(&news, &operator(), &self.ids, at),
            },
            reason: reason.to_owned(),
            attempts: 5,
            parked_at: at,
        };
        // The reader of this very name is at work.
        eventually("the letter is parked", || {
            let position = self.letters.position(consumer).unwrap();
            let passage = Passage {
                consumer: consumer.to_owned(),
                from_position: position,
                to_position: position,
            };
            match self.letters.park(&letter, &passage) {
                Ok(()) => true,
                Err(StorageError::Stale) => false,
                Err(error) => panic!("{error}"),
            }
        });
        DeadLetterId::of(&letter)
    }

    /// A product that is in stock, as the catalog knows.
    fn product(&self) -> String {
        let id = self.app.create_product(100, 3);
        eventually("it is in stock", || self.is_in_stock(&id));
        id
    }

    fn is_in_stock(&self, product_id: &str) -> bool {
        let product = self
            .app
            .get(&format!("/api/v1/products/{product_id}"))
            .send()
            .expect(200);
        product["in_stock"].as_bool().unwrap()
    }

    fn get(&self, rest: &str) -> Answer {
        self.app.get(&format!("{ROUTE}{rest}")).bearer(self.app.staff()).send()
    }

    fn post(&self, rest: &str, body: Option<Value>) -> Answer {
        let request = self.app.request("POST", &format!("{ROUTE}{rest}"));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.bearer(self.app.staff()).send()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&self.environment, arguments)
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}{complaint}");
        said
    }

    /// The one line of a command that was not carried out.
    fn complains(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {complaint}");
        complaint
    }
}

fn run(environment: &BTreeMap<String, String>, arguments: &[&str]) -> Output {
    let mut command = banyan(Path::new("/"));
    command.env("BANYAN_LOG", "error").envs(environment);
    command
        .args(["events", "dead-letters"])
        .args(arguments)
        .output()
        .unwrap()
}

fn staff_find_read_and_replay_what_is_parked(on: On) {
    let shop = Shop::start(on);
    let (milk, bread) = (shop.product(), shop.product());
    assert_eq!(
        shop.get("").expect(200),
        json!({"data": [], "page": {"next_cursor": null}})
    );
    let of_milk = shop.park(CONSUMER, 1_000_001, &milk, "it breaks a rule");
    let of_bread = shop.park(CONSUMER, 1_000_002, &bread, "it breaks another");

    let page = shop.get("?limit=1").expect(200);
    let shown = &page["data"][0];
    for (member, value) in [
        ("id", json!(of_milk.to_string())),
        ("context", json!("catalog")),
        ("consumer", json!(CONSUMER)),
        ("event_type", json!("inventory.changed")),
        ("reason", json!("it breaks a rule")),
        ("attempts", json!(5)),
        ("payload", Value::Null),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    assert!(shown["age_seconds"].as_i64().unwrap() > 0);
    let cursor = page["page"]["next_cursor"].as_str().unwrap();
    let rest = shop.get(&format!("?limit=1&after={cursor}")).expect(200);
    assert_eq!(rest["data"][0]["id"], of_bread.to_string());
    for (query, letters) in [
        ("?context=catalog", 2),
        ("?context=orders", 0),
        ("?consumer=catalog.on_stock_changed", 2),
        ("?consumer=catalog.on_something_else", 0),
    ] {
        assert_eq!(
            shop.get(query).expect(200)["data"].as_array().unwrap().len(),
            letters,
            "{query}"
        );
    }
    for query in [
        "?context=nowhere",
        "?context=orders&consumer=catalog.x",
        "?consumer=catalog",
        "?limit=0",
    ] {
        shop.get(query).problem(400, "invalid_query");
    }
    shop.get("?after=nonsense").problem(400, "invalid_cursor");

    let whole = shop.get(&format!("/{of_milk}")).expect(200);
    assert_eq!(whole["payload"]["level"]["product_id"], milk);
    let replayed = shop.post(&format!("/{of_milk}/replay"), None).expect(200);
    assert_eq!(replayed, json!({"id": of_milk.to_string(), "next": null}));
    assert!(!shop.is_in_stock(&milk));
    shop.post(&format!("/{of_milk}/replay"), None)
        .problem(404, "dead_letter_not_found");
    assert!(shop.is_in_stock(&bread), "the other one waits");
}

fn staff_give_up_what_will_never_do(on: On) {
    let shop = Shop::start(on);
    let milk = shop.product();
    let first = shop.park(CONSUMER, 1_000_001, &milk, "it breaks a rule");
    let second = shop.park(CONSUMER, 1_000_002, &milk, "an earlier event of this subject is parked");
    let of_nobody = shop.park("catalog.on_something_gone", 1_000_003, &milk, "nobody knows");

    let not_first = shop.post(&format!("/{second}/replay"), None);
    assert_eq!(
        not_first.problem(409, "dead_letter_not_first")["first"],
        first.to_string()
    );
    shop.post(&format!("/{of_nobody}/replay"), None)
        .problem(409, "dead_letter_without_consumer");
    for body in [json!({}), json!({"reason": " "}), json!({"reason": "x", "why": "y"})] {
        shop.post(&format!("/{first}/discard"), Some(body))
            .problem(422, "validation_failed");
    }
    let discarded = shop.post(&format!("/{first}/discard"), Some(json!({"reason": "a test"})));
    assert_eq!(
        discarded.expect(200),
        json!({"id": first.to_string(), "next": second.to_string()})
    );
    shop.post(&format!("/{first}/discard"), Some(json!({"reason": "a test"})))
        .problem(404, "dead_letter_not_found");
    shop.post(&format!("/{of_nobody}/discard"), Some(json!({"reason": "a test"})))
        .expect(200);
    shop.post(&format!("/{second}/replay"), None).expect(200);
    assert_eq!(shop.get("").expect(200)["data"], json!([]));
}

fn dead_letters_are_for_staff(on: On) {
    let shop = Shop::start(on);
    let milk = shop.product();
    let letter = shop.park(CONSUMER, 1_000_001, &milk, "it breaks a rule");
    let customer = shop.app.register_customer();
    let reason = json!({"reason": "mischief"});
    for (method, path, body) in [
        ("GET", ROUTE.to_owned(), None),
        ("GET", format!("{ROUTE}?context=nowhere"), None),
        ("GET", format!("{ROUTE}/{letter}"), None),
        ("POST", format!("{ROUTE}/{letter}/replay"), None),
        ("POST", format!("{ROUTE}/{letter}/discard"), Some(reason)),
    ] {
        let request = || match &body {
            Some(body) => shop.app.request(method, &path).json(body.clone()),
            None => shop.app.request(method, &path),
        };
        request().send().problem(401, "unauthenticated");
        request().bearer(&customer.token).send().problem(403, "forbidden");
    }
    for unknown in [
        "catalog.on_stock_changed:evt_01h2e8kqvbfwea724h75qc655w",
        "nowhere.x:evt_01h2e8kqvbfwea724h75qc655w",
        "x",
    ] {
        shop.get(&format!("/{unknown}")).problem(404, "dead_letter_not_found");
        shop.post(&format!("/{unknown}/replay"), None)
            .problem(404, "dead_letter_not_found");
    }
    assert!(shop.is_in_stock(&milk));
}

/// The same words, whether the databases are here or behind two other processes.
fn the_command_line_does_what_staff_do(shop: &Shop) {
    let (milk, bread) = (shop.product(), shop.product());
    assert_eq!(shop.says(&["list"]), "no dead letters\n");
    let first = shop.park(CONSUMER, 1_000_001, &milk, "it breaks\na rule").to_string();
    let second = shop
        .park(CONSUMER, 1_000_002, &milk, "an earlier one is parked")
        .to_string();
    let third = shop.park(CONSUMER, 1_000_003, &bread, "it breaks another").to_string();

    let table = shop.says(&["list"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[0].starts_with("ID ") && lines[0].ends_with("REASON"), "{table}");
    let column = lines[0].find("REASON").unwrap();
    assert_eq!(&lines[1][column..], "it breaks a rule", "{table}");
    assert!(lines[1].starts_with(&first), "{table}");
    assert_eq!(shop.says(&["list", "--context", "orders"]), "no dead letters\n");
    let list: Value = serde_json::from_str(&shop.says(&["list", "--format", "json"])).unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[2]["id"]), (3, &json!(third)));
    let sheet = shop.says(&["show", &first]);
    assert!(sheet.contains("inventory.changed") && sheet.contains(&milk), "{sheet}");

    let complaint = shop.complains(1, &["replay", &second]);
    assert!(complaint.contains(&format!("waits behind {first}")), "{complaint}");
    let replayed = format!("replayed {first}\nnext in its lane: {second}\n");
    assert_eq!(shop.says(&["replay", &first]), replayed);
    assert!(!shop.is_in_stock(&milk) && shop.is_in_stock(&bread));
    let complaint = shop.complains(1, &["replay", &first]);
    assert!(complaint.contains("there is no dead letter"), "{complaint}");
    let both = format!("replayed {second}\nreplayed {third}\n2 replayed, 0 not\n");
    assert_eq!(shop.says(&["replay", &second, "--all"]), both);
    assert!(!shop.is_in_stock(&bread));

    let first = shop.park(CONSUMER, 1_000_004, &milk, "once more").to_string();
    let second = shop.park(CONSUMER, 1_000_005, &milk, "behind it").to_string();
    let lane = format!("replayed {first}\nreplayed {second}\n");
    assert_eq!(shop.says(&["replay", &first, "--lane"]), lane);
    let hopeless = shop.park(CONSUMER, 1_000_006, &milk, "given up").to_string();
    assert!(
        shop.complains(2, &["discard", &hopeless, "--reason", " "])
            .contains("--reason")
    );
    let discarded = format!("discarded {hopeless}\n");
    assert_eq!(shop.says(&["discard", &hopeless, "--reason", "a test"]), discarded);
    assert!(
        shop.complains(1, &["show", &hopeless])
            .contains("there is no dead letter")
    );
    assert!(shop.complains(2, &["show", "x"]).contains("evt_"));
    assert_eq!(shop.says(&["list"]), "no dead letters\n");
}

#[test]
fn the_command_line_asks_the_processes_that_run_the_contexts() {
    the_command_line_does_what_staff_do(&Shop::start_apart());
}

#[test]
fn the_storefront_passes_on_what_staff_do_elsewhere() {
    let shop = Shop::start_apart();
    let milk = shop.product();
    let letter = shop.park(CONSUMER, 1_000_001, &milk, "it breaks a rule");
    assert_eq!(shop.get("").expect(200)["data"][0]["id"], letter.to_string());
    shop.post(&format!("/{letter}/replay"), None).expect(200);
    shop.post(&format!("/{letter}/replay"), None)
        .problem(404, "dead_letter_not_found");
    assert!(!shop.is_in_stock(&milk));
}

#[test]
fn whoever_asks_everybody_has_to_know_where_they_are() {
    let environment = BTreeMap::from([
        ("BANYAN_CONTEXTS".to_owned(), "none".to_owned()),
        ("BANYAN_IDENTITY_URL".to_owned(), "http://127.0.0.1:1".to_owned()),
        ("BANYAN_CATALOG_URL".to_owned(), "http://127.0.0.1:1".to_owned()),
        (
            "BANYAN_SERVICE_SECRET".to_owned(),
            "what two processes share with each other".to_owned(),
        ),
    ]);
    let output = run(&environment, &["list"]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("BANYAN_ORDERS_URL"), "{complaint}");
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(super::On::Sqlite); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(super::On::Postgres); })+ }
    };
}

fn the_command_line_works_beside_the_shop(on: On) {
    the_command_line_does_what_staff_do(&Shop::start(on));
}

on_both!(
    staff_find_read_and_replay_what_is_parked,
    staff_give_up_what_will_never_do,
    dead_letters_are_for_staff,
    the_command_line_works_beside_the_shop,
);
