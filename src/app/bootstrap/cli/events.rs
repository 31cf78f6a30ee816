//! What the program can do about events.

use clap::{Args, Subcommand, ValueEnum};

use crate::ports::shared::dead_letters::DeadLetterId;

/// What can be done about events.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// Look after events that a consumer could not digest, and those that wait behind them.
    DeadLetters {
        /// What to do.
        #[command(subcommand)]
        action: DeadLetters,
    },
}

/// What can be done about dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// List them: by consumer, in the order of the log.
    List(ListLetters),
    /// Show one, with its payload.
    Show(ShowLetter),
    /// Have the consumer take one in. What has been replayed is gone: it takes effect once.
    Replay(ReplayLetter),
    /// Give one up. Its event stays in the log of the context that told it.
    Discard(DiscardLetter),
}

/// Which, and as what.
#[derive(Debug, Args)]
pub struct ListLetters {
    /// Only those of this context.
    #[arg(long)]
    pub context: Option<String>,
    /// As what.
    #[arg(long, default_value = "text")]
    pub format: LetterFormat,
}

/// Which, and as what.
#[derive(Debug, Args)]
pub struct ShowLetter {
    /// The dead letter, as the list names it.
    pub id: DeadLetterId,
    /// As what.
    #[arg(long, default_value = "text")]
    pub format: LetterFormat,
}

/// Which.
#[derive(Debug, Args)]
pub struct ReplayLetter {
    /// The dead letter, as the list names it. It must be the first of its subject.
    pub id: DeadLetterId,
    /// Also what waits behind it: the later events of its subject, in their order.
    #[arg(long, conflicts_with = "all")]
    pub lane: bool,
    /// Everything that its consumer has parked, in the order of the log.
    #[arg(long)]
    pub all: bool,
}

/// Which, and why.
#[derive(Debug, Args)]
pub struct DiscardLetter {
    /// The dead letter, as the list names it.
    pub id: DeadLetterId,
    /// Why, for the shop's log.
    #[arg(long)]
    pub reason: String,
}

/// What dead letters are printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LetterFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl DeadLetters {
    /// The context that it is about; `None` for all.
    pub fn context(&self) -> Option<&str> {
        match self {
            Self::List(list) => list.context.as_deref(),
            Self::Show(show) => Some(show.id.context()),
            Self::Replay(replay) => Some(replay.id.context()),
            Self::Discard(discard) => Some(discard.id.context()),
        }
    }
}
