//! The books after a cell, by plain SQL: the tables and the provider's own ledger, and none of the program's code.

use std::collections::{BTreeMap, BTreeSet};

use banyan::adapters::shared::sql::connection::DatabaseLocation;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::support::house::House;

/// Reads the books of a house, on connections of its own.
pub struct Auditor {
    orders: Reader,
    inventory: Reader,
    payments: Reader,
    provider: Reader,
}

enum Reader {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Any row: up to five columns as text.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = Text)]
    b: String,
    #[diesel(sql_type = Text)]
    c: String,
    #[diesel(sql_type = Text)]
    d: String,
    #[diesel(sql_type = Text)]
    e: String,
}

/// A saga, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saga {
    pub order_id: String,
    pub kind: String,
    pub status: String,
    pub position: usize,
    pub reason: String,
}

impl Saga {
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "done" | "failed")
    }
}

/// An order, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub status: String,
    total: i64,
    awaits_payment: bool,
}

type PerProduct = BTreeMap<String, i64>;

impl Reader {
    fn of(location: &DatabaseLocation) -> Self {
        match location {
            DatabaseLocation::SqliteFile(path) => {
                let mut file = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                file.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                Self::Sqlite(file)
            }
            DatabaseLocation::PostgresSchema { url, schema } => {
                let mut server = PgConnection::establish(url).unwrap();
                server
                    .batch_execute(&format!("SET search_path TO \"{schema}\""))
                    .unwrap();
                Self::Postgres(server)
            }
        }
    }

    /// `columns` and an empty text for each that is missing.
    fn rows(&mut self, columns: &[&str], rest: &str) -> Vec<Row> {
        let names = ["a", "b", "c", "d", "e"];
        let columns = names.iter().enumerate().map(|(number, name)| {
            let column = columns.get(number).unwrap_or(&"''");
            format!("CAST({column} AS TEXT) AS {name}")
        });
        let query = format!("SELECT {} {rest}", columns.collect::<Vec<_>>().join(", "));
        match self {
            Self::Sqlite(c) => sql_query(query).load(c).unwrap(),
            Self::Postgres(c) => sql_query(query).load(c).unwrap(),
        }
    }

    fn count(&mut self, rest: &str) -> i64 {
        number(&self.rows(&["COUNT(*)"], rest)[0].a)
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

impl Auditor {
    pub fn of(house: &House) -> Self {
        Self {
            orders: Reader::of(house.tables_of("orders")),
            inventory: Reader::of(house.tables_of("inventory")),
            payments: Reader::of(house.tables_of("payments")),
            provider: Reader::of(&DatabaseLocation::SqliteFile(house.ledger())),
        }
    }

    /// All sagas.
    pub fn sagas(&mut self) -> Vec<Saga> {
        let columns = ["subject", "kind", "status", "position", "COALESCE(reason, '')"];
        let rows = self.orders.rows(&columns, "FROM sagas ORDER BY created_at");
        let saga = |row: Row| Saga {
            order_id: row.a,
            kind: row.b,
            status: row.c,
            position: row.d.parse().unwrap(),
            reason: row.e,
        };
        rows.into_iter().map(saga).collect()
    }

    /// Whether any saga has not ended.
    pub fn has_open_sagas(&mut self) -> bool {
        self.orders.count("FROM sagas WHERE status NOT IN ('done', 'failed')") > 0
    }

    /// All orders.
    pub fn orders(&mut self) -> BTreeMap<String, Order> {
        let columns = [
            "id",
            "status",
            "total_minor",
            "CASE WHEN awaiting_payment THEN 1 ELSE 0 END",
        ];
        let rows = self.orders.rows(&columns, "FROM orders");
        let order = |row: Row| {
            let order = Order {
                status: row.b,
                total: number(&row.c),
                awaits_payment: row.d == "1",
            };
            (row.a, order)
        };
        rows.into_iter().map(order).collect()
    }

    /// One line for each thing that is not as it must be when all is quiet.
    pub fn residue(&mut self) -> Vec<String> {
        let orders = self.orders();
        let mut found = Vec::new();
        for (id, order) in &orders {
            if !matches!(
                (order.status.as_str(), order.awaits_payment),
                ("confirmed" | "cancelled", false) | ("pending", true)
            ) {
                found.push(format!("order {id} stays {order:?}"));
            }
        }
        for saga in self.sagas() {
            if !saga.has_ended() {
                found.push(format!("{saga:?} has not ended"));
            }
        }
        let unanswered = [&mut self.orders, &mut self.payments, &mut self.inventory]
            .map(|context| context.count("FROM idempotency_keys WHERE answer IS NULL"));
        if unanswered != [0, 0, 0] {
            found.push(format!("{unanswered:?} keys without an answer"));
        }
        let parked = self.orders.count("FROM dead_letters");
        if parked != 0 {
            found.push(format!("{parked} events are parked"));
        }
        // What went wrong inside is for the operator, not for those who read orders and events.
        let told = self.orders.count("FROM orders WHERE cancel_reason LIKE '%failpoint%'")
            + self.orders.count("FROM event_log WHERE payload LIKE '%failpoint%'");
        if told != 0 {
            found.push(format!("{told} orders or events tell what went wrong inside"));
        }
        self.money(&orders, &mut found);
        self.stock(&orders, &mut found);
        found
    }

    /// A confirmed order has one charge, captured in full; no other order keeps a cent, and nothing stays authorized.
    fn money(&mut self, orders: &BTreeMap<String, Order>, found: &mut Vec<String>) {
        let payments = self
            .payments
            .rows(&["provider_key", "order_id", "status"], "FROM payments");
        let mut order_of = BTreeMap::new();
        for row in payments {
            let ordered = orders.get(&row.b).map_or("no", |order| order.status.as_str());
            let fits = match ordered {
                "confirmed" => row.c == "completed",
                "cancelled" => matches!(row.c.as_str(), "failed" | "voided" | "refunded"),
                _ => row.c == "pending",
            };
            if !fits {
                found.push(format!("the payment of {ordered} order {} is {}", row.b, row.c));
            }
            order_of.insert(row.a, row.b);
        }
        let columns = ["key", "status", "captured_minor", "refunded_minor"];
        let charges = self.provider.rows(&columns, "FROM charges");
        let mut kept: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for row in charges {
            let Some(order_id) = order_of.get(&row.a) else {
                found.push(format!("charge {} is no payment of ours", row.a));
                continue;
            };
            if row.b == "authorized" {
                found.push(format!("the money of order {order_id} stays authorized"));
            }
            let net = number(&row.c) - number(&row.d);
            if net != 0 {
                kept.entry(order_id.clone()).or_default().push(net);
            }
        }
        for (id, order) in orders {
            let due = if order.status == "confirmed" {
                vec![order.total]
            } else {
                Vec::new()
            };
            let kept = kept.remove(id).unwrap_or_default();
            if kept != due {
                found.push(format!("order {id} {order:?}: the provider keeps {kept:?} of it"));
            }
        }
    }

    /// On hand is the sum of the movements and what was received less what was sold; reserved is what orders hold that
    /// wait for their payment; a confirmed order took exactly its lines.
    fn stock(&mut self, orders: &BTreeMap<String, Order>, found: &mut Vec<String>) {
        let with = |status: &str| -> BTreeSet<String> {
            let those = orders.iter().filter(|(_id, order)| order.status == status);
            those.map(|(id, _order)| id.clone()).collect()
        };
        let (sold_to, waiting) = (with("confirmed"), with("pending"));
        let mut bought: BTreeMap<String, PerProduct> = BTreeMap::new();
        for row in self
            .orders
            .rows(&["order_id", "product_id", "quantity"], "FROM order_lines")
        {
            *bought.entry(row.a).or_default().entry(row.b).or_default() += number(&row.c);
        }
        let mut taken: BTreeMap<(String, String), PerProduct> = BTreeMap::new();
        let columns = ["r.order_id", "r.status", "l.product_id", "l.quantity"];
        let lines = "FROM reservations r JOIN reservation_lines l ON l.reservation_id = r.id";
        for row in self.inventory.rows(&columns, lines) {
            *taken.entry((row.a, row.b)).or_default().entry(row.c).or_default() += number(&row.d);
        }
        let held = |status: &str| -> BTreeMap<String, PerProduct> {
            let those = taken.iter().filter(|((_order, is), _lines)| is == status);
            those
                .map(|((order, _is), lines)| (order.clone(), lines.clone()))
                .collect()
        };
        let of = |ids: &BTreeSet<String>| -> BTreeMap<String, PerProduct> {
            let those = bought.iter().filter(|(id, _lines)| ids.contains(*id));
            those.map(|(id, lines)| (id.clone(), lines.clone())).collect()
        };
        if held("committed") != of(&sold_to) {
            found.push("what was taken from the shelf is not what was sold".to_owned());
        }
        if held("active") != of(&waiting) {
            found.push("what is reserved is not what waits for its payment".to_owned());
        }
        let total = |per_order: BTreeMap<String, PerProduct>, product: &str| -> i64 {
            per_order.values().filter_map(|lines| lines.get(product)).sum()
        };
        let mut ledger: BTreeMap<(String, bool), i64> = BTreeMap::new();
        for row in self
            .inventory
            .rows(&["product_id", "kind", "quantity"], "FROM stock_movements")
        {
            *ledger.entry((row.a, row.b == "receive")).or_default() += number(&row.c);
        }
        for row in self
            .inventory
            .rows(&["product_id", "on_hand", "reserved"], "FROM stock_levels")
        {
            let (product, is) = (row.a, (number(&row.b), number(&row.c)));
            let moved = |received| ledger.get(&(product.clone(), received)).copied().unwrap_or(0);
            let expected = (
                moved(true) - total(of(&sold_to), &product),
                total(of(&waiting), &product),
            );
            if is != expected || is.0 != moved(true) + moved(false) {
                found.push(format!(
                    "{product}: {is:?} on hand and reserved, {expected:?} expected, the ledger says {}",
                    moved(true) + moved(false)
                ));
            }
        }
    }
}
