//! A machine with its own nameserver: `names.py` in namespaces, from which the sandbox's ports are reachable.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;

use sandbox::Sandbox;
use tempfile::TempDir;

use super::cells::Dash;
use crate::network::names::has_namespaces;
use crate::support::Program;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/network/names.py");

/// Its connections to the outside: a socket in the file system for each port.
pub(super) struct Machine {
    directory: TempDir,
    ways: Vec<(u16, PathBuf)>,
}

impl Machine {
    pub(super) fn new(sandbox: &Sandbox) -> Result<Self, Dash> {
        if !has_namespaces() {
            return Err("no namespaces for this user");
        }
        let directory = tempfile::tempdir().unwrap();
        let servers = [
            &sandbox.issuer,
            &*sandbox.aws,
            &*sandbox.ecr,
            &sandbox.google.sts,
            &sandbox.google.iam,
            &*sandbox.azure,
            &*sandbox.vault,
        ];
        let ways = servers.map(|server| {
            let path = directory.path().join(server.port().to_string());
            let (listener, port) = (UnixListener::bind(&path).unwrap(), server.port());
            // It ends with the test's process: nothing waits for this thread.
            thread::spawn(move || {
                for inside in listener.incoming().flatten() {
                    thread::spawn(move || tunnel(inside, port));
                }
            });
            (port, path)
        });
        Ok(Self { directory, ways: ways.to_vec() })
    }

    /// `sh -c SCRIPT` there.
    pub(super) fn runs<'s>(&self, script: &str) -> Program<'s> {
        let conf = self.directory.path().join("resolv.conf");
        std::fs::write(&conf, "nameserver 127.0.0.1\noptions timeout:2\n").unwrap();
        let ways = self.ways.iter().map(|(port, path)| format!("{port}={}", path.display()));
        Program::new("unshare", ["-rmn", "python3", SCRIPT])
            .arg(&conf)
            .arg("/dev/null")
            .args(ways)
            .args(["/bin/sh", "-c", script])
    }
}

fn tunnel(inside: UnixStream, port: u16) {
    let Ok(outside) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    let (Ok(mut from), Ok(mut to)) = (inside.try_clone(), outside.try_clone()) else { return };
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (outside, inside);
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}
