//! Why a run ended without success.

use std::fmt;
use std::io;
use std::path::Path;

use crate::http::{Answer, SendError};

#[derive(Debug)]
pub enum Failure {
    /// The input or an output file.
    File { path: String, source: io::Error },
    /// The input can be read but not used.
    Input(String),
    /// The server did not answer within the patience of the run.
    NoAnswer { action: String, last: String },
    /// The server answered something that the action cannot go on with.
    Unexpected { action: String, status: u16, text: String },
    /// The server broke a promise. Each line names one.
    Violations(Vec<String>),
}

impl Failure {
    pub fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            source,
        }
    }

    pub fn no_answer(action: &str, last: &SendError) -> Self {
        Self::NoAnswer {
            action: action.to_owned(),
            last: last.to_string(),
        }
    }

    pub fn unexpected(action: &str, answer: &Answer) -> Self {
        Self::Unexpected {
            action: action.to_owned(),
            status: answer.status,
            text: answer.text.clone(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(f, "{path}: {source}"),
            Self::Input(what) => f.write_str(what),
            Self::NoAnswer { action, last } => write!(f, "{action}: no answer in time, last: {last}"),
            Self::Unexpected { action, status, text } => write!(f, "{action}: unexpected {status} {text}"),
            Self::Violations(lines) => {
                write!(f, "{} violation(s)", lines.len())?;
                lines.iter().try_for_each(|line| write!(f, "\n  VIOLATION {line}"))
            }
        }
    }
}
