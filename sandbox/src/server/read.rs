//! Reads requests from a connection.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Request;

/// The largest request; no valid caller sends more.
const MAX_REQUEST: usize = 1 << 20;

/// The next request; `None` if the caller has closed the connection.
pub(super) async fn request(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut Vec<u8>,
    number: usize,
) -> io::Result<Option<Request>> {
    loop {
        let mut slots = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut slots);
        match parsed.parse(buffer).map_err(io::Error::other)? {
            httparse::Status::Complete(head) => {
                let mut request = describe(&parsed, number);
                buffer.drain(..head);
                read_body(stream, buffer, &mut request).await?;
                return Ok(Some(request));
            }
            httparse::Status::Partial if fill(stream, buffer).await? == 0 => {
                return if buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            httparse::Status::Partial => {}
        }
    }
}

fn describe(parsed: &httparse::Request<'_, '_>, number: usize) -> Request {
    let (path, query) =
        parsed.path.unwrap_or_default().split_once('?').unwrap_or((parsed.path.unwrap_or_default(), ""));
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: parsed.headers.iter().map(|header| (header.name.to_ascii_lowercase(), text(header.value))).collect(),
        body: Vec::new(),
        form: Vec::new(),
        connection: number,
    }
}

async fn read_body(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut Vec<u8>,
    request: &mut Request,
) -> io::Result<()> {
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    if request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        read_chunks(stream, buffer, &mut request.body).await?;
    } else {
        let length = request.header("content-length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        request.body = take(stream, buffer, length).await?;
    }
    if request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        request.form = form_urlencoded::parse(&request.body).into_owned().collect();
    }
    Ok(())
}

async fn read_chunks(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut Vec<u8>,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    loop {
        match httparse::parse_chunk_size(buffer).map_err(|_| io::Error::other("a bad chunk size"))? {
            httparse::Status::Partial if fill(stream, buffer).await? == 0 => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            httparse::Status::Partial => {}
            httparse::Status::Complete((head, size)) => {
                buffer.drain(..head);
                let size = usize::try_from(size).map_err(io::Error::other)?;
                body.extend(take(stream, buffer, size).await?);
                take(stream, buffer, 2).await?;
                if size == 0 {
                    return Ok(());
                }
            }
        }
    }
}

async fn take(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut Vec<u8>,
    length: usize,
) -> io::Result<Vec<u8>> {
    if length > MAX_REQUEST {
        return Err(io::Error::other("the request is too long"));
    }
    while buffer.len() < length {
        if fill(stream, buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(buffer.drain(..length).collect())
}

async fn fill(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), buffer: &mut Vec<u8>) -> io::Result<usize> {
    if buffer.len() > MAX_REQUEST {
        return Err(io::Error::other("the request is too long"));
    }
    stream.read_buf(buffer).await
}
