//! From the command line to what carries it out, and to the exit code: 0 done, 1 not done, 2 asked for in a wrong way.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::admin::{self, CreateAdminError, NewAdmin};
use super::cli::command::{Admin, Command, Contracts, CreateAdmin, Import, ImportFormat, ImportProducts, MapFormat};
use super::cli::{self, Invocation, NotAnInvocation};
use super::fsck::{self, Patience};
use super::map::Map;
use super::serve::StopOn;
use super::settings::Settings;
use super::start_error::StartError;
use super::storage::Storage;
use super::wiring::Shop;
use super::{announce, asyncapi, contracts, import, logging, roles, rooms, routes, serve};
use crate::ports::identity::operations::Secret;

/// Why a command was not carried out.
#[derive(Debug)]
enum NotDone {
    /// What it was given makes no sense.
    Wrong(String),
    /// It did not work.
    Failed(Box<dyn Error>),
    /// It says so itself, on standard output.
    Found,
}

impl<E: Error + 'static> From<E> for NotDone {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// The program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match cli::parse(arguments) {
        Ok(invocation) => carry_out(&invocation),
        Err(NotAnInvocation::Answer(text)) => print(&text),
        Err(NotAnInvocation::Wrong(reason)) => Err(NotDone::Wrong(reason)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(NotDone::Found) => ExitCode::FAILURE,
        Err(NotDone::Wrong(reason)) => {
            eprintln!("banyan: {reason}");
            ExitCode::from(2)
        }
        Err(NotDone::Failed(error)) => {
            eprintln!("banyan: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

fn carry_out(invocation: &Invocation) -> Result<(), NotDone> {
    let Invocation { command, settings } = invocation;
    logging::start(&settings.log);
    match command {
        Command::Serve => serve(settings),
        Command::Migrate(how) if how.roles => migrate_with_roles(settings),
        Command::Migrate(_) => migrate(settings),
        Command::Import {
            what: Import::Products(file),
        } => import_products(settings, file),
        Command::Admin {
            action: Admin::Create(person),
        } => create_admin(settings, person),
        Command::Fsck => fsck(settings),
        Command::Openapi => print_json(&routes::document(routes::all())),
        Command::Asyncapi => print_json(&asyncapi::document()),
        Command::Contracts(options) => print_contracts(options),
        Command::Map { format } => map(*format),
    }
}

fn serve(settings: &Settings) -> Result<(), NotDone> {
    let announce = |open: &serve::Open| {
        // The shop is open even where nobody can be told.
        let _ = print(&announce::text(open.address, open.demo.as_ref()));
    };
    match serve::run(settings, StopOn::Signals, announce) {
        Err(StartError::FirstAdmin(CreateAdminError::Invalid { field, reason })) => Err(NotDone::Wrong(format!(
            "the first admin (BANYAN_ADMIN_EMAIL, BANYAN_ADMIN_PASSWORD): {field} {reason}"
        ))),
        outcome => Ok(outcome?),
    }
}

fn migrate(settings: &Settings) -> Result<(), NotDone> {
    for room in rooms::ALL.into_iter().filter(|room| settings.processes.runs(room.name)) {
        let storage = Storage::open(settings, room.name, room.migrations)?;
        print(&format!(
            "{}: up to date, {} migrations ran\n",
            room.name, storage.migrated
        ))?;
    }
    Ok(())
}

fn migrate_with_roles(settings: &Settings) -> Result<(), NotDone> {
    let plan = roles::plan(&settings.databases).map_err(|error| NotDone::Wrong(error.to_string()))?;
    let done = roles::carry_out(&plan, settings)?;
    let lines: Vec<String> = done.iter().map(|done| format!("{done}\n")).collect();
    print(&lines.concat())
}

fn import_products(settings: &Settings, file: &ImportProducts) -> Result<(), NotDone> {
    let shop = Shop::open(settings)?;
    let format = match file.format {
        ImportFormat::Csv => import::Format::Csv,
        ImportFormat::Json => import::Format::Json,
    };
    let progress = import::progress_bar();
    let report = import::run(&shop.contexts, &*shop.ids, &file.file, format, file.dry_run, &progress)?;
    progress.finish_and_clear();
    print(&format!("{report}\n"))?;
    if report.is_clean() { Ok(()) } else { Err(NotDone::Found) }
}

fn create_admin(settings: &Settings, person: &CreateAdmin) -> Result<(), NotDone> {
    let email = person
        .email
        .parse()
        .map_err(|error| NotDone::Wrong(format!("--email {error}")))?;
    let given = person.password.as_ref().or(settings.admin_password.as_ref());
    let password = match given {
        Some(password) => password.clone(),
        None => password_from_standard_input()?,
    };
    let shop = Shop::open(settings)?;
    let admin = NewAdmin {
        email,
        password,
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
    };
    match admin::create(&shop.contexts, &*shop.ids, admin) {
        Ok(user) => print(&format!("{} {} is an admin\n", user.id, user.email)),
        Err(CreateAdminError::Invalid { field, reason }) => Err(NotDone::Wrong(format!("{field} {reason}"))),
        Err(error) => Err(error.into()),
    }
}

fn password_from_standard_input() -> Result<Secret, NotDone> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(NotDone::Wrong(
            "there is no password: set BANYAN_ADMIN_PASSWORD, or write it to standard input".to_owned(),
        ));
    }
    Ok(Secret::new(password))
}

fn fsck(settings: &Settings) -> Result<(), NotDone> {
    let shop = Shop::open(settings)?;
    let consumers = fsck::consumers_of(&shop);
    let report = fsck::run(
        &shop.contexts,
        &*shop.ids,
        &*shop.clock,
        &consumers,
        Patience::default(),
    )?;
    print(&format!("{report}\n"))?;
    if report.is_clean() { Ok(()) } else { Err(NotDone::Found) }
}

fn print_contracts(options: &Contracts) -> Result<(), NotDone> {
    match &options.release_to {
        Some(folder) => Ok(contracts::release_to(folder)?),
        None => print_json(&contracts::all()),
    }
}

fn print_json(document: &impl Serialize) -> Result<(), NotDone> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    print(&text)
}

fn map(format: MapFormat) -> Result<(), NotDone> {
    let map = Map::draw();
    match format {
        MapFormat::Mermaid => print(&map.mermaid()),
        MapFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&map)?)),
    }
}

/// Whoever closed the other end (`banyan openapi | head`) has read enough.
fn print(text: &str) -> Result<(), NotDone> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The message with those of all its sources, in one line: whoever reads standard error is the operator.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    // libpq's messages have several.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
