//! A SOCKS 5 proxy that records requests and gives the configured answers (RFC 1928, RFC 1929).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::recorder::carry;

/// Connects to the requested port of this machine, for any host.
pub(crate) struct Socks {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// The behaviour of the proxy.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Accepts everybody.
    Open,
    /// Accepts this user and password.
    For(&'static str, &'static str),
    /// Refuses with this reply.
    Reply(u8),
    /// Refuses this host with this reply, and accepts all others.
    ReplyFor(&'static str, u8),
    /// Always sends these bytes.
    Says(&'static [u8]),
}

impl Socks {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        // It ends with the test's process: nothing waits for this thread.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let record = Arc::clone(&record);
                thread::spawn(move || serve(client, manner, &record));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The host and port of every request.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, manner: Manner, record: &Mutex<Vec<String>>) -> Option<()> {
    if let Manner::Says(words) = manner {
        bytes(&mut client, 3)?;
        client.write_all(words).ok()?;
        return record.lock().ok().map(|mut record| record.push(String::new()));
    }
    let methods = bytes(&mut client, 2)?[1];
    let methods = bytes(&mut client, methods.into())?;
    let wanted = if matches!(manner, Manner::For(..)) { 2 } else { 0 };
    if !methods.contains(&wanted) {
        record.lock().ok()?.push(String::new());
        return client.write_all(&[5, 0xff]).ok();
    }
    client.write_all(&[5, wanted]).ok()?;
    if let Manner::For(user, password) = manner {
        bytes(&mut client, 1)?;
        let given = (text(&mut client)?, text(&mut client)?);
        let known = given.0 == user && given.1 == password;
        client.write_all(&[1, u8::from(!known)]).ok()?;
        if !known {
            return record.lock().ok().map(|mut record| record.push(String::new()));
        }
    }
    let host = match bytes(&mut client, 4)?[3] {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes(&mut client, 4)?).unwrap()).to_string(),
        _ => text(&mut client)?,
    };
    let port = u16::from_be_bytes(bytes(&mut client, 2)?.try_into().unwrap());
    record.lock().ok()?.push(format!("{host}:{port}"));
    if let Manner::Reply(reply) = manner {
        return client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).ok();
    }
    if let Manner::ReplyFor(refused, reply) = manner
        && refused == host
    {
        return client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).ok();
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    client.write_all(b"\x05\x00\x00\x03\x04here\x00\x01").ok()?;
    carry(client, server);
    Some(())
}

fn bytes(client: &mut TcpStream, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    client.read_exact(&mut bytes).ok().map(|()| bytes)
}

fn text(client: &mut TcpStream) -> Option<String> {
    let length = bytes(client, 1)?[0];
    String::from_utf8(bytes(client, length.into())?).ok()
}
