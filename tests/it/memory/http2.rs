//! The same over HTTP/2, with a hundred answers at once on one connection.

use std::io::Cursor;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;

use h2::server::SendResponse;
use sandbox::{Job, Sandbox, Tls};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::bodies::{SOME, value};
use super::vault::{LOGIN, MOUNT, Step};
use super::{bounded, ends_well_or_is_told};
use crate::repeated::configured;
use crate::support::oidc_exchange;

/// The answer to each read.
struct Answer {
    headers: Vec<(String, String)>,
    body: String,
    /// The length of the body's frames.
    frame: usize,
    ends: bool,
}

async fn respond(path: String, mut to: SendResponse<Cursor<Vec<u8>>>, answer: Arc<Answer>) -> Option<()> {
    let sound = |body: &str| Answer { headers: Vec::new(), body: body.into(), frame: 16_384, ends: true };
    let answer = match Step::of(&path) {
        Some(Step::Login) => Arc::new(sound(LOGIN)),
        Some(Step::Mount) => Arc::new(sound(MOUNT)),
        Some(Step::Read) => answer,
        None => Arc::new(sound("")),
    };
    let mut head = http::Response::builder().status(200);
    for (name, value) in &answer.headers {
        head = head.header(name, value);
    }
    let mut stream = to.send_response(head.body(()).ok()?, false).ok()?;
    loop {
        for part in answer.body.as_bytes().chunks(answer.frame) {
            stream.reserve_capacity(part.len());
            while stream.capacity() < part.len() {
                std::future::poll_fn(|context| stream.poll_capacity(context)).await?.ok()?;
            }
            stream.send_data(Cursor::new(part.to_vec()), false).ok()?;
        }
        if answer.ends {
            return stream.send_data(Cursor::default(), true).ok();
        }
    }
}

async fn connection(client: TcpStream, acceptor: TlsAcceptor, answer: Arc<Answer>) -> Option<()> {
    let client = acceptor.accept(client).await.ok()?;
    let mut connection = h2::server::Builder::new().max_concurrent_streams(200).handshake(client).await.ok()?;
    while let Some(Ok((request, to))) = connection.accept().await {
        tokio::spawn(respond(request.uri().path().to_owned(), to, Arc::clone(&answer)));
    }
    Some(())
}

fn ask(what: &str, answer: Answer) {
    let tls = Tls::new().unwrap();
    let acceptor = TlsAcceptor::from(configured(&tls, "localhost", &["h2"]));
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    listener.set_nonblocking(true).unwrap();
    // It ends with the test's process.
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let (listener, answer) = (TcpListener::from_std(listener).unwrap(), Arc::new(answer));
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, acceptor.clone(), Arc::clone(&answer)));
            }
        });
    });
    let sandbox = Sandbox::start().unwrap();
    let secrets = (0..100).map(|number| format!("V{number}=secret/s{number}#k"));
    let program = oidc_exchange(["vault", "--role", "ci", "--addr", &url, "--timeout", "3s"]).args(secrets);
    let program = program.job_of(&sandbox, &Job::branch("main")).env("VAULT_CACERT_BYTES", tls.ca_pem());
    ends_well_or_is_told(what, &bounded(what, program.hands_over()));
}

#[test]
fn a_hundred_answers_at_once() {
    let plain = |body: String| Answer { headers: Vec::new(), body, frame: 16_384, ends: true };
    for kind in SOME {
        ask(kind, plain(format!(r#"{{"data":{{"k":{}}}}}"#, value(kind, 300 << 10))));
        ask(kind, Answer { ends: false, ..plain(value(kind, 16_000)) });
    }
    ask("a byte in a frame", Answer { frame: 1, ..plain(format!(r#"{{"data":{{"k":"{}"}}}}"#, "a".repeat(500))) });
    let headers = |count: usize, length: usize| -> Vec<_> {
        (0..count).map(|number| (format!("a{number}"), "x".repeat(length))).collect()
    };
    for (count, length) in [(350, 0), (3, 5000), (5000, 0), (10, 100_000)] {
        let what = format!("{count} headers of {length}");
        ask(&what, Answer { headers: headers(count, length), ..plain(r#"{"data":{"k":"v"}}"#.into()) });
        ask(&what, Answer { headers: headers(count, length), ends: false, ..plain(" ".repeat(100)) });
    }
}
