//! Inventory as its callers see it, with what a test wants to do to it in few words.

use std::sync::Arc;

use banyan::adapters::inventory::sql::store::SqlInventoryStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use banyan::app::inventory::InventoryService;
use banyan::domains::shared::ids::{OrderId, ProductId, ReservationId};
use banyan::domains::shared::quantity::Quantity;
use banyan::ports::inventory::operations::{
    AuditStock, ChangeStock, ChangeStockError, CommitReservation, DEFAULT_LOCATION, EndReservationError,
    ExpireReservations, GetStock, ReleaseReservation, ReserveStock, ReserveStockError, ReturnStock, StockAudit,
    StockChange, StockLevel, StockLine,
};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::events::{Event, EventRecord};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::PageRequest;
use uuid::Uuid;

use crate::fakes::inventory::FakeInventoryStore;
use crate::support::fixed::{CountingIds, FixedClock, call, with_key};

/// How long reservations of these tests hold, unless they say otherwise.
pub const HOLD_MS: i64 = 15 * 60 * 1000;

pub struct Shop {
    pub inventory: Arc<InventoryService>,
    pub clock: Arc<FixedClock>,
    pub fake: Arc<FakeInventoryStore>,
}

impl Shop {
    /// Over the fake.
    pub fn new() -> Self {
        let (fake, clock) = (Arc::new(FakeInventoryStore::new()), Arc::new(FixedClock::new()));
        let inventory = InventoryService::new(fake.clone(), fake.clone(), clock.clone(), Arc::new(CountingIds::new()));
        Self {
            inventory: Arc::new(inventory),
            clock,
            fake,
        }
    }

    /// Over a database; the fake stays empty.
    pub fn over(database: &Arc<Database>) -> Self {
        let clock = Arc::new(FixedClock::new());
        let inventory = InventoryService::new(
            Arc::new(SqlInventoryStore::new(database.clone())),
            Arc::new(SqlIdempotencyStore::new(database.clone())),
            clock.clone(),
            Arc::new(CountingIds::new()),
        );
        Self {
            inventory: Arc::new(inventory),
            clock,
            fake: Arc::new(FakeInventoryStore::new()),
        }
    }

    /// A shop with so many pieces of product 1.
    pub fn with_pieces(pieces: i64) -> Self {
        let shop = Self::new();
        shop.receive(1, DEFAULT_LOCATION, pieces);
        shop
    }

    pub fn change(
        &self,
        key: &str,
        number: u128,
        location: &str,
        change: StockChange,
    ) -> Result<StockLevel, Failure<ChangeStockError>> {
        let (product_id, location) = (product(number), location.to_owned());
        let op = ChangeStock {
            product_id,
            location,
            change,
            reason: "delivery 4711".to_owned(),
        };
        self.inventory.handle(&with_key(&orders(), key), op)
    }

    pub fn receive(&self, number: u128, location: &str, pieces: i64) {
        let key = format!("{number}-{location}-{pieces}");
        self.change(&key, number, location, StockChange::Receive(pieces))
            .unwrap();
    }

    pub fn reserve(&self, number: u128, lines: &[(u128, i64)]) -> Result<(), Failure<ReserveStockError>> {
        let expires_at = self.clock.now().plus_ms(HOLD_MS);
        let (reservation_id, order_id) = (reservation(number), order(number));
        let line = |(number, pieces): &(u128, i64)| StockLine {
            product_id: product(*number),
            quantity: Quantity::new(*pieces).unwrap(),
        };
        let lines = lines.iter().map(line).collect();
        self.inventory.handle(
            &orders(),
            ReserveStock {
                reservation_id,
                order_id,
                lines,
                expires_at,
            },
        )
    }

    pub fn commit(&self, number: u128) -> Result<(), Failure<EndReservationError>> {
        self.inventory.handle(
            &orders(),
            CommitReservation {
                reservation_id: reservation(number),
            },
        )
    }

    pub fn release(&self, number: u128) -> Result<(), Failure<EndReservationError>> {
        let (reservation_id, order_id) = (reservation(number), order(number));
        self.inventory.handle(
            &orders(),
            ReleaseReservation {
                reservation_id,
                order_id,
            },
        )
    }

    pub fn take_back(&self, number: u128) -> Result<(), Failure<EndReservationError>> {
        self.inventory.handle(
            &orders(),
            ReturnStock {
                reservation_id: reservation(number),
            },
        )
    }

    pub fn expire(&self, limit: u32) -> u32 {
        self.inventory.handle(&orders(), ExpireReservations { limit }).unwrap()
    }

    pub fn levels(&self, number: u128) -> Vec<StockLevel> {
        self.inventory
            .handle(
                &orders(),
                GetStock {
                    product_id: product(number),
                },
            )
            .unwrap()
    }

    /// On hand and reserved of product 1 at the default location.
    pub fn figures(&self) -> (i64, i64) {
        let levels = self.levels(1);
        let level = levels.iter().find(|level| level.location == DEFAULT_LOCATION).unwrap();
        (level.on_hand, level.reserved)
    }

    pub fn audit(&self) -> Vec<StockAudit> {
        let page = PageRequest {
            limit: 100,
            after: None,
        };
        self.inventory.handle(&orders(), AuditStock { page }).unwrap().items
    }

    /// The events of a type that the fake has committed.
    pub fn events<E: Event>(&self) -> Vec<E> {
        self.fake
            .events()
            .iter()
            .filter_map(|record: &EventRecord| record.decode().unwrap())
            .collect()
    }
}

/// A call by orders.
pub fn orders() -> CallContext {
    call(Principal::service("orders"))
}

pub fn product(number: u128) -> ProductId {
    ProductId::from(Uuid::from_u128(number))
}

pub fn order(number: u128) -> OrderId {
    OrderId::from(Uuid::from_u128(number))
}

pub fn reservation(number: u128) -> ReservationId {
    ReservationId::from(Uuid::from_u128(number))
}

/// Fails unless every level agrees with its ledger and its reservations.
#[track_caller]
pub fn assert_figures_agree(audits: &[StockAudit]) {
    for audit in audits {
        assert_eq!(audit.level.on_hand, audit.ledger_sum, "{audit:?}");
        assert_eq!(audit.level.reserved, audit.active_reserved, "{audit:?}");
        assert!(audit.level.available() >= 0 && audit.level.reserved >= 0, "{audit:?}");
        assert!(audit.sold + audit.active_reserved <= audit.brought_in, "{audit:?}");
    }
}
