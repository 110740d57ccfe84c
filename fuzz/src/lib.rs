//! What the targets share: a made-up machine in a job, with a token, and a network of made-up answers.
//!
//! What waits runs here. An async function is compiled in each crate that waits for it: here once, and not in each target.

use std::ffi::OsString;
use std::future::Future;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use clap::Parser;
use oidc_exchange::aws;
use oidc_exchange::cli::Cli;
use oidc_exchange::delivery;
use oidc_exchange::emit::Format;
use oidc_exchange::error::Error;
use oidc_exchange::exchange::{self, Given, PendingRevocation};
use oidc_exchange::explanation::Explanation;
use oidc_exchange::host::Host;
use oidc_exchange::http::retry::Deadline;
use oidc_exchange::http::{Client, Response};
use oidc_exchange::input;
use oidc_exchange::plan::{NamedFiles, Plan, Target};
use oidc_exchange::registry::{Kept, Login};
use oidc_exchange::secret::{Secret, redact_jwt_shaped};
use oidc_exchange::state::StateDir;
use oidc_exchange::subject::{self, Source, SubjectToken};
use oidc_exchange::text::printable;
use oidc_exchange::token::verify::verify;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::{Builder, Runtime};

/// `{"alg":"RS256"}`, a job of branch `main` that expires in 2100, and no signature of anybody's.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FjbWUuc2VtYXBob3JlY2kuY29tIiwiYXVkIjoiaHR0cHM6Ly9hY21lLnNlbWFwaG9yZWNpLmNvbSIsInN1YiI6Im9yZzphY21lOnByb2plY3Q6eDpyZXBvOndlYjpyZWZfdHlwZTpicmFuY2g6cmVmOnJlZnMvaGVhZHMvbWFpbiIsInJlZl90eXBlIjoiYnJhbmNoIiwiZXhwIjo0MTAyNDQ0ODAwfQ.bm90IGEgc2lnbmF0dXJlIG9mIGFueWJvZHk";

/// Stands for [`TOKEN`] in an answer: a service may repeat what it was sent.
const REPEATED: &str = "TOKEN";

/// The statuses that an answer may have, by its first byte.
const STATUSES: [u16; 12] = [200, 200, 200, 204, 400, 401, 403, 404, 405, 429, 500, 503];

/// The headers that are read, all of which get an answer's first line.
const HEADERS: [&str; 5] = ["retry-after", "www-authenticate", "x-amzn-requestid", "x-request-id", "x-vault-index"];

/// This machine, with these variables besides the job's.
pub fn host(variables: &[(&str, &str)]) -> Host {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    Host::fake(&[&[("SEMAPHORE", "true")], variables].concat(), now)
}

/// Runs what waits for nothing but made-up answers.
fn run<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Too short for a second attempt.
fn deadline() -> Deadline {
    Deadline::after(Duration::from_millis(400))
}

/// The token that `text` is.
pub fn read_token(text: &str) -> Result<SubjectToken, Error> {
    let host = host(&[("SEMAPHORE_OIDC_TOKEN", text)]);
    let variable = oidc_exchange::shell::Name::fixed(Source::DEFAULT_VARIABLE);
    Ok(run(subject::read(&Source::Variable(variable), &host, deadline()))?)
}

/// The job's token.
pub static JOB: LazyLock<SubjectToken> =
    LazyLock::new(|| read_token(TOKEN).unwrap_or_else(|error| panic!("{:?}", error.report())));

/// What a command line plans, in an environment with these variables besides the job's; `None` if it cannot be read.
pub fn plan(words: &[OsString], variables: &[(&str, &str)]) -> Result<Option<Plan>, Error> {
    let Ok(cli) = Cli::try_parse_from(words) else { return Ok(None) };
    let env = host(variables).env;
    let plan = move |reader: &input::Reader| Plan::new(cli, &env, reader, &NamedFiles::default());
    let planned = run(input::apart(Duration::from_secs(9), plan));
    Ok(Some(planned.map_err(|unfinished| unfinished.usage("in time"))??))
}

/// What a command line asks for.
pub fn target(arguments: &[&str]) -> Target {
    let words: Vec<OsString> = ["oidc-exchange"].iter().chain(arguments).map(OsString::from).collect();
    match plan(&words, &[]) {
        Ok(Some(Plan::Exchange(plan))) => plan.parts.into_iter().next().expect("an exchange has a part").target,
        other => panic!("{other:?}"),
    }
}

/// A good answer with this body.
pub fn good(body: &str) -> Response {
    Response::new(200, HeaderMap::new(), body.into())
}

/// The answer that `data` describes: a status, a line for the headers, a body.
pub fn answer(data: &[u8]) -> Option<Response> {
    let (status, rest) = data.split_first()?;
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (line, body) = (parts.next()?, parts.next()?);
    // Made up, and not repeated.
    if TOKEN.split('.').any(|part| String::from_utf8_lossy(data).contains(part)) {
        return None;
    }
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(line) {
        headers.extend(HEADERS.map(|name| (HeaderName::from_static(name), value.clone())));
    }
    let body = match std::str::from_utf8(body) {
        Ok(text) => text.replace(REPEATED, TOKEN).into_bytes(),
        Err(_) => body.to_vec(),
    };
    Some(Response::new(STATUSES[usize::from(*status) % STATUSES.len()], headers, body))
}

/// Calls `act` with the job's token and a network with these answers.
fn on_network<T>(answers: Vec<Response>, act: impl AsyncFnOnce(&Given<'_>) -> T) -> T {
    let (host, http) = (host(&[]), Client::fake(answers));
    let place = StateDir::locate(&host.env).expect("it has no variables");
    // It is read on its first use, which waits too: not within what waits here.
    let token = &*JOB;
    run(act(&Given { token, http: &http, host: &host, deadline: deadline(), place: &place }))
}

/// Trades the job's token for what `target` asks, on a network with these answers, and checks the result.
pub fn trade(target: &Target, answers: Vec<Response>) {
    on_network(answers, async |given| {
        let place = given.place;
        let pending = PendingRevocation::default();
        let traded = async { exchange::content(exchange::exchange(target, given, &pending).await?, given).await };
        match traded.await {
            Ok((content, leftovers)) => {
                let _ = delivery::text(Format::Env, &content, place).await;
                // What is to be renewed is found, and not waited for.
                let _ = tokio::time::timeout(Duration::ZERO, leftovers.tend()).await;
                leftovers.give_up(place).await;
            }
            Err(error) => {
                check_error(&error);
                pending.revoke(std::future::pending()).await;
            }
        }
    });
}

/// Whether there are passwords for the registries of `target`, on a network with these answers. They are checked.
pub fn logins(target: &Target, answers: Vec<Response>) -> bool {
    checked(on_network(answers, async |given| exchange::logins(target, given).await))
}

/// The same for a role of AWS whose credentials are there already.
pub fn ecr_logins(request: &aws::Request, answers: Vec<Response>) {
    let credentials = aws::Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
        session_token: Secret::new("a session".into()),
        expiration: host(&[]).clock.now(),
        account: aws::AccountId::parse("x", "123456789012").expect("it is one"),
        confirmed: true,
    };
    checked(on_network(answers, async |given| {
        let registries = aws::ecr::registries(request, given).await?;
        aws::ecr::logins(request, &registries, &credentials, given).await
    }));
}

/// What `token --verify` shows for the job's token, on a network with these answers.
pub fn verified(answers: Vec<Response>) -> Result<Explanation, Error> {
    let token = &*JOB;
    run(verify(token, Client::fake(answers), &host(&[]).clock, deadline()))
}

/// The settings in the shared files of the AWS SDKs.
pub fn sdk_settings(texts: aws::shared_files::Texts) -> aws::sdk_settings::SdkSettings {
    run(aws::sdk_settings::SdkSettings::read(texts))
}

fn checked(logins: Result<Vec<Login>, Error>) -> bool {
    let is_granted = logins.is_ok();
    match logins {
        Ok(logins) => logins.into_iter().for_each(check_login),
        Err(error) => check_error(&error),
    }
    is_granted
}

/// A registry's password is one that its file holds.
fn check_login(login: Login) {
    let Login { server, password, renewal } = login;
    let (username, secret) = (password.username.clone(), password.secret.clone());
    assert!(!username.is_empty() && !secret.reveal().is_empty());
    let kept = Kept { server, password, renewal, token: None };
    let found = Kept::parse(kept.text().reveal()).expect("it was written here");
    assert_eq!((found.password.username, found.password.secret.reveal()), (username, secret.reveal()));
    assert_eq!(found.renewal, kept.renewal);
}

/// What a person would read of `error` can be laid out, and holds no part of the token.
pub fn check_error(error: &Error) {
    let report = error.report();
    let lines = report.facts.iter().flat_map(|(_, lines)| lines).chain(&report.hints).chain([&report.title]);
    for line in lines {
        let shown = printable(&redact_jwt_shaped(line));
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(!TOKEN.split('.').any(|part| shown.contains(part)), "the token is shown: {shown}");
    }
}

/// The text about the job's token is always the same, can be rendered, and is JSON for programs.
pub fn check_explanation(evaluate: impl Fn(&SubjectToken, i64) -> Explanation) {
    const NOW: i64 = 1_800_000_000;
    let explanation = evaluate(&JOB, NOW);
    assert_eq!(evaluate(&JOB, NOW), explanation);
    let text = explanation.text();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(!TOKEN.split('.').any(|part| text.contains(part)), "the token is shown: {text}");
    assert!(serde_json::from_str::<serde_json::Value>(&explanation.json()).is_ok());
}
