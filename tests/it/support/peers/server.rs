//! Another program's server: started on a free port, awaited, and always stopped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const READY_WITHIN: Duration = Duration::from_mins(1);

/// Runs the server and ends it when standard input is closed: that happens however the test's process ends.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{
  read -r _ <&3
  kill -TERM "$server"
  tries=0
  while kill -0 "$server" && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$server"
} 2>/dev/null & watch=$!
exec 3<&-
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"#;

/// A running server. It is stopped on drop.
pub(crate) struct Server {
    name: &'static str,
    supervisor: Child,
    port: u16,
    scratch: TempDir,
}

impl Server {
    /// Starts the command that `command` returns for a port. Waits until the path `ready` is answered with a status
    /// below 500. If another program has taken the port, another one is tried.
    #[track_caller]
    pub(crate) fn start(name: &'static str, ready: &str, command: impl Fn(u16) -> (PathBuf, Vec<String>)) -> Self {
        Self::start_with(name, ready, &[], command)
    }

    /// The same with additional variables. The environment has only these and `PATH`, `HOME` and `TMPDIR`.
    #[track_caller]
    pub(crate) fn start_with(
        name: &'static str,
        ready: &str,
        variables: &[(&str, &str)],
        command: impl Fn(u16) -> (PathBuf, Vec<String>),
    ) -> Self {
        let answers = |server: &Self| server.get(ready).is_some_and(|status| status < 500);
        Self::start_until(name, variables, answers, command)
    }

    /// The same, with a function that checks whether the server is ready.
    #[track_caller]
    pub(crate) fn start_until(
        name: &'static str,
        variables: &[(&str, &str)],
        ready: impl Fn(&Self) -> bool,
        command: impl Fn(u16) -> (PathBuf, Vec<String>),
    ) -> Self {
        let mut log = String::new();
        for _ in 0..3 {
            let mut server = Self::spawn(name, variables, &command);
            if server.await_ready(&ready) {
                return server;
            }
            log = server.log();
        }
        panic!("{name} did not start\n{log}");
    }

    fn spawn(name: &'static str, variables: &[(&str, &str)], command: impl Fn(u16) -> (PathBuf, Vec<String>)) -> Self {
        let port = free_port();
        let (program, arguments) = command(port);
        let scratch = tempfile::Builder::new().prefix("oidc-exchange-peer-").tempdir().unwrap();
        let log = File::create(scratch.path().join("log")).unwrap();
        let supervisor = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, name])
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", scratch.path())
            .env("TMPDIR", scratch.path())
            .envs(variables.iter().copied())
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { name, supervisor, port, scratch }
    }

    fn await_ready(&mut self, ready: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + READY_WITHIN;
        while Instant::now() < end {
            if self.supervisor.try_wait().unwrap().is_some() {
                return false;
            }
            if ready(self) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    fn get(&self, path: &str) -> Option<u16> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n").ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        std::str::from_utf8(&head[9..]).ok()?.parse().ok()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A directory for the server, which is deleted with it.
    pub(crate) fn directory(&self) -> &Path {
        self.scratch.path()
    }

    /// Its output so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.scratch.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the log of {}\n{}---", self.name, self.log());
        }
        drop(self.supervisor.stdin.take());
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if !matches!(self.supervisor.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
    }
}

/// A port that is free at present.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
