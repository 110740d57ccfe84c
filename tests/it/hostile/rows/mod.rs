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

/// What attacks.
pub(super) enum What {
    /// The answer to the step's request.
    Answer(Box<Make>),
    /// The certificate of the step's host.
    Certificate(fn(&Tls) -> std::io::Result<ServerTls>),
    /// The step's host hangs up where TLS was to begin.
    Clear,
    /// The step's host speaks HTTP/2, and ends the connection with the token's signature as its reason.
    GoAway,
}

type Make = dyn Fn(&Stage<'_>) -> Result<Attack, Dash> + Send + Sync;

/// What an attack is made with.
pub(super) struct Stage<'s> {
    pub(super) step: Step,
    pub(super) sandbox: &'s Sandbox,
    /// An address of somebody else's, who must hear nothing.
    pub(super) elsewhere: &'s str,
}

/// An answer that attacks, and what is to be looked at.
pub(super) struct Attack {
    pub(super) fault: Fault,
    /// The value that must arrive as it is, where it is the attack.
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
    row("a host that speaks no TLS where https was asked for", Kind::Broken, What::Clear);
    row("the end of an HTTP/2 connection, with a secret as its debug data", Kind::Broken, What::GoAway);
    rows
}

type Add<'r> = dyn FnMut(&str, Kind, What) + 'r;

fn answer(make: impl Fn(&Stage<'_>) -> Result<Attack, Dash> + Send + Sync + 'static) -> What {
    What::Answer(Box::new(make))
}

/// A refusal, made of all that its server was sent.
fn refusing(step: Step, text: impl Fn(&[Request]) -> String + Send + Sync + 'static) -> Attack {
    Attack::answer(move |sent, _| refusal(step, &text(sent)))
}

/// What the step's server was sent that nobody else may see, the short ones first: whoever shows it may clip it.
fn sent_secrets(sent: &[Request]) -> Vec<String> {
    let mut secrets: Vec<String> = sent.iter().flat_map(Request::secrets).collect();
    // A signature in a header is one request's, and no secret.
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
