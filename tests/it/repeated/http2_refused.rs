//! Over HTTP/2: a write that the server refuses before it starts with it (RFC 9113, section 8.7).

use std::io::Cursor;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use sandbox::{Sandbox, Tls};
use tokio_rustls::TlsAcceptor;

use super::http2::configured;
use crate::support::oidc_exchange;

/// A Vault with only a login and a write. It refuses the first write, for `reason`. Returns the requested paths.
fn vault(tls: &Tls, reason: h2::Reason) -> (u16, Arc<Mutex<Vec<String>>>) {
    let config = configured(tls, "localhost", &["h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let known = Arc::clone(&asked);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, known) = (TlsAcceptor::from(Arc::clone(&config)), Arc::clone(&known));
                tokio::task::spawn_local(async move {
                    let Ok(stream) = acceptor.accept(client).await else { return };
                    let Ok(mut connection) = h2::server::Builder::new().handshake(stream).await else { return };
                    while let Some(Ok((request, mut respond))) = connection.accept().await {
                        let path = request.uri().path().to_owned();
                        let earlier = known.lock().unwrap().contains(&path);
                        known.lock().unwrap().push(path.clone());
                        if path == "/v1/pki/issue/web" && !earlier {
                            respond.send_reset(reason);
                            continue;
                        }
                        let body = match path.as_str() {
                            "/v1/auth/jwt/login" => r#"{"auth":{"client_token":"hvs.0123456789abcdefghij","accessor":"a","lease_duration":3600,"renewable":true}}"#,
                            "/v1/pki/issue/web" => r#"{"data":{"serial_number":"17:2a"}}"#,
                            _ => "{}",
                        };
                        let answer = http::Response::builder().header("content-type", "application/json").body(()).unwrap();
                        if let Ok(mut stream) = respond.send_response(answer, false) {
                            let _ = stream.send_data(Cursor::new(body.as_bytes()), true);
                        }
                    }
                });
            }
        });
    });
    (port, asked)
}

#[test]
fn a_write_that_was_surely_not_begun_is_repeated() {
    for (reason, writes) in [(h2::Reason::REFUSED_STREAM, 2), (h2::Reason::INTERNAL_ERROR, 1)] {
        let (sandbox, tls) = (Sandbox::start().unwrap(), Tls::new().unwrap());
        let (port, asked) = vault(&tls, reason);
        let write = r#"SERIAL=POST:pki/issue/web{"common_name":"ci.example.com"}#serial_number"#;
        let program = oidc_exchange(["vault", "--role", "ci", write, "--timeout", "10s"]).job(&sandbox);
        let program = program.env("VAULT_ADDR", format!("https://localhost:{port}"));
        let output = program.env("VAULT_CACERT_BYTES", tls.ca_pem()).run();
        let written = asked.lock().unwrap().iter().filter(|path| path.ends_with("/issue/web")).count();
        assert_eq!(written, writes, "{reason}: {}", output.describe());
        output.exits(if writes == 2 { 0 } else { 5 });
    }
}
