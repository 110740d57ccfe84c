//! In a certificate: a server that has received the token uses a certificate with names made of it.

use std::sync::{Arc, Mutex};

use rustls::{ServerConnection, StreamOwned};
use sandbox::{Sandbox, Tls};

use super::http2::{configured, serve, token_in};
use super::{Step, shows_none_of, telling};

#[test]
fn in_the_names_of_a_certificate() {
    let tls = Tls::new().unwrap();
    let ca = tls.ca_pem();
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let known = Arc::clone(&tokens);
    let port = serve(move |number, client| {
        let token = known.lock().unwrap().last().cloned();
        let name = match &token {
            // A label has at most 63 letters (RFC 1035, section 2.3.4).
            Some(token) => {
                let label: String = telling(token).chars().filter(char::is_ascii_alphanumeric).take(60).collect();
                format!("{label}.test")
            }
            None => "localhost".into(),
        };
        assert!(number < 2, "a certificate that is not trusted is final");
        let config = configured(&tls, &name, &["http/1.1"]);
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), client);
        known.lock().unwrap().extend(token_in(&mut stream));
    });
    let sandbox = Sandbox::start().unwrap();
    let program = Step::VaultLogin.program(&sandbox, &format!("https://localhost:{port}"));
    let output = program.env("VAULT_CACERT_BYTES", ca).args(["--timeout", "20s", "-v"]).run();
    output.exits(5);
    assert!(output.stderr().contains("is not trusted: "), "{}", output.describe());
    assert!(output.stderr().contains("[redacted]"), "{}", output.describe());
    shows_none_of(&output, &tokens.lock().unwrap(), "a certificate");
}
