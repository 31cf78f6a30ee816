//! What must hold of an order, its reservations and its payments.

use super::super::charges::{exceeding, figures, holds_money};
use super::super::report::Violation;
use super::Dossier;
use crate::ports::inventory::operations::ReservationAudit;
use crate::ports::orders::operations::{OrderAudit, OrderStatus};
use crate::ports::payments::operations::{PaymentAudit, PaymentStatus};

/// States of a reservation, as inventory names them.
const ACTIVE: &str = "active";
const COMMITTED: &str = "committed";

/// All that is wrong with an order. While a saga of it is under way the contexts may disagree: then only that is wrong
/// which can be right at no time.
pub(super) fn broken(dossier: &Dossier) -> Vec<Violation> {
    let mut found = Findings {
        dossier,
        violations: Vec::new(),
    };
    for charge in dossier.payments.iter().filter_map(|payment| payment.charge.as_ref()) {
        found.violations.extend(exceeding(charge));
    }
    match &dossier.order {
        None => found.without_order(),
        Some(order) if order.in_progress => {}
        Some(order) => {
            for payment in &dossier.payments {
                found.accounts_agree(payment);
            }
            match order.status {
                OrderStatus::Pending => found.pending(),
                OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => found.standing(order),
                OrderStatus::Cancelled => found.cancelled(),
            }
        }
    }
    found.violations
}

struct Findings<'d> {
    dossier: &'d Dossier,
    violations: Vec<Violation>,
}

impl Findings<'_> {
    fn add(&mut self, invariant: u8, rule: &'static str, row: Option<String>, found: String) {
        let rows = std::iter::once(self.dossier.order_id.to_string()).chain(row).collect();
        self.violations.push(Violation {
            invariant,
            rule,
            rows,
            found,
        });
    }

    fn reservation(&mut self, rule: &'static str, reservation: &ReservationAudit, wanted: &str) {
        let found = format!(
            "the reservation is {} with {} pieces{wanted}",
            reservation.status, reservation.units
        );
        self.add(3, rule, Some(reservation.reservation_id.to_string()), found);
    }

    fn payment(&mut self, rule: &'static str, payment: &PaymentAudit, wanted: &str) {
        let found = format!("{}{wanted}", account_of(payment));
        self.add(4, rule, Some(payment.payment_id.to_string()), found);
    }

    /// There is no order of this id.
    fn without_order(&mut self) {
        for reservation in &self.dossier.reservations {
            if [ACTIVE, COMMITTED].contains(&reservation.status.as_str()) {
                self.reservation(
                    "a reservation has an order",
                    reservation,
                    ", and there is no such order",
                );
            }
        }
        for payment in &self.dossier.payments {
            self.payment("a payment has an order", payment, "; there is no such order");
        }
    }

    /// The payment's own account, its refunds and the provider's ledger say the same.
    fn accounts_agree(&mut self, payment: &PaymentAudit) {
        let charged = payment.charge.as_ref().map(|charge| charge.refunded);
        let agrees_with_provider = charged.map_or(payment.refunded.minor() == 0, |sum| sum == payment.refunded);
        if payment.refunded != payment.refunds_sum || !agrees_with_provider {
            let found = format!("its refunds sum up to {}; {}", payment.refunds_sum, account_of(payment));
            self.add(
                5,
                "a payment, its refunds and the provider agree on what went back",
                Some(payment.payment_id.to_string()),
                found,
            );
        }
    }

    /// The order waits for its payment: nothing may have been sold or taken.
    fn pending(&mut self) {
        let dossier = self.dossier;
        for reservation in dossier.reservations.iter().filter(|row| row.status == COMMITTED) {
            self.reservation(
                "stock is sold to confirmed orders only",
                reservation,
                ", the order is pending",
            );
        }
        for payment in dossier.payments.iter().filter(|payment| has_money(payment)) {
            self.payment(
                "money is taken for confirmed orders only",
                payment,
                "; the order is pending",
            );
        }
    }

    /// The order was called off, or did not come about: it holds no stock and no money.
    fn cancelled(&mut self) {
        let dossier = self.dossier;
        let holds = |row: &&ReservationAudit| [ACTIVE, COMMITTED].contains(&row.status.as_str());
        for reservation in dossier.reservations.iter().filter(holds) {
            self.reservation(
                "a cancelled order holds no stock",
                reservation,
                ", the order is cancelled",
            );
        }
        for payment in dossier.payments.iter().filter(|payment| has_money(payment)) {
            self.payment("a cancelled order holds no money", payment, "; the order is cancelled");
        }
    }

    /// The order stands: its stock is sold and its money is taken, once and in full.
    fn standing(&mut self, order: &OrderAudit) {
        self.stock_is_sold(order);
        self.money_is_taken(order);
    }

    fn stock_is_sold(&mut self, order: &OrderAudit) {
        let dossier = self.dossier;
        let rule = "the stock of a confirmed order is sold, once";
        let wanted = format!(", the order has {} pieces", order.units);
        let mut sold = false;
        for reservation in &dossier.reservations {
            let is_its_own = reservation.reservation_id == order.reservation_id;
            if is_its_own && reservation.status == COMMITTED && reservation.units == order.units {
                sold = true;
            } else if is_its_own {
                sold = true;
                self.reservation(rule, reservation, &wanted);
            } else if [ACTIVE, COMMITTED].contains(&reservation.status.as_str()) {
                self.reservation(rule, reservation, ", and it is not the order's own");
            }
        }
        if !sold {
            let row = Some(order.reservation_id.to_string());
            self.add(3, rule, row, format!("there is no such reservation{wanted}"));
        }
    }

    fn money_is_taken(&mut self, order: &OrderAudit) {
        let dossier = self.dossier;
        let rule = "the total of a confirmed order is captured, once";
        let wanted = format!("; the order's total is {}", order.total);
        let mut known = false;
        for payment in &dossier.payments {
            if payment.payment_id == order.payment_id {
                known = true;
                if !is_taken_in_full(payment, order) {
                    self.payment(rule, payment, &wanted);
                }
            } else if has_money(payment) {
                self.payment(rule, payment, "; it is not the order's own");
            }
        }
        if !known {
            let row = Some(order.payment_id.to_string());
            self.add(4, rule, row, format!("there is no such payment{wanted}"));
        }
    }
}

fn is_taken_in_full(payment: &PaymentAudit, order: &OrderAudit) -> bool {
    let was_taken = matches!(
        payment.status,
        PaymentStatus::Completed | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded
    );
    let captured = payment.charge.as_ref().map(|charge| charge.captured);
    was_taken && payment.amount == order.total && captured == Some(order.total)
}

/// Whether anything is held or kept, by the provider's ledger or, where that is silent, by the payment's own account.
fn has_money(payment: &PaymentAudit) -> bool {
    match &payment.charge {
        Some(charge) => holds_money(charge),
        None => matches!(
            payment.status,
            PaymentStatus::Authorized | PaymentStatus::Completed | PaymentStatus::PartiallyRefunded
        ),
    }
}

fn account_of(payment: &PaymentAudit) -> String {
    let ledger = payment.charge.as_ref().map_or_else(
        || "does not know it".to_owned(),
        |charge| format!("has {}", figures(charge)),
    );
    format!(
        "the payment is {:?} over {}, refunded {}, and the provider {ledger}",
        payment.status, payment.amount, payment.refunded
    )
}
