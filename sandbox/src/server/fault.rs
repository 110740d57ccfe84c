//! Faults that a server can have.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Request, Response};

/// What happens to a request in place of the normal answer, or in addition.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer, for every request.
    Status {
        /// The HTTP status.
        status: u16,
        /// Additional headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The normal answer, changed by this function.
    Changed(fn(Response) -> Response),
    /// A refusal that repeats the caller's secrets, as some services do by mistake.
    Indiscreet,
    /// A pause, then the normal answer.
    Delay(Duration),
    /// The request is read; then the connection is reset.
    ResetBeforeHeaders,
    /// A reset within the head of the answer.
    ResetInHeaders,
    /// A reset in the middle of the body.
    ResetInBody,
    /// States the length of the body, sends half of it, and closes the connection normally.
    TruncatedBody,
    /// The normal answer, one byte at a time.
    SlowBytes {
        /// The time between two bytes.
        every: Duration,
    },
    /// A body that does not end until the caller closes the connection.
    EndlessBody,
    /// An answer that an attacker has made.
    Forged(Forgery),
    /// The first bytes, then the others repeatedly until the caller closes the connection.
    Endless {
        /// The bytes that are sent once.
        first: Vec<u8>,
        /// The bytes that are repeated.
        again: Vec<u8>,
    },
    /// Status 200 with an HTML page, like a captive portal.
    HtmlOk,
    /// A redirect.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The new address.
        location: String,
    },
    /// No answer; the connection stays open.
    Hang,
}

/// Makes the bytes of an answer from all requests to this server so far, and from the normal answer.
#[derive(Clone)]
pub struct Forgery(Arc<Forge>);

type Forge = dyn Fn(&[Request], Response) -> Vec<u8> + Send + Sync;

impl Forgery {
    pub(super) fn bytes(&self, sent: &[Request], answer: Response) -> Vec<u8> {
        (self.0)(sent, answer)
    }
}

impl fmt::Debug for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgery")
    }
}

impl Fault {
    /// The bytes that `forge` makes, in place of an answer; see [`Forgery`].
    #[must_use]
    pub fn forged(forge: impl Fn(&[Request], Response) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::Forged(Forgery(Arc::new(forge)))
    }

    /// An empty answer with this status.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Status { status, headers: Vec::new(), body: String::new() }
    }
}
