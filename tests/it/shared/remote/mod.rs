//! A context in another process, called over HTTP: a real server, real contexts, a network that loses things.

mod calls;
mod contracts;
mod events;
mod loopback;
mod lost_answers;
mod service_tokens;
mod tls;

use std::sync::Arc;

use banyan::adapters::inventory;
use banyan::adapters::inventory::sql::store::SqlInventoryStore;
use banyan::adapters::shared::remote::handler::Remote;
use banyan::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use banyan::adapters::shared::system::{SystemClock, SystemIds};
use banyan::app::inventory::InventoryService;
use banyan::app::shared::decorators::authorized::Authorized;
use banyan::app::shared::decorators::deadline::WithinDeadline;
use banyan::domains::shared::ids::{OrderId, ProductId, ReservationId};
use banyan::domains::shared::quantity::Quantity;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::inventory::operations::{
    ChangeStock, DEFAULT_LOCATION, GetStock, Inventory, ReserveStock, StockChange, StockLine,
};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::operation::Handler;
use uuid::Uuid;

use crate::support::databases::{self, TestDatabase};
use crate::support::fixed::{call, with_key};
use crate::support::internal_server::{InternalServer, offering, remote_at};
use crate::support::watched::Watched;

/// Inventory in another process, on a database of its own.
struct Warehouse {
    watched: Arc<Watched<dyn Inventory>>,
    server: InternalServer,
    database: TestDatabase,
}

impl Warehouse {
    fn open() -> Self {
        let home = databases::sqlite("inventory", inventory::sql::MIGRATIONS);
        let service = InventoryService::new(
            Arc::new(SqlInventoryStore::new(home.database.clone())),
            Arc::new(SqlIdempotencyStore::new(home.database.clone())),
            Arc::new(SystemClock),
            Arc::new(SystemIds),
        );
        let decorated: Arc<dyn Inventory> = Arc::new(WithinDeadline(Arc::new(Authorized(Arc::new(service)))));
        let watched = Arc::new(Watched::new(decorated));
        let server = InternalServer::start(offering::<dyn Inventory>(watched.clone()));
        Self {
            watched,
            server,
            database: home,
        }
    }

    fn remote(&self) -> Remote<dyn Inventory> {
        remote_at(self.server.address)
    }

    /// Pieces on hand, asked behind HTTP's back.
    fn on_hand(&self, product_id: ProductId) -> i64 {
        let levels = self.watched.handle(&operator(), GetStock { product_id }).unwrap();
        levels.iter().map(|level| level.on_hand).sum()
    }
}

fn operator() -> CallContext {
    call(Principal::service("operator"))
}

fn product(number: u128) -> ProductId {
    ProductId::from(Uuid::from_u128(number))
}

/// A delivery: a command that needs a key.
fn delivery(product_id: ProductId, pieces: i64) -> ChangeStock {
    ChangeStock {
        product_id,
        location: DEFAULT_LOCATION.to_owned(),
        change: StockChange::Receive(pieces),
        reason: "delivery".to_owned(),
    }
}

fn under_key(key: &str) -> CallContext {
    with_key(&operator(), key)
}

/// A reservation: a command without a key, which its caller may repeat.
fn reservation(product_id: ProductId, pieces: u32) -> ReserveStock {
    ReserveStock {
        lines: vec![StockLine {
            product_id,
            quantity: Quantity::new(i64::from(pieces)).unwrap(),
        }],
        ..reservation_number(1, product_id)
    }
}

/// A reservation of one piece.
fn reservation_number(number: u32, product_id: ProductId) -> ReserveStock {
    let id = Uuid::from_u128(u128::from(number));
    ReserveStock {
        reservation_id: ReservationId::from(id),
        order_id: OrderId::from(id),
        lines: vec![StockLine {
            product_id,
            quantity: Quantity::new(1).unwrap(),
        }],
        expires_at: Timestamp::from_unix_seconds(4_102_444_800).unwrap(),
    }
}
