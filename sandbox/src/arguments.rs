//! The command line.

use std::ffi::OsString;

use sandbox::Job;

pub(crate) const HELP: &str = "\
Runs COMMAND in a CI job whose clouds are on loopback, with oidc-exchange on PATH

Usage: cargo run -p sandbox -- [--job branch|tag|pull-request|debug] [--] [COMMAND [ARG]...]

Without COMMAND it is a shell. The exit code is COMMAND's; 128 and more for a signal.
";

pub(crate) enum Invocation {
    Help,
    Run(Box<Arguments>),
}

pub(crate) struct Arguments {
    pub(crate) job: Job,
    pub(crate) job_name: String,
    /// Empty for a shell.
    pub(crate) command: Vec<OsString>,
}

impl Arguments {
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Invocation, String> {
        let mut words = words.peekable();
        let mut name = "branch".to_owned();
        while let Some(option) = words.next_if(|word| word.as_encoded_bytes().starts_with(b"-")) {
            let option = option.to_string_lossy().into_owned();
            match option.split_once('=').unwrap_or((&option, "")) {
                ("--", _) => break,
                ("-h" | "--help", _) => return Ok(Invocation::Help),
                ("--job", "") => {
                    let value = words.next().ok_or("--job needs a value")?;
                    name = value.to_string_lossy().into_owned();
                }
                ("--job", value) => value.clone_into(&mut name),
                _ => return Err(format!("unknown option `{option}`")),
            }
        }
        let job = job(&name)?;
        Ok(Invocation::Run(Box::new(Self { job, job_name: name, command: words.collect() })))
    }
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
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for words in [["--jobs", "tag"].as_slice(), &["--job", "nightly"], &["--job"]] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
