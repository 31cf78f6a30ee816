//! What inventory's business outcomes are to a client. Operations that only other contexts may ask for have no endpoint,
//! and so no problems.

use crate::adapters::shared::http::problem::{
    INVALID_CURSOR, IntoProblem, Problem, ProblemKind, VALIDATION_FAILED, problem_kinds,
};
use crate::ports::inventory::operations::{ChangeStockError, ListMovementsError};

problem_kinds! {
    STOCK_NOT_FOUND = 404 "stock_not_found" "This is not the id of a product that could have stock";
    STOCK_RESERVED = 409 "stock_reserved" "Fewer pieces would be on hand than are promised to customers";
}

impl IntoProblem for ChangeStockError {
    fn into_problem(self) -> Problem {
        match self {
            Self::BelowReserved { available } => Problem::new(STOCK_RESERVED).member("available", available),
            Self::Invalid { field, reason } => Problem::new(VALIDATION_FAILED).field(format!("/{field}"), reason),
        }
    }
}

impl IntoProblem for ListMovementsError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidCursor => Problem::new(INVALID_CURSOR),
        }
    }
}
