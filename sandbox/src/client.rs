//! A client for requests to other servers: one GET, one answer, a short timeout.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The same timeout as AWS.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_ANSWER: u64 = 1 << 20;

/// Fetches JSON with a status of 200, trusting these roots (PEM) for https.
pub(crate) async fn get_json(url: &str, roots: &[String]) -> io::Result<Value> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let body = get(url, &[("host", authority), ("accept", "application/json")], roots).await?;
    serde_json::from_slice(&body).map_err(io::Error::other)
}

/// Fetches an answer with a status of 200, for a request with exactly these headers.
pub(crate) async fn get(url: &str, headers: &[(&str, &str)], roots: &[String]) -> io::Result<Vec<u8>> {
    tokio::time::timeout(PATIENCE, send(url, headers, roots)).await.map_err(io::Error::other)?
}

async fn send(url: &str, headers: &[(&str, &str)], roots: &[String]) -> io::Result<Vec<u8>> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| odd("a url without a scheme"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let head = format!("GET /{path} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
    match scheme {
        "http" => {
            let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
            talk(TcpStream::connect(address).await?, &head).await
        }
        "https" => {
            let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let stream = TcpStream::connect(format!("{host}:{port}")).await?;
            talk(connector(roots)?.connect(name, stream).await?, &head).await
        }
        _ => Err(odd("a url that is neither http nor https")),
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str) -> io::Result<Vec<u8>> {
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    let mut slots = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut slots);
    let httparse::Status::Complete(start) = parsed.parse(&answer).map_err(io::Error::other)? else {
        return Err(odd("half an answer"));
    };
    let length = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    match (parsed.code, length) {
        (Some(200), Some(length)) if answer.len() - start == length => Ok(answer.split_off(start)),
        _ => Err(odd("not a whole answer with status 200")),
    }
}

fn connector(roots: &[String]) -> io::Result<TlsConnector> {
    let mut store = RootCertStore::empty();
    for pem in roots {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            store.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn odd(what: &'static str) -> io::Error {
    io::Error::other(what)
}
