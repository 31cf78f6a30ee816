//! `GET /api/v1/orders/{id}/details`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::OrderBody;
use super::problems::ORDER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::money::MoneyBody;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::domains::shared::ids::{PaymentId, ProductId, UserId};
use crate::ports::orders::operations::{
    CustomerSummary, GetOrderDetails, OrderDetails, Orders, PaymentSummary, ProductSummary,
};

/// An order with what the other parts of the shop know of it.
#[derive(Debug, Serialize, ToSchema)]
struct OrderDetailsBody {
    /// The order.
    order: OrderBody,
    /// Its payment; null where there is none.
    payment: Option<PaymentPart>,
    /// Who bought; null where they are gone.
    customer: Option<CustomerPart>,
    /// Its products that are still sold, as they are now.
    products: Vec<ProductPart>,
    /// Parts of the shop that did not answer: what they know is missing here.
    unavailable: Vec<String>,
}

/// A payment, in short.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentPart {
    /// Its id.
    #[schema(value_type = String)]
    id: PaymentId,
    /// Where it stands.
    status: String,
    /// What was to be paid.
    amount: MoneyBody,
    /// What went back.
    refunded: MoneyBody,
}

/// A customer, in short.
#[derive(Debug, Serialize, ToSchema)]
struct CustomerPart {
    /// Their id.
    #[schema(value_type = String)]
    id: UserId,
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
}

/// A product, in short.
#[derive(Debug, Serialize, ToSchema)]
struct ProductPart {
    /// Its id.
    #[schema(value_type = String)]
    id: ProductId,
    /// What it is called now.
    name: String,
    /// What one piece costs now.
    price: MoneyBody,
}

/// Read an order with its payment, customer and products
#[utoipa::path(
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses(
        (status = 200, description = "The order and what belongs to it", body = OrderDetailsBody),
        (status = 304, description = "All of it is as you have it"),
        (status = 404, description = "`order_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/orders/{id}/details")]
pub(super) async fn get_order_details(
    api: web::Data<Api<dyn Orders>>,
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let details = api
        .run(
            call,
            GetOrderDetails {
                order_id: path_id(&id, ORDER_NOT_FOUND)?,
            },
        )
        .await?;
    ok_or_not_modified(&request, None, &OrderDetailsBody::from(details))
}

impl From<OrderDetails> for OrderDetailsBody {
    fn from(details: OrderDetails) -> Self {
        Self {
            order: details.order.into(),
            payment: details.payment.map(PaymentPart::from),
            customer: details.customer.map(CustomerPart::from),
            products: details.products.into_iter().map(ProductPart::from).collect(),
            unavailable: details.unavailable,
        }
    }
}

impl From<PaymentSummary> for PaymentPart {
    fn from(payment: PaymentSummary) -> Self {
        Self {
            id: payment.id,
            status: payment.status,
            amount: payment.amount.into(),
            refunded: payment.refunded.into(),
        }
    }
}

impl From<CustomerSummary> for CustomerPart {
    fn from(customer: CustomerSummary) -> Self {
        Self {
            id: customer.id,
            first_name: customer.first_name,
            last_name: customer.last_name,
        }
    }
}

impl From<ProductSummary> for ProductPart {
    fn from(product: ProductSummary) -> Self {
        Self {
            id: product.id,
            name: product.name,
            price: product.price.into(),
        }
    }
}
