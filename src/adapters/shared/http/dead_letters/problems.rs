//! What the outcomes of the operations on dead letters are to a client.

use crate::adapters::shared::http::problem::{
    INVALID_CURSOR, INVALID_QUERY, IntoProblem, Problem, ProblemKind, VALIDATION_FAILED, problem_kinds,
};
use crate::ports::shared::dead_letters::{
    DiscardDeadLetter, DiscardDeadLetterError, GetDeadLetterError, ListDeadLettersError, ReplayDeadLetterError,
};

problem_kinds! {
    DEAD_LETTER_NOT_FOUND = 404 "dead_letter_not_found" "There is no such dead letter; it may have been replayed or discarded";
    DEAD_LETTER_NOT_FIRST = 409 "dead_letter_not_first" "An earlier event of the same subject has to be replayed first";
    DEAD_LETTER_WITHOUT_CONSUMER = 409 "dead_letter_without_consumer" "Nothing here takes the event in any more; it can only be discarded";
    DEAD_LETTER_REFUSED = 409 "dead_letter_refused" "The consumer refuses the event as before";
    DEAD_LETTER_NOT_NOW = 409 "dead_letter_not_now" "What the consumer needs is not there now; try again later";
}

impl IntoProblem for ListDeadLettersError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidCursor => Problem::new(INVALID_CURSOR),
            Self::UnknownContext => Problem::new(INVALID_QUERY).detail("No context of this name listens to events."),
        }
    }
}

impl IntoProblem for GetDeadLetterError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(DEAD_LETTER_NOT_FOUND),
        }
    }
}

impl IntoProblem for ReplayDeadLetterError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(DEAD_LETTER_NOT_FOUND),
            Self::NotFirst { first } => Problem::new(DEAD_LETTER_NOT_FIRST).member("first", first.to_string()),
            Self::NoConsumer => Problem::new(DEAD_LETTER_WITHOUT_CONSUMER),
            Self::Refused { reason } => Problem::new(DEAD_LETTER_REFUSED).member("reason", reason),
            Self::NotNow { reason } => Problem::new(DEAD_LETTER_NOT_NOW)
                .member("reason", reason)
                .retry_after_seconds(1),
        }
    }
}

impl IntoProblem for DiscardDeadLetterError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(DEAD_LETTER_NOT_FOUND),
            Self::InvalidReason => Problem::new(VALIDATION_FAILED).field(
                "/reason",
                format!("must have 1 to {} characters", DiscardDeadLetter::MAX_REASON_CHARS),
            ),
        }
    }
}
