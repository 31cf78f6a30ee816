//! An order whose placing is stuck holds up nobody else's.

use std::sync::Arc;

use banyan::adapters::shared::sql::connection::{DatabaseLocation, DbConn};
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::database::{Database, PoolSize};
use banyan::adapters::shared::sql::errors::storage_error;
use banyan::app::shared::event_reader::Progress;
use banyan::domains::shared::ids::{OrderId, ProductId};
use banyan::ports::orders::operations::{GetOrder, OrderStatus};
use banyan::ports::payments::operations::ProcessPayment;
use banyan::ports::shared::events::ConsumerStandings;
use banyan::ports::shared::operation::Handler;
use diesel::connection::SimpleConnection;

use super::checkout_saga::purchase;
use crate::support::databases::{postgres, sqlite};
use crate::support::fixed::{customer, with_key};
use crate::support::house::House;

fn place(house: &House, product_id: ProductId, key: &str) -> OrderId {
    let order = purchase(&[(product_id, 1)], None);
    house.orders.handle(&with_key(&customer(1), key), order).unwrap().id
}

fn pay(house: &House, order_id: OrderId) {
    let pay = ProcessPayment {
        order_id,
        token: "tok_visa".to_owned(),
    };
    let cx = with_key(&customer(1), &format!("pay-{order_id}"));
    house.payments.handle(&cx, pay).unwrap();
}

fn status(house: &House, order_id: OrderId) -> OrderStatus {
    let order = house.orders.handle(&House::operator(), GetOrder { order_id });
    order.unwrap().status
}

fn books(location: &DatabaseLocation) -> Database {
    Database::open(location.clone(), PoolSize { connections: 1 }, Arc::new(|| {}))
}

fn what_others_paid_is_not_behind_it(house: &House) {
    let product = house.product("fig", 250, 10);
    let [broken, sound] = ["broken", "sound"].map(|key| place(house, product, key));
    while house.paid.read_batch() != Progress::Idle {}
    let orders = books(house.tables_of("orders"));
    let stuck = format!(
        "UPDATE orders SET awaiting_payment = FALSE WHERE id = '{broken}';
        UPDATE sagas SET status = 'stuck' WHERE subject = '{broken}'"
    );
    orders
        .write(|conn: &mut DbConn| conn.batch_execute(&stuck).map_err(storage_error))
        .unwrap();
    pay(house, broken);
    pay(house, sound);
    for _batch in 0..10 {
        if house.paid.read_batch() == Progress::Idle {
            break;
        }
    }
    assert_eq!(status(house, broken), OrderStatus::Pending);
    assert_eq!(status(house, sound), OrderStatus::Confirmed);
    let letters = SqlConsumerStore::new(Arc::new(orders))
        .parked("orders.on_payment_completed", 10)
        .unwrap();
    let [letter] = letters.as_slice() else {
        panic!("one event is set aside: {letters:?}")
    };
    assert!(letter.reason.contains("its placing is stuck"), "{}", letter.reason);
}

mod on_sqlite {
    #[test]
    fn what_others_paid_is_not_behind_it() {
        super::what_others_paid_is_not_behind_it(&super::House::build(super::sqlite));
    }
}

mod on_postgres {
    #[test]
    fn what_others_paid_is_not_behind_it() {
        super::what_others_paid_is_not_behind_it(&super::House::build(super::postgres));
    }
}
