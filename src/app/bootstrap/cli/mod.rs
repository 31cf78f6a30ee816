//! The command line: each option can also be set in the environment.

pub mod command;
pub mod events;
pub mod service;

mod options;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use self::options::Options;
use self::service::Service;
use super::failpoints::VERSION;
use super::settings::Settings;

/// What the command line asks for.
#[derive(Debug)]
pub struct Invocation<C> {
    /// What to do.
    pub command: C,
    /// How.
    pub settings: Settings,
}

/// What a program can do, besides to serve.
pub trait Commands: Subcommand + From<Service> {
    /// The contexts that it asks, wherever they run. The demo shop is filled through those that it needs.
    fn asks(&self, demo: bool) -> Vec<&'static str>;

    /// Whether it needs the contexts, and not just their databases or their descriptions.
    fn calls_contexts(&self) -> bool;
}

#[derive(Debug, Parser)]
#[command(version = VERSION, about, propagate_version = true)]
struct Cli<C: Subcommand> {
    #[command(subcommand)]
    command: Option<C>,
    #[command(flatten)]
    options: Options,
}

/// What the command line said that is not an invocation.
#[derive(Debug)]
pub enum NotAnInvocation {
    /// It asked for help or the version: this is the answer.
    Answer(String),
    /// It is wrong: one line that says why.
    Wrong(String),
}

/// Reads the command line and the environment.
///
/// # Errors
/// [`NotAnInvocation`].
pub fn parse<C: Commands>(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation<C>, NotAnInvocation> {
    let cli = Cli::<C>::try_parse_from(arguments).map_err(|error| explain::<C>(&error))?;
    let command = cli.command.unwrap_or(Service::Serve.into());
    let settings = options::settings(cli.options)?;
    if command.calls_contexts() {
        let processes = &settings.processes;
        let checked = processes
            .check()
            .and_then(|()| processes.check_known(&command.asks(settings.demo)));
        checked.map_err(|error| NotAnInvocation::Wrong(error.to_string()))?;
    }
    Ok(Invocation { command, settings })
}

/// One line instead of clap's several, which also names the variable that the value may have come from.
fn explain<C: Subcommand>(error: &clap::Error) -> NotAnInvocation {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return NotAnInvocation::Answer(error.to_string());
    }
    let text = error.to_string();
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let variable = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => variable_of::<C>(option),
        _ => None,
    };
    NotAnInvocation::Wrong(match variable {
        Some(variable) => format!("{line} (or {variable})"),
        None => line.to_owned(),
    })
}

/// From `--http-addr <HTTP_ADDR>` to `BANYAN_HTTP_ADDR`, where there is such a variable.
fn variable_of<C: Subcommand>(option: &str) -> Option<String> {
    let name = option.strip_prefix("--")?.split_whitespace().next()?;
    let command = Cli::<C>::command();
    let argument = command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(name))?;
    Some(argument.get_env()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::databases::{CONTEXTS, own_variable};
    use super::*;
    use crate::adapters::shared::sql::postgres_url::PostgresUrl;

    /// Most lines migrate: that needs no neighbours, so they make sense to the program of any context.
    fn parsed(line: &str) -> Result<Invocation<Service>, NotAnInvocation> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn complaint(line: &str) -> String {
        match parsed(line) {
            Err(NotAnInvocation::Wrong(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::<Service>::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_shop_is_served() {
        let invocation = parsed("banyan --contexts none --http-addr 127.0.0.1:0").unwrap();
        assert!(matches!(invocation.command, Service::Serve));
        assert_eq!(invocation.settings.http_addr.port(), 0);
    }

    #[test]
    fn a_shop_that_others_can_reach_is_no_demo_unless_it_is_asked_for() {
        for (line, demo) in [
            ("banyan migrate", true),
            ("banyan migrate --http-addr 127.0.0.1:80", true),
            ("banyan migrate --http-addr 0.0.0.0:80", false),
            ("banyan migrate --http-addr 0.0.0.0:80 --demo on", true),
        ] {
            assert_eq!(parsed(line).unwrap().settings.demo, demo, "{line}");
        }
    }

    #[test]
    fn options_may_stand_before_or_after_the_command() {
        for line in ["banyan --demo off migrate", "banyan migrate --demo off"] {
            assert!(!parsed(line).unwrap().settings.demo, "{line}");
        }
    }

    #[test]
    fn a_bad_value_is_one_line_that_names_option_and_variable() {
        for (line, names) in [
            ("banyan --http-addr nowhere", ["--http-addr", "BANYAN_HTTP_ADDR"]),
            ("banyan --demo maybe", ["--demo", "BANYAN_DEMO"]),
            (
                "banyan --tax-basis-points 10001",
                ["--tax-basis-points", "BANYAN_TAX_BASIS_POINTS"],
            ),
            ("banyan --sweep-ms 0", ["--sweep-ms", "BANYAN_SWEEP_MS"]),
            ("banyan --log-format xml", ["--log-format", "BANYAN_LOG_FORMAT"]),
        ] {
            let text = complaint(line);
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(names.iter().all(|name| text.contains(name)), "{text}");
        }
    }

    #[test]
    fn every_context_can_have_a_database_of_its_own() {
        for context in CONTEXTS {
            let text = format!("postgres://host/the_{context}");
            let invocation = parsed(&format!("banyan migrate --{context}-database-url {text}")).unwrap();
            let databases = invocation.settings.databases;
            assert_eq!(databases.url_of(context).map(PostgresUrl::as_str), Some(text.as_str()));
            assert_eq!(databases.own.len(), 1);
            let text = complaint(&format!(
                "banyan --{context}-database-url postgres://shop:hun%ter2@host/shop"
            ));
            assert!(
                text.contains(&own_variable(context)) && !text.contains("ter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_secret_is_in_no_complaint_and_no_debug_output() {
        let text = complaint("banyan --database-url mysql://shop:hunter2@host/shop");
        assert!(text.contains("mysql") && !text.contains("hunter2"), "{text}");
        for option in ["--database-url", "--catalog-database-url"] {
            let invocation = parsed(&format!("banyan migrate {option} postgres://shop:hunter2@host/shop")).unwrap();
            assert!(!format!("{invocation:?}").contains("hunter2"));
            let location = invocation.settings.database_of("catalog");
            assert!(!format!("{location:?}").contains("hunter2"));
        }
    }
}
