//! The ways in which a server can misbehave.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Request, Response};

/// What happens to one request instead of normal service, or on top of it.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer, whatever was asked.
    Status {
        /// The HTTP status.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Normal service, with something done to its answer.
    Changed(fn(Response) -> Response),
    /// A refusal in the service's words that repeats what callers keep secret, as some services do by mistake.
    Indiscreet,
    /// Waits, then normal service.
    Delay(Duration),
    /// The request is read; the connection is reset.
    ResetBeforeHeaders,
    /// Reset within the answer's head.
    ResetInHeaders,
    /// Reset halfway through the answer's body.
    ResetInBody,
    /// Says how long the body is, sends half of it, and closes in good order.
    TruncatedBody,
    /// Normal service, one byte at a time.
    SlowBytes {
        /// The time between two bytes.
        every: Duration,
    },
    /// A body that does not end until the caller hangs up.
    EndlessBody,
    /// An answer of an attacker's making.
    Forged(Forgery),
    /// The first bytes, then the others again and again until the caller hangs up.
    Endless {
        /// What comes once.
        first: Vec<u8>,
        /// What comes without end.
        again: Vec<u8>,
    },
    /// 200 with a page for people, as a captive portal answers.
    HtmlOk,
    /// Sends the caller elsewhere.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Where to.
        location: String,
    },
    /// Never answers; the connection stays open.
    Hang,
}

/// Makes the bytes of an answer: from all requests to this server so far, and from what normal service answers.
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
    /// Whatever bytes `forge` makes, in place of an answer; see [`Forgery`].
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
