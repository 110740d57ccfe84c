//! An address on which no server listens, or only later.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::relay::Relay;

/// An address of this machine for one test: no other test can get its port.
pub(super) struct Late(SocketAddrV4);

impl Late {
    /// Forwards to a port of this machine, after a while; without a port, no server ever listens.
    pub(super) fn new(port: u16, after: Option<Duration>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let [.., high, low] = (std::process::id() << 12 | COUNT.fetch_add(1, Ordering::Relaxed)).to_be_bytes();
        let address = Ipv4Addr::new(127, 16 | (high & 0x7f), low, 1);
        let free = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
        if let Some(after) = after {
            thread::spawn(move || {
                thread::sleep(after);
                Relay::at(TcpListener::bind((address, free)).unwrap(), port);
            });
        }
        Self(SocketAddrV4::new(address, free))
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.0)
    }
}
