//! What a replay found out, for people and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::failure::Failure;
use crate::latency::{in_ms, percentile};
use crate::own_time::OwnTime;
use crate::tally::Tally;

/// How many articles are printed; the JSON has all.
const PRINTED_ARTICLES: usize = 20;

#[derive(Serialize)]
pub struct RunFacts {
    pub seed: u64,
    pub prefix: String,
    pub clients: u16,
    pub baskets: usize,
}

#[derive(Serialize)]
pub struct Report {
    run: RunFacts,
    elapsed_ms: u64,
    confirmed: u64,
    declined: u64,
    failed: usize,
    replayed: u64,
    /// Confirmed and declined orders in a second, in thousandths.
    orders_per_second_milli: u64,
    latency_us: LatencyReport,
    answers: BTreeMap<String, u64>,
    units_by_article: BTreeMap<String, u64>,
    units_total: u64,
    confirmed_minor_by_currency: BTreeMap<String, i64>,
    driver: DriverReport,
}

#[derive(Serialize)]
struct LatencyReport {
    requests: usize,
    p50: u64,
    p95: u64,
    p99: u64,
    max: u64,
}

#[derive(Serialize)]
struct DriverReport {
    cpu_permille: u64,
    clients_own_permille: u64,
    is_bottleneck: bool,
}

impl Report {
    /// `product_ids` are by the name of the article.
    pub fn new(run: RunFacts, tally: &Tally, own_time: &OwnTime, product_ids: &BTreeMap<String, String>) -> Self {
        let elapsed = own_time.wall();
        let share = own_time.share(tally.own_time(), tally.wall);
        Self {
            run,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            confirmed: tally.confirmed,
            declined: tally.declined,
            failed: tally.failures.len(),
            replayed: tally.replayed,
            orders_per_second_milli: per_second_milli(tally.confirmed + tally.declined, elapsed),
            latency_us: LatencyReport::new(&tally.latencies_us),
            answers: tally.answers.clone(),
            units_by_article: named(&tally.units_by_product, product_ids),
            units_total: tally.units_by_product.values().sum(),
            confirmed_minor_by_currency: tally.money_minor_by_currency.clone(),
            driver: DriverReport {
                cpu_permille: share.cpu_permille,
                clients_own_permille: share.clients_permille,
                is_bottleneck: share.is_bottleneck(),
            },
        }
    }

    pub fn print(&self) {
        self.print_articles();
        println!(
            "orders      {} confirmed, {} declined, {} otherwise; {} answers were repeated ones",
            self.confirmed, self.declined, self.failed, self.replayed
        );
        println!("units       {} confirmed", self.units_total);
        for (currency, minor) in &self.confirmed_minor_by_currency {
            println!("money       {minor} minor units {currency} confirmed");
        }
        for (label, count) in &self.answers {
            println!("answers     {count:>7} x {label}");
        }
        println!(
            "rate        {} orders/s in {} s",
            thousandths(self.orders_per_second_milli),
            thousandths(self.elapsed_ms)
        );
        let latency = &self.latency_us;
        println!(
            "latency ms  p50 {}  p95 {}  p99 {}  max {}  ({} order requests)",
            in_ms(latency.p50),
            in_ms(latency.p95),
            in_ms(latency.p99),
            in_ms(latency.max),
            latency.requests
        );
        println!(
            "this driver {} % of all cores; {} % of its clients' time was its own",
            percent(self.driver.cpu_permille),
            percent(self.driver.clients_own_permille)
        );
        if self.driver.is_bottleneck {
            println!("WARNING     this driver is the bottleneck: the server may be faster than reported here");
        }
    }

    fn print_articles(&self) {
        let mut articles: Vec<(&String, &u64)> = self.units_by_article.iter().collect();
        articles.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
        println!("\n{:>7}  article", "units");
        for (name, units) in articles.iter().take(PRINTED_ARTICLES) {
            println!("{units:>7}  {name}");
        }
        println!("         ({} articles in all)\n", articles.len());
    }

    pub fn write_json(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::file(path, error.into()))?;
        fs::write(path, text + "\n").map_err(|source| Failure::file(path, source))
    }
}

impl LatencyReport {
    fn new(latencies_us: &[u64]) -> Self {
        let mut sorted = latencies_us.to_vec();
        sorted.sort_unstable();
        Self {
            requests: sorted.len(),
            p50: percentile(&sorted, 50),
            p95: percentile(&sorted, 95),
            p99: percentile(&sorted, 99),
            max: percentile(&sorted, 100),
        }
    }
}

/// Units by the name of the article; what the server sold under an id that nobody asked for keeps the id.
fn named(units_by_product: &BTreeMap<String, u64>, product_ids: &BTreeMap<String, String>) -> BTreeMap<String, u64> {
    let names: BTreeMap<&String, &String> = product_ids.iter().map(|(name, id)| (id, name)).collect();
    units_by_product
        .iter()
        .map(|(id, units)| ((*names.get(id).unwrap_or(&id)).clone(), *units))
        .collect()
}

fn per_second_milli(count: u64, elapsed: Duration) -> u64 {
    let per_second = (u128::from(count) * 1_000_000)
        .checked_div(elapsed.as_millis())
        .unwrap_or(0);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}

fn thousandths(number: u64) -> String {
    format!("{}.{}", number / 1_000, number % 1_000 / 100)
}

fn percent(permille: u64) -> String {
    format!("{}.{}", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_over_a_time() {
        assert_eq!(per_second_milli(50, Duration::from_secs(4)), 12_500);
        assert_eq!(per_second_milli(50, Duration::ZERO), 0);
        assert_eq!(thousandths(12_500), "12.5");
    }

    #[test]
    fn units_are_reported_by_name_and_strangers_by_id() {
        let units = BTreeMap::from([("prd_1".to_owned(), 3), ("prd_9".to_owned(), 1)]);
        let ids = BTreeMap::from([("soda".to_owned(), "prd_1".to_owned())]);
        let expected = BTreeMap::from([("soda".to_owned(), 3), ("prd_9".to_owned(), 1)]);
        assert_eq!(named(&units, &ids), expected);
    }
}
