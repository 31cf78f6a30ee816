//! What sets a saga off, and a shop in which it runs until all is quiet, whatever dies on the way.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use banyan::app::shared::event_reader::Progress;
use banyan::domains::shared::ids::{OrderId, ProductId};
use banyan::domains::shared::postal_address::PostalAddress;
use banyan::domains::shared::quantity::Quantity;
use banyan::ports::orders::operations::{CancelOrder, OrderItem, OrderStatus, PlaceOrder, ResumeSagas};
use banyan::ports::payments::operations::{ProcessPayment, ResolveUnknown};
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failpoint::is_end_of_process;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::books::{Auditor, Saga};
use crate::support::failpoints::Trial;
use crate::support::fixed::{customer, with_key};
use crate::support::house::{House, MakeDatabase};

/// What sets a saga off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Somebody buys and pays.
    Checkout,
    /// Somebody buys and is to pay later.
    CheckoutPaidLater,
    /// Somebody pays who bought before.
    Settle,
    /// Somebody calls an order off that was paid.
    Cancel,
}

impl Story {
    pub const ALL: [Self; 4] = [Self::Checkout, Self::CheckoutPaidLater, Self::Settle, Self::Cancel];

    /// The saga.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::CheckoutPaidLater => "checkout_paid_later",
            Self::Settle => "settle",
            Self::Cancel => "cancel",
        }
    }

    /// What its order is when the saga did all its steps.
    pub fn status_when_done(self) -> &'static str {
        match self {
            Self::Checkout | Self::Settle => "confirmed",
            Self::CheckoutPaidLater => "pending",
            Self::Cancel => "cancelled",
        }
    }
}

/// The baskets: one line, three lines, and the same product on two of them.
pub const SHAPES: [&str; 3] = ["1 line", "3 lines", "1 product on 2 lines"];

/// Pieces of each product, more than the cells of a market can sell.
const PIECES: i64 = 1_000_000;
/// Rounds of asking again and of time passing until all is quiet: a saga that gives up makes six attempts forward, and its
/// way back a few more.
const ROUNDS: usize = 40;
/// What passes in a round, in milliseconds: more than a saga's lease and its longest pause.
const ROUND_MS: i64 = 20_000;

/// A story that is about to begin.
pub struct Errand {
    story: Story,
    key: String,
    items: Vec<OrderItem>,
    order_id: Option<OrderId>,
}

/// A process that died.
pub struct Death {
    /// What it died of.
    pub message: String,
    /// The sagas as the next process found them.
    pub sagas: Vec<Saga>,
}

/// A shop whose processes may die.
pub struct Market {
    pub auditor: Auditor,
    pub trial: Trial,
    house: Option<House>,
    products: Vec<ProductId>,
    errands: usize,
}

impl Market {
    pub fn open(make: MakeDatabase) -> Self {
        let trial = Trial::begin();
        let house = House::build(make);
        let names = ["APPLE", "BREAD", "CREAM"];
        Self {
            auditor: Auditor::of(&house),
            trial,
            products: names.map(|name| house.product(name, 250, PIECES)).to_vec(),
            house: Some(house),
            errands: 0,
        }
    }

    /// Everything that comes before the saga, undisturbed.
    pub fn prepare(&mut self, story: Story, shape: usize) -> Errand {
        self.errands += 1;
        let [apple, bread, cream] = self.products[..] else {
            unreachable!()
        };
        let lines = match shape {
            0 => vec![(apple, 1)],
            1 => vec![(apple, 2), (bread, 1), (cream, 3)],
            _ => vec![(apple, 1), (apple, 2)],
        };
        let item = |(product_id, pieces)| OrderItem {
            product_id,
            quantity: Quantity::new(pieces).unwrap(),
        };
        let mut errand = Errand {
            story,
            key: format!("errand-{}", self.errands),
            items: lines.into_iter().map(item).collect(),
            order_id: None,
        };
        let house = self.house.as_ref().unwrap();
        match story {
            Story::Checkout | Story::CheckoutPaidLater => {}
            Story::Settle => {
                let order_id = errand.bought(house, None, OrderStatus::Pending);
                while house.paid.read_batch() != Progress::Idle {}
                let pay = ProcessPayment {
                    order_id,
                    token: "tok_visa".to_owned(),
                };
                house
                    .payments
                    .handle(&with_key(&customer(1), &errand.key), pay)
                    .unwrap();
            }
            Story::Cancel => {
                errand.order_id = Some(errand.bought(house, Some("tok_visa"), OrderStatus::Confirmed));
            }
        }
        errand
    }

    /// The story, until its client has an answer and all is quiet. Who died on the way.
    pub fn tell(&mut self, errand: &Errand) -> Vec<Death> {
        let mut deaths = Vec::new();
        let mut is_answered = false;
        for _round in 0..ROUNDS {
            is_answered = is_answered || self.survive(&mut deaths, |house| errand.ask(house)).unwrap_or(false);
            self.survive(&mut deaths, time_passes);
            if is_answered && !self.auditor.has_open_sagas() {
                return deaths;
            }
        }
        panic!("no end after {ROUNDS} rounds: {:?}", self.auditor.sagas().last());
    }

    /// Calls an order off that waits for its payment.
    pub fn give_up(&self, order_id: &str) {
        let cancel = CancelOrder {
            order_id: order_id.parse().unwrap(),
            reason: None,
        };
        let house = self.house.as_ref().unwrap();
        house.orders.handle(&House::operator(), cancel).unwrap();
    }

    /// `None` where the process died of a failpoint; there is a new one then.
    fn survive<T>(&mut self, deaths: &mut Vec<Death>, act: impl FnOnce(&House) -> T) -> Option<T> {
        let house = self.house.as_ref().unwrap();
        let payload = match catch_unwind(AssertUnwindSafe(|| act(house))) {
            Ok(value) => return Some(value),
            Err(payload) => payload,
        };
        if !is_end_of_process(payload.as_ref()) {
            resume_unwind(payload);
        }
        let message = payload.downcast_ref::<String>().cloned().unwrap_or_default();
        deaths.push(Death {
            message,
            sagas: self.auditor.sagas(),
        });
        self.house = self.house.take().map(House::restarted);
        None
    }
}

impl Errand {
    /// Asks once. Whether the answer is final.
    fn ask(&self, house: &House) -> bool {
        match self.story {
            Story::Checkout => self.buy(house, Some("tok_visa")),
            Story::CheckoutPaidLater => self.buy(house, None),
            Story::Settle => house.paid.read_batch() == Progress::Idle,
            Story::Cancel => {
                let cancel = CancelOrder {
                    order_id: self.order_id.unwrap(),
                    reason: None,
                };
                house.orders.handle(&customer(1), cancel).is_ok()
            }
        }
    }

    fn buy(&self, house: &House, token: Option<&str>) -> bool {
        let placed = house
            .orders
            .handle(&with_key(&customer(1), &self.key), self.purchase(token));
        matches!(placed, Ok(_) | Err(Failure::Domain(_)))
    }

    fn bought(&self, house: &House, token: Option<&str>, status: OrderStatus) -> OrderId {
        let placed = house
            .orders
            .handle(&with_key(&customer(1), &self.key), self.purchase(token));
        let order = placed.unwrap();
        assert_eq!(order.status, status);
        order.id
    }

    fn purchase(&self, token: Option<&str>) -> PlaceOrder {
        PlaceOrder {
            items: self.items.clone(),
            shipping_address: PostalAddress::new("1 Fig Lane", "Ulm", "", "89073", "DE").unwrap(),
            payment_token: token.map(str::to_owned),
        }
    }
}

/// What time brings: leases run out, and the workers have a turn each, which may fail.
fn time_passes(house: &House) {
    let _ = house.sagas.end_all_leases(house.clock.now());
    house.clock.advance_ms(ROUND_MS);
    let _ = house.payments.handle(&House::operator(), ResolveUnknown { limit: 100 });
    let _ = house.orders.handle(&House::operator(), ResumeSagas { limit: 100 });
}
