//! The attacks, each in the format of the step's service.

mod elsewhere;
mod refusals;
mod values;
mod wire;

use sandbox::server::{Response, ServerTls};
use sandbox::{Fault, Request, Sandbox, Tls};

use super::answers::refusal;
use super::expected::Kind;
use crate::faults::cells::Dash;
use crate::faults::steps::{Exchange, Step};

/// A row of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) what: What,
}

/// The attack.
pub(super) enum What {
    /// The answer to the step's request.
    Answer(Box<Make>),
    /// The certificate of the step's host.
    Certificate(fn(&Tls) -> std::io::Result<ServerTls>),
    /// The step's host closes the connection instead of the TLS handshake.
    Clear,
    /// The step's host uses HTTP/2, and ends the connection with the token's signature as its reason.
    GoAway,
}

type Make = dyn Fn(&Stage<'_>) -> Result<Attack, Dash> + Send + Sync;

/// The tools for an attack.
pub(super) struct Stage<'s> {
    pub(super) step: Step,
    pub(super) sandbox: &'s Sandbox,
    /// The address of another server, which must receive nothing.
    pub(super) elsewhere: &'s str,
}

/// A hostile answer, and the variable to check.
pub(super) struct Attack {
    pub(super) fault: Fault,
    /// The value that must arrive unchanged, if it is the attack.
    pub(super) value: Option<String>,
    /// A command line in place of the step's.
    pub(super) command: Option<&'static str>,
}

impl Attack {
    fn new(fault: Fault) -> Self {
        Self { fault, value: None, command: None }
    }

    fn answer(make: impl Fn(&[Request], Response) -> Response + Send + Sync + 'static) -> Self {
        Self::new(Fault::forged(move |sent, answer| make(sent, answer).bytes()))
    }
}

const NO_BODY: Dash = "its answer has no body";
pub(super) const NO_SECRET: Dash = "it is sent no secret";
const NO_VALUE: Dash = "nothing of its answer is handed over";
const NO_VARIABLE: Dash = "its value is in no variable";
const NO_CODE: Dash = "its errors have no code beside the message";
const NO_LIFE: Dash = "its answer has no life";
const NO_NAMES: Dash = "its answer names no variable";
const NO_ACCESSOR: Dash = "its answer has no accessor";
const NO_MEMBER: Dash = "its answer has no such member";
const NO_NUL: Dash = "XML has no form for it";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, kind, what| rows.push(Row { name: name.into(), kind, what });
    refusals::texts(&mut row);
    refusals::secrets(&mut row);
    refusals::places(&mut row);
    elsewhere::elsewhere(&mut row);
    wire::frames(&mut row);
    wire::bodies(&mut row);
    values::values(&mut row);
    values::numbers(&mut row);
    values::names(&mut row);
    values::confusions(&mut row);
    row("a certificate whose names forge lines", Kind::Hopeless, What::Certificate(forging_names));
    row("a host without TLS at an https address", Kind::Broken, What::Clear);
    row("the end of an HTTP/2 connection, with a secret as its debug data", Kind::Broken, What::GoAway);
    rows
}

type Add<'r> = dyn FnMut(&str, Kind, What) + 'r;

fn answer(make: impl Fn(&Stage<'_>) -> Result<Attack, Dash> + Send + Sync + 'static) -> What {
    What::Answer(Box::new(make))
}

/// A refusal with everything that its server received.
fn refusing(step: Step, text: impl Fn(&[Request]) -> String + Send + Sync + 'static) -> Attack {
    Attack::answer(move |sent, _| refusal(step, &text(sent)))
}

/// The secrets that the step's server received, the short ones first, because a message may be shortened.
fn sent_secrets(sent: &[Request]) -> Vec<String> {
    let mut secrets: Vec<String> = sent.iter().flat_map(Request::secrets).collect();
    // A signature in a header is for one request, and not a secret.
    secrets.retain(|text| text.len() >= 16 && !text.starts_with("AWS4-"));
    secrets.sort_by_key(String::len);
    secrets
}

fn is_sent_secrets(step: Step) -> Result<(), Dash> {
    if step.exchange() == Exchange::Verify || step == Step::AcrChallenge { Err(NO_SECRET) } else { Ok(()) }
}

fn redirect(status: u16, location: &str) -> Response {
    Response::html(status).with_header("location", location)
}

fn forging_names(tls: &Tls) -> std::io::Result<ServerTls> {
    tls.server(&["\u{1b}[2J\r\nerror: FORGED\nhint: FORGED.test", "elsewhere.test"])
}
