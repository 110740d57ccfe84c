//! Each fault, as it looks on the wire.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use sandbox::server::Response;
use sandbox::vault::Vault;
use sandbox::{Fault, Issuer};

use crate::raw::{self, Raw, exchange, get};

fn meet(fault: Fault) -> Raw {
    let issuer = Issuer::start().unwrap();
    issuer.script([fault]);
    let met = exchange(&issuer, &get("/.well-known/jwks.json"));
    let after = exchange(&issuer, &get("/.well-known/jwks.json"));
    assert_eq!(after.status(), 200, "normal service follows");
    assert!(after.end.is_ok());
    assert_eq!(issuer.requests().len(), 2);
    met
}

fn was_reset(raw: &Raw) -> bool {
    raw.end.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

fn content_length(raw: &Raw) -> usize {
    let text = raw.text();
    text.split_once("content-length: ").and_then(|(_, rest)| rest.split("\r\n").next()?.parse().ok()).unwrap()
}

#[test]
fn a_status_with_headers_and_body() {
    let fault =
        Fault::Status { status: 503, headers: vec![("retry-after".into(), "7".into())], body: "later".to_owned() };
    let raw = meet(fault);
    assert_eq!((raw.status(), raw.body()), (503, "later".to_owned()));
    assert!(raw.text().contains("\r\nretry-after: 7\r\n"));
}

#[test]
fn an_error_of_aws() {
    let raw = meet(Fault::aws_error(400, "Throttling", "Rate <exceeded>"));
    assert_eq!(raw.refusal(), (400, "Throttling".to_owned(), "Rate &lt;exceeded&gt;".to_owned()));
}

#[test]
fn resets_before_and_in_the_head_and_in_the_body() {
    let before = meet(Fault::ResetBeforeHeaders);
    assert!(was_reset(&before) && before.bytes.is_empty());
    let head = meet(Fault::ResetInHeaders);
    assert!(was_reset(&head) && head.text().starts_with("HTTP/1.1 200") && !head.text().contains("\r\n\r\n"));
    let body = meet(Fault::ResetInBody);
    assert!(was_reset(&body) && !body.body().is_empty() && body.body().len() < content_length(&body));
}

#[test]
fn a_truncated_body_ends_in_good_order() {
    let raw = meet(Fault::TruncatedBody);
    assert!(raw.end.is_ok() && !raw.body().is_empty() && raw.body().len() < content_length(&raw));
}

#[test]
fn an_answer_that_is_changed() {
    let raw = meet(Fault::Changed(|answer| Response { body: answer.body[..9].to_vec(), ..answer }));
    assert_eq!((raw.status(), raw.body().len(), content_length(&raw)), (200, 9, 9));
}

#[test]
fn a_fault_that_is_aimed() {
    let issuer = Issuer::start().unwrap();
    issuer.script([Fault::status(500)]);
    issuer.aim(|request| request.path == "/.well-known/jwks.json", Fault::status(503), 1);
    let ask = |path: &str| exchange(&issuer, &get(path)).status();
    let keys = "/.well-known/jwks.json";
    assert_eq!([ask("/"), ask(keys), ask(keys)], [500, 503, 200], "it comes before the script");
}

#[test]
fn an_indiscreet_refusal_repeats_what_was_sent() {
    let vault = Vault::start().unwrap();
    vault.aim(|_| true, Fault::Indiscreet, None);
    let ask = "GET /v1/x HTTP/1.1\r\nhost: s\r\nconnection: close\r\nx-vault-token: one\r\n\r\n";
    exchange(&vault, ask);
    let raw = exchange(&vault, &ask.replace(": one", ": s.two"));
    assert_eq!((raw.status(), raw.body()), (400, r#"{"errors":["not authorized: one, two, s.two"]}"#.to_owned()));
}

#[test]
fn a_page_and_a_redirect() {
    let page = meet(Fault::HtmlOk);
    assert!(page.status() == 200 && page.text().contains("text/html") && page.body().contains("<html>"));
    let away = meet(Fault::Redirect { status: 307, location: "https://elsewhere.test/".into() });
    assert!(away.status() == 307 && away.text().contains("\r\nlocation: https://elsewhere.test/\r\n"));
}

#[test]
fn a_delay_and_slow_bytes_take_their_time() {
    let started = Instant::now();
    assert_eq!(meet(Fault::Delay(Duration::from_millis(150))).status(), 200);
    assert!(started.elapsed() >= Duration::from_millis(150));
    let started = Instant::now();
    let slow = meet(Fault::SlowBytes { every: Duration::from_millis(1) });
    assert_eq!(slow.body().len(), content_length(&slow));
    assert!(started.elapsed() >= Duration::from_millis(u64::try_from(slow.bytes.len()).unwrap()));
}

#[test]
fn an_endless_body_does_not_end() {
    let issuer = Issuer::start().unwrap();
    issuer.script([Fault::EndlessBody]);
    let mut stream = raw::connect(&issuer);
    stream.write_all(get("/").as_bytes()).unwrap();
    let mut read = vec![0; 16 << 20];
    stream.read_exact(&mut read).unwrap();
}

#[test]
fn a_hang_says_nothing_and_ends_with_the_caller_or_the_server() {
    let issuer = Issuer::start().unwrap();
    issuer.script([Fault::Hang]);
    let mut stream = raw::connect(&issuer);
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.write_all(get("/").as_bytes()).unwrap();
    let silence = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(silence.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut));
    drop(issuer);
    assert!(!matches!(stream.read(&mut [0; 1]), Ok(1..)));
}

#[test]
fn a_connection_is_kept_alive() {
    let issuer = Issuer::start().unwrap();
    let mut stream = raw::connect(&issuer);
    for _ in 0..3 {
        stream.write_all(b"GET /nowhere HTTP/1.1\r\nhost: sandbox\r\n\r\n").unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 404"));
    }
    assert!(issuer.requests().iter().all(|request| request.connection == 1));
}

#[test]
fn a_chunked_request_is_read() {
    let issuer = Issuer::start().unwrap();
    let head = "POST / HTTP/1.1\r\nhost: s\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    exchange(&issuer, &format!("{head}5\r\na=1&b\r\n4\r\n=%20\r\n0\r\n\r\n"));
    assert_eq!(issuer.requests()[0].form, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), " ".to_owned())]);
}

#[test]
fn nothing_listens_after_the_server_is_dropped() {
    let issuer = Issuer::start().unwrap();
    let port = issuer.port();
    drop(issuer);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
