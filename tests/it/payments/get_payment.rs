//! Reading payments.

use banyan::ports::payments::operations::{GetPayment, GetPaymentError, GetPaymentOfOrder};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::till::{CUSTOMER, Till, order_id, payment_id, staff};
use crate::support::fixed::customer;

#[test]
fn the_payer_and_staff_read_a_payment_and_nobody_else() {
    let till = Till::open();
    till.captured(1);
    till.refund(1, None, "k").unwrap();
    let payment = till.payment(1);
    for reader in [customer(CUSTOMER), staff()] {
        let by_id = till.payments.handle(
            &reader,
            GetPayment {
                payment_id: payment_id(1),
            },
        );
        assert_eq!(by_id.unwrap(), payment);
        let by_order = till
            .payments
            .handle(&reader, GetPaymentOfOrder { order_id: order_id(1) });
        assert_eq!(by_order.unwrap(), payment);
    }
    let not_found = Failure::Domain(GetPaymentError::NotFound);
    for (reader, number) in [(customer(CUSTOMER + 1), 1), (staff(), 2)] {
        let by_id = till.payments.handle(
            &reader,
            GetPayment {
                payment_id: payment_id(number),
            },
        );
        assert_eq!(by_id, Err(not_found.clone()));
        let by_order = till.payments.handle(
            &reader,
            GetPaymentOfOrder {
                order_id: order_id(number),
            },
        );
        assert_eq!(by_order, Err(not_found.clone()));
    }
}
