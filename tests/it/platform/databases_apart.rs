//! `BANYAN_<CONTEXT>_DATABASE_URL`: contexts whose databases are far from each other.

use std::collections::BTreeMap;

use banyan::app::bootstrap::databases::CONTEXTS;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

use crate::support::app::{On, TestApp, eventually, text};
use crate::support::databases::PostgresDatabase;

#[derive(QueryableByName)]
struct Schema {
    #[diesel(sql_type = Text)]
    name: String,
}

fn schemas_in(database: &PostgresDatabase) -> Vec<String> {
    let mut server = PgConnection::establish(&database.url).unwrap();
    let schemas: Vec<Schema> = diesel::sql_query(
        "SELECT nspname::text AS name FROM pg_namespace \
         WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema') ORDER BY nspname",
    )
    .load(&mut server)
    .unwrap();
    schemas.into_iter().map(|schema| schema.name).collect()
}

/// Goes through all five contexts, and through the events between them.
pub(super) fn sell_something(app: &TestApp) {
    let product = app.create_product(1_999, 3);
    let customer = app.register_customer();
    let order = app.buy(&customer, &product, 2, "tok_visa").expect(201);
    assert_eq!(order["status"], "confirmed");
    eventually("the catalog hears of the stock", || {
        let list = app.get("/api/v1/products?in_stock=true").send().expect(200);
        list["data"][0]["id"] == *product
    });
    let address = format!("/api/v1/orders/{}", text(&order, "id"));
    app.delete(&address).bearer(&customer.token).send().expect(200);
    eventually("the stock comes back", || {
        let stock = app.get(&format!("/api/v1/products/{product}/inventory")).send();
        stock.expect(200)["available"] == 3
    });
}

#[test]
fn a_shop_with_a_database_for_each_context_sells() {
    let databases: BTreeMap<_, _> = CONTEXTS
        .into_iter()
        .map(|context| (context, PostgresDatabase::create()))
        .collect();
    let app = TestApp::start_whole(On::Sqlite, |settings| {
        for (context, database) in &databases {
            settings.databases.own.insert(context, database.url.parse().unwrap());
        }
    });
    sell_something(&app);
    for (context, database) in &databases {
        assert_eq!(schemas_in(database), [*context]);
    }
}

#[test]
fn a_shop_with_one_context_on_a_server_and_the_others_in_files_sells() {
    let database = PostgresDatabase::create();
    let mut files = Vec::new();
    let app = TestApp::start_whole(On::Sqlite, |settings| {
        settings.databases.own.insert("catalog", database.url.parse().unwrap());
        files = CONTEXTS
            .map(|context| settings.data_dir.join(format!("{context}.sqlite3")))
            .into();
    });
    sell_something(&app);
    assert_eq!(schemas_in(&database), ["catalog"]);
    for file in files {
        assert_eq!(file.exists(), !file.ends_with("catalog.sqlite3"), "{}", file.display());
    }
}

#[test]
fn a_database_of_its_own_comes_before_the_one_for_all() {
    let own = PostgresDatabase::create();
    let mut general = None;
    let app = TestApp::start_whole(On::Postgres, |settings| {
        general = settings.databases.general.clone();
        settings.databases.own.insert("payments", own.url.parse().unwrap());
    });
    sell_something(&app);
    assert_eq!(schemas_in(&own), ["payments"]);
    let mut server = PgConnection::establish(general.unwrap().as_str()).unwrap();
    let there: Vec<Schema> =
        diesel::sql_query("SELECT nspname::text AS name FROM pg_namespace WHERE nspname = 'payments'")
            .load(&mut server)
            .unwrap();
    assert!(there.is_empty());
}
