//! Buys.

use std::collections::BTreeMap;

use super::sagas::Purchase;
use super::sagas::checkout::{CHECKOUT, CHECKOUT_PAID_LATER};
use super::{OrdersService, SERVICE};
use crate::app::shared::idempotent::{self, Begun, Claim};
use crate::domains::orders::order::{Line, Order, OrderIds, PlacingRule};
use crate::domains::shared::ids::{ProductId, UserId};
use crate::domains::shared::quantity::Quantity;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::catalog::operations::QuoteProducts;
use crate::ports::inventory::operations::StockLine;
use crate::ports::orders::events::{OrderCreated, OrderedLine};
use crate::ports::orders::operations::{Order as PublishedOrder, OrderItem, PlaceOrder, PlaceOrderError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{SagaWrite, StorageError, UnitOfWork};

type PlaceOrderFailure = Failure<PlaceOrderError>;

impl Handler<PlaceOrder> for OrdersService {
    fn handle(&self, cx: &CallContext, op: PlaceOrder) -> Result<PublishedOrder, PlaceOrderFailure> {
        let now = self.0.clock.now();
        let claim = match idempotent::begin(&*self.0.keys, cx, &op, now)? {
            Begun::Fresh(claim) => claim,
            Begun::Replayed(outcome) => return idempotent::into_result::<PlaceOrder>(outcome),
        };
        let customer = cx.principal.user_id().ok_or(Failure::Forbidden)?;
        let order = self.priced(cx, customer, &op, now)?;
        self.check_out(cx, &order, &op, claim, now)
    }
}

impl OrdersService {
    /// The order at the catalog's prices. Nothing is written: what breaks a rule here leaves no trace.
    fn priced(
        &self,
        cx: &CallContext,
        customer: UserId,
        op: &PlaceOrder,
        now: Timestamp,
    ) -> Result<Order, PlaceOrderFailure> {
        let wanted = merged(&op.items).map_err(Failure::Domain)?;
        let quotes = self
            .0
            .catalog
            .handle(
                &cx.on_behalf_of_service(SERVICE),
                QuoteProducts {
                    ids: wanted.keys().copied().collect(),
                },
            )
            .map_err(|failure| failure.and_domain(|never: Never| match never {}))?;
        let mut quotes: BTreeMap<ProductId, _> = quotes.into_iter().map(|quote| (quote.product_id, quote)).collect();
        let mut lines = Vec::new();
        let mut not_sold = Vec::new();
        for (product_id, quantity) in wanted {
            match quotes.remove(&product_id) {
                None => not_sold.push(product_id),
                Some(quote) => lines.push(
                    Line::new(product_id, quote.sku, quote.name, quantity, quote.price)
                        .map_err(|_overflow| Failure::Domain(PlaceOrderError::TooLarge))?,
                ),
            }
        }
        if !not_sold.is_empty() {
            return Err(Failure::Domain(PlaceOrderError::ProductsNotSold(not_sold)));
        }
        let ids = OrderIds {
            order: self.0.ids.make(),
            payment: self.0.ids.make(),
            reservation: self.0.ids.make(),
        };
        Order::place(
            ids,
            customer,
            lines,
            self.0.settings.pricing,
            op.shipping_address.clone(),
            now,
        )
        .map_err(|rule| Failure::Domain(broken(rule)))
    }

    fn check_out(
        &self,
        cx: &CallContext,
        order: &Order,
        op: &PlaceOrder,
        claim: Claim,
        now: Timestamp,
    ) -> Result<PublishedOrder, PlaceOrderFailure> {
        let in_flight = claim.in_flight();
        let mut purchase = self.purchase(cx, order, op.payment_token.clone(), claim, now);
        let saga = if purchase.token.is_some() {
            &CHECKOUT
        } else {
            &CHECKOUT_PAID_LATER
        };
        let record = self
            .new_saga(saga, &purchase)
            .map_err(|error| Failure::internal(error.to_string()))?;
        let created = EventRecord::of(&created(order), cx, &*self.0.ids, now);
        let unit = UnitOfWork::events(vec![created])
            .with_key(Some(in_flight))
            .with_saga(SagaWrite::Begin(record.clone()));
        match self.0.store.insert(order, &unit) {
            Ok(()) => {}
            Err(StorageError::Duplicate { constraint }) => {
                return match idempotent::after_lost_race(&*self.0.keys, cx, op, now)? {
                    Some(outcome) => idempotent::into_result::<PlaceOrder>(outcome),
                    None => Err(Failure::internal(format!("an order cannot be kept: {constraint}"))),
                };
            }
            Err(error) => {
                if matches!(error, StorageError::OutcomeUnknown(_)) {
                    // If the saga stands, nobody has begun with it.
                    self.1.remember(record.lease.owner);
                }
                return Err(error.into());
            }
        }
        self.run_saga(saga, record, &mut purchase);
        match purchase.answer {
            Some(outcome) => idempotent::into_result::<PlaceOrder>(outcome),
            // It goes on without the client, who asks again under the same key.
            None => Err(Failure::IdempotencyKeyInFlight),
        }
    }

    fn purchase(
        &self,
        cx: &CallContext,
        order: &Order,
        token: Option<String>,
        claim: Claim,
        now: Timestamp,
    ) -> Purchase {
        let held_for_ms = if token.is_some() {
            self.0.settings.checkout_reservation_ms
        } else {
            self.0.settings.payment_window_ms
        };
        let lines = order.data().lines.iter();
        Purchase {
            lines: lines
                .map(|line| StockLine {
                    product_id: line.product_id,
                    quantity: line.quantity,
                })
                .collect(),
            reserved_until: now.plus_ms(held_for_ms),
            token,
            key: Some(claim.into_record()),
            ..Purchase::of(order, cx.correlation_id.clone())
        }
    }
}

/// The items with each product once: the same product on two of them is bought in their sum.
fn merged(items: &[OrderItem]) -> Result<BTreeMap<ProductId, Quantity>, PlaceOrderError> {
    if items.is_empty() || items.len() > PlaceOrder::MAX_ITEMS {
        return Err(PlaceOrderError::ItemCount);
    }
    let mut wanted: BTreeMap<ProductId, Quantity> = BTreeMap::new();
    for item in items {
        let quantity = match wanted.get(&item.product_id) {
            None => item.quantity,
            Some(before) => before
                .plus(item.quantity)
                .map_err(|_too_many| PlaceOrderError::TooLarge)?,
        };
        wanted.insert(item.product_id, quantity);
    }
    Ok(wanted)
}

fn broken(rule: PlacingRule) -> PlaceOrderError {
    match rule {
        PlacingRule::HasLines => PlaceOrderError::ItemCount,
        PlacingRule::CostsSomething => PlaceOrderError::NothingToPay,
        PlacingRule::OneCurrency => PlaceOrderError::MixedCurrencies,
        PlacingRule::Fits => PlaceOrderError::TooLarge,
    }
}

fn created(order: &Order) -> OrderCreated {
    let data = order.data();
    let lines = data.lines.iter().map(|line| OrderedLine {
        product_id: line.product_id,
        quantity: line.quantity,
        unit_price: line.unit_price,
    });
    OrderCreated {
        order_id: data.ids.order,
        customer_id: data.customer_id,
        payment_id: data.ids.payment,
        lines: lines.collect(),
        total: data.totals.total,
    }
}
