//! What the catalog's business outcomes are to a client.

use crate::adapters::shared::http::conditional::version_mismatch;
use crate::adapters::shared::http::problem::{
    INVALID_CURSOR, IntoProblem, Problem, ProblemKind, VALIDATION_FAILED, problem_kinds,
};
use crate::ports::catalog::operations::{
    CreateCategoryError, GetCategoryError, GetProductError, ListProductsError, WriteProductError,
};

problem_kinds! {
    PRODUCT_NOT_FOUND = 404 "product_not_found" "There is no such product";
    CATEGORY_NOT_FOUND = 404 "category_not_found" "There is no such category";
    SKU_TAKEN = 409 "sku_taken" "Another product has this SKU";
    SLUG_TAKEN = 409 "slug_taken" "This slug is taken";
    UNKNOWN_CATEGORY = 422 "unknown_category" "The body names a category that does not exist";
    CATEGORY_TOO_DEEP = 422 "category_too_deep" "The tree of categories would become too deep";
}

impl IntoProblem for WriteProductError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(PRODUCT_NOT_FOUND),
            Self::SkuTaken => Problem::new(SKU_TAKEN).field("/sku", "is the SKU of another product"),
            Self::SlugTaken => Problem::new(SLUG_TAKEN).field("/slug", "is the slug of another product"),
            Self::UnknownCategory(slug) => {
                Problem::new(UNKNOWN_CATEGORY).field("/category_slugs", format!("there is no category `{slug}`"))
            }
            Self::Invalid { field, reason } => Problem::new(VALIDATION_FAILED).field(format!("/{field}"), reason),
            Self::VersionMismatch { current } => version_mismatch(current),
        }
    }
}

impl IntoProblem for GetProductError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(PRODUCT_NOT_FOUND),
        }
    }
}

impl IntoProblem for ListProductsError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidCursor => Problem::new(INVALID_CURSOR),
            Self::UnknownCategory => Problem::new(CATEGORY_NOT_FOUND),
        }
    }
}

impl IntoProblem for CreateCategoryError {
    fn into_problem(self) -> Problem {
        match self {
            Self::SlugTaken => Problem::new(SLUG_TAKEN).field("/slug", "is the slug of another category"),
            Self::UnknownParent => Problem::new(UNKNOWN_CATEGORY).field("/parent_slug", "there is no such category"),
            Self::TooDeep => Problem::new(CATEGORY_TOO_DEEP).field("/parent_slug", "is on the lowest level already"),
            Self::Invalid { field, reason } => Problem::new(VALIDATION_FAILED).field(format!("/{field}"), reason),
        }
    }
}

impl IntoProblem for GetCategoryError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(CATEGORY_NOT_FOUND),
        }
    }
}
