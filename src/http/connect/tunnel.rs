//! Opens a connection through an HTTP proxy with CONNECT (RFC 9110, section 9.3.6).

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Target, USER_AGENT};
use crate::http::failure::ProxyFault;
use crate::http::peer::RawText;
use crate::http::proxy::Proxy;

/// The longest answer head that is read from a proxy.
const LONGEST_ANSWER: usize = 16 << 10;

/// Requests a connection to `target` from `proxy` on `stream`. Afterwards the stream leads to `target`.
///
/// # Errors
/// If the proxy's answer is not HTTP, or has a status outside of 200 to 299.
pub(super) async fn open<S>(stream: &mut S, proxy: &Proxy, target: &Target) -> Result<(), ProxyFault<RawText>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n");
    if let Some(user) = &proxy.user {
        request.push_str("Proxy-Authorization: ");
        request.push_str(user.basic().reveal());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    loop {
        match answer(stream).await? {
            // An interim answer: another one follows.
            (100 | 102..=199, _) => {}
            (200..=299, _) => return Ok(()),
            (407, false) => return Err(ProxyFault::NoBasic),
            (status, _) => return Err(ProxyFault::Status(status)),
        }
    }
}

/// Reads the head of one answer and nothing more: the following bytes are the server's. The result is its status, and
/// whether a user can sign in with Basic (RFC 7617), as far as the answer shows.
async fn answer<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(u16, bool), ProxyFault<RawText>> {
    let mut head = Vec::new();
    while head.len() < LONGEST_ANSWER {
        head.push(stream.read_u8().await?);
        if !head.ends_with(b"\n") {
            continue;
        }
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut answer = httparse::Response::new(&mut headers);
        match answer.parse(&head) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                let status = answer.code.ok_or(ProxyFault::NotHttp)?;
                return Ok((status, may_have_basic(answer.headers)));
            }
            Err(_) => return Err(ProxyFault::NotHttp),
        }
    }
    Err(ProxyFault::NotHttp)
}

/// Whether one of the offered schemes is Basic. Some proxies name no scheme, and expect Basic.
fn may_have_basic(headers: &[httparse::Header<'_>]) -> bool {
    let mut offers = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("proxy-authenticate")).peekable();
    offers.peek().is_none()
        || offers.any(|offer| offer.value.to_ascii_lowercase().windows(5).any(|part| part == b"basic"))
}
