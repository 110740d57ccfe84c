//! The plan of a run: the checked command line and environment, with all defaults. Nothing is sent. Only files that
//! options name are read.

mod aws_output;
mod aws_request;
mod azure_request;
mod explain;
pub mod fail_closed;
mod gcp_request;
mod registries;
mod secrets_file;
mod setup;
mod shared;
pub mod targets;
mod token_variable;
mod vault_request;

use std::time::Duration;

use crate::aws;
use crate::azure;
use crate::cli::{self, CleanFormat, Cli, Command, Form, Later, ReportFormat, Shared, TokenArgs};
use crate::delivery::Delivery;
use crate::diagnostic::Verbosity;
use crate::emit::Format;
use crate::error::Usage;
use crate::google;
use crate::host::Env;
use crate::http::{Bundle, Settings, Trust};
use crate::input::Reader;
use crate::state;
use crate::subject::Source;
use crate::token;
use crate::vault;

use shared::{ca_file, check_wait, delivery, host, network, source, timeout};

pub use explain::{Explain, Rule, Subject};
pub use secrets_file::SecretsFile;
pub use setup::{Setup, Side};
pub use targets::Faults;

/// Files that name variables. Both the plan and the failure output read them. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct NamedFiles {
    /// The file of `--secrets-file`.
    pub secrets: SecretsFile,
    /// The file of `use`.
    pub targets: targets::SharedFile,
}

/// The plan of a run.
#[derive(Debug)]
pub enum Plan {
    /// Exchange the token and deliver the result.
    Exchange(Box<Exchange>),
    /// Show the token's claims.
    Token(Box<token::Request>),
    /// Explain why a rule allows the token or not.
    Explain(Box<Explain>),
    /// Print what to create on the provider's side.
    Setup(Box<Setup>),
    /// Undo what exchanges left.
    Clean {
        /// The private directory.
        directory: state::StateDir,
        /// The format of the `unset` lines.
        format: CleanFormat,
    },
    /// Print a text that depends on no token: completions, the manual.
    Print(String),
}

/// One exchange, or several at once.
#[derive(Debug)]
pub struct Exchange {
    /// The source of the token.
    pub source: Source,
    /// The exchanges.
    pub parts: Vec<Part>,
    /// The settings of each network that is used.
    pub networks: Vec<Settings>,
    /// The destination of the result.
    pub delivery: Delivery,
    /// The job's private directory.
    pub directory: state::StateDir,
}

/// One of the exchanges of a run.
#[derive(Debug)]
pub struct Part {
    /// Its name in errors; empty if the run has only one.
    pub name: String,
    /// The request to the provider.
    pub target: Target,
    /// The index of its network in the run's networks.
    pub network: usize,
}

/// The providers. A match on this enum shows every place that a new provider affects.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a run has few")]
pub enum Target {
    /// An AWS role's credentials.
    Aws(aws::Request, aws::OutputMode),
    /// Google credentials.
    Google(google::Request),
    /// Azure credentials.
    Azure(azure::Request),
    /// Secrets or a client token of a Vault.
    Vault(vault::Request),
}

impl Target {
    /// The registries whose passwords are requested.
    #[must_use]
    pub fn registries(&self) -> Vec<String> {
        match self {
            Self::Aws(request, _) => request.registries.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            Self::Google(request) => request.registries.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            Self::Azure(request) => request.registries.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            Self::Vault(_) => Vec::new(),
        }
    }
}

impl Cli {
    /// How much is written to standard error.
    #[must_use]
    pub fn verbosity(&self) -> Verbosity {
        let args = match &self.command {
            Command::Aws(args) => &args.shared.verbosity,
            Command::Gcp(args) => &args.shared.verbosity,
            Command::Azure(args) => &args.shared.verbosity,
            Command::Vault(args) => &args.shared.verbosity,
            Command::Use(args) => &args.shared.verbosity,
            Command::Token(args) => &args.verbosity,
            Command::Explain(args) => &args.command.shared().1.verbosity,
            Command::Setup(args) => &args.command.allowed().1.verbosity,
            Command::Clean(args) => &args.verbosity,
            Command::Completions(_) | Command::Man => return Verbosity::Normal,
        };
        Verbosity::new(args.quiet, args.verbose)
    }
}

/// The timeout for reading input if the command line sets none.
pub const A_WHILE: Duration = Duration::from_mins(2);

impl Cli {
    /// The timeout for everything before COMMAND, from the start of the run, and its name in errors.
    #[must_use]
    pub fn bound(&self) -> (Duration, &'static str) {
        const NAMED: &str = "before --timeout";
        let bound = match &self.command {
            Command::Aws(args) => Some(aws_request::timeout(args)),
            Command::Gcp(args) => Some(gcp_request::timeout(args)),
            Command::Azure(args) => Some(azure_request::timeout(args)),
            Command::Vault(args) => Some(timeout(&args.shared, false)),
            Command::Use(args) => Some(timeout(&args.shared, args.is_for_kubernetes())),
            Command::Token(args) => args.timeout.or(args.verify.then_some(token::TIMEOUT)),
            Command::Explain(_) | Command::Setup(_) | Command::Clean(_) | Command::Completions(_) | Command::Man => {
                None
            }
        };
        // A timeout of zero is refused later, by the plan.
        bound.filter(|bound| !bound.is_zero()).map_or((A_WHILE, "within 2 minutes"), |bound| (bound, NAMED))
    }
}

impl Plan {
    /// Whether standard output gets text that a POSIX shell evaluates.
    #[must_use]
    pub fn is_for_posix_shells(&self) -> bool {
        match self {
            Self::Exchange(plan) => matches!(plan.delivery, Delivery::Stdout { format: Format::Env, .. }),
            Self::Clean { format, .. } => *format == cli::CleanFormat::Env,
            Self::Token(_) | Self::Explain(_) | Self::Setup(_) | Self::Print(_) => false,
        }
    }

    /// Checks the command line and reads the files that it names.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn new(cli: Cli, env: &Env, reader: &Reader, files: &NamedFiles) -> Result<Self, Faults> {
        match cli.command {
            Command::Aws(Later(args)) => {
                let ca_file = ca_file(&args.shared.network, reader)?;
                let request = aws_request::new(&args, ca_file.as_ref(), env, reader)?;
                let mode = aws_output::new(&args, &request, ca_file.as_ref(), env)?;
                let bundle = Bundle::from_variable(env, "AWS_CA_BUNDLE")?;
                let form = args.output.format.unwrap_or(Form::Variables(Format::Env));
                let timeout = aws_request::timeout(&args);
                let target = Target::Aws(request, mode);
                let trust = Trust::new(env, bundle, ca_file)?;
                let elsewhere = args.output.profile.is_some() || !args.registry.is_empty();
                let exchange = exchange(args.shared, form.variables(), elsewhere, timeout, target, trust, env)?;
                Ok(Self::Exchange(Box::new(exchange)))
            }
            Command::Gcp(Later(args)) => {
                let ca_file = ca_file(&args.shared.network, reader)?;
                let place = registries::Place::CommandLine;
                let target = Target::Google(gcp_request::new(&args, ca_file.as_ref(), env, place)?);
                let timeout = gcp_request::timeout(&args);
                let form = args.format.unwrap_or(Form::Variables(Format::Env));
                let trust = Trust::new(env, None, ca_file)?;
                let elsewhere = !args.registry.is_empty();
                let exchange = exchange(args.shared, form.variables(), elsewhere, timeout, target, trust, env)?;
                Ok(Self::Exchange(Box::new(exchange)))
            }
            Command::Azure(Later(args)) => {
                let ca_file = ca_file(&args.shared.network, reader)?;
                let place = registries::Place::CommandLine;
                let target = Target::Azure(azure_request::new(&args, ca_file.as_ref(), env, place)?);
                let timeout = azure_request::timeout(&args);
                let form = args.format.unwrap_or(Form::Variables(Format::Env));
                let trust = Trust::new(env, None, ca_file)?;
                let elsewhere = !args.registry.is_empty();
                let exchange = exchange(args.shared, form.variables(), elsewhere, timeout, target, trust, env)?;
                Ok(Self::Exchange(Box::new(exchange)))
            }
            Command::Vault(Later(args)) => {
                let ca_file = ca_file(&args.shared.network, reader)?;
                let request = vault_request::new(&args, ca_file.as_ref(), env, reader, &files.secrets)?;
                let form = args.format.unwrap_or(Form::Variables(Format::Env));
                let timeout = timeout(&args.shared, false);
                let target = Target::Vault(request);
                let trust = Trust::new(env, None, ca_file)?;
                let mut plan = exchange(args.shared, form.variables(), false, timeout, target, trust, env)?;
                for network in &mut plan.networks {
                    vault::settings::apply(env, reader, network)?;
                }
                Ok(Self::Exchange(Box::new(plan)))
            }
            Command::Use(Later(args)) => targets::new(*args, env, reader, &files.targets),
            Command::Token(args) => Ok(Self::Token(Box::new(token(&args, env, reader)?))),
            Command::Explain(args) => {
                Ok(Self::Explain(Box::new(explain::new(&args.command, env, reader, &files.targets)?)))
            }
            Command::Setup(args) => Ok(Self::Setup(Box::new(setup::new(&args.command, env, reader, &files.targets)?))),
            Command::Clean(args) => Ok(Self::Clean { directory: state::StateDir::locate(env)?, format: args.format }),
            Command::Completions(args) => Ok(Self::Print(cli::completions(args.shell))),
            Command::Man => Ok(Self::Print(cli::man_page())),
        }
    }
}

/// `format` is the format for variables; `None` for a protocol answer, which has its own format. If the result goes
/// `elsewhere`, into a profile or a registry's file, no text is printed.
fn exchange(
    shared: Shared,
    format: Option<Format>,
    elsewhere: bool,
    timeout: Duration,
    target: Target,
    trust: Trust,
    env: &Env,
) -> Result<Exchange, Usage> {
    if timeout.is_zero() {
        return Err(Usage::new("--timeout: no time at all is left for the exchange"));
    }
    let source = source(&shared.token)?;
    let networks = vec![network(&shared.network, trust, env)?];
    let directory = state::StateDir::locate(env)?;
    let delivery = match delivery(shared, format)? {
        text if elsewhere && text.is_text() => Delivery::Elsewhere,
        delivery => delivery,
    };
    let parts = vec![Part { name: String::new(), target, network: 0 }];
    Ok(Exchange { source, parts, networks, delivery, directory })
}

fn token(args: &TokenArgs, env: &Env, reader: &Reader) -> Result<token::Request, Usage> {
    let trust = Trust::new(env, None, ca_file(&args.network, reader)?)?;
    let network = network(&args.network, trust, env)?;
    if args.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Err(Usage::new("--timeout: no time at all is left for --verify"));
    }
    Ok(token::Request {
        source: source(&args.token)?,
        verification: args.verify.then_some(network),
        json: args.format == ReportFormat::Json,
    })
}
