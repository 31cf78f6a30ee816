//! From the command line to what carries it out, and to the exit code: 0 done, 1 not done, 2 asked for in a wrong way or without
//! a verdict.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use super::cli::{self, Commands, Invocation, NotAnInvocation};
use super::failpoints;
use super::logging;
use super::settings::Settings;

/// Why a command was not carried out.
#[derive(Debug)]
pub enum NotDone {
    /// What it was given makes no sense.
    Wrong(String),
    /// It was to judge something, and could not: that is no verdict.
    Unable(Box<dyn Error>),
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

/// A program that can do `C`: the command line is read, and carried out by `carry_out`.
pub fn main<C: Commands>(
    arguments: impl IntoIterator<Item = OsString>,
    carry_out: impl FnOnce(&C, &Settings) -> Result<(), NotDone>,
) -> ExitCode {
    let outcome = match cli::parse::<C>(arguments) {
        Ok(Invocation { command, settings }) => {
            logging::start(&settings.log);
            failpoints::begin().and_then(|()| carry_out(&command, &settings))
        }
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
        Err(NotDone::Unable(error)) => {
            eprintln!("banyan: {}", with_sources(&*error));
            ExitCode::from(2)
        }
        Err(NotDone::Failed(error)) => {
            eprintln!("banyan: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Whoever closed the other end (`banyan openapi | head`) has read enough.
pub fn print(text: &str) -> Result<(), NotDone> {
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
