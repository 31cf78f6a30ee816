//! What a request may bring.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::support::app::{On, TestApp};

#[test]
fn an_address_that_is_too_long_is_refused() {
    let app = TestApp::start(On::Sqlite);
    let long = format!("/api/v1/products?search={}", "x".repeat(9_000));
    app.get(&long).send().problem(414, "uri_too_long");
}

#[test]
fn headers_that_are_too_large_or_too_many_are_refused() {
    let app = TestApp::start(On::Sqlite);
    let large = "x".repeat(20_000);
    let answer = app.get("/api/v1/products").header("x-large", &large).send();
    answer.problem(431, "headers_too_large");
    let mut request = app.get("/api/v1/products");
    for number in 0..70 {
        request = request.header(&format!("x-{number}"), "1");
    }
    request.send().problem(431, "headers_too_large");
}

#[test]
fn a_body_that_is_too_large_is_refused_and_the_server_goes_on() {
    let app = TestApp::start(On::Sqlite);
    let large = json!({"email": "a@example.com", "password": "x".repeat(300_000)});
    app.post("/api/v1/users/login", large)
        .send()
        .problem(413, "body_too_large");
    app.get("/health/live").send().expect(200);
}

#[test]
fn a_body_that_is_not_json_says_so() {
    let app = TestApp::start(On::Sqlite);
    let login = "/api/v1/users/login";
    let send = |media_type: &str, body: &str| app.request("POST", login).raw(media_type, body).send();
    send("text/plain", "{}").problem(415, "unsupported_media_type");
    send("application/json", "{").problem(400, "malformed_json");
    send("application/json", "").problem(400, "malformed_json");
    send("application/json", "[]").problem(400, "malformed_json");
    send("application/json", &"[".repeat(200_000)).problem(400, "malformed_json");
    send("application/json", r#"{"email":"a","email":"b"}"#).problem(400, "duplicate_member");
    send(
        "application/json",
        r#"{"email":"a@example.com","password":"x","is_admin":true}"#,
    )
    .problem(422, "validation_failed");
    let zipped = app
        .request("POST", login)
        .raw("application/json", "{}")
        .header("content-encoding", "gzip");
    zipped.send().problem(415, "unsupported_media_type");
}

#[test]
fn a_request_that_two_readers_would_cut_in_two_ways_is_refused_and_its_connection_closed() {
    let app = TestApp::start(On::Sqlite);
    for head in [
        "POST /api/v1/users/login HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /api/v1/users/login HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: shop\r\nX-Name : folded\r\n\r\n",
    ] {
        let mut connection = TcpStream::connect(app.address).unwrap();
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

/// It takes the ten seconds that a body is given.
#[test]
fn a_body_that_stalls_is_refused_and_its_connection_closed() {
    let app = TestApp::start(On::Sqlite);
    let mut connection = TcpStream::connect(app.address).unwrap();
    let head = "POST /api/v1/users/login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n";
    connection
        .write_all(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes())
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("body_too_slow"), "{answer}");
}

#[test]
fn an_answer_is_compressed_for_who_asks_for_it() {
    let app = TestApp::start(On::Sqlite);
    let head = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n";
    let size = |accept: &str| {
        let mut connection = TcpStream::connect(app.address).unwrap();
        connection.write_all(format!("{head}{accept}\r\n").as_bytes()).unwrap();
        connection.read_to_end(&mut Vec::new()).unwrap()
    };
    assert!(size("Accept-Encoding: gzip\r\n") * 4 < size(""));
}

#[test]
fn an_answer_to_somebody_is_not_kept_by_anybody() {
    let app = TestApp::start(On::Sqlite);
    let customer = app.register_customer();
    let profile = app.get("/api/v1/users/profile").bearer(&customer.token).send();
    assert_eq!(profile.header("cache-control"), Some("no-store"));
}
