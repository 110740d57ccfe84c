//! A connection: TLS if configured, then requests and answers or faults.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::fault_plan::Turn;
use super::{Fault, Request, Response, Shared, read};
use crate::sync::lock;

/// Time for the sent bytes to arrive before the reset.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// A byte stream that can be closed with a reset.
trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Makes the next close a reset, without a TLS close message.
    fn reset_on_close(&self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn reset_on_close(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Stream for TlsStream<TcpStream> {
    fn reset_on_close(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

/// Serves a connection to its end. An error means that the caller has left, or is part of a fault.
pub(super) async fn serve(stream: TcpStream, number: usize, shared: Arc<Shared>) {
    let _ = match &shared.tls {
        _ if stream.set_nodelay(true).is_err() => return,
        None => converse(stream, number, &shared).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => converse(stream, number, &shared).await,
            Err(refused) => Err(refused),
        },
    };
}

async fn converse(mut stream: impl Stream, number: usize, shared: &Shared) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = read::request(&mut stream, &mut buffer, number).await? {
        lock(&shared.requests).push(request.clone());
        let turn = lock(&shared.fault_plan).next(&request, Instant::now());
        let keep = match turn {
            // The answer to HEAD has no body (RFC 9110, section 9.3.2).
            Turn::Serve if request.method == "HEAD" => {
                let (head, _) = wire(&shared.service.answer(&request).await);
                stream.write_all(&head).await?;
                true
            }
            Turn::Serve => send(&mut stream, &shared.service.answer(&request).await).await?,
            Turn::Throttled => send(&mut stream, &shared.service.throttled()).await?,
            Turn::Unavailable => send(&mut stream, &shared.service.unavailable()).await?,
            Turn::Misbehave(fault) => misbehave(&mut stream, fault, &request, shared).await?,
        };
        if !keep || request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            break;
        }
    }
    stream.shutdown().await
}

/// Performs the fault; returns whether the connection may be used again.
async fn misbehave(stream: &mut impl Stream, fault: Fault, request: &Request, shared: &Shared) -> io::Result<bool> {
    let service = &shared.service;
    match fault {
        Fault::Status { status, headers, body } => {
            send(stream, &Response { status, headers, body: body.into_bytes() }).await
        }
        Fault::Changed(change) => send(stream, &change(service.answer(request).await)).await,
        Fault::Indiscreet => {
            let sent = lock(&shared.requests).clone();
            send(stream, &service.indiscreet(&sent)).await
        }
        Fault::Forged(forgery) => {
            let sent = lock(&shared.requests).clone();
            stream.write_all(&forgery.bytes(&sent, service.answer(request).await)).await?;
            stream.flush().await?;
            Ok(true)
        }
        Fault::Endless { first, again } => repeat(stream, &first, &again).await,
        Fault::HtmlOk => send(stream, &Response::html(200)).await,
        Fault::Redirect { status, location } => {
            send(stream, &Response::html(status).with_header("location", location)).await
        }
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            send(stream, &service.answer(request).await).await
        }
        Fault::ResetBeforeHeaders => reset(stream, b"").await,
        Fault::ResetInHeaders => {
            let (head, _) = wire(&service.answer(request).await);
            reset(stream, &head[..head.len() / 2]).await
        }
        Fault::ResetInBody => {
            let (head, body) = wire(&service.answer(request).await);
            reset(stream, &[&head, &body[..body.len() / 2]].concat()).await
        }
        Fault::TruncatedBody => {
            let (head, body) = wire(&service.answer(request).await);
            stream.write_all(&[&head, &body[..body.len() / 2]].concat()).await?;
            Ok(false)
        }
        Fault::SlowBytes { every } => {
            let (head, body) = wire(&service.answer(request).await);
            for byte in head.iter().chain(&body) {
                stream.write_all(&[*byte]).await?;
                stream.flush().await?;
                tokio::time::sleep(every).await;
            }
            Ok(true)
        }
        Fault::EndlessBody => endless(stream, &service.answer(request).await).await,
        Fault::Hang => {
            while stream.read(&mut [0; 256]).await? > 0 {}
            Ok(false)
        }
    }
}

fn wire(response: &Response) -> (Vec<u8>, Vec<u8>) {
    (response.framed_head().into_bytes(), response.body.clone())
}

/// In one write: with two, Nagle's algorithm would wait for a delayed acknowledgement.
async fn send(stream: &mut impl Stream, response: &Response) -> io::Result<bool> {
    let (head, body) = wire(response);
    stream.write_all(&[head, body].concat()).await?;
    stream.flush().await?;
    Ok(true)
}

async fn reset(stream: &mut impl Stream, sent: &[u8]) -> io::Result<bool> {
    stream.write_all(sent).await?;
    stream.flush().await?;
    tokio::time::sleep(BEFORE_RESET).await;
    stream.reset_on_close()?;
    Err(io::ErrorKind::ConnectionReset.into())
}

async fn endless(stream: &mut impl Stream, response: &Response) -> io::Result<bool> {
    let chunk = [b"2000\r\n".as_slice(), &[b' '; 0x2000], b"\r\n"].concat();
    repeat(stream, response.head("transfer-encoding: chunked").as_bytes(), &chunk).await
}

async fn repeat(stream: &mut impl Stream, first: &[u8], again: &[u8]) -> io::Result<bool> {
    stream.write_all(first).await?;
    loop {
        stream.write_all(again).await?;
        stream.flush().await?;
    }
}
