//! `POST /api/v1/products/{id}/inventory`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::LevelBody;
use super::problems::STOCK_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::domains::shared::ids::ProductId;
use crate::ports::inventory::operations::{ChangeStock, DEFAULT_LOCATION, Inventory, StockChange};

/// How stock changes, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeStockBody {
    /// `receive`: pieces arrived. `adjust`: the books are corrected by pieces more or fewer. `recount`: the pieces were
    /// counted, and the ledger gets the difference.
    kind: ChangeKindInput,
    /// `receive`: 1 or more. `adjust`: anything but 0. `recount`: 0 or more. A whole number, written as one (`1`, not
    /// `1.0` or `1e0`).
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000, example = 10)]
    quantity: i64,
    /// Why, for the ledger.
    #[schema(min_length = 1, max_length = 200, example = "delivery 4711")]
    reason: String,
    /// Where: lower-case letters, digits, hyphens and underscores.
    #[serde(default = "default_location")]
    #[schema(min_length = 1, max_length = 50, default = "main", example = "main")]
    location: String,
}

/// How stock changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChangeKindInput {
    Receive,
    Adjust,
    Recount,
}

fn default_location() -> String {
    DEFAULT_LOCATION.to_owned()
}

/// Change stock
///
/// For staff. Inventory does not know the catalog: any product id can have stock. A refusal because pieces are promised
/// is the answer of its `Idempotency-Key`, too; ask again under a new one.
#[utoipa::path(
    tag = "inventory",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The product's id"),
        ("Idempotency-Key" = String, Header, description = "Your name for this change; the same one repeats it"),
    ),
    request_body = ChangeStockBody,
    responses(
        (status = 201, description = "The level afterwards", body = LevelBody),
        (status = 400, description = "`idempotency_key_missing`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`stock_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`stock_reserved`, with `available`; `idempotency_key_in_flight`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `idempotency_key_reused`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/products/{id}/inventory")]
pub(super) async fn change_stock(
    api: web::Data<Api<dyn Inventory>>,
    call: Call,
    id: web::Path<String>,
    body: JsonBody<ChangeStockBody>,
) -> Result<HttpResponse, Problem> {
    let op = body.0.operation(path_id(&id, STOCK_NOT_FOUND)?);
    let level = api.run(call, op).await?;
    Ok(HttpResponse::Created().json(LevelBody::from(level)))
}

impl ChangeStockBody {
    fn operation(self, product_id: ProductId) -> ChangeStock {
        let change = match self.kind {
            ChangeKindInput::Receive => StockChange::Receive(self.quantity),
            ChangeKindInput::Adjust => StockChange::Adjust(self.quantity),
            ChangeKindInput::Recount => StockChange::Recount(self.quantity),
        };
        ChangeStock {
            product_id,
            location: self.location,
            change,
            reason: self.reason,
        }
    }
}
