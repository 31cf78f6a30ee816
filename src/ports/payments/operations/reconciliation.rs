//! How payments tells what disagrees with the provider's ledger.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Charge, PaymentStatus};
use crate::domains::shared::ids::{OrderId, PaymentId};
use crate::domains::shared::money::Money;

/// A page of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspects {
    /// Payments that were compared.
    pub payments: u32,
    /// Entries of the provider's ledger that were.
    pub charges: u32,
    /// Payments to which something is being done, or was a moment ago: they were not judged.
    pub under_way: u32,
    /// What disagrees.
    pub found: Vec<Discrepancy>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<String>,
}

/// What a second look finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// What disagrees under this key; `None` where nothing does, or it cannot be judged at the moment.
    pub found: Option<Discrepancy>,
}

/// What became of a repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepairedCharge {
    /// What was done, in this order; nothing where nothing had to be done any more.
    pub done: Vec<Repair>,
    /// What disagrees still; for a person.
    pub left: Option<Discrepancy>,
}

/// In which way our payment and the provider's ledger disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyClass {
    /// The provider holds or took money of which no payment is known.
    OrphanCharge,
    /// Our payment was completed, and the provider only holds the amount.
    MissingCapture,
    /// Our payment was authorized or completed, and the provider has nothing.
    MissingCharge,
    /// The amounts differ.
    AmountDrift,
    /// The currencies differ.
    CurrencyDrift,
    /// What went back differs.
    RefundDrift,
    /// The payment stands elsewhere at the provider.
    StateDrift,
    /// Another attempt of a payment holds or took money as well.
    DuplicateCharge,
}

/// What makes both agree again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The provider lets go what it holds.
    Void,
    /// The provider gives back what is left of what it took.
    GiveBack,
    /// The provider takes what it holds.
    Capture,
    /// We record that the provider took the amount.
    RecordCapture,
    /// We record that the provider holds nothing any more.
    RecordVoid,
    /// The provider is asked again for our refunds that it does not have.
    RefundAgain,
    /// We record, as a refund, what went back at the provider's desk.
    RecordRefund,
}

/// A disagreement over one entry of the provider's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Discrepancy {
    /// In which way.
    pub class: DiscrepancyClass,
    /// The key of the entry, or the one under which it should be.
    pub key: String,
    /// The payment; `None` for an orphan.
    pub ours: Option<OurSide>,
    /// What the provider has under the key; `None` where it has nothing.
    pub theirs: Option<Charge>,
    /// What makes both agree again; `None` where that is for a person to find.
    pub repair: Option<Repair>,
}

/// What we know of a payment that the provider sees differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OurSide {
    /// The payment.
    pub payment_id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What was to be paid.
    pub amount: Money,
    /// What went back.
    pub refunded: Money,
}
