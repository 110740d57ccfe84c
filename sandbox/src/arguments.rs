//! The command line.

use std::ffi::OsString;

use sandbox::Job;

pub(crate) const HELP: &str = "\
Runs COMMAND in a CI job whose clouds are on loopback, with oidc-exchange on PATH

Usage: cargo run -p sandbox -- [--job branch|tag|pull-request|debug] [--tls] [--throttle N] [--] [COMMAND [ARG]...]

  --tls         the clouds use TLS; SSL_CERT_FILE and AWS_CA_BUNDLE name their authority's certificate
  --throttle N  AWS STS, Google STS, Entra and Vault each accept N requests a second, and N at once after a
                quiet second

Without COMMAND it is a shell. The exit code is COMMAND's; 128 and more for a signal.
";

pub(crate) enum Invocation {
    Help,
    Run(Box<Arguments>),
}

pub(crate) struct Arguments {
    pub(crate) job: Job,
    pub(crate) job_name: String,
    pub(crate) tls: bool,
    /// Requests a second.
    pub(crate) throttle: Option<u32>,
    /// Empty to start a shell.
    pub(crate) command: Vec<OsString>,
}

impl Arguments {
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Invocation, String> {
        let mut words = words.peekable();
        let mut name = "branch".to_owned();
        let (mut tls, mut throttle) = (false, None);
        while let Some(option) = words.next_if(|word| word.as_encoded_bytes().starts_with(b"-")) {
            let option = option.to_string_lossy().into_owned();
            match option.split_once('=').unwrap_or((&option, "")) {
                ("--", _) => break,
                ("-h" | "--help", _) => return Ok(Invocation::Help),
                ("--job", value) => name = given(value, "--job", &mut words)?,
                ("--throttle", value) => throttle = Some(rate(&given(value, "--throttle", &mut words)?)?),
                _ if option == "--tls" => tls = true,
                _ => return Err(format!("unknown option `{option}`")),
            }
        }
        let job = job(&name)?;
        Ok(Invocation::Run(Box::new(Self { job, job_name: name, tls, throttle, command: words.collect() })))
    }
}

/// The value after `=`, or else the next word.
fn given(value: &str, option: &str, words: &mut impl Iterator<Item = OsString>) -> Result<String, String> {
    if !value.is_empty() {
        return Ok(value.to_owned());
    }
    let next = words.next().ok_or_else(|| format!("{option} needs a value"))?;
    Ok(next.to_string_lossy().into_owned())
}

fn rate(value: &str) -> Result<u32, String> {
    let rate = value.parse().ok().filter(|rate| *rate > 0);
    rate.ok_or_else(|| format!("--throttle {value}: a number of requests a second, please"))
}

fn job(name: &str) -> Result<Job, String> {
    match name {
        "branch" => Ok(Job::branch("main")),
        "tag" => Ok(Job::tag("v1.0.0")),
        "pull-request" => Ok(Job::pull_request(123, "feature-x")),
        "debug" => Ok(Job::debug_of(&Job::branch("main"))),
        other => Err(format!("unknown job `{other}`: it is branch, tag, pull-request or debug")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Invocation, String> {
        Arguments::read(words.iter().map(OsString::from))
    }

    #[test]
    fn options_end_at_the_command() {
        let Ok(Invocation::Run(arguments)) = read(&["--job=tag", "sh", "--help"]) else { panic!("not a run") };
        assert_eq!(arguments.job_name, "tag");
        assert_eq!(arguments.command, ["sh", "--help"]);
        let Ok(Invocation::Run(arguments)) = read(&["--job", "debug", "--", "--job"]) else { panic!("not a run") };
        assert_eq!(arguments.command, ["--job"]);
        assert_eq!((arguments.tls, arguments.throttle), (false, None));
        for words in [["--tls", "--throttle", "50", "env"].as_slice(), &["--throttle=50", "--tls", "--", "env"]] {
            let Ok(Invocation::Run(arguments)) = read(words) else { panic!("not a run: {words:?}") };
            assert_eq!((arguments.tls, arguments.throttle), (true, Some(50)));
            assert_eq!(arguments.command, ["env"]);
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let bad: [&[&str]; 7] = [
            &["--jobs", "tag"],
            &["--job", "nightly"],
            &["--job"],
            &["--tls=1"],
            &["--throttle"],
            &["--throttle", "0"],
            &["--throttle=many"],
        ];
        for words in bad {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
