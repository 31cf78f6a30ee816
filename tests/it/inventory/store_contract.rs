//! What every inventory store owes.

use banyan::adapters::inventory::sql::MIGRATIONS;
use banyan::adapters::inventory::sql::store::SqlInventoryStore;
use banyan::domains::inventory::location::Location;
use banyan::domains::inventory::movement::{Movement, MovementKind};
use banyan::domains::inventory::reservation::{Reservation, ReservedLine};
use banyan::domains::inventory::reservation_status::ReservationStatus;
use banyan::domains::inventory::reservation_wish::ReservationWish;
use banyan::domains::inventory::stock_change::{ChangeKind, StockChange};
use banyan::domains::inventory::stock_level::{LevelRefusal, StockLevel};
use banyan::domains::shared::ids::MovementId;
use banyan::domains::shared::quantity::Quantity;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::inventory::operations::{self, ReservationAudit, Shortage, StockAudit};
use banyan::ports::inventory::outbound::{ChangedLevel, InventoryStore, LevelChange, Reserving};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};
use uuid::Uuid;

use super::shop::{order, product, reservation};
use crate::fakes::inventory::FakeInventoryStore;
use crate::support::contract::store_contract;
use crate::support::fixed::CountingIds;

store_contract! {
    context = "inventory", fake = FakeInventoryStore::new(), sql = SqlInventoryStore::new,
    migrations = MIGRATIONS;
    a_change_and_its_entry_are_read_as_they_were_written,
    a_refused_change_writes_nothing,
    a_unit_that_cannot_be_made_leaves_nothing_behind,
    a_reservation_is_read_as_it_was_written,
    a_shortage_leaves_nothing_behind,
    a_line_is_held_at_the_default_location_or_the_first_that_has_enough,
    a_second_wish_of_an_id_finds_the_first,
    a_transition_moves_the_levels_and_the_ledger,
    a_transition_from_a_status_of_the_past_is_stale,
    a_release_is_remembered_once,
    the_most_overdue_reservations_come_first,
    levels_are_audited_page_by_page,
    reservations_are_audited_page_by_page,
    the_ledger_is_read_page_by_page_newest_first,
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600).unwrap().plus_ms(ms)
}

fn location(name: &str) -> Location {
    Location::new(name).unwrap()
}

fn change_of(number: u128, place: &str, kind: ChangeKind, quantity: i64, entry: u128) -> LevelChange {
    LevelChange {
        product_id: product(number),
        location: location(place),
        change: StockChange::new(kind, quantity).unwrap(),
        movement_id: MovementId::from(Uuid::from_u128(entry)),
        reason: format!("reason {entry}"),
        occurred_at: at(1),
    }
}

fn receive(store: &dyn InventoryStore, number: u128, place: &str, quantity: i64, entry: u128) {
    let change = change_of(number, place, ChangeKind::Receive, quantity, entry);
    store
        .change_level(&change, &|_| Ok(UnitOfWork::none()))
        .unwrap()
        .unwrap();
}

fn wish(number: u128, lines: &[(u128, i64)]) -> ReservationWish {
    let lines = lines
        .iter()
        .map(|(number, pieces)| (product(*number), Quantity::new(*pieces).unwrap()));
    ReservationWish::new(reservation(number), order(number), lines, at(number_ms(number)), at(0))
}

/// Reservation 3 of these tests expires 3 ms after the epoch of the tests.
fn number_ms(number: u128) -> i64 {
    i64::try_from(number).unwrap()
}

fn reserve(store: &dyn InventoryStore, number: u128, lines: &[(u128, i64)]) -> Reserving {
    store
        .reserve(&wish(number, lines), &|_| Ok(UnitOfWork::none()))
        .unwrap()
}

fn end(store: &dyn InventoryStore, number: u128, next: ReservationStatus) -> Result<(), StorageError> {
    let found = store.find_reservation(reservation(number)).unwrap().unwrap();
    let ending = found.end(next, at(9)).unwrap().unwrap();
    store.end_reservation(&ending, &CountingIds::new(), &|_| Ok(UnitOfWork::none()))
}

fn level(number: u128, place: &str, (on_hand, reserved): (i64, i64), version: i64) -> StockLevel {
    StockLevel::from_storage(product(number), location(place), on_hand, reserved, version)
}

fn a_change_and_its_entry_are_read_as_they_were_written(store: &dyn InventoryStore) {
    receive(store, 1, "main", 10, 101);
    let recount = change_of(1, "main", ChangeKind::Recount, 7, 102);
    let changed = store.change_level(&recount, &|_| Ok(UnitOfWork::none())).unwrap();
    let expected = level(1, "main", (7, 0), 2);
    assert_eq!(
        changed,
        Ok(ChangedLevel {
            level: expected.clone(),
            difference: -3
        })
    );
    assert_eq!(store.levels_of(product(1)).unwrap(), [expected]);
    assert_eq!(store.levels_of(product(2)).unwrap(), []);

    let entry = |id: u128, kind, quantity, on_hand_after| Movement {
        id: MovementId::from(Uuid::from_u128(id)),
        product_id: product(1),
        location: location("main"),
        kind,
        quantity,
        on_hand_after,
        reason: format!("reason {id}"),
        reservation_id: None,
        occurred_at: at(1),
    };
    let ledger = [
        entry(102, MovementKind::Recount, -3, 7),
        entry(101, MovementKind::Receive, 10, 10),
    ];
    assert_eq!(store.movements_of(product(1), None, 10).unwrap(), ledger);
}

fn a_refused_change_writes_nothing(store: &dyn InventoryStore) {
    let adjust = change_of(1, "main", ChangeKind::Adjust, -1, 101);
    let refused = store.change_level(&adjust, &|_| Ok(UnitOfWork::none())).unwrap();
    assert_eq!(refused, Err(LevelRefusal::BelowReserved { available: 0 }));
    assert_eq!(store.levels_of(product(1)).unwrap(), []);
    assert_eq!(store.movements_of(product(1), None, 10).unwrap(), []);
}

fn a_unit_that_cannot_be_made_leaves_nothing_behind(store: &dyn InventoryStore) {
    receive(store, 1, "main", 5, 101);
    let change = change_of(1, "main", ChangeKind::Receive, 5, 102);
    assert!(
        store
            .change_level(&change, &|_| Err(StorageError::corrupt("no unit")))
            .is_err()
    );
    assert!(
        store
            .reserve(&wish(1, &[(1, 1)]), &|_| Err(StorageError::corrupt("no unit")))
            .is_err()
    );
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (5, 0), 1)]);
    assert_eq!(store.movements_of(product(1), None, 10).unwrap().len(), 1);
    assert_eq!(store.find_reservation(reservation(1)).unwrap(), None);
}

fn a_reservation_is_read_as_it_was_written(store: &dyn InventoryStore) {
    receive(store, 2, "main", 5, 101);
    receive(store, 1, "main", 5, 102);
    let told = std::cell::RefCell::new(Vec::new());
    let reserving = store.reserve(&wish(7, &[(2, 2), (1, 3)]), &|levels| {
        told.borrow_mut().extend(levels.clone());
        Ok(UnitOfWork::none())
    });
    assert_eq!(reserving.unwrap(), Reserving::Held);
    assert_eq!(
        told.into_inner(),
        [level(1, "main", (5, 3), 2), level(2, "main", (5, 2), 2)]
    );

    let line = |number, quantity| ReservedLine {
        product_id: product(number),
        location: location("main"),
        quantity,
    };
    let lines = vec![line(1, 3), line(2, 2)];
    let status = ReservationStatus::Active;
    let expected = Reservation::from_storage(reservation(7), order(7), status, lines, at(7), (at(0), at(0)));
    assert_eq!(store.find_reservation(reservation(7)).unwrap(), Some(expected));
    assert_eq!(store.find_reservation(reservation(8)).unwrap(), None);
}

fn a_shortage_leaves_nothing_behind(store: &dyn InventoryStore) {
    receive(store, 1, "main", 5, 101);
    receive(store, 2, "main", 2, 102);
    let short = |number, requested, available| Shortage {
        product_id: product(number),
        requested,
        available,
    };
    let reserving = reserve(store, 1, &[(3, 1), (1, 4), (2, 3)]);
    assert_eq!(reserving, Reserving::Short(vec![short(2, 3, 2), short(3, 1, 0)]));
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (5, 0), 1)]);
    assert_eq!(store.find_reservation(reservation(1)).unwrap(), None);
    assert_eq!(reserve(store, 1, &[(1, 4)]), Reserving::Held);
}

fn a_line_is_held_at_the_default_location_or_the_first_that_has_enough(store: &dyn InventoryStore) {
    for (entry, (place, pieces)) in (101..).zip([("aachen", 2), ("berlin", 5), ("main", 3), ("celle", 5)]) {
        receive(store, 1, place, pieces, entry);
    }
    let held_at = |number| {
        store.find_reservation(reservation(number)).unwrap().unwrap().lines()[0]
            .location
            .clone()
    };
    assert_eq!(reserve(store, 1, &[(1, 3)]), Reserving::Held);
    assert_eq!(reserve(store, 2, &[(1, 3)]), Reserving::Held);
    assert_eq!(reserve(store, 3, &[(1, 1)]), Reserving::Held);
    assert_eq!(
        [held_at(1), held_at(2), held_at(3)],
        [location("main"), location("berlin"), location("aachen")]
    );
    let short = Shortage {
        product_id: product(1),
        requested: 6,
        available: 5,
    };
    assert_eq!(
        reserve(store, 4, &[(1, 6)]),
        Reserving::Short(vec![short]),
        "a line is not split"
    );
}

fn a_second_wish_of_an_id_finds_the_first(store: &dyn InventoryStore) {
    receive(store, 1, "main", 5, 101);
    assert_eq!(reserve(store, 1, &[(1, 2)]), Reserving::Held);
    let first = store.find_reservation(reservation(1)).unwrap().unwrap();
    assert_eq!(reserve(store, 1, &[(1, 3)]), Reserving::Exists(first));
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (5, 2), 2)]);
}

fn a_transition_moves_the_levels_and_the_ledger(store: &dyn InventoryStore) {
    receive(store, 1, "main", 9, 1001);
    for (number, pieces) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(reserve(store, number, &[(1, pieces)]), Reserving::Held);
    }
    end(store, 1, ReservationStatus::Released).unwrap();
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (9, 6), 5)]);
    end(store, 2, ReservationStatus::Expired).unwrap();
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (9, 4), 6)]);
    assert_eq!(
        store.movements_of(product(1), None, 10).unwrap().len(),
        1,
        "nothing on hand has moved"
    );

    let active = store.find_reservation(reservation(3)).unwrap().unwrap();
    let ids = CountingIds::new();
    let sale = active.end(ReservationStatus::Committed, at(8)).unwrap().unwrap();
    store
        .end_reservation(&sale, &ids, &|levels| {
            assert_eq!(*levels, [level(1, "main", (5, 0), 7)]);
            Ok(UnitOfWork::none())
        })
        .unwrap();
    let sold = store.find_reservation(reservation(3)).unwrap().unwrap();
    assert_eq!(&sold, sale.reservation());
    let back = sold.end(ReservationStatus::Returned, at(9)).unwrap().unwrap();
    store.end_reservation(&back, &ids, &|_| Ok(UnitOfWork::none())).unwrap();
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (9, 0), 8)]);

    let entry = |id: u128, kind, quantity, on_hand_after, reason: String, ms| Movement {
        id: MovementId::from(Uuid::from_u128(id)),
        product_id: product(1),
        location: location("main"),
        kind,
        quantity,
        on_hand_after,
        reason,
        reservation_id: Some(reservation(3)),
        occurred_at: at(ms),
    };
    let mut ledger = store.movements_of(product(1), None, 10).unwrap();
    assert_eq!(ledger.remove(0).reason, "reason 1001");
    let returned = entry(2, MovementKind::Return, 4, 9, format!("returned from {}", order(3)), 9);
    let sale = entry(1, MovementKind::Sale, -4, 5, format!("sold with {}", order(3)), 8);
    assert_eq!(ledger, [returned, sale]);
}

fn a_transition_from_a_status_of_the_past_is_stale(store: &dyn InventoryStore) {
    receive(store, 1, "main", 5, 1001);
    assert_eq!(reserve(store, 1, &[(1, 2)]), Reserving::Held);
    let active = store.find_reservation(reservation(1)).unwrap().unwrap();
    end(store, 1, ReservationStatus::Released).unwrap();
    let sale = active.end(ReservationStatus::Committed, at(9)).unwrap().unwrap();
    let refused = store.end_reservation(&sale, &CountingIds::new(), &|_| Ok(UnitOfWork::none()));
    assert!(matches!(refused, Err(StorageError::Stale)), "{refused:?}");
    assert_eq!(store.levels_of(product(1)).unwrap(), [level(1, "main", (5, 0), 3)]);
}

fn a_release_is_remembered_once(store: &dyn InventoryStore) {
    let unheard_of = Reservation::released_unheard_of(reservation(1), order(1), at(5));
    store.remember_released(&unheard_of).unwrap();
    assert_eq!(
        store.find_reservation(reservation(1)).unwrap(),
        Some(unheard_of.clone())
    );
    let again = store.remember_released(&unheard_of);
    assert!(matches!(again, Err(StorageError::Duplicate { .. })), "{again:?}");
}

fn the_most_overdue_reservations_come_first(store: &dyn InventoryStore) {
    receive(store, 1, "main", 9, 1001);
    for number in [4, 2, 3, 1, 5] {
        assert_eq!(reserve(store, number, &[(1, 1)]), Reserving::Held);
    }
    end(store, 1, ReservationStatus::Committed).unwrap();
    let due = |ms, limit| -> Vec<_> {
        store
            .due_reservations(at(ms), limit)
            .unwrap()
            .iter()
            .map(Reservation::id)
            .collect()
    };
    assert_eq!(due(1, 10), []);
    assert_eq!(due(4, 10), [reservation(2), reservation(3), reservation(4)]);
    assert_eq!(due(4, 2), [reservation(2), reservation(3)]);
    let first = &store.due_reservations(at(4), 1).unwrap()[0];
    assert_eq!(Some(first.clone()), store.find_reservation(reservation(2)).unwrap());
}

fn levels_are_audited_page_by_page(store: &dyn InventoryStore) {
    receive(store, 2, "main", 9, 1001);
    receive(store, 1, "main", 5, 1002);
    receive(store, 1, "berlin", 4, 1003);
    for (number, pieces) in [(1, 1), (2, 2), (3, 3)] {
        assert_eq!(reserve(store, number, &[(2, pieces)]), Reserving::Held);
    }
    end(store, 1, ReservationStatus::Committed).unwrap();
    end(store, 2, ReservationStatus::Released).unwrap();
    let audit = |number, place: &str, (on_hand, reserved, version), (brought_in, sold)| StockAudit {
        level: operations::StockLevel {
            product_id: product(number),
            location: place.to_owned(),
            on_hand,
            reserved,
            version,
        },
        ledger_sum: on_hand,
        active_reserved: reserved,
        brought_in,
        sold,
    };
    let berlin = audit(1, "berlin", (4, 0, 1), (4, 0));
    let main = audit(1, "main", (5, 0, 1), (5, 0));
    let other = audit(2, "main", (8, 3, 6), (9, 1));
    assert_eq!(store.audit_stock(None, 2).unwrap(), [berlin.clone(), main.clone()]);
    assert_eq!(
        store.audit_stock(Some(&(product(1), "berlin".to_owned())), 9).unwrap(),
        [main, other]
    );
    assert_eq!(
        store.audit_stock(Some(&(product(2), "main".to_owned())), 9).unwrap(),
        []
    );
}

fn reservations_are_audited_page_by_page(store: &dyn InventoryStore) {
    receive(store, 1, "main", 9, 1001);
    receive(store, 2, "main", 9, 1002);
    assert_eq!(reserve(store, 2, &[(1, 1), (2, 4)]), Reserving::Held);
    assert_eq!(reserve(store, 1, &[(1, 2)]), Reserving::Held);
    end(store, 1, ReservationStatus::Committed).unwrap();
    store
        .remember_released(&Reservation::released_unheard_of(reservation(3), order(3), at(5)))
        .unwrap();
    let audit = |number, status: &str, units| ReservationAudit {
        order_id: order(number),
        reservation_id: reservation(number),
        status: status.to_owned(),
        units,
    };
    let all = [audit(1, "committed", 2), audit(2, "active", 5), audit(3, "released", 0)];
    assert_eq!(store.audit_reservations(None, 2).unwrap(), all[..2]);
    assert_eq!(
        store.audit_reservations(Some((order(1), reservation(1))), 9).unwrap(),
        all[1..]
    );
}

fn the_ledger_is_read_page_by_page_newest_first(store: &dyn InventoryStore) {
    for entry in [101, 103, 102] {
        receive(store, 1, "main", 1, entry);
    }
    receive(store, 2, "main", 1, 104);
    let ids = |before: Option<u128>, limit| -> Vec<MovementId> {
        let before = before.map(|number| MovementId::from(Uuid::from_u128(number)));
        store
            .movements_of(product(1), before, limit)
            .unwrap()
            .iter()
            .map(|entry| entry.id)
            .collect()
    };
    let id = |number| MovementId::from(Uuid::from_u128(number));
    assert_eq!(ids(None, 2), [id(103), id(102)]);
    assert_eq!(ids(Some(102), 2), [id(101)]);
}
