//! Opening a payment that its customer is to make later.

use banyan::domains::shared::ids::UserId;
use banyan::ports::payments::operations::{PaymentEnded, PaymentStatus, RequestPayment};
use banyan::ports::shared::failure::Failure;
use uuid::Uuid;

use super::till::{Till, eur, order_id, request};

#[test]
fn a_requested_payment_is_pending_and_the_provider_has_not_heard_of_it() {
    let till = Till::open();
    till.request(1).unwrap();
    assert_eq!(till.payment(1).status, PaymentStatus::Pending);
    assert!(till.provider.calls().is_empty());
}

#[test]
fn requesting_twice_is_requesting_once() {
    let till = Till::open();
    till.request(1).unwrap();
    till.request(1).unwrap();
    assert_eq!(till.payment(1).version, 1);
    till.process(1, "tok_visa", "k").unwrap();
    assert_eq!(till.request(1), Ok(()));
}

#[test]
fn what_was_given_up_cannot_be_requested() {
    let till = Till::open();
    till.cancel(1).unwrap();
    assert_eq!(till.request(1), Err(Failure::Domain(PaymentEnded::Ended)));
}

#[test]
fn another_payment_under_the_same_id_or_order_is_refused() {
    let till = Till::open();
    till.request(1).unwrap();
    let somebody = UserId::from(Uuid::from_u128(9));
    for other in [
        RequestPayment {
            amount: eur(1),
            ..request(1)
        },
        RequestPayment {
            order_id: order_id(2),
            ..request(1)
        },
        RequestPayment {
            customer_id: somebody,
            ..request(1)
        },
        RequestPayment {
            order_id: order_id(1),
            ..request(2)
        },
    ] {
        assert_eq!(till.do_as_orders(other), Err(Failure::Domain(PaymentEnded::Ended)));
    }
}
