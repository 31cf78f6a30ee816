//! What the program of the whole shop can do.

use std::ffi::OsString;
use std::io::{self, BufRead};
use std::process::ExitCode;

use super::admin::{self, CreateAdminError, NewAdmin};
use super::cli::command::{
    Admin, Command, CreateAdmin, Extract, Import, ImportFormat, ImportProducts, MapFormat, Reconcile,
    ReconcilePayments, ReportFormat, Scaffold,
};
use super::cli::service::Service;
use super::extract::{self, ExtractError};
use super::fsck;
use super::map::Map;
use super::program::{self, NotDone, print};
use super::reconcile::{self, Wish};
use super::settings::Settings;
use super::settle::{Course, Patience};
use super::wiring::Shop;
use super::{announce, demo, import, payments_simulator, service};
use crate::domains::shared::secret::Secret;

/// The program of the whole shop.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    program::main(arguments, carry_out)
}

fn carry_out(command: &Command, settings: &Settings) -> Result<(), NotDone> {
    match command {
        Command::Service(Service::Serve) => serve(settings),
        Command::Service(service) => service::carry_out(service, settings),
        Command::Import {
            what: Import::Products(file),
        } => import_products(settings, file),
        Command::Admin {
            action: Admin::Create(person),
        } => create_admin(settings, person),
        Command::Fsck => fsck(settings),
        Command::Reconcile {
            what: Reconcile::Payments(wished),
        } => reconcile_payments(settings, wished),
        Command::Extract {
            how: Extract::Scaffold(what),
        } => scaffold(what),
        Command::Map { format } => map(*format),
        Command::PaymentsSimulator(wished) => payments_simulator::run(settings, wished),
    }
}

fn serve(settings: &Settings) -> Result<(), NotDone> {
    service::serve(
        settings,
        |shop| demo::open_if_wished(settings, &shop.contexts, &*shop.ids),
        |open, demo| {
            let buy = demo.map(|demo| demo::how_to_buy::text(&announce::url(open.address), &demo));
            buy.unwrap_or_default()
        },
    )
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
    match admin::create(&*shop.contexts.identity, &*shop.ids, admin) {
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
        Course::whole(Patience::default()),
    )?;
    print(&format!("{report}\n"))?;
    if report.is_clean() { Ok(()) } else { Err(NotDone::Found) }
}

fn reconcile_payments(settings: &Settings, wished: &ReconcilePayments) -> Result<(), NotDone> {
    let shop = Shop::open(settings).map_err(|error| NotDone::Unable(error.into()))?;
    let wish = Wish {
        since: wished.since.map(|since| since.before(shop.clock.now())),
        apply: wished.apply,
    };
    let report = reconcile::run(
        &*shop.contexts.payments,
        &*shop.ids,
        wish,
        Course::whole(Patience::default()),
    )
    .map_err(|error| NotDone::Unable(error.into()))?;
    match wished.format {
        ReportFormat::Table => print(&format!("{report}\n"))?,
        ReportFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?,
    }
    if report.agrees() { Ok(()) } else { Err(NotDone::Found) }
}

fn scaffold(what: &Scaffold) -> Result<(), NotDone> {
    let outcome = extract::scaffold(&what.context).and_then(|made| {
        made.write_to(&what.out)?;
        Ok(made)
    });
    match outcome {
        Ok(made) => print(&format!(
            "{}: {} files in {}; README.md says how to run it\n",
            made.context,
            made.files.len(),
            what.out.display()
        )),
        Err(error @ (ExtractError::UnknownContext { .. } | ExtractError::NotEmpty { .. })) => {
            Err(NotDone::Wrong(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

fn map(format: MapFormat) -> Result<(), NotDone> {
    let map = Map::draw();
    match format {
        MapFormat::Mermaid => print(&map.mermaid()),
        MapFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&map)?)),
    }
}
