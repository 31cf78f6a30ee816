//! `banyan migrate --roles`: each context's process may use its own schema alone.

mod making;
mod rights;

use std::collections::BTreeMap;
use std::process::{Command, Output};

use banyan::app::bootstrap::databases::{CONTEXTS, own_variable};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

use crate::platform::command_line::banyan;
use crate::support::databases::PostgresDatabase;

/// What the roles of a test would log in with on a server that asks: special in a URL and in SQL.
const PASSWORD_IN_URL: &str = "hunter2'\"%40%2f%25";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What a query says, a text called `line` a row.
fn lines(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(query).load(connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// A database with the five schemas, and five roles whose names are this test's own: roles belong to the whole server.
struct Shop {
    database: PostgresDatabase,
    names: BTreeMap<&'static str, String>,
}

impl Shop {
    fn new() -> Self {
        let database = PostgresDatabase::create();
        let (_, suffix) = database.url.rsplit_once("/t_").unwrap();
        // Quoted identifiers are needed for it.
        let names = CONTEXTS
            .map(|context| (context, format!("Banyan {context} {suffix}")))
            .into();
        Self { database, names }
    }

    fn with_roles() -> Self {
        let shop = Self::new();
        let made = shop.migrate_with_roles();
        assert!(made.status.success(), "{made:?}");
        shop
    }

    fn url(&self, context: &str) -> String {
        let user = self.names[context].replace(' ', "%20");
        let login = format!("://{user}:{PASSWORD_IN_URL}@");
        self.database.url.replace("://postgres@", &login)
    }

    fn command(&self) -> Command {
        let mut command = banyan(&std::env::temp_dir());
        command.env("BANYAN_DATABASE_URL", &self.database.url);
        for context in CONTEXTS {
            command.env(own_variable(context), self.url(context));
        }
        command
    }

    fn migrate_with_roles(&self) -> Output {
        let output = self
            .command()
            .args(["migrate", "--roles"])
            .env("BANYAN_LOG", "trace")
            .output();
        let output = output.unwrap();
        for said in [&output.stdout, &output.stderr] {
            let said = String::from_utf8(said.clone()).unwrap();
            assert!(!said.contains("hunter2"), "{said}");
        }
        output
    }

    fn owner(&self) -> PgConnection {
        PgConnection::establish(&self.database.url).unwrap()
    }

    fn log_in(&self, context: &str) -> PgConnection {
        PgConnection::establish(&self.url(context)).unwrap()
    }

    /// `schema.table` of every table of this context.
    fn tables(&self, context: &str) -> Vec<String> {
        lines(
            &mut self.owner(),
            &format!(
                "SELECT format('%I.%I', schemaname, tablename) AS line FROM pg_tables \
                 WHERE schemaname = '{context}' ORDER BY tablename"
            ),
        )
    }

    /// All that anybody was granted, and what the roles are.
    fn rights(&self) -> Vec<String> {
        let names: Vec<String> = self.names.values().map(|name| format!("'{name}'")).collect();
        lines(
            &mut self.owner(),
            &format!(
                "SELECT datname || ' ' || unnest(datacl) AS line FROM pg_database WHERE datname = current_database() \
                 UNION ALL SELECT nspname || ' ' || unnest(nspacl) FROM pg_namespace \
                 UNION ALL SELECT oid::regclass || ' ' || unnest(relacl) FROM pg_class \
                 WHERE relnamespace <> 'pg_catalog'::regnamespace \
                 UNION ALL SELECT defaclnamespace::regnamespace || ' ' || defaclobjtype::text || unnest(defaclacl) \
                 FROM pg_default_acl \
                 UNION ALL SELECT (to_jsonb(pg_roles) - 'oid')::text FROM pg_roles WHERE rolname IN ({}) ORDER BY 1",
                names.join(", ")
            ),
        )
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // A role cannot go before what it has rights in.
        self.database.drop_now();
        drop_roles(&self.database, self.names.values());
    }
}

fn drop_roles<'a>(database: &PostgresDatabase, names: impl Iterator<Item = &'a String>) {
    let mut server = PgConnection::establish(&database.server_url).unwrap();
    for name in names {
        let dropped = server.batch_execute(&format!("DROP ROLE IF EXISTS \"{name}\""));
        if let Err(error) = dropped {
            eprintln!("the role {name} stays: {error}");
        }
    }
}

/// What the server answers to this statement: `00000`, or its SQLSTATE and message. Nothing stays done.
fn answer(connection: &mut PgConnection, statement: &str) -> String {
    let attempt = format!(
        "DO $attempt$ BEGIN EXECUTE $statement${statement}$statement$; RAISE EXCEPTION USING ERRCODE = 'ZZZZZ'; \
         EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN RAISE EXCEPTION '00000'; \
         WHEN OTHERS THEN RAISE EXCEPTION '% %', SQLSTATE, SQLERRM; END $attempt$"
    );
    connection.batch_execute(&attempt).unwrap_err().to_string()
}

fn is_denied(connection: &mut PgConnection, statement: &str) {
    let answer = answer(connection, statement);
    assert!(answer.starts_with("42501 "), "{statement}: {answer}");
}

fn is_allowed(connection: &mut PgConnection, statement: &str) {
    assert_eq!(answer(connection, statement), "00000", "{statement}");
}
