//! An in-memory fake of the order store.

use std::collections::BTreeMap;
use std::sync::Mutex;

use banyan::domains::orders::order::Order;
use banyan::domains::orders::status::Status;
use banyan::domains::shared::ids::{OrderId, UserId};
use banyan::ports::orders::outbound::{AuditedOrder, OrderStore};
use banyan::ports::shared::page::{Page, PageRequest};
use banyan::ports::shared::saga::{SagaRecord, SagaStatus};
use banyan::ports::shared::storage::{KeyWrite, SagaWrite, StorageError, UnitOfWork};

#[derive(Default)]
struct Tables {
    orders: BTreeMap<String, Order>,
    sagas: BTreeMap<String, SagaRecord>,
    keys: BTreeMap<(String, String), Option<String>>,
}

/// Orders in memory.
#[derive(Default)]
pub struct FakeOrderStore(Mutex<Tables>);

impl FakeOrderStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn write(
        &self,
        unit: &UnitOfWork,
        write: impl FnOnce(&mut Tables) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut tables = self.0.lock().unwrap();
        let mut copy = Tables {
            orders: tables.orders.clone(),
            sagas: tables.sagas.clone(),
            keys: tables.keys.clone(),
        };
        write(&mut copy)?;
        copy.write_unit(unit)?;
        *tables = copy;
        Ok(())
    }
}

impl Tables {
    fn write_unit(&mut self, unit: &UnitOfWork) -> Result<(), StorageError> {
        match &unit.saga {
            Some(SagaWrite::Begin(saga)) => drop(self.sagas.insert(saga.id.to_string(), saga.clone())),
            Some(SagaWrite::Advance(saga)) => {
                let id = saga.id.to_string();
                self.sagas
                    .get(&id)
                    .filter(|old| old.lease.owner == saga.lease.owner)
                    .ok_or(StorageError::Stale)?;
                self.sagas.insert(id, saga.clone());
            }
            None => {}
        }
        match &unit.key {
            Some(KeyWrite::Claim(record)) => {
                let key = (record.scope.clone(), record.key.as_str().to_owned());
                if self.keys.contains_key(&key) {
                    return Err(StorageError::Duplicate {
                        constraint: "idempotency_keys".into(),
                    });
                }
                self.keys.insert(key, record.answer.clone());
            }
            Some(KeyWrite::Answer(record)) => {
                self.keys.insert(
                    (record.scope.clone(), record.key.as_str().to_owned()),
                    record.answer.clone(),
                );
            }
            None => {}
        }
        Ok(())
    }
}

impl OrderStore for FakeOrderStore {
    fn insert(&self, order: &Order, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(unit, |tables| {
            if tables.orders.contains_key(&order.id().to_string()) {
                return Err(StorageError::Duplicate {
                    constraint: "orders.id".into(),
                });
            }
            tables.orders.insert(order.id().to_string(), order.clone());
            Ok(())
        })
    }

    fn update(&self, order: &Order, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(unit, |tables| {
            let id = order.id().to_string();
            let before = tables.orders.get(&id).ok_or(StorageError::Stale)?;
            if before.data().version != order.data().version - 1 {
                return Err(StorageError::Stale);
            }
            tables.orders.insert(id, order.clone());
            Ok(())
        })
    }

    fn commit(&self, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(unit, |_tables| Ok(()))
    }

    fn find(&self, id: OrderId) -> Result<Option<Order>, StorageError> {
        Ok(self.0.lock().unwrap().orders.get(&id.to_string()).cloned())
    }

    fn list(
        &self,
        customer: UserId,
        status: Option<Status>,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Page<Order>, StorageError> {
        let tables = self.0.lock().unwrap();
        let orders = tables.orders.values().rev().filter(|order| {
            let data = order.data();
            data.customer_id == customer
                && status.is_none_or(|status| data.status == status)
                && after.is_none_or(|after| order.id() < after)
        });
        let orders = orders.take(usize::try_from(limit).unwrap() + 1).cloned().collect();
        Ok(Page::from_one_more(orders, limit, |order: &Order| {
            order.id().to_string()
        }))
    }

    fn audit(&self, page: &PageRequest) -> Result<Page<AuditedOrder>, StorageError> {
        let tables = self.0.lock().unwrap();
        let after = page.after.clone().unwrap_or_default();
        let open = |subject: &str| {
            tables.sagas.values().any(|saga| {
                saga.subject == subject && matches!(saga.status, SagaStatus::Running | SagaStatus::Compensating)
            })
        };
        let orders = tables.orders.iter().filter(|(id, _)| **id > after);
        let orders = orders.take(usize::try_from(page.limit).unwrap() + 1);
        let audits = orders.map(|(id, order)| {
            let data = order.data();
            AuditedOrder {
                order_id: data.ids.order,
                status: data.status,
                total: data.totals.total,
                units: data.lines.iter().map(|line| i64::from(line.quantity.get())).sum(),
                payment_id: data.ids.payment,
                reservation_id: data.ids.reservation,
                in_progress: open(id),
                updated_at: data.updated_at,
            }
        });
        Ok(Page::from_one_more(audits.collect(), page.limit, |audit| {
            audit.order_id.to_string()
        }))
    }
}
