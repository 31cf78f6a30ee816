//! One fault at every place where one can happen, in every life a payment can have: the process dies around any commit,
//! any call to the provider is lost on its way there or back. Whoever asked asks again, as the saga of a checkout does
//! and as a client does under its key. In the end the shop's books and the provider's are the same, and nothing was
//! charged or given back twice.

use banyan::ports::payments::operations::{Payment, PaymentStatus};
use banyan::ports::payments::outbound::{ChargeState, PaymentProvider};
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, eur};
use crate::fakes::payments::WriteFault;

/// A life: steps, each asked for until it is answered.
struct Life {
    name: &'static str,
    steps: &'static [Step],
    /// How it may end.
    ends: &'static [PaymentStatus],
}

/// Whether the step was answered.
type Step = fn(&Till) -> bool;

fn authorize_visa(till: &Till) -> bool {
    is_answered(&till.authorize(1, "tok_visa"))
}
fn authorize_error(till: &Till) -> bool {
    is_answered(&till.authorize(1, "tok_error"))
}
fn authorize_timeout(till: &Till) -> bool {
    is_answered(&till.authorize(1, "tok_timeout_after_charge"))
}
fn capture(till: &Till) -> bool {
    is_answered(&till.capture(1))
}
fn cancel(till: &Till) -> bool {
    is_answered(&till.cancel(1))
}
fn request(till: &Till) -> bool {
    is_answered(&till.request(1))
}
fn process(till: &Till) -> bool {
    is_answered(&till.process(1, "tok_visa", "process"))
}
fn process_declined(till: &Till) -> bool {
    is_answered(&till.process(1, "tok_declined", "process-declined"))
}
fn process_again(till: &Till) -> bool {
    is_answered(&till.process(1, "tok_visa", "process-again"))
}
fn refund_part(till: &Till) -> bool {
    is_answered(&till.refund(1, Some(eur(2_000)), "refund-part"))
}
fn refund_rest(till: &Till) -> bool {
    is_answered(&till.refund(1, None, "refund-rest"))
}

fn is_answered<T, E>(outcome: &Result<T, Failure<E>>) -> bool {
    matches!(outcome, Ok(_) | Err(Failure::Domain(_)))
}

const LIVES: &[Life] = &[
    Life {
        name: "checkout",
        steps: &[authorize_visa, capture],
        ends: &[PaymentStatus::Completed, PaymentStatus::Failed],
    },
    Life {
        name: "checkout whose answer is lost",
        steps: &[authorize_timeout, capture],
        ends: &[PaymentStatus::Completed, PaymentStatus::Failed],
    },
    Life {
        name: "checkout that fails at the provider",
        steps: &[authorize_error, cancel],
        ends: &[PaymentStatus::Failed],
    },
    Life {
        name: "checkout that is called off",
        steps: &[authorize_visa, cancel],
        ends: &[PaymentStatus::Voided, PaymentStatus::Failed],
    },
    Life {
        name: "order that is called off",
        steps: &[authorize_visa, capture, cancel],
        ends: &[PaymentStatus::Refunded, PaymentStatus::Failed],
    },
    Life {
        name: "order that goes back in parts",
        steps: &[authorize_visa, capture, refund_part, refund_rest],
        ends: &[PaymentStatus::Refunded, PaymentStatus::Failed],
    },
    Life {
        name: "order that goes back in part and is called off",
        steps: &[authorize_visa, capture, refund_part, cancel],
        ends: &[PaymentStatus::Refunded, PaymentStatus::Failed],
    },
    Life {
        name: "payment by the customer",
        steps: &[request, process, process_again],
        ends: &[PaymentStatus::Completed],
    },
    Life {
        name: "payment with a second card",
        steps: &[request, process_declined, process],
        ends: &[PaymentStatus::Completed, PaymentStatus::Pending],
    },
    Life {
        name: "payment by the customer that is called off",
        steps: &[request, process, cancel],
        ends: &[PaymentStatus::Refunded, PaymentStatus::Voided],
    },
];

#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    Write(usize, WriteFault),
    Call(usize, CallFault),
}

const WRITE_FAULTS: [WriteFault; 2] = [WriteFault::Lost, WriteFault::Unacknowledged];
const CALL_FAULTS: [CallFault; 3] = [CallFault::NotSent, CallFault::RequestLost, CallFault::AnswerLost];

/// Attempts at a step before the test gives up: one fault costs one, and the worker looks after a customer's in between.
const ATTEMPTS_MAX: usize = 6;

/// Lives a life with these faults; returns how many writes and calls it took.
fn live(life: &Life, faults: [Fault; 2]) -> (usize, usize) {
    let till = Till::open();
    for fault in faults {
        match fault {
            Fault::None => {}
            Fault::Write(number, fault) => till.store.fail_write(number, fault),
            Fault::Call(number, fault) => till.provider.disturb_call(number, fault),
        }
    }
    let what = || format!("{} with {faults:?}", life.name);
    for step in life.steps {
        let answered = (0..ATTEMPTS_MAX).any(|attempt| {
            if attempt > 1 {
                // Resolving may meet the fault as well, and is tried again as any worker is.
                till.clock.advance_ms(6_000);
                let _ = till.do_as_orders(banyan::ports::payments::operations::ResolveUnknown { limit: 10 });
            }
            step(&till)
        });
        assert!(answered, "no answer: {}", what());
    }
    check(&till, life, &what());
    (till.store.writes(), till.provider.calls().len())
}

fn check(till: &Till, life: &Life, what: &str) {
    let payment = till.payment(1);
    assert!(life.ends.contains(&payment.status), "{:?}: {what}", payment.status);
    let charges = till.provider.simulator.list_charges(None, None, 100).unwrap();
    let sum = |minor: fn(&banyan::ports::payments::outbound::ProviderCharge) -> i64| charges.iter().map(minor).sum();
    let captured: i64 = sum(|charge| charge.captured.minor());
    let refunded: i64 = sum(|charge| charge.refunded.minor());
    let was_captured = matches!(
        payment.status,
        PaymentStatus::Completed | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded
    );
    assert_eq!(
        captured,
        if was_captured { amount().minor() } else { 0 },
        "captured: {what}"
    );
    assert_eq!(refunded, payment.refunded.minor(), "refunded: {what}");
    let open = charges
        .iter()
        .filter(|charge| charge.state == ChargeState::Authorized)
        .count();
    assert_eq!(
        open,
        usize::from(payment.status == PaymentStatus::Authorized),
        "held: {what}"
    );
    check_events(till, &payment, was_captured, what);
}

fn check_events(till: &Till, payment: &Payment, was_captured: bool, what: &str) {
    let events = till.store.event_types();
    let count = |kind: &str| events.iter().filter(|event| *event == kind).count();
    assert_eq!(count("payment.completed"), usize::from(was_captured), "{what}");
    assert_eq!(
        count("payment.failed"),
        usize::from(payment.status == PaymentStatus::Failed),
        "{what}"
    );
    assert_eq!(count("payment.refunded"), payment.refunds.len(), "{what}");
}

#[test]
fn every_life_survives_one_fault_anywhere() {
    for life in LIVES {
        let (writes, calls) = live(life, [Fault::None, Fault::None]);
        for number in 0..writes {
            for fault in WRITE_FAULTS {
                live(life, [Fault::Write(number, fault), Fault::None]);
            }
        }
        for number in 0..calls {
            for fault in CALL_FAULTS {
                live(life, [Fault::Call(number, fault), Fault::None]);
            }
        }
    }
}

#[test]
fn every_life_survives_a_crash_and_a_lost_call() {
    for life in LIVES {
        let (writes, calls) = live(life, [Fault::None, Fault::None]);
        for write in 0..writes {
            for call in 0..calls + 2 {
                // The pairs take turns: each meets every second place, and all places together meet both.
                let (write_fault, call_fault) = if (write + call) % 2 == 0 {
                    (WriteFault::Lost, CallFault::AnswerLost)
                } else {
                    (WriteFault::Unacknowledged, CallFault::RequestLost)
                };
                live(life, [Fault::Write(write, write_fault), Fault::Call(call, call_fault)]);
            }
        }
    }
}
