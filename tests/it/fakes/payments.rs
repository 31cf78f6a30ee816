//! An in-memory fake of the payments store, and of the keys that are committed with it. It can be told to fail.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use banyan::domains::payments::payment::Payment;
use banyan::domains::payments::refund::RefundStatus;
use banyan::domains::shared::ids::{OrderId, PaymentId, RefundId};
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::payments::outbound::{Overdue, PaymentStore};
use banyan::ports::shared::events::EventRecord;
use banyan::ports::shared::idempotency::{IdempotencyKey, IdempotencyStore, KeyRecord};
use banyan::ports::shared::storage::{KeyWrite, StorageError, UnitOfWork};

/// How a write fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFault {
    /// Nothing is written: the process dies before the commit.
    Lost,
    /// It is written, and nobody hears of it: the process dies after the commit.
    Unacknowledged,
}

#[derive(Default)]
struct Tables {
    payments: BTreeMap<PaymentId, Payment>,
    keys: HashMap<(String, String), KeyRecord>,
    events: Vec<EventRecord>,
    writes: usize,
    fault: Option<(usize, WriteFault)>,
}

#[derive(Default)]
pub struct FakePaymentStore(Mutex<Tables>);

impl FakePaymentStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the write fail that comes after `after` others.
    pub fn fail_write(&self, after: usize, fault: WriteFault) {
        let mut rows = self.0.lock().unwrap();
        rows.fault = Some((rows.writes + after, fault));
    }

    pub fn writes(&self) -> usize {
        self.0.lock().unwrap().writes
    }

    pub fn event_types(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .events
            .iter()
            .map(|event| event.event_type.clone())
            .collect()
    }

    pub fn events(&self) -> Vec<EventRecord> {
        self.0.lock().unwrap().events.clone()
    }

    fn write(
        &self,
        payment: &mut Payment,
        unit: &UnitOfWork,
        is_sound: impl FnOnce(&Tables, &Payment) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut rows = self.0.lock().unwrap();
        let number = rows.writes;
        rows.writes += 1;
        let fault = rows.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        if fault == Some(WriteFault::Lost) {
            return Err(StorageError::Unavailable("the process died before the commit".into()));
        }
        is_sound(&rows, payment)?;
        match &unit.key {
            Some(KeyWrite::Claim(record)) => {
                let key = (record.scope.clone(), record.key.as_str().to_owned());
                if rows.keys.contains_key(&key) {
                    return Err(StorageError::Duplicate {
                        constraint: "idempotency_keys".to_owned(),
                    });
                }
                rows.keys.insert(key, record.clone());
            }
            Some(KeyWrite::Answer(record)) => {
                let key = (record.scope.clone(), record.key.as_str().to_owned());
                rows.keys
                    .get_mut(&key)
                    .ok_or(StorageError::Stale)?
                    .answer
                    .clone_from(&record.answer);
            }
            None => {}
        }
        rows.events.extend(unit.events.iter().cloned());
        let mut stored = payment.clone();
        stored.mark_stored();
        rows.payments.insert(payment.id(), stored);
        if fault == Some(WriteFault::Unacknowledged) {
            return Err(StorageError::OutcomeUnknown("the process died after the commit".into()));
        }
        payment.mark_stored();
        Ok(())
    }
}

fn is_current(rows: &Tables, payment: &Payment) -> Result<(), StorageError> {
    let stored = rows.payments.get(&payment.id()).ok_or(StorageError::Stale)?;
    if stored.version() == payment.stored_version() {
        Ok(())
    } else {
        Err(StorageError::Stale)
    }
}

impl PaymentStore for FakePaymentStore {
    fn find(&self, id: PaymentId) -> Result<Option<Payment>, StorageError> {
        Ok(self.0.lock().unwrap().payments.get(&id).cloned())
    }

    fn find_by_order(&self, order_id: OrderId) -> Result<Option<Payment>, StorageError> {
        let rows = self.0.lock().unwrap();
        Ok(rows
            .payments
            .values()
            .find(|payment| payment.order_id() == order_id)
            .cloned())
    }

    fn insert(&self, payment: &mut Payment, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(payment, unit, |rows, payment| {
            let taken = |known: &Payment| known.id() == payment.id() || known.order_id() == payment.order_id();
            if rows.payments.values().any(taken) {
                return Err(StorageError::Duplicate {
                    constraint: "payments".to_owned(),
                });
            }
            Ok(())
        })
    }

    fn update(&self, payment: &mut Payment, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(payment, unit, is_current)
    }

    fn add_refund(&self, payment: &mut Payment, refund: RefundId, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(payment, unit, |rows, payment| {
            is_current(rows, payment)?;
            if rows.payments.values().any(|known| known.refund(refund).is_some()) {
                return Err(StorageError::Duplicate {
                    constraint: "refunds".to_owned(),
                });
            }
            Ok(())
        })
    }

    fn update_refund(&self, payment: &mut Payment, refund: RefundId, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.write(payment, unit, |rows, payment| {
            is_current(rows, payment)?;
            let known = rows.payments.get(&payment.id()).and_then(|known| known.refund(refund));
            known.map(|_| ()).ok_or(StorageError::Stale)
        })
    }

    fn overdue_attempts(&self, overdue: &Overdue, limit: u32) -> Result<Vec<PaymentId>, StorageError> {
        let rows = self.0.lock().unwrap();
        let mut found: Vec<(Timestamp, PaymentId)> = rows
            .payments
            .values()
            .filter_map(|payment| {
                let attempt = payment.attempt()?;
                let before = match attempt.request {
                    Some(_) => overdue.of_request_before,
                    None => overdue.of_checkout_before,
                };
                (attempt.started_at < before).then_some((attempt.started_at, payment.id()))
            })
            .collect();
        found.sort();
        Ok(found
            .into_iter()
            .map(|(_, id)| id)
            .take(usize::try_from(limit).unwrap())
            .collect())
    }

    fn pending_refunds(
        &self,
        requested_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(PaymentId, RefundId)>, StorageError> {
        let rows = self.0.lock().unwrap();
        let mut found: Vec<(Timestamp, RefundId, PaymentId)> = rows
            .payments
            .values()
            .flat_map(|payment| payment.refunds().iter().map(|refund| (payment.id(), refund)))
            .filter(|(_, refund)| refund.status() == RefundStatus::Pending && refund.created_at() < requested_before)
            .map(|(payment, refund)| (refund.created_at(), refund.id(), payment))
            .collect();
        found.sort();
        Ok(found
            .into_iter()
            .map(|(_, refund, payment)| (payment, refund))
            .take(usize::try_from(limit).unwrap())
            .collect())
    }

    fn page_by_order(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StorageError> {
        let rows = self.0.lock().unwrap();
        let mut payments: Vec<Payment> = rows
            .payments
            .values()
            .filter(|payment| after.is_none_or(|after| payment.order_id() > after))
            .cloned()
            .collect();
        payments.sort_by_key(Payment::order_id);
        payments.truncate(usize::try_from(limit).unwrap());
        Ok(payments)
    }

    fn page_by_id(&self, after: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>, StorageError> {
        let rows = self.0.lock().unwrap();
        let behind = rows.payments.values();
        let behind = behind.filter(|payment| after.is_none_or(|after| payment.id() > after));
        Ok(behind.take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    fn orders_of(&self, payments: &[PaymentId]) -> Result<Vec<(PaymentId, OrderId, String)>, StorageError> {
        let rows = self.0.lock().unwrap();
        let known = payments.iter().filter_map(|id| rows.payments.get(id));
        let told = known.map(|payment| (payment.id(), payment.order_id(), payment.provider_key().to_owned()));
        Ok(told.collect())
    }
}

impl IdempotencyStore for FakePaymentStore {
    fn find_key(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        not_before: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError> {
        let rows = self.0.lock().unwrap();
        let record = rows.keys.get(&(scope.to_owned(), key.as_str().to_owned()));
        Ok(record.filter(|record| record.created_at >= not_before).cloned())
    }

    fn forget_keys(&self, before: Timestamp, _limit: u32) -> Result<usize, StorageError> {
        let mut rows = self.0.lock().unwrap();
        let known = rows.keys.len();
        rows.keys.retain(|_, record| record.created_at >= before);
        Ok(known - rows.keys.len())
    }
}
