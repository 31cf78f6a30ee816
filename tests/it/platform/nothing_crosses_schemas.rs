//! Nothing in `PostgreSQL`'s catalogue ties the schema of one context to that of another: each can be dumped, moved and
//! dropped by itself.

use banyan::app::bootstrap::databases::CONTEXTS;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

use crate::platform::command_line::banyan;
use crate::support::databases::PostgresDatabase;

/// Everything that belongs to a schema, by the catalogue's names for it; what hangs on a table is in the table's schema.
const OBJECTS: &str = "object (class, id, schema) AS ( \
     SELECT 'pg_class'::regclass, oid, relnamespace FROM pg_class \
     UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type \
     UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc \
     UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_constraint \
     UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator \
     UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_collation \
     UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_statistic_ext \
     UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, relnamespace FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class \
     UNION ALL SELECT 'pg_trigger'::regclass, t.oid, relnamespace FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid \
     UNION ALL SELECT 'pg_policy'::regclass, p.oid, relnamespace FROM pg_policy p JOIN pg_class c ON c.oid = polrelid \
     UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, relnamespace FROM pg_attrdef d JOIN pg_class c ON c.oid = adrelid)";

/// What depends on what across the border of a context's schema. Whatever comes with the server may be used.
const DEPENDENCIES: &str = "SELECT pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on ' || \
     pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS line \
     FROM pg_depend d \
     JOIN object dependent ON dependent.class = d.classid AND dependent.id = d.objid \
     JOIN object needed ON needed.class = d.refclassid AND needed.id = d.refobjid \
     WHERE dependent.schema <> needed.schema \
     AND (dependent.schema::regnamespace::text = ANY ($1) OR needed.schema::regnamespace::text = ANY ($1)) \
     AND needed.schema <> 'pg_catalog'::regnamespace AND dependent.schema <> 'pg_toast'::regnamespace";

/// Functions whose text or settings name another schema: of what is in a text the catalogue knows nothing.
const FUNCTIONS: &str = "SELECT p.oid::regprocedure || ' names ' || context AS line FROM pg_proc p, unnest($1) AS context \
     WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) \
     AND pronamespace::regnamespace::text <> context \
     AND (prosrc ~* ('\\m' || context || '\\M\"?\\s*\\.') OR proconfig::text ~* ('\\m' || context || '\\M'))";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn crossings(connection: &mut PgConnection) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(format!("WITH {OBJECTS} {DEPENDENCIES} UNION {FUNCTIONS} ORDER BY 1"))
        .bind::<Array<Text>, _>(CONTEXTS.to_vec())
        .load(connection)
        .unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// The five schemas, as `banyan migrate` makes them.
fn migrated() -> PostgresDatabase {
    let database = PostgresDatabase::create();
    let mut migrate = banyan(&std::env::temp_dir());
    let migrated = migrate
        .arg("migrate")
        .env("BANYAN_DATABASE_URL", &database.url)
        .output();
    assert!(migrated.unwrap().status.success());
    database
}

#[test]
fn nothing_in_one_context_s_schema_depends_on_anything_in_another_s() {
    let database = migrated();
    let mut connection = PgConnection::establish(&database.url).unwrap();
    assert_eq!(crossings(&mut connection), Vec::<String>::new());
    // The same query sees what depends on each other within a schema: it is not blind.
    let within = DEPENDENCIES.replace("dependent.schema <> needed.schema", "dependent.schema = needed.schema");
    let seen: Vec<Line> = diesel::sql_query(format!("WITH {OBJECTS} {within}"))
        .bind::<Array<Text>, _>(CONTEXTS.to_vec())
        .load(&mut connection)
        .unwrap();
    for context in CONTEXTS {
        let own = format!("table {context}.event_log");
        assert!(seen.iter().any(|line| line.line.ends_with(&own)), "{context}");
    }
    let foreign_keys = seen.iter().filter(|line| line.line.contains("_fkey on table"));
    assert!(foreign_keys.count() >= 5);
}

/// Statements that tie two schemas together, and what is to be found of each.
const TIES: &[(&str, &str)] = &[
    (
        "ALTER TABLE orders.order_lines ADD CONSTRAINT far FOREIGN KEY (product_id) REFERENCES catalog.products (id)",
        "constraint far on table orders.order_lines depends on column id of table catalog.products",
    ),
    (
        "CREATE VIEW orders.bought AS SELECT name FROM catalog.products",
        "rule _RETURN on view orders.bought depends on column name of table catalog.products",
    ),
    (
        "CREATE MATERIALIZED VIEW orders.bought AS SELECT name FROM catalog.products",
        "rule _RETURN on materialized view orders.bought depends on column name of table catalog.products",
    ),
    (
        "CREATE VIEW public.both AS SELECT FROM catalog.products, orders.orders",
        "rule _RETURN on view \"both\" depends on table orders.orders",
    ),
    (
        "CREATE RULE far AS ON INSERT TO orders.orders DO ALSO DELETE FROM catalog.products",
        "rule far on table orders.orders depends on table catalog.products",
    ),
    (
        "CREATE FUNCTION catalog.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE TRIGGER far BEFORE INSERT ON orders.orders EXECUTE FUNCTION catalog.f()",
        "trigger far on table orders.orders depends on function catalog.f()",
    ),
    (
        "CREATE FUNCTION orders.f() RETURNS trigger LANGUAGE plpgsql \
             AS 'BEGIN DELETE FROM \"catalog\".products; RETURN NEW; END'",
        "orders.f() names catalog",
    ),
    (
        "CREATE FUNCTION orders.f() RETURNS integer LANGUAGE sql SET search_path = catalog AS 'SELECT 1'",
        "orders.f() names catalog",
    ),
    (
        "CREATE FUNCTION orders.f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM catalog.products; END",
        "function orders.f() depends on table catalog.products",
    ),
    (
        "ALTER TABLE orders.orders ALTER version SET DEFAULT nextval('catalog.event_log_seq_seq')",
        "default value for column version of table orders.orders depends on sequence catalog.event_log_seq_seq",
    ),
    (
        "CREATE FUNCTION catalog.f() RETURNS boolean LANGUAGE sql AS 'SELECT true'; \
             ALTER TABLE orders.orders ADD CONSTRAINT far CHECK (catalog.f())",
        "constraint far on table orders.orders depends on function catalog.f()",
    ),
    (
        "ALTER TABLE orders.orders ADD far catalog.products",
        "column far of table orders.orders depends on type catalog.products",
    ),
    (
        "CREATE TABLE orders.heir () INHERITS (catalog.products)",
        "table orders.heir depends on table catalog.products",
    ),
];

#[test]
fn whatever_ties_two_schemas_together_is_found() {
    let database = migrated();
    let mut connection = PgConnection::establish(&database.url).unwrap();
    for (statement, found) in TIES {
        let rolled_back = connection.transaction::<(), _, _>(|connection| {
            connection.batch_execute(statement)?;
            let crossings = crossings(connection);
            let seen = crossings.iter().any(|crossing| crossing.ends_with(found));
            assert!(seen, "{statement}: {crossings:#?}");
            Err(diesel::result::Error::RollbackTransaction)
        });
        assert_eq!(
            rolled_back,
            Err(diesel::result::Error::RollbackTransaction),
            "{statement}"
        );
    }
    assert_eq!(crossings(&mut connection), Vec::<String>::new());
}
