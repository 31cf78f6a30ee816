//! One basket's way through the shop. Each request is repeated under its key until it is answered; what the answer was is
//! written down before anything else is done.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Mix;
use super::plan::{Part, Paying, Plan, Then};
use crate::baskets::Basket;
use crate::choice::Token;
use crate::customers::Account;
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request};
use crate::orders::{self, PlacedOrder};
use crate::patience::send_patiently;
use crate::shelves;
use crate::tally::Tally;

/// Between two looks at a payment that is on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Somebody who speaks to the shop for one basket.
struct Errand<'a> {
    mix: &'a Mix<'a>,
    client: &'a mut HttpClient,
    tally: &'a mut Tally,
    basket: u64,
}

impl Mix<'_> {
    /// Buys the basket and does whatever its plan says. An answer that no plan provides for is a failure in the tally.
    pub(super) fn serve(
        &self,
        client: &mut HttpClient,
        account: &Account,
        basket: &Basket,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let plan = Plan::of(self.options.seed, basket.number);
        let mut errand = Errand {
            mix: self,
            client,
            tally,
            basket: basket.number,
        };
        match errand.go(account, basket, plan) {
            Ok(()) => tally.count("baskets"),
            // The others go on: what is wrong is to be seen in full.
            Err(failure @ Failure::Unexpected { .. }) => {
                tally.failures.push(format!("basket {}: {failure}", basket.number));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

impl Errand<'_> {
    fn go(&mut self, customer: &Account, basket: &Basket, plan: Plan) -> Result<(), Failure> {
        let Some(order) = self.place(customer, basket, plan.paying)? else {
            return Ok(());
        };
        let is_paid = match plan.paying {
            Paying::AtOnce(_) => true,
            Paying::Never => false,
            Paying::Later { first } => self.pay(customer, &order, first)?,
        };
        if !is_paid {
            return self.cancel(customer, &order);
        }
        match plan.then {
            Then::Nothing => Ok(()),
            Then::Cancel => self.cancel(customer, &order),
            Then::Refund(parts) => (1..)
                .zip(parts)
                .try_for_each(|(number, part)| self.refund(&order, *part, number, false)),
            Then::RefundThenCancel(part) => {
                self.refund(&order, part, 1, false)?;
                self.cancel(customer, &order)
            }
            Then::RefundWhileCancelling(part) => self.refund_while_cancelling(customer, &order, part),
        }
    }

    /// Nothing when the card was refused.
    fn place(&mut self, customer: &Account, basket: &Basket, paying: Paying) -> Result<Option<PlacedOrder>, Failure> {
        let (token, status) = match paying {
            Paying::AtOnce(token) => (Some(token), "confirmed"),
            Paying::Later { .. } | Paying::Never => (None, "pending"),
        };
        let body = orders::body(shelves::lines(basket, self.mix.product_ids), token);
        let answer = self.send(customer, Request::post(orders::PATH, &body), "place")?;
        if answer.status == 402 && self.may_be_declined(token, &answer) {
            let order_id = orders::find_member(&answer.json(), "order_id").cloned();
            self.acknowledge("place", &answer, "refused at checkout", json!({"order_id": order_id}))?;
            return Ok(None);
        }
        let order = PlacedOrder::read(&answer.json());
        match order.filter(|order| answer.status == 201 && order.status == status && token != Some(Token::Declined)) {
            Some(order) => {
                let name = if token.is_some() {
                    "paid at checkout"
                } else {
                    "placed to be paid later"
                };
                let told = json!({
                    "order_id": order.id,
                    "status": order.status,
                    "total_minor": order.total_minor,
                    "currency": order.currency,
                });
                self.acknowledge("place", &answer, name, told)?;
                Ok(Some(order))
            }
            None => Err(Failure::unexpected("place", &answer)),
        }
    }

    /// With the first card, and with good ones after it is refused. Returns whether one was taken.
    fn pay(&mut self, customer: &Account, order: &PlacedOrder, first: Token) -> Result<bool, Failure> {
        let mut token = first;
        for attempt in 1..=self.mix.options.cards {
            let body = json!({"order_id": order.id, "payment": {"token": token.as_str()}});
            let request = Request::post("/api/v1/payments/process", &body);
            let answer = self.send(customer, request, &format!("pay-{attempt}"))?;
            match answer.status {
                201 if token != Token::Declined => {
                    let payment_id = answer.json().get("id").cloned();
                    let told = json!({"order_id": order.id, "payment_id": payment_id});
                    self.acknowledge("pay", &answer, "paid later", told)?;
                    return Ok(true);
                }
                402 if self.may_be_declined(Some(token), &answer) => {
                    self.acknowledge("pay", &answer, "refused later", json!({"order_id": order.id}))?;
                    token = Token::Visa;
                }
                _ => return Err(Failure::unexpected("pay", &answer)),
            }
        }
        Ok(false)
    }

    fn cancel(&mut self, customer: &Account, order: &PlacedOrder) -> Result<(), Failure> {
        let path = format!("{}/{}", orders::PATH, order.id);
        let patience = self.mix.options.server.patience();
        let answer = send_patiently(self.client, customer, &Request::delete(&path), patience, self.tally)?;
        let cancelled = answer.json().get("status").and_then(Value::as_str) == Some("cancelled");
        if answer.status != 200 || !cancelled {
            return Err(Failure::unexpected("cancel", &answer));
        }
        self.acknowledge("cancel", &answer, "cancelled", json!({"order_id": order.id}))
    }

    fn refund(&mut self, order: &PlacedOrder, part: Part, number: u32, may_be_too_late: bool) -> Result<(), Failure> {
        let payment_id = self.taken_payment(order)?;
        let mut body = json!({"reason": "the customer is not content"});
        if let (Some(minor), Some(members)) = (part.of(order.total_minor), body.as_object_mut()) {
            members.insert(
                "amount".to_owned(),
                json!({"amount": minor, "currency": order.currency}),
            );
        }
        let path = format!("/api/v1/payments/{payment_id}/refund");
        let answer = self.send(self.mix.staff, Request::post(&path, &body), &format!("refund-{number}"))?;
        let too_late = matches!(
            answer.code().as_deref(),
            Some("payment_not_refundable" | "refund_exceeds_captured")
        );
        match answer.status {
            201 => {
                let refund = answer.json();
                let told = json!({
                    "order_id": order.id,
                    "payment_id": payment_id,
                    "refund_id": refund.get("id"),
                    "amount_minor": refund.get("amount").and_then(|amount| amount.get("amount")),
                });
                self.acknowledge("refund", &answer, "given back", told)
            }
            409 if may_be_too_late && too_late => self.acknowledge(
                "refund",
                &answer,
                "too late to give back",
                json!({"order_id": order.id}),
            ),
            _ => Err(Failure::unexpected("refund", &answer)),
        }
    }

    fn refund_while_cancelling(&mut self, customer: &Account, order: &PlacedOrder, part: Part) -> Result<(), Failure> {
        self.taken_payment(order)?;
        let (mix, basket) = (self.mix, self.basket);
        let mut tally = Tally::default();
        let (cancelled, refunded) = thread::scope(|scope| {
            let staff = scope.spawn(|| {
                let mut client = HttpClient::new(&mix.options.server.url);
                let mut errand = Errand {
                    mix,
                    client: &mut client,
                    tally: &mut tally,
                    basket,
                };
                errand.refund(order, part, 1, true)
            });
            let cancelled = self.cancel(customer, order);
            let panicked = |_| Err(Failure::Input("a clerk of this program panicked".to_owned()));
            (cancelled, staff.join().unwrap_or_else(panicked))
        });
        self.tally.add(tally);
        cancelled.and(refunded)
    }

    /// The order's payment once its money is taken, which may be a moment after the order is confirmed.
    fn taken_payment(&mut self, order: &PlacedOrder) -> Result<String, Failure> {
        let path = format!("/api/v1/payments/order/{}", order.id);
        let patience = self.mix.options.server.patience();
        let started = Instant::now();
        loop {
            let answer = send_patiently(self.client, self.mix.staff, &Request::get(&path), patience, self.tally)?;
            let payment = answer.json();
            let member = |name| payment.get(name).and_then(Value::as_str);
            let is_on_its_way = matches!(member("status"), Some("pending" | "authorized"));
            if answer.status != 200 || (is_on_its_way && started.elapsed() > patience) {
                return Err(Failure::unexpected("look at the payment", &answer));
            }
            if let Some(id) = member("id").filter(|_| !is_on_its_way) {
                return Ok(id.to_owned());
            }
            thread::sleep(LOOK_AGAIN);
            self.tally.paused += LOOK_AGAIN;
        }
    }

    fn send(&mut self, account: &Account, request: Request<'_>, name: &str) -> Result<Answer, Failure> {
        let key = format!("{}-basket-{}-{name}", self.mix.prefix, self.basket);
        let request = request.with_key(&key);
        let patience = self.mix.options.server.patience();
        let answer = send_patiently(self.client, account, &request, patience, self.tally)?;
        self.tally.replayed += u64::from(answer.replayed);
        Ok(answer)
    }

    /// Whether the card may be refused: it is a bad one, or the provider may fail.
    fn may_be_declined(&self, token: Option<Token>, answer: &Answer) -> bool {
        let failed = self.mix.options.provider_fails && answer.text.contains(r#""reason":"provider_failure""#);
        token == Some(Token::Declined) || failed
    }

    fn acknowledge(
        &mut self,
        operation: &str,
        answer: &Answer,
        counted_as: &'static str,
        mut line: Value,
    ) -> Result<(), Failure> {
        if let Some(members) = line.as_object_mut() {
            members.insert("basket".to_owned(), json!(self.basket));
            members.insert("operation".to_owned(), json!(operation));
            members.insert("http_status".to_owned(), json!(answer.status));
        }
        self.tally.count(counted_as);
        self.mix.acknowledged.write(&line)
    }
}
