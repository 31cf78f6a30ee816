//! Staff receive, adjust and recount stock.

use super::{InventoryService, level_after, published_level};
use crate::app::shared::idempotent::{self, Begun, Claim, Outcome};
use crate::domains::inventory::location::Location;
use crate::domains::inventory::stock_change::{ChangeKind, StockChange};
use crate::domains::inventory::stock_level::LevelRefusal;
use crate::domains::shared::text;
use crate::ports::inventory::events::InventoryChanged;
use crate::ports::inventory::operations::{self, ChangeStock, ChangeStockError};
use crate::ports::inventory::outbound::{ChangedLevel, LevelChange};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// The most characters of a reason: a line of a list.
const REASON_CHARS_MAX: usize = 200;

impl Handler<ChangeStock> for InventoryService {
    /// Under one key a change takes effect once. That it was refused because pieces are promised is remembered like a
    /// success: the same request gets the same answer, whatever has been sold or released in between.
    fn handle(&self, cx: &CallContext, op: ChangeStock) -> Result<operations::StockLevel, Failure<ChangeStockError>> {
        let change = self.valid(&op).map_err(Failure::Domain)?;
        let now = change.occurred_at;
        let claim = match idempotent::begin(&*self.keys, cx, &op, now)? {
            Begun::Fresh(claim) => claim,
            Begun::Replayed(outcome) => return idempotent::into_result::<ChangeStock>(outcome),
        };
        let committed = self
            .store
            .change_level(&change, &|result| self.unit(cx, &change, claim.clone(), result));
        let outcome = match committed {
            Ok(result) => outcome(&result),
            Err(StorageError::Duplicate { constraint }) => {
                idempotent::after_lost_race(&*self.keys, cx, &op, now)?.ok_or_else(|| Failure::internal(constraint))?
            }
            Err(error) => return Err(error.into()),
        };
        idempotent::into_result::<ChangeStock>(outcome)
    }
}

impl InventoryService {
    fn valid(&self, op: &ChangeStock) -> Result<LevelChange, ChangeStockError> {
        let location = Location::new(&op.location).map_err(|error| invalid("location", &error))?;
        let reason = text::single_line(&op.reason, REASON_CHARS_MAX).map_err(|error| invalid("reason", &error))?;
        let (kind, quantity) = match op.change {
            operations::StockChange::Receive(quantity) => (ChangeKind::Receive, quantity),
            operations::StockChange::Adjust(quantity) => (ChangeKind::Adjust, quantity),
            operations::StockChange::Recount(quantity) => (ChangeKind::Recount, quantity),
        };
        let change = StockChange::new(kind, quantity).map_err(|error| invalid("quantity", &error))?;
        Ok(LevelChange {
            product_id: op.product_id,
            location,
            change,
            movement_id: self.ids.make(),
            reason,
            occurred_at: self.clock.now(),
        })
    }

    /// The event, if there is one, and the answer under the key.
    fn unit(
        &self,
        cx: &CallContext,
        change: &LevelChange,
        claim: Claim,
        result: &Result<ChangedLevel, LevelRefusal>,
    ) -> Result<UnitOfWork, StorageError> {
        let events = result.as_ref().map_or_else(
            |_refusal| Vec::new(),
            |changed| {
                let event = InventoryChanged {
                    level: level_after(&changed.level),
                    quantity: changed.difference,
                    reason: change.reason.clone(),
                };
                vec![EventRecord::of(&event, cx, &*self.ids, change.occurred_at)]
            },
        );
        let key = claim
            .answered::<ChangeStock>(&outcome(result))
            .map_err(|failure| StorageError::corrupt(format!("the answer cannot be kept: {failure:?}")))?;
        Ok(UnitOfWork::events(events).with_key(Some(key)))
    }
}

fn outcome(result: &Result<ChangedLevel, LevelRefusal>) -> Outcome<ChangeStock> {
    match result {
        Ok(changed) => Ok(published_level(&changed.level)),
        Err(LevelRefusal::BelowReserved { available }) => {
            Err(ChangeStockError::BelowReserved { available: *available })
        }
        Err(overfull @ LevelRefusal::Overfull) => Err(invalid("quantity", overfull)),
    }
}

fn invalid(field: &str, reason: &impl ToString) -> ChangeStockError {
    ChangeStockError::Invalid {
        field: field.to_owned(),
        reason: reason.to_string(),
    }
}
