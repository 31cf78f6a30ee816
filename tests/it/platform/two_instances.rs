//! Two instances of the whole shop on one PostgreSQL: what is done without being asked is done by one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use banyan::app::bootstrap::databases::CONTEXTS;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

use crate::support::app::{On, TestApp, eventually};
use crate::support::processes::OtherInstance;

/// Some of the work, of each kind and in several databases.
const WORK: [&str; 6] = [
    "catalog.on_stock_changed",
    "inventory.expire_reservations",
    "orders.on_payment_completed",
    "orders.on_stock_released",
    "orders.resume_sagas",
    "payments.resolve_unknown",
];

#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Leased {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    owner: String,
}

/// The app, and an instance beside it that was there before it and has all the work.
struct Two {
    app: TestApp,
    other: OtherInstance,
    database: PgConnection,
    lease: Duration,
    owner: String,
}

impl Two {
    fn start() -> Self {
        let mut beside = None;
        let app = TestApp::start_whole(On::Postgres, |settings| {
            let other = OtherInstance::start(settings);
            let mut database = PgConnection::establish(settings.databases.general.as_ref().unwrap().as_str()).unwrap();
            eventually("it has all the work", || who_does_all(&mut database).is_some());
            let lease = Duration::from_millis(u64::try_from(settings.timers.lease_ms).unwrap());
            beside = Some((other, database, lease));
        });
        let (other, mut database, lease) = beside.unwrap();
        let owner = who_does_all(&mut database).expect("one that has all the work");
        Self {
            app,
            other,
            database,
            lease,
            owner,
        }
    }
}

/// Who has the lease of what. What is forgotten once an hour has nobody in between.
fn leases(database: &mut PgConnection) -> BTreeMap<String, String> {
    let tables = CONTEXTS.map(|context| {
        format!(
            "SELECT name, owner FROM {context}.worker_leases WHERE until > now() AT TIME ZONE 'UTC' AND name <> 'forget'"
        )
    });
    let leases: Vec<Leased> = diesel::sql_query(tables.join(" UNION ALL ")).load(database).unwrap();
    leases.into_iter().map(|leased| (leased.name, leased.owner)).collect()
}

/// The one who has the lease of all of [`WORK`].
fn who_does_all(database: &mut PgConnection) -> Option<String> {
    let leases = leases(database);
    let owners: BTreeSet<&String> = leases.values().collect();
    let mut owners = owners.into_iter();
    let one = owners.next().filter(|_one| owners.next().is_none())?;
    WORK.iter().all(|name| leases.contains_key(*name)).then(|| one.clone())
}

#[test]
fn the_second_instance_leaves_the_work_to_the_first() {
    let mut two = Two::start();
    let until = Instant::now() + 3 * two.lease;
    while Instant::now() < until {
        // What the app has written the other takes in.
        let product = two.app.create_product(250, 3);
        eventually("the catalog hears of the stock", || is_in_stock(&two.app, &product));
        assert_eq!(who_does_all(&mut two.database), Some(two.owner.clone()));
    }
    drop(two.other);
}

#[test]
fn the_work_of_an_instance_that_is_killed_goes_on_in_the_other() {
    let mut two = Two::start();
    drop(two.other);
    let product = two.app.create_product(250, 3);
    eventually("the other takes over", || {
        who_does_all(&mut two.database).is_some_and(|owner| owner != two.owner)
    });
    eventually("the catalog hears of the stock", || is_in_stock(&two.app, &product));
}

fn is_in_stock(app: &TestApp, product: &str) -> bool {
    let list = app.get("/api/v1/products?in_stock=true&limit=100").send().expect(200);
    let listed = list["data"].as_array().unwrap();
    listed.iter().any(|listed| listed["id"] == product)
}

#[test]
fn the_work_of_an_instance_that_stops_goes_on_in_the_other_at_once() {
    let mut two = Two::start();
    two.other.stop();
    // The rows of a process that is gone are gone with it: nobody waits for them to run out.
    assert!(leases(&mut two.database).values().all(|owner| *owner != two.owner));
    eventually("the other takes over", || who_does_all(&mut two.database).is_some());
}
