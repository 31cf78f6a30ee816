use super::DiscrepancyClass::{
    AmountDrift, CurrencyDrift, DuplicateCharge, MissingCapture, MissingCharge, OrphanCharge, RefundDrift, StateDrift,
};
use super::*;
use crate::domains::payments::attempt::Attempt;
use crate::domains::payments::payment::{PaymentTerms, StoredPayment};
use crate::domains::payments::refund::{Refund, RefundReason, StoredRefund};
use crate::domains::shared::ids::{OrderId, RefundId, UserId};
use crate::domains::shared::money::Currency;

fn eur(minor: i64) -> Money {
    Money::of(minor, Currency::EUR)
}

fn yen(minor: i64) -> Money {
    Money::of(minor, "JPY".parse().unwrap())
}

fn long_ago() -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600).unwrap()
}

fn now() -> Timestamp {
    long_ago().plus_ms(SETTLED_AFTER_MS)
}

fn id() -> PaymentId {
    PaymentId::from(Uuid::from_u128(1))
}

fn refund(minor: i64, status: RefundStatus) -> Refund {
    Refund::from_storage(StoredRefund {
        id: RefundId::from(Uuid::from_u128(9)),
        amount: eur(minor),
        reason: RefundReason::order_cancelled(),
        status,
        request: None,
        created_at: long_ago(),
        updated_at: long_ago(),
    })
}

/// A payment of 1.00 EUR that made two attempts, with what went back of it.
fn stored(status: PaymentStatus, refunded: i64) -> StoredPayment {
    StoredPayment {
        terms: PaymentTerms {
            id: id(),
            order_id: OrderId::from(Uuid::from_u128(2)),
            customer_id: UserId::from(Uuid::from_u128(3)),
            amount: eur(100),
        },
        status,
        refunded: eur(refunded),
        provider: "simulator".to_owned(),
        provider_key: format!("{}-2", id()),
        attempts: 2,
        attempt: None,
        decline_reason: None,
        refunds: Vec::from_iter((refunded > 0).then(|| refund(refunded, RefundStatus::Completed))),
        version: 5,
        created_at: long_ago(),
        updated_at: long_ago(),
    }
}

fn payment(status: PaymentStatus) -> Payment {
    let refunded = match status {
        PaymentStatus::PartiallyRefunded => 30,
        PaymentStatus::Refunded => 100,
        _ => 0,
    };
    Payment::from_storage(stored(status, refunded))
}

fn entry(key: &str, standing: Standing, [authorized, captured, refunded]: [Money; 3]) -> LedgerEntry {
    LedgerEntry {
        key: key.to_owned(),
        standing,
        authorized,
        captured,
        refunded,
    }
}

fn own(standing: Standing, amounts: [Money; 3]) -> LedgerEntry {
    entry(&format!("{}-2", id()), standing, amounts)
}

fn held(minor: i64) -> LedgerEntry {
    own(Standing::Held, [minor, 0, 0].map(eur))
}

fn taken(captured: i64, refunded: i64) -> LedgerEntry {
    own(Standing::Taken, [captured, captured, refunded].map(eur))
}

fn nothing() -> LedgerEntry {
    own(Standing::Nothing, [100, 0, 0].map(eur))
}

fn found(payment: &Payment, entries: &[LedgerEntry]) -> Vec<(DiscrepancyClass, Option<Repair>)> {
    let Verdict::Judged(found) = judge(payment, entries, now()) else {
        panic!("it is not under way")
    };
    found.into_iter().map(|found| (found.class, found.repair)).collect()
}

/// What is found of a payment at every status with each of these under its last key.
type Row = (PaymentStatus, [Option<(DiscrepancyClass, Option<Repair>)>; 8]);

#[test]
fn every_status_is_held_against_every_state_of_its_charge() {
    use PaymentStatus::{Authorized, Completed, Failed, PartiallyRefunded, Pending, Refunded, Voided};
    use Repair::{Capture, GiveBack, RecordCapture, RecordRefund, RecordVoid, RefundAgain, Void};
    let charges = [
        None,
        Some(nothing()),
        Some(held(100)),
        Some(held(99)),
        Some(taken(100, 0)),
        Some(taken(100, 30)),
        Some(taken(100, 100)),
        Some(taken(99, 0)),
    ];
    let (person, agree) = (None, None);
    let done_with = [
        agree,
        agree,
        Some((StateDrift, Some(Void))),
        Some((StateDrift, Some(Void))),
        Some((StateDrift, Some(GiveBack))),
        Some((StateDrift, Some(GiveBack))),
        agree,
        Some((StateDrift, Some(GiveBack))),
    ];
    let missing = Some((MissingCharge, person));
    let amount = Some((AmountDrift, person));
    let recorded = Some((StateDrift, Some(RecordCapture)));
    let more = Some((RefundDrift, Some(RecordRefund)));
    let less = Some((RefundDrift, Some(RefundAgain)));
    let held_and_back = Some((MissingCapture, person));
    let taken_only = Some((MissingCapture, Some(Capture)));
    let void = Some((StateDrift, Some(RecordVoid)));
    let table: [Row; 7] = [
        (Pending, done_with),
        (Failed, done_with),
        (Voided, done_with),
        (
            Authorized,
            [missing, void, agree, amount, recorded, recorded, recorded, amount],
        ),
        (
            Completed,
            [missing, missing, taken_only, amount, agree, more, more, amount],
        ),
        (
            PartiallyRefunded,
            [missing, missing, held_and_back, amount, less, agree, more, amount],
        ),
        (
            Refunded,
            [missing, missing, held_and_back, amount, less, less, agree, amount],
        ),
    ];
    for (status, row) in table {
        for (charge, expected) in charges.iter().zip(row) {
            let entries = Vec::from_iter(charge.clone());
            let expected = Vec::from_iter(expected);
            assert_eq!(found(&payment(status), &entries), expected, "{status} with {charge:?}");
        }
    }
}

#[test]
fn what_was_to_go_back_is_not_taken_afterwards() {
    let mut stored = stored(PaymentStatus::Completed, 0);
    stored.refunds = vec![refund(100, RefundStatus::Failed)];
    let cancelled = Payment::from_storage(stored);
    assert_eq!(found(&cancelled, &[held(100)]), [(MissingCapture, None)]);
}

#[test]
fn another_currency_is_for_a_person_and_comes_before_the_amount() {
    for status in [PaymentStatus::Authorized, PaymentStatus::Completed] {
        for standing in [Standing::Held, Standing::Taken] {
            let charge = own(standing, [yen(100), yen(100), yen(0)]);
            assert_eq!(found(&payment(status), &[charge]), [(CurrencyDrift, None)], "{status}");
        }
    }
}

#[test]
fn money_under_the_key_of_another_attempt_goes_back() {
    let first = |standing| entry(&id().to_string(), standing, [100, 100, 0].map(eur));
    let later = |standing| entry(&format!("{}-7", id()), standing, [100, 100, 0].map(eur));
    for status in PaymentStatus::ALL {
        let agreeing = match status {
            PaymentStatus::Authorized => held(100),
            PaymentStatus::Completed => taken(100, 0),
            PaymentStatus::PartiallyRefunded => taken(100, 30),
            PaymentStatus::Refunded => taken(100, 100),
            _ => nothing(),
        };
        for (standing, repair) in [(Standing::Held, Repair::Void), (Standing::Taken, Repair::GiveBack)] {
            let entries = [first(standing), agreeing.clone()];
            assert_eq!(
                found(&payment(status), &entries),
                [(DuplicateCharge, Some(repair))],
                "{status}"
            );
            // An attempt that is still to come would find what is there.
            let repair = (status != PaymentStatus::Pending).then_some(repair);
            let entries = [agreeing.clone(), later(standing)];
            assert_eq!(
                found(&payment(status), &entries),
                [(DuplicateCharge, repair)],
                "{status}"
            );
        }
        for quiet in [
            first(Standing::Nothing),
            entry(&id().to_string(), Standing::Taken, [50; 3].map(eur)),
        ] {
            assert_eq!(found(&payment(status), &[quiet, agreeing.clone()]), [], "{status}");
        }
    }
}

#[test]
fn the_only_money_of_a_payment_is_not_given_back_as_a_duplicate() {
    let first = entry(&id().to_string(), Standing::Taken, [100, 100, 0].map(eur));
    let expected = [(MissingCharge, None), (DuplicateCharge, None)];
    assert_eq!(found(&payment(PaymentStatus::Completed), &[first]), expected);
}

#[test]
fn a_key_that_the_next_attempt_will_use_is_left_alone() {
    let mut stored = stored(PaymentStatus::Pending, 0);
    (stored.attempts, stored.provider_key) = (0, id().to_string());
    let charge = entry(&id().to_string(), Standing::Held, [100, 0, 0].map(eur));
    let never_tried = Payment::from_storage(stored);
    assert_eq!(found(&never_tried, std::slice::from_ref(&charge)), [(StateDrift, None)]);
    assert_eq!(found(&never_tried, &[]), []);
}

#[test]
fn refunds_that_do_not_add_up_here_either_are_for_a_person() {
    let mut wrong = stored(PaymentStatus::PartiallyRefunded, 30);
    wrong.refunded = eur(40);
    let wrong = Payment::from_storage(wrong);
    assert_eq!(found(&wrong, &[taken(100, 30)]), [(RefundDrift, None)]);
    let in_yen = own(Standing::Taken, [eur(100), eur(100), yen(30)]);
    assert_eq!(
        found(&payment(PaymentStatus::Completed), &[in_yen]),
        [(RefundDrift, None)]
    );
    assert_eq!(
        found(&payment(PaymentStatus::Completed), &[taken(100, 101)]),
        [(RefundDrift, None)]
    );
}

#[test]
fn what_is_under_way_or_has_just_changed_is_not_judged() {
    let mut attempted = stored(PaymentStatus::Pending, 0);
    attempted.attempt = Some(Attempt {
        started_at: long_ago(),
        request: None,
        abandoned: false,
    });
    let mut refunding = Payment::from_storage(stored(PaymentStatus::Completed, 0));
    let reason = RefundReason::order_cancelled();
    refunding
        .request_refund(RefundId::from(Uuid::from_u128(8)), None, reason, None, long_ago())
        .unwrap();
    let mut changed = stored(PaymentStatus::Completed, 0);
    changed.updated_at = long_ago().plus_ms(1);
    for payment in [
        Payment::from_storage(attempted),
        refunding,
        Payment::from_storage(changed),
    ] {
        assert_eq!(judge(&payment, &[], now()), Verdict::UnderWay, "{payment:?}");
    }
}

#[test]
fn only_orphans_with_a_key_of_our_form_are_emptied() {
    for (standing, refunded, expected) in [
        (Standing::Held, 0, Some(Repair::Void)),
        (Standing::Taken, 40, Some(Repair::GiveBack)),
    ] {
        for (key, is_ours) in [
            (id().to_string(), true),
            (format!("{}-3", id()), true),
            ("inv_77".to_owned(), false),
        ] {
            let orphan = judge_orphan(&entry(&key, standing, [100, 100, refunded].map(eur)));
            let repair = expected.filter(|_repair| is_ours);
            let class = OrphanCharge;
            assert_eq!(orphan, Some(Discrepancy { key, class, repair }));
        }
    }
    assert_eq!(judge_orphan(&nothing()), None);
    assert_eq!(judge_orphan(&taken(100, 100)), None);
}

#[test]
fn ids_of_a_time_come_behind_the_id_before_it() {
    let stamp = |ms: u64| {
        uuid::Timestamp::from_unix(
            uuid::NoContext,
            ms / 1_000,
            u32::try_from(ms % 1_000).unwrap() * 1_000_000,
        )
    };
    let at = long_ago().plus_ms(5);
    let before = id_before(at);
    let ms = u64::try_from(at.unix_micros() / 1_000).unwrap();
    for (ms, is_behind) in [(ms - 1, false), (ms, true), (ms + 1, true)] {
        let id = PaymentId::from(Uuid::new_v7(stamp(ms)));
        assert_eq!(
            (id > before, id.to_string() > before.to_string()),
            (is_behind, is_behind)
        );
    }
}
