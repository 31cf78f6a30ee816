//! What identity's business outcomes are to a client.

use crate::adapters::shared::http::conditional::version_mismatch;
use crate::adapters::shared::http::problem::{
    IntoProblem, Problem, ProblemKind, VALIDATION_FAILED, problem_kinds, unauthenticated,
};
use crate::ports::identity::operations::{
    AddAddressError, AddressError, GetUserError, LogInError, MAX_ADDRESSES, RefreshTokensError, RegisterUserError,
    UpdateProfileError,
};

problem_kinds! {
    INVALID_CREDENTIALS = 401 "invalid_credentials" "The e-mail address or the password is wrong";
    INVALID_REFRESH_TOKEN = 401 "invalid_refresh_token" "The refresh token is not valid: sign in again";
    USER_NOT_FOUND = 404 "user_not_found" "There is no such user";
    ADDRESS_NOT_FOUND = 404 "address_not_found" "There is no such address in your address book";
    EMAIL_TAKEN = 409 "email_taken" "Somebody has registered with this e-mail address";
    ADDRESS_BOOK_FULL = 409 "address_book_full" "Your address book is full";
    NO_ADDRESS_BOOK = 409 "no_address_book" "You have no address book";
}

impl IntoProblem for RegisterUserError {
    fn into_problem(self) -> Problem {
        match self {
            Self::EmailTaken => Problem::new(EMAIL_TAKEN),
            Self::Invalid { field, reason } => Problem::new(VALIDATION_FAILED).field(format!("/{field}"), reason),
        }
    }
}

impl IntoProblem for LogInError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidCredentials => unauthenticated(INVALID_CREDENTIALS),
        }
    }
}

impl IntoProblem for RefreshTokensError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidToken => unauthenticated(INVALID_REFRESH_TOKEN),
        }
    }
}

impl IntoProblem for GetUserError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(USER_NOT_FOUND),
        }
    }
}

impl IntoProblem for UpdateProfileError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(USER_NOT_FOUND),
            Self::Invalid { field, reason } => Problem::new(VALIDATION_FAILED).field(format!("/{field}"), reason),
            Self::VersionMismatch { current } => version_mismatch(current),
        }
    }
}

impl IntoProblem for AddAddressError {
    fn into_problem(self) -> Problem {
        match self {
            Self::TooMany => Problem::new(ADDRESS_BOOK_FULL).member("max_addresses", MAX_ADDRESSES),
            Self::NoAddressBook => Problem::new(NO_ADDRESS_BOOK),
        }
    }
}

impl IntoProblem for AddressError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(ADDRESS_NOT_FOUND),
        }
    }
}
