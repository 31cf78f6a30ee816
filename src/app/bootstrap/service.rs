//! What the program can do with any set of contexts: all that the program of a single one does.

use serde::Serialize;

use super::cli::events::Events;
use super::cli::service::{Contracts, Service};
use super::program::{NotDone, print};
use super::serve::{Open, StopOn};
use super::settings::Settings;
use super::start_error::StartError;
use super::storage::Storage;
use super::wiring::Shop;
use super::{announce, asyncapi, contexts, contracts, dead_letters, roles, routes, serve};

/// Does it.
///
/// # Errors
/// [`NotDone`].
pub fn carry_out(command: &Service, settings: &Settings) -> Result<(), NotDone> {
    match command {
        Service::Serve => serve(settings, |_shop| Ok(()), |_open, ()| String::new()),
        Service::Migrate(how) if how.roles => migrate_with_roles(settings),
        Service::Migrate(_) => migrate(settings),
        Service::Openapi => print_json(&routes::document(routes::all())),
        Service::Asyncapi => print_json(&asyncapi::document()),
        Service::Contracts(options) => print_contracts(options),
        Service::Events {
            what: Events::DeadLetters { action },
        } => dead_letters::carry_out(action, settings),
    }
}

/// Serves until a signal comes. `prepare` is called before anybody can reach the shop; `more` is announced when they can.
///
/// # Errors
/// [`NotDone`].
pub fn serve<P>(
    settings: &Settings,
    prepare: impl FnOnce(&Shop) -> Result<P, StartError>,
    more: impl FnOnce(&Open, P) -> String,
) -> Result<(), NotDone> {
    let announce = |open: &Open, prepared: P| {
        // The shop is open even where nobody can be told.
        let _ = print(&(announce::text(open.address) + &more(open, prepared)));
    };
    match serve::run(settings, StopOn::Signals, prepare, announce) {
        Err(StartError::Setting(reason)) => Err(NotDone::Wrong(reason)),
        outcome => Ok(outcome?),
    }
}

fn migrate(settings: &Settings) -> Result<(), NotDone> {
    for room in contexts::ALL
        .into_iter()
        .filter(|room| settings.processes.runs(room.name))
    {
        let storage = Storage::open(settings, room.name, room.migrations)?;
        print(&format!(
            "{}: up to date, {} migrations ran\n",
            room.name, storage.migrated
        ))?;
    }
    Ok(())
}

fn migrate_with_roles(settings: &Settings) -> Result<(), NotDone> {
    let plan = roles::plan(&contexts::ALL.map(|context| context.name), &settings.databases)
        .map_err(|error| NotDone::Wrong(error.to_string()))?;
    let done = roles::carry_out(&plan, settings)?;
    let lines: Vec<String> = done.iter().map(|done| format!("{done}\n")).collect();
    print(&lines.concat())
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
