//! What `banyan serve` says about the demo shop.

use super::DemoShop;

/// How to buy in the demo shop, which is at this URL.
pub fn text(url: &str, demo: &DemoShop) -> String {
    let DemoShop {
        admin,
        customer,
        product_id,
    } = demo;
    format!(
        r#"
This is the demo shop (BANYAN_DEMO=off does without). Anybody who reads this can sign in:
  admin     {admin_email}  {admin_password}
  customer  {customer_email}  {customer_password}

Sign in, buy, and look at what you bought:
  TOKEN=$(curl -s {url}/api/v1/users/login -H 'Content-Type: application/json' -d '{{"email":"{customer_email}","password":"{customer_password}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  ORDER=$(curl -s {url}/api/v1/orders -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $(date +%s%N)" -H 'Content-Type: application/json' -d '{{"items":[{{"product_id":"{product_id}","quantity":1}}],"shipping_address":{{"street":"1 Fig Tree Lane","city":"Berlin","state":"","zip_code":"10115","country":"DE"}},"payment":{{"token":"tok_visa"}}}}' | grep -o 'ord_[0-9a-z]*' | head -n 1)
  curl -s {url}/api/v1/orders/$ORDER -H "Authorization: Bearer $TOKEN"
"#,
        admin_email = admin.email,
        admin_password = admin.password,
        customer_email = customer.email,
        customer_password = customer.password,
    )
}
