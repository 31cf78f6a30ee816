//! A file that cannot grow, and what of it is on the disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::shared::sql::connection::{DatabaseLocation, DbConn};
use banyan::adapters::shared::sql::database::{Database, PoolSize};
use banyan::adapters::shared::sql::errors::storage_error;
use banyan::ports::shared::storage::StorageError;
use diesel::connection::SimpleConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::support::databases::{TestDatabase, sqlite};

/// As many pages as there are, and no more: to `SQLite` this is a full disk.
const NO_MORE_PAGES: &str = "PRAGMA max_page_count = 1";
const ANY_NUMBER: &str = "PRAGMA max_page_count = 1000000";

fn execute(database: &Database, statements: &str) -> Result<(), StorageError> {
    database.write(|conn: &mut DbConn| conn.batch_execute(statements).map_err(storage_error))
}

fn shop() -> TestDatabase {
    let home = sqlite("orders", MIGRATIONS);
    execute(&home.database, "CREATE TABLE things (name TEXT NOT NULL)").unwrap();
    home
}

#[test]
fn a_full_disk_puts_off_and_heals_in_place() {
    let home = shop();
    let much = "INSERT INTO things (name) VALUES (hex(zeroblob(100000)))";
    execute(&home.database, NO_MORE_PAGES).unwrap();
    for _attempt in 0..2 {
        let refused = execute(&home.database, much);
        assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    }
    execute(&home.database, ANY_NUMBER).unwrap();
    execute(&home.database, much).unwrap();
    assert_eq!(count(&home.database), 1);
}

#[test]
fn what_was_committed_is_moved_into_the_file_before_the_log_grows_without_end() {
    let home = shop();
    for _commit in 0..1_000 {
        execute(&home.database, "INSERT INTO things (name) VALUES (hex(zeroblob(3000)))").unwrap();
    }
    let log = bytes_of_the_log(&home);
    assert!(log < 8 * 1024 * 1024, "the log has {log} bytes");
    let moved = count_without_the_log(&home);
    assert!(moved >= 900, "{moved} rows are in the file");
}

#[test]
fn a_log_that_fills_the_disk_is_given_back() {
    let homes = [shop(), shop()];
    for home in &homes {
        for _commit in 0..20 {
            execute(&home.database, "INSERT INTO things (name) VALUES (hex(zeroblob(3000)))").unwrap();
        }
        let before = bytes_of_the_log(home);
        assert!(before > 20 * 6_000, "nothing is in the log: {before} bytes");
    }
    let [full, other] = &homes;
    execute(&full.database, NO_MORE_PAGES).unwrap();
    let refused = execute(
        &full.database,
        "INSERT INTO things (name) VALUES (hex(zeroblob(100000)))",
    );
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    // By who comes next, to this file and to the others: for reading, or for writing, which begins anew in an empty log.
    assert_eq!(count(&other.database), 20);
    assert_eq!(bytes_of_the_log(other), 0);
    execute(&full.database, "DELETE FROM things WHERE rowid = 1").unwrap();
    assert!(bytes_of_the_log(full) < 20 * 6_000, "{} bytes", bytes_of_the_log(full));
    assert!(count_without_the_log(full) >= 19);
}

fn file_of(home: &TestDatabase) -> &Path {
    match &home.location {
        DatabaseLocation::SqliteFile(file) => file,
        DatabaseLocation::PostgresSchema { .. } => panic!("no file"),
    }
}

fn bytes_of_the_log(home: &TestDatabase) -> u64 {
    fs::metadata(file_of(home).with_extension("sqlite3-wal")).unwrap().len()
}

/// What the file alone has, as after a log that was lost.
fn count_without_the_log(home: &TestDatabase) -> i64 {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("orders.sqlite3");
    fs::copy(file_of(home), &alone).unwrap();
    let size = PoolSize { connections: 1 };
    count(&Database::open(
        DatabaseLocation::SqliteFile(alone),
        size,
        Arc::new(|| {}),
    ))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn count(database: &Database) -> i64 {
    let rows: Vec<Count> = database
        .read(|conn| sql_query("SELECT COUNT(*) AS count FROM things").load(conn))
        .unwrap();
    rows[0].count
}
