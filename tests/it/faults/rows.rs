//! The faults, each in the format of the step's service.

use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use sandbox::server::{Response, ServerTls};
use sandbox::{Fault, Sandbox, Tls};

use super::answers::{cut, lacking, mistyped};
use super::expected::{Kind, Times};
use super::steps::{Exchange, Step};
use super::words;

/// A row of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) what: What,
    pub(super) kind: Kind,
    pub(super) times: Times,
    /// Its text on standard error; empty if there is none.
    pub(super) says: &'static str,
    /// Over TLS.
    pub(super) tls: bool,
}

/// The tools for a fault.
pub(super) struct Stage<'s> {
    pub(super) step: Step,
    pub(super) sandbox: &'s Sandbox,
    /// The address of another server, which must receive nothing.
    pub(super) elsewhere: &'s str,
}

/// The fault.
pub(super) enum What {
    /// The answer to the step's request; `Err` with the reason if the step cannot get it.
    Meets(fn(&Stage<'_>) -> Result<Fault, &'static str>),
    /// No server listens at the step's host, for a while or always.
    Closed,
    /// The step's host has this name, on a machine with a nameserver of its own.
    Named(&'static str),
    /// The step's host shows this certificate.
    Certificate(fn(&Tls) -> std::io::Result<ServerTls>),
    /// The run gets this signal during the step's request.
    Signal(Signal),
}

type Make = fn(&Stage<'_>) -> Result<Fault, &'static str>;

pub(super) fn rows() -> Vec<Row> {
    use Kind::{Broken, Garbled, Hopeless, Lacking, NotReceived, Refusal, Silence, Slow, Unavailable};
    let mut rows = Rows(Vec::new());
    rows.once_and_always("a refused connection", || What::Closed, NotReceived, "refused the connection");
    rows.always("a name that does not exist", What::Named("nx.example"), Hopeless, "NXDOMAIN");
    rows.once("a nameserver that is silent, for a while", What::Named("late.test"), NotReceived, "cannot look up");
    rows.always("a nameserver that is silent", What::Named("silent.test"), NotReceived, "cannot look up");
    rows.always(
        "a certificate from an untrusted CA",
        What::Certificate(|tls| tls.other_ca(&["127.0.0.1"])),
        Hopeless,
        "not trusted",
    );
    rows.always("a certificate for another name", What::Certificate(Tls::wrong_name), Hopeless, "not for 127.0.0.1");
    rows.always(
        "a certificate that has expired",
        What::Certificate(|tls| tls.expired(&["127.0.0.1"])),
        Hopeless,
        "over since",
    );
    rows.met_twice("a reset before the head", |_| Ok(Fault::ResetBeforeHeaders), Broken, "broke: ");
    rows.met_twice("a reset in the head", |_| Ok(Fault::ResetInHeaders), Broken, "broke: ");
    rows.met_twice("a reset in the body", |stage| with_body(stage, Fault::ResetInBody), Broken, "broke: ");
    rows.met_twice("half a body, then the end", |stage| with_body(stage, Fault::TruncatedBody), Broken, "broke: ");
    rows.met_twice("no answer", |_| Ok(Fault::Hang), Silence, "");
    rows.met("slow bytes, whole in time", Times::Once, |_| Ok(slow(Duration::from_micros(100))), Slow, "");
    rows.met("bytes too slow", Times::Always, |_| Ok(slow(Duration::from_millis(300))), Silence, "");
    rows.met(
        "a body without end",
        Times::Always,
        |stage| with_body(stage, Fault::EndlessBody),
        Hopeless,
        "more than 8 MiB",
    );
    rows.met("200 with an HTML page", Times::Always, |_| Ok(Fault::HtmlOk), Garbled, "");
    rows.met("200 with half the text", Times::Always, |stage| changed(stage, cut), Garbled, "");
    rows.met("200 with other types", Times::Always, |stage| changed(stage, mistyped), Garbled, "");
    rows.met("200 without the fields", Times::Always, |stage| changed(stage, lacking), Lacking, "");
    rows.met("403 from a proxy", Times::Always, |_| Ok(Fault::status(403)), Garbled, "403");
    rows.met("a refusal that repeats the secrets", Times::Always, indiscreet, Refusal, "uthorized");
    rows.met(
        "a redirect to itself",
        Times::Always,
        |stage| Ok(redirect(&stage.step.server(stage.sandbox).url())),
        Hopeless,
        "307",
    );
    rows.met("a redirect to another host", Times::Always, |stage| Ok(redirect(stage.elsewhere)), Hopeless, "307");
    rows.met("a redirect from https to http", Times::Always, |stage| Ok(redirect(stage.elsewhere)), Hopeless, "307");
    rows.over_tls();
    rows.met_twice("408", |_| Ok(Fault::status(408)), Broken, "408");
    rows.met_twice("412", |_| Ok(Fault::status(412)), Unavailable, "412");
    rows.met_twice("425", |_| Ok(Fault::status(425)), Broken, "425");
    rows.met_twice("429", |_| Ok(Fault::status(429)), Unavailable, "429");
    rows.met("429, Retry-After in seconds", Times::Once, |_| Ok(pause("1")), Unavailable, "429");
    rows.met("429, Retry-After at a date", Times::Once, |_| Ok(pause(&in_two_seconds())), Unavailable, "429");
    rows.met("429, Retry-After in 30 years", Times::Always, |_| Ok(pause("1000000000")), Hopeless, "429");
    rows.met("429, Retry-After: -5", Times::Once, |_| Ok(pause("-5")), Unavailable, "429");
    rows.met("429, Retry-After: soon", Times::Once, |_| Ok(pause("soon")), Unavailable, "429");
    rows.met_twice("500", |_| Ok(Fault::status(500)), Broken, "500");
    rows.met_twice("502", |_| Ok(Fault::status(502)), Broken, "502");
    rows.met_twice("503", |_| Ok(Fault::status(503)), Unavailable, "503");
    rows.met_twice("504", |_| Ok(Fault::status(504)), Broken, "504");
    rows.met_twice("rate limit error", words::throttled, NotReceived, "");
    rows.met_twice("issuer keys not found error", words::no_keys, NotReceived, "");
    rows.met("its clock an hour ahead: expired", Times::Always, words::expired, Refusal, "");
    rows.met("its clock an hour behind: not yet valid", Times::Always, words::not_yet_valid, Refusal, "");
    for (name, signal) in [("SIGINT", Signal::INT), ("SIGTERM", Signal::TERM), ("SIGHUP", Signal::HUP)] {
        rows.always(name, What::Signal(signal), Kind::Signal, name);
    }
    rows.0
}

struct Rows(Vec<Row>);

impl Rows {
    fn push(&mut self, name: String, times: Times, what: What, kind: Kind, says: &'static str) {
        self.0.push(Row { name, what, kind, times, says, tls: false });
    }

    fn once(&mut self, name: &str, what: What, kind: Kind, says: &'static str) {
        self.push(name.into(), Times::Once, what, kind, says);
    }

    fn always(&mut self, name: &str, what: What, kind: Kind, says: &'static str) {
        self.push(name.into(), Times::Always, what, kind, says);
    }

    fn once_and_always(&mut self, name: &str, what: impl Fn() -> What, kind: Kind, says: &'static str) {
        self.push(format!("{name}, once"), Times::Once, what(), kind, says);
        self.push(format!("{name}, always"), Times::Always, what(), kind, says);
    }

    fn met_twice(&mut self, name: &str, fault: Make, kind: Kind, says: &'static str) {
        self.once_and_always(name, || What::Meets(fault), kind, says);
    }

    fn met(&mut self, name: &str, times: Times, fault: Make, kind: Kind, says: &'static str) {
        self.push(name.into(), times, What::Meets(fault), kind, says);
    }

    /// The row before.
    fn over_tls(&mut self) {
        self.0.last_mut().unwrap().tls = true;
    }
}

fn slow(every: Duration) -> Fault {
    Fault::SlowBytes { every }
}

fn with_body(stage: &Stage<'_>, fault: Fault) -> Result<Fault, &'static str> {
    if stage.step == Step::Revocation { Err("its answer has no body") } else { Ok(fault) }
}

fn changed(stage: &Stage<'_>, change: fn(Response) -> Response) -> Result<Fault, &'static str> {
    if stage.step == Step::AcrChallenge { Err(NO_READ) } else { with_body(stage, Fault::Changed(change)) }
}

/// Of the challenge, only the header is read.
pub(crate) const NO_READ: &str = "its answer's body is not read";

fn indiscreet(stage: &Stage<'_>) -> Result<Fault, &'static str> {
    if stage.step.exchange() == Exchange::Verify || stage.step == Step::AcrChallenge {
        Err("it is sent no secret")
    } else if stage.step == Step::Renewal {
        Err("the service has an earlier run's secrets, too")
    } else {
        Ok(Fault::Indiscreet)
    }
}

fn redirect(location: &str) -> Fault {
    Fault::Redirect { status: 307, location: format!("{location}/path?secret=1") }
}

fn pause(retry_after: &str) -> Fault {
    Fault::Status { status: 429, headers: vec![("retry-after".into(), retry_after.into())], body: String::new() }
}

fn in_two_seconds() -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2))
}
