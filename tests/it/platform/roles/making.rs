//! How roles are made: again, at once, and not at all.

use std::path::Path;
use std::process::Stdio;

use banyan::app::bootstrap::databases::{CONTEXTS, own_variable};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::{PASSWORD_IN_URL, Shop, drop_roles, is_allowed, is_denied, lines};
use crate::platform::command_line::banyan;
use crate::support::databases::PostgresDatabase;

/// How many there are for this context's database: its own and those that every context has.
fn migrations(context: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let of = |whose: &str| folder.join(whose).join("postgres").read_dir().unwrap().count();
    of(context) + of("shared")
}

#[test]
fn making_the_roles_twice_is_making_them_once() {
    let shop = Shop::with_roles();
    let once = shop.rights();
    assert!(once.len() > 100, "{once:?}");
    let again = shop.migrate_with_roles();
    assert!(again.status.success(), "{again:?}");
    assert_eq!(shop.rights(), once);
    let said = String::from_utf8(again.stdout).unwrap();
    assert_eq!(said.matches(" 0 migrations").count(), 5, "{said}");
    assert!(shop.names.values().all(|name| said.contains(name)), "{said}");
}

#[test]
fn rights_beyond_its_own_are_taken_from_a_role() {
    let shop = Shop::with_roles();
    let once = shop.rights();
    let (orders, catalog) = (&shop.names["orders"], &shop.names["catalog"]);
    shop.owner()
        .batch_execute(&format!(
            "GRANT ALL ON SCHEMA catalog TO \"{orders}\"; GRANT ALL ON ALL TABLES IN SCHEMA catalog TO \"{orders}\"; \
             GRANT SELECT (id) ON catalog.products TO \"{orders}\"; \
             ALTER DEFAULT PRIVILEGES IN SCHEMA catalog GRANT ALL ON TABLES TO \"{orders}\"; \
             GRANT TRUNCATE ON catalog.products TO \"{catalog}\"; GRANT CREATE ON SCHEMA catalog TO PUBLIC; \
             GRANT SELECT ON catalog.products TO PUBLIC; GRANT CREATE ON SCHEMA public TO \"{orders}\""
        ))
        .unwrap();
    assert_ne!(shop.rights(), once);
    is_allowed(&mut shop.log_in("orders"), "SELECT FROM catalog.products");
    assert!(shop.migrate_with_roles().status.success());
    assert_eq!(shop.rights(), once);
    is_denied(&mut shop.log_in("orders"), "SELECT FROM catalog.products");
}

#[test]
fn passwords_are_kept_as_scram_verifiers_and_only_changed_by_another() {
    let shop = Shop::new();
    let (_, name) = shop.database.url.rsplit_once('/').unwrap();
    shop.owner()
        .batch_execute(&format!("ALTER DATABASE {name} SET password_encryption = 'md5'"))
        .unwrap();
    let verifiers = || {
        let query = format!(
            "SELECT rolpassword AS line FROM pg_authid WHERE rolname = '{}'",
            shop.names["orders"]
        );
        lines(&mut shop.owner(), &query)
    };
    assert!(shop.migrate_with_roles().status.success());
    let verifier = verifiers();
    assert!(verifier[0].starts_with("SCRAM-SHA-256$"), "{verifier:?}");
    let without = shop.url("orders").replace(&format!(":{PASSWORD_IN_URL}"), "");
    let mut command = shop.command();
    let output = command
        .args(["migrate", "--roles"])
        .env("BANYAN_ORDERS_DATABASE_URL", without)
        .output();
    assert!(output.unwrap().status.success());
    assert_eq!(verifiers(), verifier);
}

#[test]
fn a_role_that_finds_migrations_pending_says_who_has_to_run_them() {
    let shop = Shop::with_roles();
    let serve = |demo: &str| {
        let mut command = shop.command();
        command
            .env("BANYAN_HTTP_ADDR", "127.0.0.1:0")
            .env("BANYAN_LOG", "error")
            .env("BANYAN_DEMO", demo);
        command.output().unwrap()
    };
    shop.owner()
        .batch_execute("DELETE FROM payments.__diesel_schema_migrations WHERE version < '202611200001'")
        .unwrap();
    let output = serve("off");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in [
        "BANYAN_PAYMENTS_DATABASE_URL",
        "pending",
        "owner",
        "banyan migrate",
        &shop.names["payments"],
    ] {
        assert!(said.contains(word), "{said}");
    }
    // The same without a schema at all.
    shop.owner().batch_execute("DROP SCHEMA payments CASCADE").unwrap();
    let said = String::from_utf8(serve("off").stderr).unwrap();
    assert!(said.contains("pending") && said.contains("owner"), "{said}");
    // And the owner can.
    let mended = shop.migrate_with_roles();
    let said = String::from_utf8(mended.stdout).unwrap();
    assert!(
        said.contains(&format!(
            "payments: up to date, {} migrations ran",
            migrations("payments")
        )),
        "{said}"
    );
}

#[test]
fn a_role_that_may_do_more_than_a_context_is_refused_and_left_as_it_is() {
    let shop = Shop::new();
    let mut owner = shop.owner();
    let name = shop.names["orders"].clone();
    for (more, less) in [
        ("CREATE ROLE %I SUPERUSER", "ALTER ROLE %I NOSUPERUSER"),
        ("ALTER ROLE %I CREATEROLE", "ALTER ROLE %I NOCREATEROLE"),
        ("GRANT pg_read_all_data TO %I", "REVOKE pg_read_all_data FROM %I"),
    ] {
        let change = |text: &str| text.replace("%I", &format!("\"{name}\""));
        owner.batch_execute(&change(more)).unwrap();
        let refused = shop.migrate_with_roles();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(&name) && said.contains("may do more"), "{said}");
        let password =
            format!("SELECT rolname::text AS line FROM pg_authid WHERE rolname = '{name}' AND rolpassword IS NULL");
        assert_eq!(lines(&mut owner, &password), [name.as_str()]);
        owner.batch_execute(&change(less)).unwrap();
    }
    // A role that owns tables keeps every right in them, whatever is revoked.
    assert!(shop.migrate_with_roles().status.success());
    owner
        .batch_execute(&format!("ALTER TABLE catalog.products OWNER TO \"{name}\""))
        .unwrap();
    let refused = shop.migrate_with_roles();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("owns a table"));
    owner
        .batch_execute("ALTER TABLE catalog.products OWNER TO postgres")
        .unwrap();
}

#[test]
fn an_owner_needs_to_make_roles_and_own_the_database_and_nothing_more() {
    let shop = Shop::new();
    let (_, database) = shop.database.url.rsplit_once('/').unwrap();
    let owner = format!("owner_of_{database}");
    let migrate = || {
        let mut command = shop.command();
        let url = shop.database.url.replace("postgres@", &format!("{owner}@"));
        command.args(["migrate", "--roles"]).env("BANYAN_DATABASE_URL", url);
        command.output().unwrap()
    };
    shop.owner()
        .batch_execute(&format!(
            "CREATE ROLE {owner} LOGIN CREATEROLE; GRANT CREATE ON DATABASE {database} TO {owner}"
        ))
        .unwrap();
    // Whoever does not own the database cannot take it from PUBLIC.
    let refused = migrate();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("may make temporary tables"), "{said}");
    is_denied(&mut shop.log_in("orders"), "SELECT FROM orders.orders");

    shop.owner()
        .batch_execute(&format!("ALTER DATABASE {database} OWNER TO {owner}"))
        .unwrap();
    for _twice in 0..2 {
        let made = migrate();
        assert!(made.status.success(), "{made:?}");
    }
    is_allowed(&mut shop.log_in("orders"), "SELECT FROM orders.orders");
    is_denied(&mut shop.log_in("catalog"), "SELECT FROM orders.orders");
    shop.database.drop_now();
    drop_roles(&shop.database, shop.names.values().chain([&owner]));
}

#[test]
fn what_names_no_five_roles_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let output = banyan(folder.path()).args(["migrate", "--roles"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("BANYAN_DATABASE_URL") && said.contains("SQLite"),
        "{said}"
    );
    assert!(folder.path().read_dir().unwrap().next().is_none(), "nothing was begun");

    let shop = Shop::new();
    for url in [shop.database.url.clone(), shop.url("catalog")] {
        let mut command = shop.command();
        let output = command
            .args(["migrate", "--roles"])
            .env("BANYAN_ORDERS_DATABASE_URL", url)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("BANYAN_ORDERS_DATABASE_URL") && !said.contains("hunter2"),
            "{said}"
        );
    }
    assert_eq!(shop.tables("identity"), Vec::<String>::new());
}

#[test]
fn a_context_with_a_database_of_its_own_is_migrated_there_and_gets_no_role() {
    let shop = Shop::new();
    let own = PostgresDatabase::create();
    let mut command = shop.command();
    let output = command
        .args(["migrate", "--roles"])
        .env("BANYAN_ORDERS_DATABASE_URL", &own.url)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let own = format!(
        "orders: up to date, {} migrations ran; no role: BANYAN_ORDERS_DATABASE_URL",
        migrations("orders")
    );
    assert!(said.contains(&own), "{said}");
    assert_eq!(said.matches("its role is").count(), 4, "{said}");
    assert_eq!(shop.tables("orders"), Vec::<String>::new());
    assert!(!shop.tables("catalog").is_empty());
}

#[test]
fn shops_of_one_server_may_make_roles_of_the_same_names_at_once() {
    let databases = [(); 3].map(|()| PostgresDatabase::create());
    let names = CONTEXTS.map(|context| format!("banyan_{context}"));
    let migrations: Vec<_> = databases
        .iter()
        .chain(&databases)
        .map(|database| {
            let mut command = banyan(&std::env::temp_dir());
            command
                .args(["migrate", "--roles"])
                .env("BANYAN_DATABASE_URL", &database.url);
            // With passwords, so that every process changes every role.
            for (context, name) in CONTEXTS.iter().zip(&names) {
                let login = format!("://{name}:secret@");
                command.env(own_variable(context), database.url.replace("://postgres@", &login));
            }
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for migration in migrations {
        let output = migration.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8(output.stderr).unwrap());
    }
    for database in &databases {
        let mut connection = PgConnection::establish(&database.url.replace("postgres@", "banyan_orders@")).unwrap();
        is_allowed(&mut connection, "SELECT FROM orders.orders");
        is_denied(&mut connection, "SELECT FROM catalog.products");
    }
    let mut server = PgConnection::establish(&databases[0].url).unwrap();
    let made = "SELECT rolname::text AS line FROM pg_roles WHERE rolname ~ '^banyan_[a-z]+$'";
    assert_eq!(lines(&mut server, made).len(), 5);
    drop(server);
    for database in &databases {
        database.drop_now();
    }
    drop_roles(&databases[0], names.iter());
}
