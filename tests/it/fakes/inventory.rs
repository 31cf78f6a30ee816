//! An in-memory fake of the inventory store, with the idempotency keys that it commits.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use banyan::domains::inventory::location::Location;
use banyan::domains::inventory::movement::{Movement, MovementKind};
use banyan::domains::inventory::reservation::{Ending, Reservation, ReservedLine};
use banyan::domains::inventory::reservation_status::ReservationStatus;
use banyan::domains::inventory::reservation_wish::{ReservationWish, WishedLine};
use banyan::domains::inventory::stock_level::{LevelEffect, LevelRefusal, StockLevel};
use banyan::domains::shared::ids::{MovementId, OrderId, ProductId, ReservationId};
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::inventory::operations::{self, DEFAULT_LOCATION, ReservationAudit, Shortage, StockAudit};
use banyan::ports::inventory::outbound::{ChangedLevel, InventoryStore, LevelChange, LevelKey, Reserving, UnitFor};
use banyan::ports::shared::clock::IdSource;
use banyan::ports::shared::events::EventRecord;
use banyan::ports::shared::idempotency::{IdempotencyKey, IdempotencyStore, KeyRecord};
use banyan::ports::shared::storage::{KeyWrite, StorageError, UnitOfWork};

/// An in-memory inventory store: one lock stands for the transaction.
#[derive(Default)]
pub struct FakeInventoryStore(Mutex<State>);

#[derive(Default, Clone)]
struct State {
    levels: BTreeMap<(ProductId, Location), StockLevel>,
    movements: Vec<Movement>,
    reservations: BTreeMap<ReservationId, Reservation>,
    events: Vec<EventRecord>,
    keys: Vec<KeyRecord>,
}

impl FakeInventoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// What was committed with the changes.
    pub fn events(&self) -> Vec<EventRecord> {
        self.state().events.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Works on a copy, which takes the place of the original only when all went well.
    fn transaction<T>(&self, work: impl FnOnce(&mut State) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let mut state = self.state();
        let mut copy = state.clone();
        let result = work(&mut copy)?;
        *state = copy;
        Ok(result)
    }
}

impl State {
    fn commit(&mut self, unit: UnitOfWork) -> Result<(), StorageError> {
        if let Some(KeyWrite::Claim(record) | KeyWrite::Answer(record)) = unit.key {
            if self
                .keys
                .iter()
                .any(|known| (&known.scope, &known.key) == (&record.scope, &record.key))
            {
                return Err(StorageError::Duplicate {
                    constraint: "key".to_owned(),
                });
            }
            self.keys.push(record);
        }
        self.events.extend(unit.events);
        Ok(())
    }

    fn levels_of(&self, product_id: ProductId) -> Vec<StockLevel> {
        self.levels
            .values()
            .filter(|level| level.product_id() == product_id)
            .cloned()
            .collect()
    }

    fn affect(&mut self, line: &ReservedLine, effect: LevelEffect) -> Option<StockLevel> {
        let level = self.levels.get_mut(&(line.product_id, line.location.clone()))?;
        *level = level.affected(effect, line.quantity)?;
        Some(level.clone())
    }

    fn hold(&mut self, line: &WishedLine) -> Result<(ReservedLine, StockLevel), Shortage> {
        let mut levels = self.levels_of(line.product_id);
        levels.sort_by_key(|level| level.location().as_str() != DEFAULT_LOCATION);
        for level in &levels {
            let (product_id, location) = (line.product_id, level.location().clone());
            let line = ReservedLine {
                product_id,
                location,
                quantity: line.quantity,
            };
            if let Some(level) = self.affect(&line, LevelEffect::HOLD) {
                return Ok((line, level));
            }
        }
        let available = levels.iter().map(StockLevel::available).max().unwrap_or(0);
        Err(Shortage {
            product_id: line.product_id,
            requested: line.quantity,
            available,
        })
    }

    fn audit(&self, level: &StockLevel) -> StockAudit {
        let own =
            |movement: &&Movement| movement.product_id == level.product_id() && movement.location == *level.location();
        let sum = |is_sale: bool| {
            let of_kind = |movement: &&Movement| (movement.kind == MovementKind::Sale) == is_sale;
            self.movements
                .iter()
                .filter(own)
                .filter(of_kind)
                .map(|movement| movement.quantity)
                .sum::<i64>()
        };
        let active = self
            .reservations
            .values()
            .filter(|held| held.status() == ReservationStatus::Active);
        let lines = active.flat_map(Reservation::lines);
        let own_lines =
            lines.filter(|line| line.product_id == level.product_id() && line.location == *level.location());
        StockAudit {
            ledger_sum: sum(true) + sum(false),
            active_reserved: own_lines.map(|line| line.quantity).sum(),
            brought_in: sum(false),
            sold: -sum(true),
            level: operations::StockLevel {
                product_id: level.product_id(),
                location: level.location().to_string(),
                on_hand: level.on_hand(),
                reserved: level.reserved(),
                version: level.version(),
            },
        }
    }
}

fn page<T>(items: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    items.take(usize::try_from(limit).unwrap()).collect()
}

impl InventoryStore for FakeInventoryStore {
    fn levels_of(&self, product_id: ProductId) -> Result<Vec<StockLevel>, StorageError> {
        Ok(self.state().levels_of(product_id))
    }

    fn movements_of(
        &self,
        product_id: ProductId,
        before: Option<MovementId>,
        limit: u32,
    ) -> Result<Vec<Movement>, StorageError> {
        let mut movements = self.state().movements.clone();
        movements.retain(|entry| entry.product_id == product_id && before.is_none_or(|before| entry.id < before));
        movements.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        Ok(page(movements.into_iter(), limit))
    }

    fn change_level(
        &self,
        change: &LevelChange,
        unit: UnitFor<'_, Result<ChangedLevel, LevelRefusal>>,
    ) -> Result<Result<ChangedLevel, LevelRefusal>, StorageError> {
        self.transaction(|state| {
            let key = (change.product_id, change.location.clone());
            let before = state.levels.get(&key).cloned();
            let before = before.unwrap_or_else(|| StockLevel::empty(change.product_id, change.location.clone()));
            let result = before.changed(change.change).map(|level| {
                let difference = level.on_hand() - before.on_hand();
                ChangedLevel { level, difference }
            });
            if let Ok(changed) = &result {
                state.levels.insert(key, changed.level.clone());
                state.movements.push(change.entry(changed));
            }
            state.commit(unit(&result)?)?;
            Ok(result)
        })
    }

    fn reserve(&self, wish: &ReservationWish, unit: UnitFor<'_, Vec<StockLevel>>) -> Result<Reserving, StorageError> {
        let mut shortages = Vec::new();
        let result = self.transaction(|state| {
            if let Some(existing) = state.reservations.get(&wish.id()) {
                return Ok(Reserving::Exists(existing.clone()));
            }
            let (mut lines, mut levels) = (Vec::new(), Vec::new());
            for line in wish.lines() {
                match state.hold(line) {
                    Ok((line, level)) => {
                        lines.push(line);
                        levels.push(level);
                    }
                    Err(shortage) => shortages.push(shortage),
                }
            }
            if !shortages.is_empty() {
                return Err(StorageError::Refused {
                    constraint: "available".to_owned(),
                });
            }
            let times = (wish.created_at(), wish.created_at());
            let (id, order_id, status) = (wish.id(), wish.order_id(), ReservationStatus::Active);
            let reservation = Reservation::from_storage(id, order_id, status, lines, wish.expires_at(), times);
            state.reservations.insert(id, reservation);
            state.commit(unit(&levels)?)?;
            Ok(Reserving::Held)
        });
        if shortages.is_empty() {
            result
        } else {
            Ok(Reserving::Short(shortages))
        }
    }

    fn find_reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StorageError> {
        Ok(self.state().reservations.get(&id).cloned())
    }

    fn end_reservation(
        &self,
        ending: &Ending,
        ids: &dyn IdSource,
        unit: UnitFor<'_, Vec<StockLevel>>,
    ) -> Result<(), StorageError> {
        self.transaction(|state| {
            let after = ending.reservation();
            let current = state
                .reservations
                .get(&after.id())
                .filter(|current| current.status() == ending.from());
            current.ok_or(StorageError::Stale)?;
            state.reservations.insert(after.id(), after.clone());
            let affected = after.lines().iter().map(|line| state.affect(line, ending.effect()));
            let levels: Option<Vec<StockLevel>> = affected.collect();
            let levels = levels.ok_or(StorageError::Refused {
                constraint: "reserved <= on_hand".to_owned(),
            })?;
            state.movements.extend(ending.entries(&levels, || ids.make()));
            state.commit(unit(&levels)?)
        })
    }

    fn remember_released(&self, reservation: &Reservation) -> Result<(), StorageError> {
        self.transaction(
            |state| match state.reservations.insert(reservation.id(), reservation.clone()) {
                None => Ok(()),
                Some(_known) => Err(StorageError::Duplicate {
                    constraint: "reservations".to_owned(),
                }),
            },
        )
    }

    fn due_reservations(&self, now: Timestamp, limit: u32) -> Result<Vec<Reservation>, StorageError> {
        let mut due: Vec<Reservation> = self.state().reservations.values().cloned().collect();
        due.retain(|held| held.status() == ReservationStatus::Active && held.expires_at() <= now);
        due.sort_by_key(|held| (held.expires_at(), held.id()));
        Ok(page(due.into_iter(), limit))
    }

    fn audit_stock(&self, after: Option<&LevelKey>, limit: u32) -> Result<Vec<StockAudit>, StorageError> {
        let state = self.state();
        let behind = |level: &&StockLevel| {
            after.is_none_or(|(product, location)| {
                (level.product_id(), level.location().as_str()) > (*product, location.as_str())
            })
        };
        let audits = state.levels.values().filter(behind).map(|level| state.audit(level));
        Ok(page(audits, limit))
    }

    fn audit_reservations(
        &self,
        after: Option<(OrderId, ReservationId)>,
        limit: u32,
    ) -> Result<Vec<ReservationAudit>, StorageError> {
        let mut all: Vec<Reservation> = self.state().reservations.values().cloned().collect();
        all.sort_by_key(|reservation| (reservation.order_id(), reservation.id()));
        all.retain(|reservation| after.is_none_or(|after| (reservation.order_id(), reservation.id()) > after));
        let audits = all.into_iter().map(|reservation| ReservationAudit {
            order_id: reservation.order_id(),
            reservation_id: reservation.id(),
            status: reservation.status().name().to_owned(),
            units: reservation.lines().iter().map(|line| line.quantity).sum(),
        });
        Ok(page(audits, limit))
    }
}

impl IdempotencyStore for FakeInventoryStore {
    fn find_key(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        not_before: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError> {
        let state = self.state();
        let is_it =
            |record: &&KeyRecord| record.scope == scope && record.key == *key && record.created_at >= not_before;
        Ok(state.keys.iter().find(is_it).cloned())
    }

    fn forget_keys(&self, before: Timestamp, _limit: u32) -> Result<usize, StorageError> {
        let keys = &mut self.state().keys;
        let held = keys.len();
        keys.retain(|record| record.created_at >= before);
        Ok(held - keys.len())
    }
}
