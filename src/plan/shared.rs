//! Checks the options that several commands share: where the token is, how the network is used, where the result goes.

use std::time::Duration;

use crate::cli::{self, NetworkArgs, Place, Shared, TokenPlace};
use crate::delivery::{Delivery, Run};
use crate::emit::Format;
use crate::error::Usage;
use crate::host::Env;
use crate::http::{CaFile, Overrides, Proxies, Settings, Trust};
use crate::input::Reader;
use crate::secret::redact_jwt_shaped;
use crate::shell::Name;
use crate::subject::Source;

pub(super) fn ca_file(args: &NetworkArgs, reader: &Reader) -> Result<Option<CaFile>, Usage> {
    args.ca_file.as_deref().map(|path| CaFile::read(reader, path)).transpose()
}

pub(super) fn network(args: &NetworkArgs, trust: Trust, env: &Env) -> Result<Settings, Usage> {
    Ok(Settings {
        trust,
        proxies: Proxies::from_env(env)?,
        allow_http: args.allow_http.as_deref().map(host).transpose()?,
        overrides: Overrides::default(),
    })
}

/// The timeout of the whole exchange. A tool that runs this program for its credentials has its own timeout.
pub(super) fn timeout(shared: &Shared, for_a_tool: bool) -> Duration {
    const USUAL: Duration = Duration::from_mins(2);
    const FOR_A_TOOL: Duration = Duration::from_secs(45);
    shared.timeout.unwrap_or(if for_a_tool { FOR_A_TOOL } else { USUAL })
}

pub(super) fn source(place: &TokenPlace) -> Result<Source, Usage> {
    match (&place.token_file, &place.token_env) {
        (Some(path), _) if path.as_os_str() == "-" => Ok(Source::Stdin),
        (Some(path), _) => Ok(Source::File(path.clone())),
        (None, None) => Ok(Source::Variable(Name::fixed(Source::DEFAULT_VARIABLE))),
        (None, Some(text)) => Name::new(text).map(Source::Variable).ok_or_else(|| {
            let wrong = Usage::new("--token-env requires the name of a variable");
            if redact_jwt_shaped(text) == *text {
                wrong.hint("use only letters, digits and _, and no digit first")
            } else {
                wrong
                    .hint("it was given a token, which a command line makes public: consider it leaked")
                    .hint("write --token-env SEMAPHORE_OIDC_TOKEN, without the $")
            }
        }),
    }
}

pub(super) fn delivery(shared: Shared, format: Option<Format>) -> Result<Delivery, Usage> {
    let drop_token = match (&shared.token.token_file, &shared.token.token_env) {
        _ if shared.pass_token => None,
        (_, Some(name)) => Name::new(name),
        // The default variable usually has the same token as the file.
        (Some(_) | None, None) => Some(Name::fixed(Source::DEFAULT_VARIABLE)),
    };
    // clap does not check `requires` if another option conflicts with the required one.
    if shared.pass_token && shared.run.is_empty() {
        return Err(Usage::new("--pass-token is for a COMMAND after `--`, and there is none"));
    }
    let mut words = shared.run.into_iter();
    if let Some(program) = words.next() {
        return Ok(Delivery::Command(Run { program, arguments: words.collect(), drop_token }));
    }
    if shared.on_error.is_some() && !format.is_some_and(Format::is_shell) {
        return Err(Usage::new("--on-error is for the formats that a shell evaluates"));
    }
    let format = format.unwrap_or(Format::Env);
    let Some(path) = shared.output else {
        return Ok(Delivery::Stdout { format, on_terminal: shared.print_secrets });
    };
    let shown = path.display();
    match cli::place(&path) {
        Place::File => Ok(Delivery::File { format, path }),
        Place::Stdout => Ok(Delivery::Stdout { format, on_terminal: shared.print_secrets }),
        Place::Device => Err(Usage::new(format!("--output {shown}: this is not a place for a file"))
            .hint("write a file's path, or leave --output out for standard output")),
        Place::Form(instead) => Err(Usage::new(format!("--output {shown}: --output is for a file's path"))
            .hint(instead)
            .hint(format!("for a file of this name, write --output ./{shown}"))),
    }
}

/// Refuses a wait that is longer than the timeout of the whole exchange.
pub(super) fn check_wait(wait: Option<Duration>, timeout: Duration) -> Result<(), Usage> {
    match wait {
        Some(wait) if wait >= timeout => {
            let enough = crate::text::duration(Duration::from_secs(wait.as_secs() + 60));
            Err(Usage::new("--wait-for-iam: --timeout would end the wait before its time")
                .hint(format!("give the whole exchange more time: --timeout {enough}")))
        }
        _ => Ok(()),
    }
}

/// Checks a value of `--allow-http`, which is a host name only. With a port or an address, it would look more
/// specific than it is.
pub(super) fn host(text: &str) -> Result<String, Usage> {
    let wrong = || {
        Usage::new(format!("--allow-http: `{text}` is not a host's name or address"))
            .hint("write only the host, without http:// and without a port")
    };
    if text.contains(['/', '@', ' ', '*'])
        || (text.contains(':') && text.trim_matches(['[', ']']).parse::<std::net::Ipv6Addr>().is_err())
    {
        return Err(wrong());
    }
    let bracketed = if text.contains(':') && !text.starts_with('[') { format!("[{text}]") } else { text.to_owned() };
    match reqwest::Url::parse(&format!("http://{bracketed}/")) {
        Ok(url) => url.host_str().map(str::to_owned).ok_or_else(wrong),
        Err(_) => Err(wrong()),
    }
}
