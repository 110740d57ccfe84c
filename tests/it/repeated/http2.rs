//! Over HTTP/2: the message with which a server closes a connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sandbox::{Sandbox, Tls};

use super::{DISGUISES, Disguise, Step, shows_none_of, telling};

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// The configuration of a connection with these protocols, for this name.
pub(crate) fn configured(tls: &Tls, name: &str, protocols: &[&str]) -> Arc<ServerConfig> {
    let (certificates, key) = tls.server_pem(&[name, "127.0.0.1"]).unwrap();
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(certificates.as_bytes()).map(|certificate| certificate.unwrap()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(certificates, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Serves each connection with `how`, which gets its number, until the test's process ends.
pub(super) fn serve(how: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, client) in listener.incoming().flatten().enumerate() {
            how(number, client);
        }
    });
    port
}

/// Reads until the job's token arrives; `None` if the caller closes the connection before.
pub(super) fn token_in(stream: &mut Stream) -> Option<String> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((token, _)) = text.split_once("\"jwt\":\"").and_then(|(_, rest)| rest.split_once('"')) {
            return Some(token.to_owned());
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => seen.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, 0], &[0; 4], payload].concat()
}

/// A server that ends each connection with the token's signature, in a disguise, as debug data (RFC 9113, section 6.8).
fn debug_data(disguise: &'static Disguise) {
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;
    let tls = Tls::new().unwrap();
    let config = configured(&tls, "localhost", &["h2"]);
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let known = Arc::clone(&tokens);
    let port = serve(move |_, client| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), client);
        let _ = stream.write_all(&frame(SETTINGS, &[]));
        let Some(token) = token_in(&mut stream) else { return };
        let words = format!("login {}", (disguise.wear)(telling(&token)));
        known.lock().unwrap().push(token);
        let _ = stream.write_all(&frame(GOAWAY, &[&[0, 0, 0, 0, 0, 0, 0, 1], words.as_bytes()].concat()));
        let _ = stream.flush();
    });
    let sandbox = Sandbox::start().unwrap();
    let program = Step::VaultLogin.program(&sandbox, &format!("https://localhost:{port}"));
    let program = program.env("VAULT_CACERT_BYTES", tls.ca_pem()).args(["--timeout", "1s", "-v"]);
    let output = program.run();
    output.exits(5);
    assert!(output.stderr().contains("HTTP/2: unspecific protocol error detected"), "{}", output.describe());
    assert!(!output.stderr().contains("b\""), "no Rust code: {}", output.describe());
    shows_none_of(&output, &tokens.lock().unwrap(), disguise.name);
}

#[test]
fn in_debug_data() {
    for disguise in
        DISGUISES.iter().filter(|disguise| ["none", "DEL", "blanks", "small letters"].contains(&disguise.name))
    {
        debug_data(disguise);
    }
}
