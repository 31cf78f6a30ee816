//! The request that buys, and what its answer says.

use serde_json::{Value, json};

use crate::choice::Token;

pub const PATH: &str = "/api/v1/orders";

/// The body of an order: product ids with quantities. Without a token it is to be paid later.
pub fn body<'a>(lines: impl IntoIterator<Item = (&'a str, u64)>, token: impl Into<Option<Token>>) -> Value {
    let items: Vec<Value> = lines
        .into_iter()
        .map(|(id, quantity)| json!({"product_id": id, "quantity": quantity}))
        .collect();
    let mut body = json!({
        "items": items,
        "shipping_address": {
            "street": "Invalidenstrasse 43",
            "city": "Berlin",
            "state": "BE",
            "zip_code": "10115",
            "country": "DE",
        },
    });
    if let (Some(token), Some(members)) = (token.into(), body.as_object_mut()) {
        members.insert("payment".to_owned(), json!({"token": token.as_str()}));
    }
    body
}

/// What a `201` says about its order.
#[derive(Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    pub id: String,
    pub status: String,
    pub total_minor: i64,
    pub currency: String,
    /// Product ids with quantities.
    pub lines: Vec<(String, u64)>,
}

impl PlacedOrder {
    /// Nothing when a member is missing or has another type.
    pub fn read(order: &Value) -> Option<Self> {
        let total = order.get("total")?;
        Some(Self {
            id: text(order, "id")?,
            status: text(order, "status")?,
            total_minor: total.get("amount")?.as_i64()?,
            currency: text(total, "currency")?,
            lines: order
                .get("items")?
                .as_array()?
                .iter()
                .map(line)
                .collect::<Option<_>>()?,
        })
    }
}

fn line(item: &Value) -> Option<(String, u64)> {
    Some((text(item, "product_id")?, item.get("quantity")?.as_u64()?))
}

fn text(object: &Value, member: &str) -> Option<String> {
    object.get(member).and_then(Value::as_str).map(str::to_owned)
}

/// The first member of this name, however deep: a problem may carry its recovery data at the top or for each line.
pub fn find_member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members
            .get(name)
            .or_else(|| members.values().find_map(|member| find_member(member, name))),
        Value::Array(elements) => elements.iter().find_map(|element| find_member(element, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_exactly_the_members_of_the_contract() {
        let body = body([("prd_1", 2)], Token::Declined);
        let members: Vec<&String> = body.as_object().into_iter().flat_map(|object| object.keys()).collect();
        assert_eq!(members, ["items", "payment", "shipping_address"]);
        assert_eq!(
            body.get("items"),
            Some(&json!([{"product_id": "prd_1", "quantity": 2}]))
        );
        assert_eq!(body.get("payment"), Some(&json!({"token": "tok_declined"})));
    }

    #[test]
    fn an_order_that_is_paid_later_says_nothing_of_a_payment() {
        assert_eq!(body([("prd_1", 1)], None).get("payment"), None);
    }

    #[test]
    fn an_order_is_read_from_its_answer() {
        let answer = json!({
            "id": "ord_1", "status": "confirmed", "items": [{"product_id": "prd_1", "quantity": 3, "more": null}],
            "total": {"amount": 297, "currency": "EUR", "exponent": 2},
        });
        let order = PlacedOrder::read(&answer);
        assert_eq!(order.as_ref().map(|order| order.total_minor), Some(297));
        assert_eq!(order.map(|order| order.lines), Some(vec![("prd_1".to_owned(), 3)]));
    }

    #[test]
    fn an_amount_that_is_no_integer_is_no_amount() {
        let answer = json!({
            "id": "ord_1", "status": "confirmed", "items": [], "total": {"amount": 2.97, "currency": "EUR"},
        });
        assert_eq!(PlacedOrder::read(&answer), None);
    }

    #[test]
    fn a_member_is_found_at_any_depth() {
        let problem = json!({"status": 409, "lines": [{"product_id": "prd_1"}, {"stock": {"available": 0}}]});
        assert_eq!(find_member(&problem, "available"), Some(&json!(0)));
        assert_eq!(find_member(&problem, "reserved"), None);
    }
}
