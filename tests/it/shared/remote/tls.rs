//! Processes that know each other by certificates. Whoever is no member is played by rustls itself, with whatever it is
//! told to show.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use banyan::adapters::shared::remote::handler::Remote;
use banyan::adapters::shared::remote::peer::Peer;
use banyan::adapters::shared::remote::service_token::Addressed;
use banyan::adapters::shared::remote::tls::TlsIdentity;
use banyan::adapters::shared::system::SystemIds;
use banyan::ports::inventory::operations::{GetStock, Inventory};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::wire;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ServerConfig, Stream, SupportedProtocolVersion};

use super::{Warehouse, delivery, operator, product, under_key};
use crate::support::certificates::{Authority, Signed};
use crate::support::internal_server::{InternalServer, offering, signer};
use crate::support::lossy_proxy::LossyProxy;

const HERE: &str = "127.0.0.1";
/// The longest that a stranger waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A warehouse that serves members alone.
struct Guarded {
    authority: Authority,
    warehouse: Warehouse,
    server: InternalServer,
}

impl Guarded {
    fn open() -> Self {
        let authority = Authority::new();
        let warehouse = Warehouse::open();
        let offered = offering::<dyn Inventory>(warehouse.watched.clone());
        let server = InternalServer::start_over_tls(authority.papers().identity().server(), offered);
        Self {
            authority,
            warehouse,
            server,
        }
    }

    fn assert_nothing_was_asked(&self) {
        assert!(self.warehouse.watched.asked().is_empty());
    }
}

/// Inventory at this address, as a process reaches it that has this to show.
fn inventory_at(scheme: &str, address: SocketAddr, tls: Option<&TlsIdentity>) -> Remote<dyn Inventory> {
    let url = format!("{scheme}://{address}").parse().unwrap();
    Remote::at(Arc::new(Peer::new(url, signer(), tls)), Arc::new(SystemIds))
}

fn stock() -> GetStock {
    GetStock { product_id: product(1) }
}

fn assert_unavailable(inventory: &Remote<dyn Inventory>, why: &str) {
    assert_eq!(
        inventory.handle(&operator(), stock()),
        Err(Failure::Unavailable),
        "{why}"
    );
    let delivered = inventory.handle(&under_key("a-key"), delivery(product(1), 7));
    assert_eq!(delivered, Err(Failure::Unavailable), "{why}");
}

/// A client that trusts this authority and shows what it is told to.
fn client(trusts: &Authority, shows: Option<&Signed>, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(trusts.roots());
    match shows {
        None => client.with_no_client_auth(),
        Some(signed) => client.with_client_auth_cert(signed.chain(), signed.key()).unwrap(),
    }
}

/// A delivery of seven, as HTTP has it.
fn request(token: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /internal/v1/inventory.change_stock HTTP/1.1\r\nHost: {HERE}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn body() -> Vec<u8> {
    wire::write_call(&under_key("a-key"), &delivery(product(1), 7)).unwrap()
}

/// With a token that any process of the shop would take.
fn signed_request() -> Vec<u8> {
    let message = Addressed {
        context: "inventory",
        target: "/internal/v1/inventory.change_stock",
    };
    request(&signer().sign(message, &body()).unwrap(), &body())
}

/// What comes back for it; an error where the connection is not made, or closed without an answer.
fn answer(address: SocketAddr, client: ClientConfig, request: &[u8]) -> std::io::Result<String> {
    let mut connection = ClientConnection::new(Arc::new(client), ServerName::try_from(HERE).unwrap()).unwrap();
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn members_call_each_other_over_one_connection() {
    let guarded = Guarded::open();
    let proxy = LossyProxy::before(guarded.server.address);
    let member = guarded.authority.papers().identity();
    let inventory = inventory_at("https", proxy.address, Some(&member));
    let level = inventory.handle(&under_key("a-key"), delivery(product(1), 7)).unwrap();
    assert_eq!(level.on_hand, 7);
    for _call in 0..5 {
        assert_eq!(inventory.handle(&operator(), stock()).unwrap()[0].on_hand, 7);
    }
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn a_member_that_was_restarted_is_reached_again() {
    let guarded = Guarded::open();
    let inventory = inventory_at(
        "https",
        guarded.server.address,
        Some(&guarded.authority.papers().identity()),
    );
    inventory.handle(&under_key("first"), delivery(product(1), 7)).unwrap();
    let Guarded {
        authority,
        warehouse,
        server,
    } = guarded;
    let address = server.address;
    drop(server);
    let services = offering::<dyn Inventory>(warehouse.watched.clone());
    let _again = InternalServer::start_over_tls_at(address, authority.papers().identity().server(), services);
    // A command without a key: had the kept connection been taken for alive, its outcome would be unknown now.
    assert_eq!(inventory.handle(&operator(), super::reservation(product(1), 1)), Ok(()));
}

#[test]
fn whoever_is_no_member_is_refused_whatever_token_it_has() {
    let guarded = Guarded::open();
    let (ours, address) = (&guarded.authority, guarded.server.address);
    let strangers = [
        ("no certificate", None),
        ("of another authority", Some(Authority::new().sign(HERE))),
        ("expired", Some(ours.sign_expired(HERE))),
    ];
    for (what, shows) in strangers {
        let answer = answer(address, client(ours, shows.as_ref(), &TLS13), &signed_request());
        assert!(answer.is_err(), "{what}: {answer:?}");
    }
    let member = ours.sign(HERE);
    let old = answer(address, client(ours, Some(&member), &TLS12), &signed_request());
    assert!(old.is_err(), "an older version: {old:?}");
    guarded.assert_nothing_was_asked();
    // What all of them lacked.
    let answer = answer(address, client(ours, Some(&member), &TLS13), &signed_request()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(guarded.warehouse.on_hand(product(1)), 7);
}

#[test]
fn a_member_needs_a_token_for_its_message_all_the_same() {
    let guarded = Guarded::open();
    let member = guarded.authority.sign(HERE);
    let client = client(&guarded.authority, Some(&member), &TLS13);
    let answer = answer(guarded.server.address, client, &request("none", &body())).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("not_one_of_us"),
        "{answer}"
    );
    guarded.assert_nothing_was_asked();
}

/// A server that shows this, asks nobody for anything, and counts what it is told.
fn impostor(signed: &Signed) -> (InternalServer, Arc<AtomicUsize>) {
    let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(signed.chain(), signed.key())
        .unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&heard);
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = InternalServer::listen(here, Some(tls), move |config| {
        let counter = Arc::clone(&counter);
        config.default_service(web::to(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async { HttpResponse::NotFound().finish() }
        }));
    });
    (server, heard)
}

#[test]
fn a_server_that_is_no_member_hears_nothing_of_a_call() {
    let ours = Authority::new();
    let member = ours.papers().identity();
    for (what, signed) in [
        ("of another authority", Authority::new().sign(HERE)),
        ("for another host", ours.sign("orders")),
        ("expired", ours.sign_expired(HERE)),
    ] {
        let (server, heard) = impostor(&signed);
        assert_unavailable(&inventory_at("https", server.address, Some(&member)), what);
        assert_eq!(heard.load(Ordering::SeqCst), 0, "{what}");
    }
    // What all of them lacked.
    let (server, heard) = impostor(&ours.sign(HERE));
    let _no_warehouse = inventory_at("https", server.address, Some(&member)).handle(&operator(), stock());
    assert!(heard.load(Ordering::SeqCst) > 0);
}

#[test]
fn nothing_is_said_in_the_clear_where_there_are_certificates_nor_over_tls_where_there_are_none() {
    let guarded = Guarded::open();
    let member = guarded.authority.papers().identity();
    let behind_tls = guarded.server.address;
    assert_unavailable(&inventory_at("http", behind_tls, None), "the server speaks TLS alone");
    assert_unavailable(&inventory_at("https", behind_tls, None), "nothing to show");
    let in_the_clear = guarded.warehouse.server.address;
    assert_unavailable(&inventory_at("http", in_the_clear, Some(&member)), "no TLS");
    assert_unavailable(&inventory_at("https", in_the_clear, Some(&member)), "no TLS there");
    guarded.assert_nothing_was_asked();
    let inventory = inventory_at("https", behind_tls, Some(&member));
    assert_eq!(inventory.handle(&operator(), stock()), Ok(Vec::new()));
}
