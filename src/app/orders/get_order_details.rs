//! One read composed of an order and what other contexts know of it.

use super::OrdersService;
use super::{SERVICE, views::published};
use crate::ports::catalog::operations::QuoteProducts;
use crate::ports::identity::operations::GetUser;
use crate::ports::orders::operations::{
    CustomerSummary, GetOrderDetails, GetOrderError, OrderDetails, PaymentSummary, ProductSummary,
};
use crate::ports::payments::operations::{GetPayment, PaymentStatus};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetOrderDetails> for OrdersService {
    fn handle(&self, cx: &CallContext, op: GetOrderDetails) -> Result<OrderDetails, Failure<GetOrderError>> {
        let order = self
            .visible_order(cx, op.order_id)?
            .ok_or(Failure::Domain(GetOrderError::NotFound))?;
        let order = published(&order);
        let cx = cx.on_behalf_of_service(SERVICE);
        let mut unavailable = Vec::new();
        // A part that is away is left out and named: the order itself is still worth showing.
        let payment = part(
            "payments",
            &mut unavailable,
            self.0.payments.handle(
                &cx,
                GetPayment {
                    payment_id: order.payment_id,
                },
            ),
        )
        .map(|payment| PaymentSummary {
            id: payment.id,
            status: status_name(payment.status).to_owned(),
            amount: payment.amount,
            refunded: payment.refunded,
        });
        let customer = part(
            "identity",
            &mut unavailable,
            self.0.identity.handle(
                &cx,
                GetUser {
                    user_id: order.customer_id,
                },
            ),
        )
        .map(|user| CustomerSummary {
            id: user.id,
            first_name: user.first_name,
            last_name: user.last_name,
        });
        let ids = order.lines.iter().map(|line| line.product_id).collect();
        let quotes = part(
            "catalog",
            &mut unavailable,
            self.0.catalog.handle(&cx, QuoteProducts { ids }),
        );
        let products = quotes
            .unwrap_or_default()
            .into_iter()
            .map(|quote| ProductSummary {
                id: quote.product_id,
                name: quote.name,
                price: quote.price,
            })
            .collect();
        Ok(OrderDetails {
            order,
            payment,
            customer,
            products,
            unavailable,
        })
    }
}

/// What a context answered; nothing where it has nothing, and nothing with its name noted where it is away.
fn part<T, E>(context: &str, unavailable: &mut Vec<String>, answer: Result<T, Failure<E>>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(Failure::Domain(_has_nothing)) => None,
        Err(_away) => {
            unavailable.push(context.to_owned());
            None
        }
    }
}

fn status_name(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Pending => "pending",
        PaymentStatus::Authorized => "authorized",
        PaymentStatus::Completed => "completed",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Voided => "voided",
        PaymentStatus::PartiallyRefunded => "partially_refunded",
        PaymentStatus::Refunded => "refunded",
    }
}
