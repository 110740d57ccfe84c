//! An HTTP/2 server that reads a request and closes the connection with a message.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sandbox::Tls;

/// It ends with the test's process.
pub(super) struct GoAway(u16);

impl GoAway {
    /// With a certificate of `authority` for `127.0.0.1`, and `words` as its reason.
    pub(super) fn start(authority: &Tls, words: &str) -> Self {
        let (certificates, key) = authority.server_pem(&["127.0.0.1"]).unwrap();
        let certificates = CertificateDer::pem_slice_iter(certificates.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_no_client_auth().with_single_cert(certificates, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (config, words) = (Arc::new(config), words.to_owned());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, words) = (Arc::clone(&config), words.clone());
                // It may close the connection before it has read everything.
                thread::spawn(move || drop(converse(client, config, &words)));
            }
        });
        Self(port)
    }

    pub(super) fn origin(&self) -> String {
        format!("https://127.0.0.1:{}", self.0)
    }
}

fn converse(client: TcpStream, config: Arc<ServerConfig>, words: &str) -> std::io::Result<()> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    client.set_read_timeout(Some(Duration::from_millis(200)))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, client);
    stream.write_all(&SETTINGS)?;
    stream.flush()?;
    // The request, and everything else that arrives within the time.
    while let Ok(1..) = stream.read(&mut [0; 16_384]) {}
    // RFC 9113, section 6.8: the last processed stream, PROTOCOL_ERROR, and any data.
    let payload = [&[0, 0, 0, 0, 0, 0, 0, 1], words.as_bytes()].concat();
    let length = u32::try_from(payload.len()).map_err(std::io::Error::other)?.to_be_bytes();
    stream.write_all(&[&length[1..], &[7, 0, 0, 0, 0, 0], &payload].concat())?;
    stream.flush()
}
