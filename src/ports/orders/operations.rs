//! What one can ask of orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{OrderId, PaymentId, ProductId, ReservationId, SagaId, UserId};
use crate::domains::shared::money::Money;
use crate::domains::shared::postal_address::PostalAddress;
use crate::domains::shared::quantity::Quantity;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::dead_letters::{self, At, Letterbox};
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Key, operation, table_of_contents};
use crate::ports::shared::page::{Page, PageRequest};

table_of_contents! {
    /// Orders, as its callers see it.
    Orders = "orders", super::events::EVENTS:
        PlaceOrder, GetOrder, ListOrders, SetOrderStatus, CancelOrder, GetOrderDetails, ResumeSagas, AuditOrders,
        AuditSagas,
        ListDeadLetters, GetDeadLetter, ReplayDeadLetter, DiscardDeadLetter
}

/// The dead letters of the consumers of orders.
#[derive(Debug, Clone, Copy)]
pub struct OrdersLetters;

impl Letterbox for OrdersLetters {
    const LIST: &'static str = "orders.list_dead_letters";
    const GET: &'static str = "orders.get_dead_letter";
    const REPLAY: &'static str = "orders.replay_dead_letter";
    const DISCARD: &'static str = "orders.discard_dead_letter";
}

/// Lists them.
pub type ListDeadLetters = At<OrdersLetters, dead_letters::ListDeadLetters>;
/// Reads one.
pub type GetDeadLetter = At<OrdersLetters, dead_letters::GetDeadLetter>;
/// Has its consumer take one in.
pub type ReplayDeadLetter = At<OrdersLetters, dead_letters::ReplayDeadLetter>;
/// Gives one up.
pub type DiscardDeadLetter = At<OrdersLetters, dead_letters::DiscardDeadLetter>;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; stock or payment are not settled yet.
    Pending,
    /// Stock and money are ours to count on.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Did not come about, or was called off.
    Cancelled,
}

/// An order. It keeps its own copy of names and prices: what the catalog says later does not change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who bought.
    pub customer_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// Sum of the lines.
    pub subtotal: Money,
    /// Tax on the subtotal.
    pub tax: Money,
    /// What the parcel costs.
    pub shipping: Money,
    /// What is to be paid: subtotal, tax and shipping.
    pub total: Money,
    /// Where it goes.
    pub shipping_address: PostalAddress,
    /// Its payment.
    pub payment_id: PaymentId,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// Counts its changes.
    pub version: i64,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// Of what.
    pub product_id: ProductId,
    /// The shop's own name of it, then.
    pub sku: Sku,
    /// Its name, then.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// What one piece cost, then.
    pub unit_price: Money,
    /// What the line costs.
    pub total: Money,
}

/// A wish for so many pieces of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderItem {
    /// Of what.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
}

/// Buys. Needs an idempotency key. Without a token the order waits, pending and with its stock held, for
/// `payments.process_payment`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaceOrder {
    /// What: 1 to [`PlaceOrder::MAX_ITEMS`] items; a product that is on two of them is bought in their sum.
    pub items: Vec<OrderItem>,
    /// Where it goes.
    pub shipping_address: PostalAddress,
    /// The payment provider's token for the customer's card.
    pub payment_token: Option<String>,
}
operation!(PlaceOrder => Order, PlaceOrderError; "orders.place_order", Command, SignedIn, keyed);

impl PlaceOrder {
    /// The most items of an order.
    pub const MAX_ITEMS: usize = 100;
}

/// Why an order does not come about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PlaceOrderError {
    /// No items, or more than [`PlaceOrder::MAX_ITEMS`].
    ItemCount,
    /// These cannot be bought: unknown or not sold any more.
    ProductsNotSold(Vec<ProductId>),
    /// The prices are in more than one currency.
    MixedCurrencies,
    /// More of one product than an order can hold, or a total that does not fit into 64 bits.
    TooLarge,
    /// The total is zero: there is nothing a provider could take. Orders cost something.
    NothingToPay,
    /// Not enough of these. The order is cancelled and holds nothing.
    OutOfStock {
        /// The cancelled order.
        order_id: OrderId,
        /// What is lacking.
        shortages: Vec<OrderShortage>,
    },
    /// The payment was refused. The order is cancelled and holds nothing.
    PaymentDeclined {
        /// The cancelled order.
        order_id: OrderId,
        /// Why, in the payment context's words (`card_declined`, `insufficient_funds`, `invalid_token`,
        /// `provider_failure`).
        reason: String,
    },
    /// It could not be brought to an end in time. The order is cancelled and holds nothing.
    Abandoned {
        /// The cancelled order.
        order_id: OrderId,
    },
}

/// Of a product there is less than was wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderShortage {
    /// Of what.
    pub product_id: ProductId,
    /// Pieces wished.
    pub requested: i64,
    /// Pieces that can be had.
    pub available: i64,
}

/// Reads an order of the caller's, or any for staff.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetOrder {
    /// Which.
    pub order_id: OrderId,
}
operation!(GetOrder => Order, GetOrderError; "orders.get_order", Query, SignedIn; key = |op| Key::of(&op.order_id));

/// Why an order cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GetOrderError {
    /// There is none, or none that the caller may see.
    NotFound,
}

/// Lists a customer's orders, newest first. Of others than oneself only for staff.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListOrders {
    /// Whose.
    pub customer_id: UserId,
    /// Only those that stand so.
    pub status: Option<OrderStatus>,
    /// Which page.
    pub page: PageRequest,
}
operation!(ListOrders => Page<Order>, ListOrdersError; "orders.list_orders", Query, SignedIn;
    key = |op| Key::of(&op.customer_id));

/// Why orders cannot be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ListOrdersError {
    /// There is no such customer that the caller may see.
    NotFound,
    /// The cursor is not one that this list gave.
    InvalidCursor,
}

/// Moves an order on: staff ship and deliver. Cancelling gives back stock and money, as [`CancelOrder`].
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SetOrderStatus {
    /// Which.
    pub order_id: OrderId,
    /// Where it is to stand.
    pub status: OrderStatus,
    /// The version that the caller has seen.
    pub expected_version: i64,
}
operation!(SetOrderStatus => Order, SetOrderStatusError; "orders.set_order_status", Command, Staff;
    key = |op| Key::of(&op.order_id));

/// Why an order cannot be moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SetOrderStatusError {
    /// There is no such order.
    NotFound,
    /// The table of transitions does not know this one, or it is not staff's to make.
    IllegalTransition {
        /// Where it stands.
        from: OrderStatus,
        /// Where it was to stand.
        to: OrderStatus,
    },
    /// The order has changed since the version the caller knows.
    VersionMismatch {
        /// The version now.
        current: i64,
    },
}

/// Calls an order off: stock back, money back. An order that is cancelled already is answered as it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CancelOrder {
    /// Which.
    pub order_id: OrderId,
    /// Why, in the caller's words.
    pub reason: Option<String>,
}
operation!(CancelOrder => Order, CancelOrderError; "orders.cancel_order", Command, SignedIn;
    key = |op| Key::of(&op.order_id));

/// Why an order cannot be called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CancelOrderError {
    /// There is none, or none that the caller may see.
    NotFound,
    /// It is on its way, or arrived.
    TooLate {
        /// Where it stands.
        status: OrderStatus,
    },
    /// It is being placed or paid right now; ask again in a moment.
    Busy,
}

/// One read composed of the order, its payment and its products as they are now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetOrderDetails {
    /// Which.
    pub order_id: OrderId,
}
operation!(GetOrderDetails => OrderDetails, GetOrderError; "orders.get_order_details", Query, SignedIn;
    key = |op| Key::of(&op.order_id));

/// An order with what other contexts know of it. A part is absent while its context is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDetails {
    /// The order.
    pub order: Order,
    /// Its payment, as the payment context tells it.
    pub payment: Option<PaymentSummary>,
    /// Who bought, as identity tells it.
    pub customer: Option<CustomerSummary>,
    /// The slugs of its products that are still sold, for links.
    pub products: Vec<ProductSummary>,
    /// Names of the contexts that did not answer.
    pub unavailable: Vec<String>,
}

/// What an order's page shows of its payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentSummary {
    /// Its id.
    pub id: PaymentId,
    /// Where it stands, in the payment context's words.
    pub status: String,
    /// What was to be paid.
    pub amount: Money,
    /// What went back.
    pub refunded: Money,
}

/// What an order's page shows of its customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerSummary {
    /// Who.
    pub id: UserId,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// What an order's page shows of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSummary {
    /// Which.
    pub id: ProductId,
    /// What it is called now.
    pub name: String,
    /// What one piece costs now.
    pub price: Money,
}

/// Takes over sagas whose process is gone or which are due again, and moves them on. For the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ResumeSagas {
    /// How many at most.
    pub limit: u32,
}
operation!(ResumeSagas => u32, Never; "orders.resume_sagas", Command, Internal);

/// All orders, ordered by id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditOrders {
    /// Which page.
    pub page: PageRequest,
}
operation!(AuditOrders => Page<OrderAudit>, Never; "orders.audit_orders", Query, Internal);

/// What orders knows of an order, for comparison with what the other contexts know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderAudit {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was to be paid.
    pub total: Money,
    /// Pieces in all lines.
    pub units: i64,
    /// Its payment.
    pub payment_id: PaymentId,
    /// Its reservation.
    pub reservation_id: ReservationId,
    /// Whether a saga of it has not ended: the contexts may disagree for the moment.
    pub in_progress: bool,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Sagas that have not ended or are stuck, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditSagas {
    /// How many at most.
    pub limit: u32,
}
operation!(AuditSagas => Vec<SagaAudit>, Never; "orders.audit_sagas", Query, Internal);

/// A saga that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SagaAudit {
    /// Which.
    pub saga_id: SagaId,
    /// Its table of steps.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Where it is going.
    pub status: String,
    /// What went wrong last.
    pub reason: Option<String>,
    /// When it was last written.
    pub updated_at: Timestamp,
}
