//! Holding our payments against the provider's ledger.

use std::collections::BTreeMap;

use banyan::domains::payments::payment::{Payment, PaymentTerms};
use banyan::domains::payments::refund::RefundReason;
use banyan::domains::shared::ids::{PaymentId, RefundId};
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::payments::operations::ReconcilePayments;
use banyan::ports::payments::operations::reconciliation::{Discrepancy, DiscrepancyClass, Repair, Suspects};
use banyan::ports::payments::outbound::{PaymentProvider, PaymentStore};
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::page::PageRequest;
use banyan::ports::shared::storage::UnitOfWork;
use uuid::Uuid;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, customer_id, eur, order_id, payment_id};

/// Longer than a payment is left alone after it changed.
pub(super) const SETTLED_MS: i64 = 120_001;
/// A key that the shop never makes, and that has to be escaped wherever it stands.
pub(super) const FOREIGN: &str = "invoice 7/ä?&x=%20";

/// One discrepancy of each kind, each with the number of its payment; what is expected of it.
pub(super) const ILLS: [(u128, DiscrepancyClass, Option<Repair>); 12] = {
    use DiscrepancyClass::{
        AmountDrift, CurrencyDrift, DuplicateCharge, MissingCapture, MissingCharge, OrphanCharge, RefundDrift,
        StateDrift,
    };
    [
        (11, OrphanCharge, Some(Repair::Void)),
        (12, OrphanCharge, Some(Repair::GiveBack)),
        (13, MissingCapture, Some(Repair::Capture)),
        (14, MissingCharge, None),
        (15, AmountDrift, None),
        (16, CurrencyDrift, None),
        (17, RefundDrift, Some(Repair::RecordRefund)),
        (18, RefundDrift, Some(Repair::RefundAgain)),
        (19, StateDrift, Some(Repair::RecordCapture)),
        (20, StateDrift, Some(Repair::RecordVoid)),
        (21, StateDrift, Some(Repair::GiveBack)),
        (22, DuplicateCharge, Some(Repair::Void)),
    ]
};

/// The key under which the discrepancy of a number is found.
pub(super) fn key_of(number: u128) -> String {
    match number {
        22 => format!("{}-2", payment_id(number)),
        _ => payment_id(number).to_string(),
    }
}

/// Payments that stand everywhere they can stand, and agree with the provider.
pub(super) fn agreeing(till: &Till) {
    till.captured(1);
    till.refund(1, Some(eur(100)), "part").unwrap();
    till.captured(2);
    till.refund(2, None, "all").unwrap();
    till.authorize(3, "tok_visa").unwrap();
    assert!(till.authorize(4, "tok_declined").is_err());
    till.request(5).unwrap();
    till.request(6).unwrap();
    assert!(till.process(6, "tok_declined", "first").is_err());
    till.process(6, "tok_visa", "second").unwrap();
    till.authorize(7, "tok_visa").unwrap();
    till.cancel(7).unwrap();
    till.cancel(8).unwrap();
    till.clock.advance_ms(SETTLED_MS);
}

/// [`ILLS`], and a charge of somebody else who shares the account.
pub(super) fn ill(till: &Till) {
    let ledger = &till.provider.simulator;
    let key = |number| payment_id(number).to_string();
    for number in [11, 12] {
        ledger.authorize(&key(number), "tok_visa", eur(700)).unwrap();
    }
    ledger.capture(&key(12), eur(700)).unwrap();
    ledger.refund(&key(12), "of the desk", eur(200)).unwrap();
    only_here(till, 13);
    ledger.authorize(&key(13), "tok_visa", amount()).unwrap();
    only_here(till, 14);
    only_here(till, 15);
    ledger.authorize(&key(15), "tok_visa", eur(4_999)).unwrap();
    ledger.capture(&key(15), eur(4_999)).unwrap();
    only_here(till, 16);
    let dollars = banyan::domains::shared::money::Money::of(5_000, "USD".parse().unwrap());
    ledger.authorize(&key(16), "tok_visa", dollars).unwrap();
    for number in [17, 18, 19, 20, 21, 22] {
        till.authorize(number, "tok_visa").unwrap();
    }
    for number in [17, 18, 22] {
        till.capture(number).unwrap();
    }
    ledger.refund(&key(17), "at the desk", eur(300)).unwrap();
    refund_only_here(till, 18);
    ledger.capture(&key(19), amount()).unwrap();
    ledger.void(&key(20), amount()).unwrap();
    till.cancel(21).unwrap();
    take_back_the_void(till, 21);
    ledger.authorize(&key_of(22), "tok_visa", amount()).unwrap();
    ledger.authorize(FOREIGN, "tok_visa", eur(900)).unwrap();
    till.clock.advance_ms(SETTLED_MS);
}

fn insert(till: &Till, number: u128, change: impl FnOnce(&mut Payment)) {
    let terms = PaymentTerms {
        id: payment_id(number),
        order_id: order_id(number),
        customer_id: customer_id(),
        amount: amount(),
    };
    let mut payment = Payment::attempted(terms, "simulator", till.clock.now()).unwrap();
    change(&mut payment);
    till.store.insert(&mut payment, &UnitOfWork::none()).unwrap();
}

/// A completed payment that the provider has not heard of.
fn only_here(till: &Till, number: u128) {
    let now = till.clock.now();
    insert(till, number, |payment| {
        payment.authorize(now).unwrap();
        payment.complete(now).unwrap();
    });
}

/// A refund of 3 EUR that the provider has not heard of.
fn refund_only_here(till: &Till, number: u128) {
    let now = till.clock.now();
    let mut payment = till.store.find(payment_id(number)).unwrap().unwrap();
    let id = RefundId::from(Uuid::from_u128(3_000_000 + number));
    let reason = RefundReason::new("broken").unwrap();
    payment.request_refund(id, Some(eur(300)), reason, None, now).unwrap();
    payment.complete_refund(id, now).unwrap();
    till.store.add_refund(&mut payment, id, &UnitOfWork::none()).unwrap();
}

/// The provider's books say that the payment of this number, which is voided here, was captured there.
fn take_back_the_void(till: &Till, number: u128) {
    till.ledger(&format!(
        "UPDATE charges SET status = 'captured', captured_minor = amount_minor WHERE key = '{}'",
        payment_id(number)
    ));
}

/// Everything that disagrees, read in pages of so many payments.
pub(super) fn reconcile(till: &Till, limit: u32, since: Option<Timestamp>) -> Suspects {
    let mut all = Suspects {
        payments: 0,
        charges: 0,
        under_way: 0,
        found: Vec::new(),
        next: None,
    };
    loop {
        let after = all.next.take();
        let page = PageRequest { limit, after };
        let page = till.do_as_orders(ReconcilePayments { page, since }).unwrap();
        all.payments += page.payments;
        all.charges += page.charges;
        all.under_way += page.under_way;
        all.found.extend(page.found);
        all.next = page.next;
        if all.next.is_none() {
            return all;
        }
    }
}

fn kinds(found: &[Discrepancy]) -> BTreeMap<String, (DiscrepancyClass, Option<Repair>)> {
    let kinds: BTreeMap<_, _> = found
        .iter()
        .map(|found| (found.key.clone(), (found.class, found.repair)))
        .collect();
    assert_eq!(kinds.len(), found.len(), "each is found once: {found:?}");
    kinds
}

#[test]
fn where_both_sides_agree_nothing_is_found_whatever_the_page() {
    let till = Till::open();
    agreeing(&till);
    for limit in [1, 2, 3, 100] {
        let all = reconcile(&till, limit, None);
        // Two attempts of one; nothing of the two that were never tried.
        assert_eq!((all.payments, all.charges, all.under_way), (8, 7, 0), "{limit}");
        assert_eq!(all.found, [], "{limit}");
    }
}

#[test]
fn each_discrepancy_is_found_once_with_its_class_and_its_repair_whatever_the_page() {
    let till = Till::open();
    agreeing(&till);
    ill(&till);
    let mut expected: BTreeMap<_, _> = ILLS
        .iter()
        .map(|(number, class, repair)| (key_of(*number), (*class, *repair)))
        .collect();
    expected.insert(FOREIGN.to_owned(), (DiscrepancyClass::OrphanCharge, None));
    for limit in [1, 2, 3, 100] {
        assert_eq!(kinds(&reconcile(&till, limit, None).found), expected, "{limit}");
    }
}

#[test]
fn both_sides_are_told_as_they_are() {
    let till = Till::open();
    ill(&till);
    let found = reconcile(&till, 100, None).found;
    let of = |number| found.iter().find(|found| found.key == key_of(number)).unwrap();
    let ours = of(17).ours.clone().unwrap();
    let theirs = of(17).theirs.clone().unwrap();
    assert_eq!(
        (ours.order_id, ours.amount, ours.refunded),
        (order_id(17), amount(), eur(0))
    );
    assert_eq!(
        (theirs.captured, theirs.refunded, theirs.open),
        (amount(), eur(300), false)
    );
    assert_eq!((&of(11).ours, &of(14).theirs), (&None, &None));
}

#[test]
fn what_has_just_changed_or_is_under_way_is_not_judged() {
    let till = Till::open();
    only_here(&till, 1);
    insert(&till, 2, |_attempted| {});
    let all = reconcile(&till, 100, None);
    assert_eq!((all.found.len(), all.under_way), (0, 2));
    till.clock.advance_ms(SETTLED_MS);
    let all = reconcile(&till, 100, None);
    assert_eq!(
        (all.found.len(), all.under_way),
        (1, 1),
        "the attempt is for others to end"
    );
}

#[test]
fn since_a_time_only_what_was_begun_then_is_compared_and_foreign_keys_by_their_own_time() {
    let till = Till::open();
    let ledger = &till.provider.simulator;
    ledger.authorize("a foreign one", "tok_visa", eur(1)).unwrap();
    till.clock.advance_ms(60_000);
    let since = till.clock.now();
    ledger.authorize("z foreign one", "tok_visa", eur(1)).unwrap();
    let id_at = |ms: i64| {
        let micros = u64::try_from(since.plus_ms(ms).unix_micros()).unwrap();
        let bits = (u128::from(micros / 1_000) << 80) | 0x7000_8000_0000_0000_0000;
        PaymentId::from(Uuid::from_u128(bits))
    };
    for (id, money) in [(id_at(-1), 10), (id_at(0), 20), (id_at(1), 30)] {
        ledger.authorize(&id.to_string(), "tok_visa", eur(money)).unwrap();
    }
    // The ledger has the time of the charge, not of the key: all three were made behind that time.
    let keys: Vec<String> = kinds(&reconcile(&till, 1, Some(since)).found).into_keys().collect();
    let expected: Vec<String> = [id_at(-1), id_at(0), id_at(1)]
        .iter()
        .map(ToString::to_string)
        .chain(["z foreign one".to_owned()])
        .collect();
    assert_eq!(keys, expected);
    assert_eq!(reconcile(&till, 1, None).found.len(), 5);
}

#[test]
fn a_payment_at_the_edge_of_the_time_is_not_taken_for_an_orphan() {
    let till = Till::open();
    // The ids of the till are older than any time, their charges are not.
    agreeing(&till);
    let since = till.clock.now().plus_ms(-SETTLED_MS);
    let all = reconcile(&till, 2, Some(since));
    assert_eq!((all.payments, all.charges, all.found.len()), (0, 7, 0));
}

#[test]
fn any_number_of_foreign_keys_may_stand_between_ours() {
    let till = Till::open();
    agreeing(&till);
    let prefix = format!("{}-x", payment_id(3));
    till.ledger(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
         INSERT INTO charges SELECT '{prefix}' || printf('%05d', i), 'tok_visa', 100, 'EUR', \
         CASE i % 1000 WHEN 0 THEN 'authorized' ELSE 'voided' END, 0, 0, NULL, '2026-01-01 00:00:00', \
         '2026-01-01 00:00:00' FROM n",
    ));
    for limit in [1, 100] {
        let all = reconcile(&till, limit, None);
        assert_eq!((all.payments, all.charges), (8, 2_507), "{limit}");
        let keys: Vec<String> = kinds(&all.found).into_keys().collect();
        assert_eq!(keys, [format!("{prefix}01000"), format!("{prefix}02000")], "{limit}");
    }
}

#[test]
fn a_payment_with_more_charges_than_a_page_holds_is_compared_whole() {
    let till = Till::open();
    agreeing(&till);
    till.ledger(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 1300) \
         INSERT INTO charges SELECT '{}-' || i, 'tok_visa', 100, 'EUR', 'voided', 0, 0, NULL, '2026-01-01 00:00:00', \
         '2026-01-01 00:00:00' FROM n",
        payment_id(6)
    ));
    for limit in [1, 100] {
        let all = reconcile(&till, limit, None);
        assert_eq!((all.payments, all.charges), (8, 1_305), "{limit}");
        assert_eq!(all.found, [], "{limit}");
    }
}

#[test]
fn without_the_provider_there_is_no_verdict_and_a_wrong_cursor_is_told() {
    let till = Till::open();
    agreeing(&till);
    let asked = |after: Option<&str>| {
        let after = after.map(str::to_owned);
        let page = PageRequest { limit: 10, after };
        till.do_as_orders(ReconcilePayments { page, since: None })
    };
    assert!(matches!(asked(Some("no cursor")), Err(Failure::Internal(_))));
    till.provider.disturb_all(Some(CallFault::NotSent));
    assert_eq!(asked(None), Err(Failure::Unavailable));
}
