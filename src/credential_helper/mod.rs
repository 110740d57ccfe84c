//! `docker-credential-oidc-exchange`: the same program under its second name. docker, podman and others run it for
//! the password of a registry.
//!
//! It gets one argument and a server's name on standard input. It prints an answer on standard output, and exits with
//! 0 or 1
//! (<https://github.com/docker/docker-credential-helpers>). After a failure docker continues without credentials, and
//! prints standard error. podman, buildah and skopeo stop, and print standard output.

mod password;
mod verb;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::core_file;
use crate::delivery;
use crate::diagnostic::{self, Verbosity};
use crate::error::{Error, Exit, Report, Usage};
use crate::host::{self, Env, Host};
use crate::http::retry::Deadline;
use crate::input::{self, Fault, Kind, Reader};
use crate::registry::{self, PROGRAM};
use crate::secret::Secret;
use crate::state::StateDir;
use crate::stdio::Progress;
use password::Found;
use verb::Verb;

/// The timeout of a call: the caller waits for it.
const BOUND: Duration = Duration::from_secs(45);

/// The timeout's name in errors.
const IN_TIME: &str = "within 45 s";

/// Callers read this as "the helper does not have this registry", and continue without credentials and without a
/// message (<https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go>).
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The same for a call without a server.
const NO_SERVER: &str = "no credentials server URL";

/// Whether the program was started by the helper's name, which is the first of `arguments`.
#[must_use]
pub fn is_called(arguments: &[OsString]) -> bool {
    arguments.first().is_some_and(|name| Path::new(name).file_name().is_some_and(|name| name == PROGRAM))
}

/// The answer to a call.
enum Answer {
    /// A text, with exit status 0.
    Text(Secret),
    /// A message that the protocol defines, with exit status 1.
    Words(&'static str),
}

/// Answers one call.
#[must_use]
pub fn run(arguments: &[OsString], host: &Host) -> ExitCode {
    core_file::forbid();
    install_panic_hook();
    diagnostic::init(Verbosity::Normal);
    if let Err(report) = host::within_limits() {
        return fail(&Error::new(Exit::Usage, report));
    }
    let deadline = Deadline::after(BOUND);
    let ended = answer(arguments, host, deadline).and_then(|answer| {
        let (text, code) = match answer {
            Answer::Text(text) => (text, ExitCode::SUCCESS),
            Answer::Words(words) => (Secret::new(format!("{words}\n")), ExitCode::FAILURE),
        };
        let progress = Progress::default();
        let begun = delivery::begin(&text, &progress)?;
        if begun < text.reveal().len() {
            in_runtime(async { Ok(delivery::finish(text, begun, deadline, &progress).await?) })?;
        }
        Ok(code)
    });
    ended.unwrap_or_else(|error| fail(&error))
}

/// Does `work` in a runtime. Most calls send nothing and need none, and to start one takes time.
fn in_runtime<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(Exit::Bug, Report::new(format!("cannot start: {error}"))))?;
    let ended = runtime.block_on(work);
    // A read may never end. It must not keep the process alive.
    runtime.shutdown_background();
    ended
}

fn answer(arguments: &[OsString], host: &Host, deadline: Deadline) -> Result<Answer, Error> {
    let text = |text: String| Ok(Answer::Text(Secret::new(text)));
    match Verb::parse(arguments)? {
        Verb::Version => text(format!("{PROGRAM} {}\n", env!("CARGO_PKG_VERSION"))),
        Verb::Help => text(verb::HELP.into()),
        Verb::Get => get(host, deadline),
        Verb::Store => {
            stdin(deadline)?;
            tracing::warn!("{PROGRAM} stores no passwords: it gets them itself; docker login is not needed here");
            text(String::new())
        }
        Verb::Erase => {
            stdin(deadline)?;
            tracing::warn!("{PROGRAM} erases nothing: oidc-exchange clean ends its registrations");
            text(String::new())
        }
        Verb::List => in_runtime(list(host)),
    }
}

fn get(host: &Host, deadline: Deadline) -> Result<Answer, Error> {
    let found = match in_time(deadline, |reader| look(reader, &host.env, deadline))?? {
        Ok(found) => found,
        Err(words) => return Ok(Answer::Words(words)),
    };
    let kept = if found.is_fresh(host) { found.kept } else { in_runtime(password::fresh(found, host, deadline))? };
    Ok(Answer::Text(registry::answer(&kept)))
}

/// Reads on this thread. If the reads do not end before `deadline`, another thread prints that and ends the process.
fn in_time<T>(deadline: Deadline, work: impl FnOnce(&Reader) -> T) -> Result<T, Error> {
    let done = input::watched(deadline.remaining(), work, |unfinished| end(&unfinished.usage(IN_TIME).into()));
    done.map_err(|error| Error::new(Exit::Usage, host::no_thread(&error.to_string())))
}

/// The password kept for the server on standard input, or else the protocol's answer.
fn look(reader: &Reader, env: &Env, deadline: Deadline) -> Result<Result<Found, &'static str>, Error> {
    let text = text_of(reader.stdin(PROGRAM, Kind::Token))?;
    let server = registry::server_of(text.trim());
    if server.is_empty() {
        return Ok(Err(NO_SERVER));
    }
    let place = place(env)?.until(deadline.end());
    let Some(directory) = place.existing()? else { return Ok(Err(NOT_FOUND)) };
    let found = registry::answering(reader, &directory, server)?;
    Ok(found.map(|(path, kept)| Found { place, directory, path, kept }).ok_or(NOT_FOUND))
}

async fn list(host: &Host) -> Result<Answer, Error> {
    let mut all = serde_json::Map::new();
    if let Some(directory) = place(&host.env)?.existing()? {
        for server in registry::servers(&directory).await? {
            if let Some(path) = registry::kept(&directory, &server).await?.first()
                && let Ok(kept) = registry::Kept::read(path).await
            {
                all.insert(format!("https://{server}"), kept.password.username.into());
            }
        }
    }
    Ok(Answer::Text(Secret::new(format!("{}\n", serde_json::Value::Object(all)))))
}

/// The job's private directory, in which its exchanges keep the passwords.
fn place(env: &Env) -> Result<StateDir, Error> {
    let place = StateDir::locate(env)?;
    if place.is_lasting() {
        return Ok(place);
    }
    Err(Usage::new("neither SEMAPHORE_JOB_ID (with HOME) nor OIDC_EXCHANGE_DIR names the directory of the passwords")
        .hint("run docker as the same user, with the same environment, as oidc-exchange: sudo removes variables")
        .into())
}

/// The caller's standard input.
fn stdin(deadline: Deadline) -> Result<String, Error> {
    text_of(in_time(deadline, |reader| reader.stdin(PROGRAM, Kind::Token))?)
}

fn text_of(read: Result<Vec<u8>, Fault>) -> Result<String, Error> {
    let text = read.and_then(input::text);
    Ok(text.map_err(|fault| Usage::new(format!("{PROGRAM}: cannot read standard input: {fault}")))?)
}

/// Prints the error. podman shows one line of it. docker shows all of it, and what docker does next is added.
fn fail(error: &Error) -> ExitCode {
    let report = error.report();
    let said = report.first("said");
    let line = if said.is_empty() { report.title.clone() } else { format!("{}: {said}", report.title) };
    delivery::print_last(&format!("oidc-exchange: {}\n", diagnostic::shown(&line)));
    let mut whole = Report::new(report.title.clone());
    whole.facts.clone_from(&report.facts);
    let whole = whole
        .fact(
            "then",
            vec!["docker continues without credentials: its own next error is a consequence of this one".into()],
        )
        .hints(report.hints.clone());
    diagnostic::report(&whole);
    ExitCode::FAILURE
}

/// A panic's message is not printed, because it could contain a secret.
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        let bug = || {
            Report::new(format!("a bug in oidc-exchange, at {place}"))
                .hints([format!("please report it with this line and the version, {}", env!("CARGO_PKG_VERSION"))])
        };
        end(&Error::new(Exit::Bug, host::no_thread_of(info).unwrap_or_else(bug)));
    }));
}

/// Prints the error and ends the process, on any thread.
#[allow(clippy::exit, reason = "an abort would give the caller a signal in place of the exit code")]
fn end(error: &Error) -> ! {
    let _ = fail(error);
    std::process::exit(1);
}
