//! What `banyan serve` says on standard output once it serves.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::demo::DemoShop;

/// Where the shop is and, for the demo shop, how to buy there.
pub fn text(address: SocketAddr, demo: Option<&DemoShop>) -> String {
    let url = format!("http://{}", reachable(address));
    let mut text = format!("Banyan serves at {url} (read the API at {url}/docs/)\n");
    if let Some(demo) = demo {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", how_to_buy(&url, demo));
    }
    text
}

/// An address that listens everywhere is reached at this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn how_to_buy(url: &str, demo: &DemoShop) -> String {
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
