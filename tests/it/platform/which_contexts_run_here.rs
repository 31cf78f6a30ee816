//! Which contexts run in a process, and where the others have to be.

use std::collections::BTreeSet;

use banyan::adapters::shared::remote::service_token::ServiceSecret;
use banyan::app::bootstrap::processes::{Processes, Storefront, contexts};
use banyan::app::bootstrap::settings::InvalidSetting;

fn running(list: &str, known: &[&'static str]) -> Processes {
    Processes {
        here: contexts(list).unwrap(),
        peers: known
            .iter()
            .map(|name| (*name, "http://host:9".parse().unwrap()))
            .collect(),
        secret: Some(ServiceSecret::new("a secret of thirty-two bytes or more").unwrap()),
        ..Processes::whole()
    }
}

#[test]
fn a_list_names_contexts_that_there_are() {
    assert_eq!(contexts("").unwrap().len(), 5);
    assert_eq!(
        contexts(" orders , payments,").unwrap(),
        BTreeSet::from(["orders", "payments"])
    );
    assert!(contexts("none").unwrap().is_empty());
    for list in ["shipping", "orders;payments", "none,orders", "Orders"] {
        let message = contexts(list).unwrap_err().to_string();
        assert!(
            message.contains("identity, inventory, catalog, payments, orders"),
            "{message}"
        );
    }
}

#[test]
fn whoever_is_called_or_listened_to_must_be_at_a_known_place() {
    assert_eq!(Processes::whole().check(), Ok(()));
    for (list, known, missing) in [
        (
            "orders",
            vec!["identity", "catalog", "payments"],
            Some("BANYAN_INVENTORY_URL"),
        ),
        ("orders", vec!["identity", "catalog", "payments", "inventory"], None),
        ("catalog", vec!["identity"], Some("BANYAN_INVENTORY_URL")),
        ("catalog", vec!["inventory"], Some("BANYAN_IDENTITY_URL")),
        ("catalog", vec!["inventory", "identity"], None),
        ("inventory,identity", vec![], None),
        ("payments", vec![], Some("BANYAN_IDENTITY_URL")),
        ("none", vec![], None),
        ("none", vec!["orders"], Some("BANYAN_IDENTITY_URL")),
    ] {
        let found = match running(list, &known).check() {
            Err(InvalidSetting::MissingPeer { variable, .. }) => Some(variable),
            Ok(()) => None,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found.as_deref(), missing, "{list}, knowing {known:?}");
    }
}

#[test]
fn what_runs_elsewhere_is_served_where_it_is_known_unless_only_the_own_is_wished() {
    let mut gateway = running("orders", &["identity", "catalog", "payments", "inventory"]);
    assert!(gateway.serves("catalog") && gateway.serves("orders"));
    gateway.storefront = Storefront::Own;
    assert!(!gateway.serves("catalog") && gateway.serves("orders"));
    assert!(!running("identity", &[]).serves("orders"));
}

#[test]
fn processes_that_talk_need_a_secret_and_not_themselves() {
    let mut process = running("catalog", &["inventory", "identity"]);
    process.secret = None;
    assert_eq!(process.check(), Err(InvalidSetting::ServiceSecretMissing));
    let mut process = running("catalog", &["inventory", "identity"]);
    process.internal_addr = Some("127.0.0.1:9090".parse().unwrap());
    process
        .peers
        .insert("catalog", "http://127.0.0.1:9090".parse().unwrap());
    assert_eq!(process.check(), Ok(()), "the own address is no harm");
    process
        .peers
        .insert("inventory", "http://127.0.0.1:9090".parse().unwrap());
    assert!(matches!(
        process.check(),
        Err(InvalidSetting::PeerIsSelf {
            context: "inventory",
            ..
        })
    ));
    let mut whole = Processes::whole();
    whole.internal_addr = Some("127.0.0.1:9090".parse().unwrap());
    assert_eq!(whole.check(), Err(InvalidSetting::ServiceSecretMissing));
}
