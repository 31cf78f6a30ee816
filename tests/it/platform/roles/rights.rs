//! What a context's role may do, and what it may not.

use banyan::app::bootstrap::databases::CONTEXTS;
use diesel::connection::SimpleConnection;

use super::{Shop, is_allowed, is_denied, lines};
use crate::platform::databases_apart::sell_something;
use crate::support::app::{On, TestApp};

#[test]
fn no_role_reaches_the_schema_of_another_context() {
    let shop = Shop::with_roles();
    let mut pairs = 0;
    for role in CONTEXTS {
        let mut connection = shop.log_in(role);
        for schema in CONTEXTS.into_iter().filter(|schema| *schema != role) {
            let tables = shop.tables(schema);
            assert!(tables.len() > 5, "{tables:?}");
            for table in tables {
                is_denied(&mut connection, &format!("SELECT FROM {table}"));
                is_denied(&mut connection, &format!("INSERT INTO {table} DEFAULT VALUES"));
                is_denied(&mut connection, &format!("DELETE FROM {table}"));
                is_denied(&mut connection, &format!("LOCK TABLE {table} IN ACCESS SHARE MODE"));
            }
            is_denied(
                &mut connection,
                &format!("SELECT nextval('{schema}.event_log_seq_seq')"),
            );
            is_denied(&mut connection, &format!("CREATE TABLE {schema}.mine (id INTEGER)"));
            is_denied(&mut connection, &format!("SET ROLE \"{}\"", shop.names[schema]));
            pairs += 1;
        }
    }
    assert_eq!(pairs, 20);
    // Not even behind the schema's closed door is there a right to one of its tables.
    let rights = "SELECT rolname || ' ' || pg_class.oid::regclass AS line FROM pg_class, pg_roles \
                  WHERE rolname LIKE 'Banyan %' AND relkind IN ('r', 'S') \
                  AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') \
                  AND rolname NOT LIKE 'Banyan ' || relnamespace::regnamespace || ' %' \
                  AND CASE relkind WHEN 'r' THEN has_table_privilege(pg_roles.oid, pg_class.oid, \
                  'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') \
                  ELSE has_sequence_privilege(pg_roles.oid, pg_class.oid, 'USAGE, SELECT, UPDATE') END";
    assert_eq!(lines(&mut shop.owner(), rights), Vec::<String>::new());
}

#[test]
fn a_role_reads_and_writes_rows_of_its_schema_and_changes_nothing_else() {
    let shop = Shop::with_roles();
    for context in CONTEXTS {
        let mut connection = shop.log_in(context);
        for table in shop.tables(context) {
            is_allowed(&mut connection, &format!("SELECT FROM {table}"));
            if table.ends_with("__diesel_schema_migrations") {
                is_denied(&mut connection, &format!("DELETE FROM {table}"));
                is_denied(&mut connection, &format!("INSERT INTO {table} VALUES ('9')"));
            } else {
                is_allowed(&mut connection, &format!("DELETE FROM {table}"));
            }
            is_denied(&mut connection, &format!("TRUNCATE {table}"));
            is_denied(&mut connection, &format!("DROP TABLE {table}"));
            is_denied(&mut connection, &format!("ALTER TABLE {table} ADD mine INTEGER"));
        }
        for statement in [
            "INSERT INTO consumer_positions VALUES ('c', 1)",
            "UPDATE consumer_positions SET position = 2",
            "SELECT FROM consumer_positions FOR UPDATE SKIP LOCKED",
            "SELECT nextval('event_log_seq_seq')",
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('banyan.event_log.' || current_schema(), 0))",
            "SET LOCAL lock_timeout = '250ms'",
        ] {
            is_allowed(
                &mut connection,
                &format!("SET LOCAL search_path TO {context}; {statement}"),
            );
        }
        for statement in [
            &format!("CREATE TABLE {context}.mine (id INTEGER)"),
            &format!("CREATE VIEW {context}.mine AS SELECT 1 AS one"),
            &format!("CREATE INDEX ON {context}.event_log (subject)"),
            &format!("DROP SCHEMA {context} CASCADE"),
            "CREATE TABLE public.mine (id INTEGER)",
            "CREATE TEMPORARY TABLE mine (id INTEGER)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "ALTER ROLE postgres LOGIN",
            "SET ROLE postgres",
            "SELECT rolpassword FROM pg_authid",
            "COPY (SELECT 1) TO PROGRAM 'cat'",
        ] {
            is_denied(&mut connection, statement);
        }
    }
}

#[test]
fn tables_of_later_migrations_belong_to_the_role_of_their_schema() {
    let shop = Shop::with_roles();
    let later = "CREATE TABLE orders.later (id BIGSERIAL PRIMARY KEY)";
    shop.owner().batch_execute(later).unwrap();
    is_allowed(&mut shop.log_in("orders"), "INSERT INTO orders.later DEFAULT VALUES");
    is_denied(&mut shop.log_in("orders"), "ALTER TABLE orders.later ADD mine INTEGER");
    is_denied(&mut shop.log_in("catalog"), "SELECT FROM orders.later");
}

#[test]
fn five_roles_run_the_shop_without_its_owner() {
    let shop = Shop::with_roles();
    let app = TestApp::start_whole(On::Sqlite, |settings| {
        for context in CONTEXTS {
            settings
                .databases
                .own
                .insert(context, shop.url(context).parse().unwrap());
        }
    });
    sell_something(&app);
    let mut owner = shop.owner();
    let users = lines(
        &mut owner,
        "SELECT DISTINCT usename::text AS line FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY 1",
    );
    let mut names: Vec<String> = shop.names.values().cloned().collect();
    names.sort();
    assert_eq!(users, names);
    let sold = lines(&mut owner, "SELECT status AS line FROM orders.orders");
    assert_eq!(sold, ["cancelled"]);
}
