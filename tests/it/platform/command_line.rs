//! The program `banyan`, as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use banyan::app::bootstrap::databases::{CONTEXTS, own_variable};

use crate::support::databases::PostgresDatabase;

/// The longest that a server may take to end.
const STOP_TIME: Duration = Duration::from_secs(30);

/// The program, with nothing of this process's settings.
pub(super) fn banyan(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

fn outcome(folder: &Path, arguments: &[&str]) -> Output {
    banyan(folder).args(arguments).output().unwrap()
}

/// A server on a free port, killed when dropped.
pub(super) struct Server {
    process: Child,
    /// What it says once it serves.
    announcement: String,
}

impl Server {
    fn start(folder: &Path, demo: &str) -> Self {
        Self::start_with(folder, demo, &[])
    }

    pub(super) fn start_with(folder: &Path, demo: &str, settings: &[(&str, &str)]) -> Self {
        let mut process = banyan(folder)
            .env("BANYAN_HTTP_ADDR", "127.0.0.1:0")
            .env("BANYAN_DEMO", demo)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut announcement = String::new();
        // The demo shop's announcement ends with the third command, the other one is a single line.
        let last_line = if demo == "on" {
            "/api/v1/orders/$ORDER"
        } else {
            "Banyan serves"
        };
        while !announcement.contains(last_line) {
            assert_ne!(
                lines.read_line(&mut announcement).unwrap(),
                0,
                "the server ended: {announcement}"
            );
        }
        Self { process, announcement }
    }

    /// The exit code after this signal.
    fn end(mut self, signal: &str) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let until = Instant::now() + STOP_TIME;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "the server did not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_bad_value_is_one_line_on_standard_error_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for (variable, value) in [
        ("BANYAN_HTTP_ADDR", "nowhere"),
        ("BANYAN_DATABASE_URL", "mysql://shop:hunter2@host/shop"),
        ("BANYAN_ADMIN_EMAIL", "nobody"),
        ("BANYAN_DEMO", "perhaps"),
        ("BANYAN_LOG", "banyan=loudly"),
        ("BANYAN_TAX_BASIS_POINTS", "-1"),
    ] {
        let output = banyan(folder.path()).env(variable, value).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(variable) && !said.contains("hunter2"), "{said}");
    }
    assert!(folder.path().read_dir().unwrap().next().is_none(), "nothing was begun");
}

#[test]
fn a_wrong_database_url_is_one_line_that_names_its_variable_and_not_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = PostgresDatabase::create();
    let missing = server.url.replace("postgres@", "postgres:hunter2@") + "_that_is_not_there";
    for context in CONTEXTS {
        let variable = own_variable(context);
        for (url, code) in [
            ("mysql://shop:hunter2@host/shop", 2),
            ("postgres://shop:hun%ter2@host/shop", 2),
            ("postgres://shop:hunter2/@host/shop", 2),
            ("postgres://shop:hunter2@127.0.0.1:1/shop", 1),
            (&missing, 1),
        ] {
            let output = banyan(folder.path())
                .env(&variable, url)
                .env("BANYAN_DATABASE_WAIT_SECONDS", "0")
                .env("BANYAN_LOG", "error")
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{variable}={url}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(said.contains(&variable) && !said.contains("ter2"), "{said}");
        }
    }
}

#[test]
fn a_first_admin_with_a_weak_password_is_refused_with_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let output = banyan(folder.path())
        .env("BANYAN_HTTP_ADDR", "127.0.0.1:0")
        .env("BANYAN_ADMIN_EMAIL", "admin@example.com")
        .env("BANYAN_ADMIN_PASSWORD", "hunter2")
        .env("BANYAN_LOG", "error")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("BANYAN_ADMIN_PASSWORD") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn the_openapi_document_is_printed_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let output = outcome(folder.path(), &["openapi"]);
    assert!(output.status.success());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(
        folder.path().read_dir().unwrap().next().is_none(),
        "nothing was written"
    );
}

#[test]
fn migrating_twice_is_migrating_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = String::from_utf8(outcome(folder.path(), &["migrate"]).stdout).unwrap();
    assert_eq!(first.lines().count(), 5, "{first}");
    assert!(!first.contains(" 0 migrations"), "{first}");
    let second = String::from_utf8(outcome(folder.path(), &["migrate"]).stdout).unwrap();
    assert_eq!(second.matches(" 0 migrations").count(), 5, "{second}");
}

#[test]
fn an_admin_is_made_with_a_password_from_standard_input_and_never_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let create = |password: &str| {
        let mut process = banyan(folder.path())
            .args(["admin", "create", "--email", "admin@example.com"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        process.wait_with_output().unwrap()
    };
    let made = create("a password for one test\n");
    assert!(made.status.success(), "{made:?}");
    assert!(
        String::from_utf8(made.stdout)
            .unwrap()
            .contains("admin@example.com is an admin")
    );
    for refused in ["", "\n", "hunter2\n"] {
        let refused = create(refused);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(!String::from_utf8(refused.stderr).unwrap().contains("hunter2"));
    }
}

#[test]
fn an_import_says_what_became_of_the_rows_and_the_books_are_in_order_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let products = concat!(env!("CARGO_MANIFEST_DIR"), "/src/app/bootstrap/demo/products.csv");
    let import = ["import", "products", "--file", products, "--format", "csv"];
    let dry = outcome(folder.path(), &[&import[..], &["--dry-run"]].concat());
    assert!(dry.status.success(), "{dry:?}");
    for _twice in 0..2 {
        let imported = outcome(folder.path(), &import);
        assert!(imported.status.success(), "{imported:?}");
        assert!(!imported.stdout.is_empty());
    }
    // No server has run yet, so no consumer has heard of the stock.
    assert_eq!(Server::start(folder.path(), "off").end("-TERM"), Some(0));
    let checked = outcome(folder.path(), &["fsck"]);
    assert!(checked.status.success(), "{checked:?}");
    let missing = outcome(
        folder.path(),
        &["import", "products", "--file", "none.csv", "--format", "csv"],
    );
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
}

#[test]
fn two_servers_do_not_share_a_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), "off");
    let second = banyan(folder.path())
        .env("BANYAN_HTTP_ADDR", "127.0.0.1:0")
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        String::from_utf8(second.stderr)
            .unwrap()
            .contains("another server runs")
    );
    // One context on a server does not change that the others' files belong to one process.
    let database = PostgresDatabase::create();
    let third = banyan(folder.path())
        .env("BANYAN_HTTP_ADDR", "127.0.0.1:0")
        .env("BANYAN_CATALOG_DATABASE_URL", &database.url)
        .output()
        .unwrap();
    assert_eq!(third.status.code(), Some(1));
    assert!(String::from_utf8(third.stderr).unwrap().contains("another server runs"));
    assert_eq!(server.end("-KILL"), None);
    // Even a server that was killed lets go of its directory.
    assert_eq!(Server::start(folder.path(), "off").end("-TERM"), Some(0));
}

#[test]
fn a_server_that_is_told_to_stop_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        assert_eq!(Server::start(folder.path(), "off").end(signal), Some(0), "{signal}");
    }
}

#[test]
fn the_three_lines_of_the_demo_shop_buy_something() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), "on");
    let lines: Vec<&str> = server.announcement.lines().map(str::trim).collect();
    let script = lines[lines.len() - 3..].join("\n");
    assert_eq!(script.matches("curl").count(), 3, "{script}");
    let mut shell = Command::new("sh")
        .arg("-c")
        .arg(&script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    shell.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(shell.wait().unwrap().success());
    let order: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(order["status"], "confirmed", "{said}");
    assert_eq!(server.end("-TERM"), Some(0));
}
