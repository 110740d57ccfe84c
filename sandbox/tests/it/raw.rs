//! A client that sees every byte, and how a connection ends.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sandbox::Server;

/// What came back, and how it ended.
pub(crate) struct Raw {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: io::Result<()>,
}

impl Raw {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn status(&self) -> u16 {
        self.text().split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    /// The text of the first element of that name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let body = self.body();
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
    }

    /// An AWS error: status, code, message.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        (self.status(), self.element("Code").unwrap_or_default(), self.element("Message").unwrap_or_default())
    }
}

pub(crate) fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// One request on a connection of its own, up to its end.
pub(crate) fn exchange(server: &Server, request: &str) -> Raw {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(drop);
    Raw { bytes, end }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n")
}

pub(crate) fn post(fields: &[(&str, &str)], headers: &str) -> String {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!(
        "POST / HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n{headers}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
