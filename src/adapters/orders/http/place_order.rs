//! `POST /api/v1/orders`

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::OrderBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::version_tag;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::payment_input::PaymentInput;
use crate::adapters::shared::http::postal_address::PostalAddressBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody, VALIDATION_FAILED};
use crate::domains::shared::ids::InvalidId;
use crate::domains::shared::quantity::Quantity;
use crate::ports::orders::operations::{OrderItem, Orders, PlaceOrder};

/// What to buy. Prices are the shop's: there is no field for them.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceOrderBody {
    /// 1 to 100 items; a product that is on two of them is bought in their sum.
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<ItemInput>,
    /// Where it goes.
    shipping_address: PostalAddressBody,
    /// How it is paid. Where absent, the order waits, with its stock held, for `POST /api/v1/payments/process`.
    #[validate(nested)]
    payment: Option<PaymentInput>,
}

/// So many pieces of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemInput {
    /// Of what.
    #[schema(example = "prd_01h2e8kqvbfwea724h75qc655w")]
    product_id: String,
    /// How many: a whole number, written as one (`1`, not `1.0` or `1e0`).
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    quantity: i64,
}

/// Place an order
///
/// Prices come from the catalog. The answer is the whole order, confirmed: its stock and its money are settled. When
/// there is not enough stock or the payment is refused, nothing is held, and the order stays as a cancelled one.
#[utoipa::path(
    tag = "orders",
    security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Your name for this purchase; the same one repeats it")),
    request_body = PlaceOrderBody,
    responses(
        (status = 201, description = "The order, `confirmed`; `pending` where no payment was sent", body = OrderBody,
            headers(("ETag" = String, description = "Version of the order, for `If-Match`"),
                ("Location" = String, description = "Where the order can be read"))),
        (status = 400, description = "`idempotency_key_missing`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 402, description = "`payment_declined`, with `order_id` and `reason`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`out_of_stock`, with `available` and `shortages`; `order_abandoned`; \
            `idempotency_key_in_flight`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `products_not_sold`, `mixed_currencies`, `order_too_large`, \
            `nothing_to_pay`, `card_data_not_accepted`, `idempotency_key_reused`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/orders")]
pub(super) async fn place_order(
    api: web::Data<Api<dyn Orders>>,
    call: Call,
    body: JsonBody<PlaceOrderBody>,
) -> Result<HttpResponse, Problem> {
    let order = api.run(call, body.0.operation()?).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/orders/{}", order.id)))
        .insert_header((header::ETAG, version_tag(order.version)))
        .json(OrderBody::from(order)))
}

impl PlaceOrderBody {
    fn operation(self) -> Result<PlaceOrder, Problem> {
        let items = self.items.iter().enumerate().map(|(index, item)| item.checked(index));
        Ok(PlaceOrder {
            items: items.collect::<Result<_, _>>()?,
            shipping_address: self.shipping_address.checked("/shipping_address")?,
            payment_token: self.payment.map(PaymentInput::token).transpose()?,
        })
    }
}

impl ItemInput {
    fn checked(&self, index: usize) -> Result<OrderItem, Problem> {
        let wrong = |field: &str, reason: String| {
            Problem::new(VALIDATION_FAILED).field(format!("/items/{index}/{field}"), reason)
        };
        Ok(OrderItem {
            product_id: self
                .product_id
                .parse()
                .map_err(|error: InvalidId| wrong("product_id", error.to_string()))?,
            quantity: Quantity::new(self.quantity).map_err(|error| wrong("quantity", error.to_string()))?,
        })
    }
}
