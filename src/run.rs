//! The steps of a run in order: command line, plan, token, exchange, delivery. Also what a failed run prints.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tokio::time::Instant;

use crate::cli::{self, Cli};
use crate::delivery::print;
use crate::diagnostic;
use crate::error::{Error, Exit, Report, Usage};
use crate::exchange::{Given, PendingRevocation};
use crate::host::{self, Host};
use crate::http::retry::Deadline;
use crate::http::{Client, Settings};
use crate::plan::fail_closed::FailureOutput;
use crate::plan::{self, Exchange, Explain, Faults, NamedFiles, Part, Plan, Setup, Subject};
use crate::signal::{HeldBack, Signals};
use crate::subject::allowed_jobs::PartialAllowedJobs;
use crate::{clean, core_file, credential_helper, exchange, input, subject, text, token};

/// Runs the program and returns its exit code. `arguments` starts with the program's own name.
#[must_use]
pub fn run(arguments: Vec<OsString>, host: &Host) -> ExitCode {
    if credential_helper::is_called(&arguments) {
        return credential_helper::run(&arguments, host);
    }
    // Until handlers are installed, a signal would end the run without a message.
    let held_back = HeldBack::now();
    core_file::forbid();
    let failure = FailureOutput::for_arguments(&arguments);
    diagnostic::expect_evaluation(|| failure.is_for_shell());
    failure.install_panic_hook();
    if let Err(report) = host::within_limits() {
        return fail(&failure, Exit::Usage, &report);
    }
    let mut signals = Signals::after(held_back);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&failure, Exit::Bug, &Report::new(format!("cannot start: {error}"))),
    };
    let ended = runtime.block_on(async {
        let ended = story(arguments, host, &failure, &mut signals).await;
        if ended.is_err() {
            tokio::select! { () = signals.again() => {} () = failure.complete(&host.env) => {} }
        }
        ended
    });
    // A read of standard input may never end. It must not keep the process alive.
    runtime.shutdown_background();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(End::Usage(error)) => misunderstood(&failure, error),
        Err(End::Errors(errors)) => fail_with(&failure, &errors),
    }
}

/// Why a run failed, before anything is printed about it.
enum End {
    Usage(clap::Error),
    /// At least one.
    Errors(Vec<Error>),
}

impl<E: Into<Error>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Errors(vec![error.into()])
    }
}

async fn story(
    arguments: Vec<OsString>,
    host: &Host,
    failure: &FailureOutput,
    signals: &mut Signals,
) -> Result<u8, End> {
    let started = Instant::now();
    let arguments = asking_for_help(arguments);
    // No option accepts `--` as its value, and a later `--` belongs to COMMAND. A variable in its place can be empty.
    let command = arguments.iter().skip_while(|word| *word != "--").nth(1);
    let misplaced = command.is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let nothing_to_run = arguments.iter().any(|word| word == "--") && command.is_none_or(|word| word.is_empty());
    let cli = match Cli::try_parse_from(&arguments) {
        Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let help = show(asked.render().to_string(), Deadline::since(started, plan::A_WHILE));
            return unless_interrupted(signals, help).await;
        }
        parsed => parsed.map_err(End::Usage)?,
    };
    if nothing_to_run {
        return Err(Usage::new("a COMMAND is missing after `--`").into());
    }
    if misplaced {
        let usage = crate::error::Usage::new("a COMMAND after `--` cannot begin with a dash");
        return Err(usage.hint("write the options of oidc-exchange before `--`").into());
    }
    diagnostic::init(cli.verbosity());
    let deadline = Deadline::since(started, cli.bound().0);
    let plan = unless_interrupted(signals, planned(cli, arguments, host, failure.files(), deadline)).await?;
    if plan.is_for_posix_shells()
        && !failure.words().iter().any(|word| word.starts_with("--format"))
        && host::is_read_by_fish()
    {
        return Err(Usage::new("this prints text for POSIX shells, which fish cannot read")
            .hint("add --format fish")
            .into());
    }
    match plan {
        Plan::Exchange(plan) => Box::pin(exchange(*plan, host, deadline, signals)).await.map_err(End::Errors),
        Plan::Token(request) => {
            let shown = Box::pin(token::show(*request, host, deadline));
            Ok(unless_interrupted(signals, shown).await?.code())
        }
        Plan::Explain(plan) => unless_interrupted(signals, Box::pin(explain(&plan, host, deadline))).await,
        Plan::Setup(plan) => unless_interrupted(signals, Box::pin(setup(*plan, host, deadline))).await,
        Plan::Clean { directory, format } => {
            Ok(Box::pin(clean::clean(&directory, format, host, deadline, signals)).await?.code())
        }
        Plan::Print(text) => unless_interrupted(signals, show(text, deadline)).await,
    }
}

/// Turns `help aws` into `aws --help`. A COMMAND after `--` is never a command to show help for.
fn asking_for_help(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.truncate(arguments.iter().position(|word| word == "--").unwrap_or(arguments.len()));
        arguments.push("--help".into());
    }
    arguments
}

async fn show(text: String, deadline: Deadline) -> Result<u8, Error> {
    print(text, deadline).await?;
    Ok(Exit::Done.code())
}

/// Awaits `work`, unless a signal ends the run first.
async fn unless_interrupted<T, E: Into<End>>(
    signals: &mut Signals,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, End> {
    tokio::select! {
        biased;
        (_, name) = signals.next() => Err(Error::interrupted(name).into()),
        done = work => done.map_err(Into::into),
    }
}

/// Checks the command line and reads the files that it names. Signals are handled during this, because such a read may
/// never end.
///
/// Most command lines name no file. Their plan is made on this thread: another one takes a tenth of a short run's time.
async fn planned(
    cli: Cli,
    arguments: Vec<OsString>,
    host: &Host,
    files: &NamedFiles,
    deadline: Deadline,
) -> Result<Plan, End> {
    let (_, bound) = cli.bound();
    let of_faults = |Faults(faults)| End::Errors(faults.into_iter().map(Error::from).collect());
    if let Some(planned) = input::without_reading(|reader| Plan::new(cli, &host.env, reader, files)) {
        return planned.map_err(of_faults);
    }
    let cli = Cli::try_parse_from(arguments).map_err(End::Usage)?;
    let (env, files) = (host.env.clone(), files.clone());
    let planned = input::apart(deadline.remaining(), move |reader| Plan::new(cli, &env, reader, &files)).await;
    planned.map_err(|unfinished| unfinished.usage(bound))?.map_err(of_faults)
}

async fn exchange(plan: Exchange, host: &Host, deadline: Deadline, signals: &mut Signals) -> Result<u8, Vec<Error>> {
    let Exchange { source, parts, networks, delivery, directory } = plan;
    let directory = directory.until(deadline.end());
    let delivery = delivery.prepare(directory.clone(), &host.env).map_err(|error| vec![error])?;
    let clients = clients(networks, deadline);
    let pending: Vec<PendingRevocation> = parts.iter().map(|_| PendingRevocation::default()).collect();
    let traded = async {
        let token = subject::read(&source, host, deadline).await.map_err(|error| vec![error.into()])?;
        let given = |part: &Part| {
            let http = clients.get(part.network)?;
            Some(Given { token: &token, http, host, deadline, place: &directory })
        };
        let traded = exchange::together(&parts, given, &pending).await?;
        Ok((traded, token.copies(&host.env)))
    };
    let traded = tokio::select! {
        biased;
        (_, name) = signals.next() => Err(vec![Error::interrupted(name)]),
        traded = traded => traded,
    };
    match traded {
        Ok(((content, leftovers), copies)) => {
            let delivered = delivery.without(copies).deliver(&content, leftovers, deadline, signals).await;
            delivered.map_err(|error| vec![error])
        }
        Err(errors) => {
            exchange::revoke(&pending, signals.again()).await;
            Err(errors)
        }
    }
}

/// Returns a client for each of `networks`. The clients share connections and settings if they can.
fn clients(networks: Vec<Settings>, deadline: Deadline) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    for network in networks {
        let client = match clients.first() {
            None => Client::new(network, deadline),
            Some(first) => first.beside(network),
        };
        clients.push(client);
    }
    clients
}

async fn explain(plan: &Explain, host: &Host, deadline: Deadline) -> Result<u8, Error> {
    let now = host.clock.unix();
    let explanation = match &plan.subject {
        Subject::Token(source) => {
            let token = subject::look_at(source, host, deadline).await?;
            plan.rule.evaluate(token.claims(), token.header().alg.as_deref(), now)
        }
        Subject::Claims(file) => {
            let mut found = plan.rule.evaluate(&file.claims, file.algorithm.as_deref(), file.moment(now));
            found.notes.push("the claims are a file's: whether the token has expired since is not judged".into());
            found
        }
    };
    print(if plan.json { explanation.json() } else { explanation.text() }, deadline).await?;
    Ok(explanation.verdict.exit().code())
}

async fn setup(plan: Setup, host: &Host, deadline: Deadline) -> Result<u8, Error> {
    let (allowed, token) = if let Some(allowed) = plan.allowed.complete() {
        (allowed, None)
    } else {
        let token = subject::look_at(&plan.source, host, deadline).await;
        if let Err(absent @ subject::Error::Absent { in_semaphore, .. }) = token {
            let missing = plan.allowed.missing().join(", ");
            return Err(if plan.allowed != PartialAllowedJobs::default() {
                Usage::new(format!("there is no token here for the other values: add {missing}"))
                    .hint("a job's page shows what its variables SEMAPHORE_PROJECT_ID and SEMAPHORE_GIT_BRANCH are")
                    .into()
            } else if in_semaphore {
                absent.into()
            } else {
                let hint = format!("run it in a job, or describe the jobs without a token: add {missing}");
                let absent = Error::from(absent);
                Error::new(absent.exit(), Report::new(absent.to_string()).hints([hint]))
            });
        }
        let token = token?;
        (plan.allowed.complete_with(token.claims())?, Some(token))
    };
    let mut recipe = plan.side.recipe(&allowed, token.as_ref().map(subject::SubjectToken::claims))?;
    recipe.warnings.extend(plan.elsewhere);
    show(if plan.json { recipe.json() } else { readable(recipe.cli())? }, deadline).await
}

/// `script`, if a person who reads it sees what a shell runs.
fn readable(script: String) -> Result<String, Usage> {
    let unreadable = |line: &str| line.chars().find(|c| !text::is_readable(*c));
    match script.lines().find_map(|line| Some((line, unreadable(line)?))) {
        None => Ok(script),
        Some((line, c)) => Err(Usage::new(format!(
            "a value holds U+{:04X}, a character that cannot be seen, in: {}",
            u32::from(c),
            text::printable(line.trim())
        ))
        .hint("write the value without it, or print the parts as JSON, with escapes: --format json")),
    }
}

/// Prints the errors and the failure output. Returns the lowest exit code of the errors.
fn fail_with(failure: &FailureOutput, errors: &[Error]) -> ExitCode {
    let exit = errors.iter().map(Error::exit).min_by_key(|exit| exit.code()).unwrap_or(Exit::Bug);
    failure.print_with(exit, || errors.iter().for_each(|error| diagnostic::report(error.report())));
    ExitCode::from(exit.code())
}

fn fail(failure: &FailureOutput, exit: Exit, report: &Report) -> ExitCode {
    failure.print_with(exit, || diagnostic::report(report));
    ExitCode::from(exit.code())
}

fn misunderstood(failure: &FailureOutput, mut error: clap::Error) -> ExitCode {
    failure.print_with(Exit::Usage, || {
        cli::advise(&mut error, &failure.words());
        cli::quote_in_one_line(&mut error);
        diagnostic::usage(&error.render().to_string());
        if error.get(ContextKind::InvalidArg) == Some(&ContextValue::String("--token".into())) {
            diagnostic::usage(
                "\nhint: a command line is public: put the token into a variable, and name that with --token-env",
            );
        }
    });
    ExitCode::from(Exit::Usage.code())
}
