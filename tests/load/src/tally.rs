//! What one client counts; the clients' counts add up to the run's.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::http::{Answer, SendError};
use crate::orders::PlacedOrder;
use crate::patience::Observer;

/// How many failures are named; the rest is only counted.
const NAMED_FAILURES: usize = 20;

#[derive(Default)]
pub struct Tally {
    /// Every answer by status and code, also those that were only a reason to try again.
    pub answers: BTreeMap<String, u64>,
    /// The time of each answered order request.
    pub latencies_us: Vec<u64>,
    pub confirmed: u64,
    pub declined: u64,
    /// What clients got done, by its name, where a run has several kinds of it.
    pub operations: BTreeMap<&'static str, u64>,
    /// Final answers that the server marked as repeated from an earlier request.
    pub replayed: u64,
    pub units_by_product: BTreeMap<String, u64>,
    pub money_minor_by_currency: BTreeMap<String, i64>,
    /// Baskets that ended otherwise than they had to.
    pub failures: Vec<String>,
    pub paused: Duration,
    /// Time of the client from its first to its last basket, and the part of it spent waiting for the server.
    pub wall: Duration,
    pub waited: Duration,
}

impl Tally {
    pub fn confirm(&mut self, order: &PlacedOrder) {
        self.confirmed += 1;
        *self.money_minor_by_currency.entry(order.currency.clone()).or_insert(0) += order.total_minor;
        for (product_id, units) in &order.lines {
            *self.units_by_product.entry(product_id.clone()).or_insert(0) += units;
        }
    }

    pub fn count(&mut self, operation: &'static str) {
        *self.operations.entry(operation).or_insert(0) += 1;
    }

    /// The first failures, and how many more there are.
    pub fn named_failures(&self) -> Vec<String> {
        let mut named: Vec<String> = self.failures.iter().take(NAMED_FAILURES).cloned().collect();
        if self.failures.len() > NAMED_FAILURES {
            named.push(format!("and {} more", self.failures.len() - NAMED_FAILURES));
        }
        named
    }

    /// The clients' time that neither the server nor a pause took.
    pub fn own_time(&self) -> Duration {
        self.wall.saturating_sub(self.waited).saturating_sub(self.paused)
    }

    pub fn add(&mut self, other: Self) {
        add_each(&mut self.answers, other.answers);
        self.latencies_us.extend(other.latencies_us);
        self.confirmed += other.confirmed;
        self.declined += other.declined;
        self.replayed += other.replayed;
        add_each(&mut self.operations, other.operations);
        add_each(&mut self.units_by_product, other.units_by_product);
        for (currency, minor) in other.money_minor_by_currency {
            *self.money_minor_by_currency.entry(currency).or_insert(0) += minor;
        }
        self.failures.extend(other.failures);
        self.paused += other.paused;
        self.wall += other.wall;
        self.waited += other.waited;
    }
}

impl Observer for Tally {
    fn answered(&mut self, answer: &Answer, took: Duration) {
        *self.answers.entry(answer.label()).or_insert(0) += 1;
        self.latencies_us
            .push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    fn unanswered(&mut self, _: &SendError) {
        *self.answers.entry("no answer".to_owned()).or_insert(0) += 1;
    }

    fn paused(&mut self, pause: Duration) {
        self.paused += pause;
    }
}

fn add_each<N: Ord>(sums: &mut BTreeMap<N, u64>, others: BTreeMap<N, u64>) {
    for (name, count) in others {
        *sums.entry(name).or_insert(0) += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(total_minor: i64, product_id: &str, units: u64) -> PlacedOrder {
        PlacedOrder {
            id: "ord_1".to_owned(),
            status: "confirmed".to_owned(),
            total_minor,
            currency: "EUR".to_owned(),
            lines: vec![(product_id.to_owned(), units)],
        }
    }

    #[test]
    fn counts_of_clients_add_up() {
        let mut one = Tally::default();
        one.confirm(&order(100, "prd_1", 1));
        one.confirm(&order(250, "prd_2", 2));
        let mut other = Tally::default();
        other.confirm(&order(7, "prd_2", 3));
        one.add(other);
        assert_eq!(one.confirmed, 3);
        assert_eq!(one.money_minor_by_currency.get("EUR"), Some(&357));
        assert_eq!(one.units_by_product.get("prd_1"), Some(&1));
        assert_eq!(one.units_by_product.get("prd_2"), Some(&5));
    }

    #[test]
    fn waiting_and_pausing_are_not_the_clients_own_time() {
        let tally = Tally {
            wall: Duration::from_millis(100),
            waited: Duration::from_millis(70),
            paused: Duration::from_millis(20),
            ..Tally::default()
        };
        assert_eq!(tally.own_time(), Duration::from_millis(10));
    }
}
