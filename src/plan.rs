//! What a run will do: the command line and the environment, checked, with every default filled in. Nothing is sent
//! and, but for the files that options name, nothing is read.

use std::time::Duration;

use crate::aws;
use crate::cli::{AwsArgs, Cli, Command, Shared};
use crate::diagnostic::Verbosity;
use crate::emit::deliver::{Delivery, Run};
use crate::emit::{Format, Name};
use crate::error::Usage;
use crate::host::Env;
use crate::http::{Bundle, Proxies, Settings, Trust};
use crate::job;
use crate::secret::redact_jwt_shaped;
use crate::subject::Source;

/// The whole of a run.
#[derive(Debug)]
pub enum Plan {
    /// Trade the token and hand over what comes back.
    Exchange(Box<Exchange>),
    /// Undo what exchanges left.
    Clean {
        /// Where they left it.
        directory: job::Place,
    },
}

/// One exchange.
#[derive(Debug)]
pub struct Exchange {
    /// Where the token is.
    pub source: Source,
    /// What is asked of which provider.
    pub wanted: Wanted,
    /// How the network is used.
    pub network: Settings,
    /// Bound on the whole exchange.
    pub timeout: Duration,
    /// Where the result goes.
    pub delivery: Delivery,
    /// The job's private directory.
    pub directory: job::Place,
}

/// The closed set of providers: a match on it lists every place that a further one touches.
#[derive(Debug)]
pub enum Wanted {
    /// An AWS role's credentials.
    Aws(aws::Request),
}

impl Cli {
    /// How much standard error says.
    #[must_use]
    pub fn verbosity(&self) -> Verbosity {
        let loudness = match &self.command {
            Command::Aws(args) => &args.shared.loudness,
            Command::Clean(args) => &args.loudness,
        };
        Verbosity::new(loudness.quiet, loudness.verbose)
    }
}

impl Plan {
    /// Checks what was written.
    ///
    /// # Errors
    /// When it cannot be meant.
    pub fn new(cli: Cli, env: &Env) -> Result<Self, Usage> {
        match cli.command {
            Command::Aws(args) => {
                let wanted = Wanted::Aws(aws_request(&args, env)?);
                let bundle = Bundle::from_variable(env, "AWS_CA_BUNDLE")?;
                exchange(args.shared, wanted, bundle, env).map(|exchange| Self::Exchange(Box::new(exchange)))
            }
            Command::Clean(_) => Ok(Self::Clean { directory: job::Place::locate(env)? }),
        }
    }
}

fn exchange(shared: Shared, wanted: Wanted, bundle: Option<Bundle>, env: &Env) -> Result<Exchange, Usage> {
    if shared.timeout.is_zero() {
        return Err(Usage::new("--timeout: no time at all is left for the exchange"));
    }
    Ok(Exchange {
        source: source(&shared)?,
        network: Settings {
            trust: Trust::new(env, bundle, shared.ca_file.as_deref())?,
            proxies: Proxies::from_env(env)?,
            allow_http: shared.allow_http.as_deref().map(host).transpose()?,
        },
        timeout: shared.timeout,
        directory: job::Place::locate(env)?,
        delivery: delivery(shared)?,
        wanted,
    })
}

fn source(shared: &Shared) -> Result<Source, Usage> {
    match (&shared.token_file, &shared.token_env) {
        (Some(path), _) if path.as_os_str() == "-" => Ok(Source::Stdin),
        (Some(path), _) => Ok(Source::File(path.clone())),
        (None, None) => Ok(Source::Variable(Name::fixed(Source::DEFAULT_VARIABLE))),
        (None, Some(text)) => Name::new(text).map(Source::Variable).ok_or_else(|| {
            let wrong = Usage::new("--token-env takes the name of a variable");
            if redact_jwt_shaped(text) == *text {
                wrong.hint("a name has letters, digits and _ alone, and no digit first")
            } else {
                wrong
                    .hint("it was given a token, which a command line makes public: consider it leaked")
                    .hint("write --token-env SEMAPHORE_OIDC_TOKEN, without the $")
            }
        }),
    }
}

fn delivery(shared: Shared) -> Result<Delivery, Usage> {
    let drop_token = match (&shared.token_file, &shared.token_env) {
        _ if shared.pass_token => None,
        (_, Some(name)) => Name::new(name),
        // A token read from a file is most often the variable's own content.
        (Some(_) | None, None) => Some(Name::fixed(Source::DEFAULT_VARIABLE)),
    };
    let mut words = shared.run.into_iter();
    if let Some(program) = words.next() {
        return Ok(Delivery::Command(Run { program, arguments: words.collect(), drop_token }));
    }
    let format = shared.format.unwrap_or(Format::Env);
    if shared.on_error.is_some() && !format.is_shell() {
        return Err(Usage::new("--on-error is for the formats that a shell evaluates"));
    }
    Ok(match shared.output {
        Some(path) if path.as_os_str() != "-" => Delivery::File { format, path },
        _ => Delivery::Stdout { format, on_terminal: shared.print_secrets },
    })
}

/// `--allow-http` names a host alone: a port or an address would be read as more than it is.
fn host(text: &str) -> Result<String, Usage> {
    let wrong = || {
        Usage::new(format!("--allow-http: `{text}` is not a host's name or address"))
            .hint("it takes the host alone, without http:// and without a port")
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

fn aws_request(args: &AwsArgs, env: &Env) -> Result<aws::Request, Usage> {
    let (origin, role) = match (&args.role_arn, env.get("AWS_ROLE_ARN")?) {
        (Some(role), _) => ("--role-arn", role.clone()),
        (None, Some(role)) => ("AWS_ROLE_ARN", role),
        (None, None) => {
            return Err(Usage::new("no role was named")
                .hint("name it with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN"));
        }
    };
    let role = aws::RoleArn::parse(origin, &role)?;
    let session_name = match (&args.role_session_name, env.get("AWS_ROLE_SESSION_NAME")?) {
        (Some(name), _) => aws::SessionName::parse("--role-session-name", name)?,
        (None, Some(name)) => aws::SessionName::parse("AWS_ROLE_SESSION_NAME", &name)?,
        (None, None) => aws::SessionName::of_job(env)?,
    };
    let region = match (&args.region, env.first(&["AWS_REGION", "AWS_DEFAULT_REGION"])?) {
        (Some(region), _) => Some(aws::Region::parse("--region", region)?),
        (None, Some((variable, region))) => Some(aws::Region::parse(variable, &region)?),
        (None, None) => None,
    };
    let sts_region = match (&args.sts_region, &region) {
        (Some(region), _) => aws::Region::parse("--sts-region", region)?,
        (None, Some(region)) => region.clone(),
        (None, None) => aws::Region::of_partition(role.partition())?,
    };
    check_endpoint(env)?;
    let policy = args.policy.as_deref().map(aws::SessionPolicy::from_option).transpose()?;
    let policy_arns = args
        .policy_arn
        .iter()
        .map(|arn| aws::PolicyArn::parse("--policy-arn", arn, &role))
        .collect::<Result<Vec<_>, _>>()?;
    check_sizes(policy.as_ref(), &policy_arns)?;
    let duration = args.duration.map(aws::Duration::new).transpose()?;
    Ok(aws::Request { role, session_name, duration, region, sts_region, policy, policy_arns })
}

/// The SDK reads the endpoint itself; a bad one is told here, before anything is sent.
fn check_endpoint(env: &Env) -> Result<(), Usage> {
    for variable in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"] {
        let Some(address) = env.get(variable)? else { continue };
        let good =
            reqwest::Url::parse(&address).is_ok_and(|url| url.has_host() && matches!(url.scheme(), "https" | "http"));
        if !good {
            return Err(Usage::new(format!("{variable} is not an https address"))
                .hint("it reads like https://sts.eu-central-1.amazonaws.com"));
        }
    }
    Ok(())
}

fn check_sizes(policy: Option<&aws::SessionPolicy>, arns: &[aws::PolicyArn]) -> Result<(), Usage> {
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
    const MOST_ARNS: usize = 10;
    if arns.len() > MOST_ARNS {
        return Err(Usage::new(format!("--policy-arn: {} were given; STS takes at most {MOST_ARNS}", arns.len())));
    }
    let inline = policy.map_or(0, |policy| policy.as_str().chars().count());
    let together = inline + arns.iter().map(|arn| arn.as_str().len()).sum::<usize>();
    if together > aws::policy::LONGEST {
        return Err(Usage::new(format!(
            "--policy and --policy-arn: {together} characters together; STS takes at most {}",
            aws::policy::LONGEST
        )));
    }
    Ok(())
}
