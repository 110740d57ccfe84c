//! Opens a connection through a SOCKS 5 proxy (RFC 1928, RFC 1929).

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::http::failure::ProxyFault;
use crate::http::peer::RawText;
use crate::http::proxy::{Proxy, User};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// The destination in the request to the proxy.
pub(super) enum Peer<'a> {
    Address(IpAddr),
    Name(&'a str),
}

/// Whether another address of the same host may work. For example, the network, host or port was unreachable, or the
/// proxy does not support this kind of address.
pub(super) fn is_about_address(reply: u8) -> bool {
    matches!(reply, 1 | 3 | 4 | 5 | 6 | 8)
}

/// Requests a connection to `peer` from `proxy` on `stream`. Afterwards the stream leads to `peer`.
///
/// # Errors
/// If the proxy refuses, or does not answer as SOCKS 5.
pub(super) async fn open<S>(stream: &mut S, proxy: &Proxy, peer: Peer<'_>, port: u16) -> Result<(), ProxyFault<RawText>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let methods: &[u8] = match proxy.user {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    stream.write_all(methods).await?;
    match (read::<2, _>(stream).await?, &proxy.user) {
        ([VERSION, NO_AUTHENTICATION], _) => {}
        ([VERSION, USER_AND_PASSWORD], Some(user)) => authenticate(stream, user).await?,
        ([VERSION, _], None) => return Err(ProxyFault::NoUser),
        ([VERSION, _], Some(_)) => return Err(ProxyFault::WrongUser),
        _ => return Err(ProxyFault::NotSocks),
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match peer {
        Peer::Address(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.octets());
        }
        Peer::Address(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.octets());
        }
        Peer::Name(name) => {
            request.push(NAME);
            counted(&mut request, name)?;
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;
    let [version, reply, _, kind] = read(stream).await?;
    match (version, reply) {
        (VERSION, 0) => {}
        (VERSION, reply) => return Err(ProxyFault::Socks(reply)),
        _ => return Err(ProxyFault::NotSocks),
    }
    // The proxy's own address is not used, but must be read.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => stream.read_u8().await?.into(),
        _ => return Err(ProxyFault::NotSocks),
    };
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await?;
    Ok(())
}

async fn authenticate<S>(stream: &mut S, user: &User) -> Result<(), ProxyFault<RawText>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = vec![1];
    counted(&mut request, user.name.reveal())?;
    counted(&mut request, user.password.reveal())?;
    stream.write_all(&request).await?;
    let [_, status] = read(stream).await?;
    if status == 0 { Ok(()) } else { Err(ProxyFault::WrongUser) }
}

fn counted(request: &mut Vec<u8>, text: &str) -> Result<(), ProxyFault<RawText>> {
    request.push(u8::try_from(text.len()).map_err(|_| ProxyFault::TooLong)?);
    request.extend(text.as_bytes());
    Ok(())
}

async fn read<const N: usize, S: AsyncRead + Unpin>(stream: &mut S) -> Result<[u8; N], ProxyFault<RawText>> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
