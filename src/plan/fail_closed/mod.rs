//! What standard output gets when there are no credentials.
//!
//! `eval "$(false)"` succeeds, under `set -e` too: a tool that only exits non-zero lets the job run on, without
//! credentials or with stale ones. So every bad end says so in the shell's own language.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;

use clap::ValueEnum;

use super::SecretsFile;
use crate::cli::names_a_form;
use crate::cloud::{About, Arguments};
use crate::clouds;
use crate::delivery;
use crate::emit::{Format, OnError};
use crate::error::Exit;
use crate::shell::{either, fish, posix};

/// The text for a bad end, known before anything can go wrong.
#[derive(Clone, Debug)]
pub struct FailureOutput {
    how: OnError,
    reader: Reader,
    /// The cloud whose variables must not survive a bad end.
    cloud: Option<&'static About>,
    arguments: Arguments,
    secrets_file: SecretsFile,
}

/// What reads standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Posix,
    Fish,
    /// A shell; its format is none that there is.
    AnyShell,
    /// A command whose arguments the lines of `env-no-export` are: `export $(…)` or `env $(…) COMMAND`. Without any it
    /// would show all variables, or run COMMAND with stale credentials.
    Arguments,
}

/// An option that neither `export` nor `env` has; and a name that no reader of `--env-file` takes.
const NO_ARGUMENTS: &str = "-=\n=\n";

/// Commands whose output is for people and programs, some with a provider's name after theirs.
const REPORTS: [&str; 5] = ["completions", "explain", "man", "setup", "token"];

impl FailureOutput {
    /// Reads from the bare command line what a bad end must say. It is not yet known to be a good one, so this looks
    /// for a few words and takes the rest as it is: whatever is not plainly for something else than a shell gets
    /// the shell's stop.
    #[must_use]
    pub fn for_arguments(arguments: &[OsString]) -> Self {
        Self::among(&clouds::ALL, arguments)
    }

    /// What a bad end of `arguments` must say if `clouds` are all the clouds that there are.
    #[must_use]
    pub fn among(clouds: &[&'static About], arguments: &[OsString]) -> Self {
        let arguments = Arguments::new(arguments);
        // Options may stand before the command by mistake, with values of their own.
        let words = || arguments.words().iter().map(String::as_str).filter(|word| !word.starts_with('-'));
        let first = words().next();
        let is_report = first.is_some_and(|word| REPORTS.contains(&word));
        let cloud = words().find_map(|word| clouds.iter().copied().find(|about| about.command == word));
        let not_for_a_shell = arguments.runs_command()
            || arguments.value("--output").is_some_and(|path| path != "-" && !names_a_form(path))
            || arguments.value("--profile").is_some()
            || arguments.value("--format").is_some_and(|format| is_not_for_a_shell(cloud, format))
            || (cloud.is_none() && first == Some("help"))
            || is_report;
        let how = match arguments.value("--on-error") {
            _ if not_for_a_shell => OnError::None,
            Some("none") => OnError::None,
            Some("status") => OnError::Status,
            _ => OnError::Stop,
        };
        let reader = match arguments.value("--format") {
            None | Some("env" | "source") => Reader::Posix,
            Some("fish") => Reader::Fish,
            Some("env-no-export") => Reader::Arguments,
            Some(_) => Reader::AnyShell,
        };
        Self { how, reader, cloud, arguments, secrets_file: SecretsFile::default() }
    }

    /// The file that names further variables, for whoever reads it first.
    #[must_use]
    pub fn secrets_file(&self) -> &SecretsFile {
        &self.secrets_file
    }

    /// Reads what the text needs and nobody has read yet, for at most a moment.
    pub async fn complete(&self) {
        let option = self.cloud.and_then(|about| about.option_of_names);
        if let Some(path) = option.and_then(|option| self.arguments.value(option)) {
            self.secrets_file.catch_up(Path::new(path)).await;
        }
    }

    /// The text for an end with `code`.
    #[must_use]
    pub fn text(&self, code: u8) -> String {
        let names = self.cloud.map(|about| (about.credential_variables)(&self.arguments, self.secrets_file.text()));
        let names = &names.unwrap_or_default();
        match (self.how, self.reader) {
            (OnError::Stop, Reader::Posix) => format!("{}{}\n", posix::unset(names), posix::stop(code)),
            (OnError::Stop, Reader::Fish) => format!("{}{}\n", fish::unset(names), fish::stop(code)),
            (OnError::Stop, Reader::AnyShell) => either::stop(names, code),
            (OnError::Stop, Reader::Arguments) => NO_ARGUMENTS.to_owned(),
            (OnError::Status, Reader::Posix) => format!("{}{}\n", posix::unset(names), posix::status(code)),
            (OnError::Status, Reader::Fish) => format!("{}{}\n", fish::unset(names), fish::status(code)),
            (OnError::Status, Reader::AnyShell) => either::status(names, code),
            (OnError::Status, Reader::Arguments) | (OnError::None, _) => String::new(),
        }
    }

    /// Writes the text to standard output, unless a person is looking at it.
    pub fn print(&self, exit: Exit) {
        if !std::io::stdout().is_terminal() {
            delivery::print_last(&self.text(exit.code()));
        }
    }

    /// Makes a panic end as any other bug must: with this text, exit code 1, and nothing of the panic's
    /// message, which could hold anything.
    pub fn install_panic_hook(&self) {
        let output = self.clone();
        std::panic::set_hook(Box::new(move |info| {
            output.print(Exit::Bug);
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
            let report = crate::error::Report::new(format!(
                "a bug in oidc-exchange, at {place}; no credentials were handed out"
            ))
            .hints([format!("please report it with this line and the version, {}", env!("CARGO_PKG_VERSION"))]);
            crate::diagnostic::report(&report);
            #[allow(clippy::exit, reason = "an abort would give the caller a signal in place of the exit code")]
            std::process::exit(Exit::Bug.code().into());
        }));
    }
}

/// Whether the command of `cloud` has such a format, and it is for neither a shell nor the arguments of its commands.
fn is_not_for_a_shell(cloud: Option<&About>, format: &str) -> bool {
    match Format::from_str(format, false) {
        Ok(format) => !format.is_shell() && format != Format::EnvNoExport,
        Err(_) => cloud.is_some_and(|about| about.answers.contains(&format)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str, code: u8) -> String {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        FailureOutput::for_arguments(&arguments).text(code)
    }

    #[test]
    fn an_exchange_removes_its_credentials_and_stops_the_caller() {
        let expected = format!(
            "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID;\n{}\n",
            posix::stop(4)
        );
        assert_eq!(text("oidc-exchange aws --role-arn x", 4), expected);
        assert_eq!(text("oidc-exchange -v aws --format=source", 4), expected);
        assert_eq!(text("oidc-exchange --region eu-central-1 aws", 4), expected);
        assert_eq!(text("oidc-exchange aws --role-session-name token", 4), expected);
    }

    #[test]
    fn an_id_token_goes_from_the_variable_that_was_named_for_it() {
        let names = "GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE GOOGLE_OAUTH_ACCESS_TOKEN \
                     CLOUDSDK_AUTH_ACCESS_TOKEN";
        assert!(text("oidc-exchange gcp", 4).starts_with(&format!("unset {names} GOOGLE_ID_TOKEN;\n")));
        assert!(text("oidc-exchange gcp --id-token-env=MINE", 4).starts_with(&format!("unset {names} MINE;\n")));
        assert!(
            text("oidc-exchange gcp --id-token-env a;b", 2).starts_with(&format!("unset {names} GOOGLE_ID_TOKEN;\n"))
        );
    }

    #[test]
    fn vault_removes_what_it_was_asked_for() {
        let names = |line: &str| text(line, 4).lines().next().unwrap_or_default().to_owned();
        assert_eq!(names("oidc-exchange vault --role ci A=secret/a#b B_=secret/b#* C=nonsense//"), "unset A;");
        assert_eq!(names("oidc-exchange vault --role ci A=secret/a#b --export-token"), "unset A VAULT_TOKEN;");
        assert_eq!(names("oidc-exchange vault --role ci"), "unset VAULT_TOKEN;");
        assert!(names("oidc-exchange vault B_=secret/b#* UID=secret/a#b").starts_with("eval "));
    }

    #[test]
    fn a_misspelt_subcommand_stops_the_caller_too() {
        assert_eq!(text("oidc-exchange asw --role-arn x", 2), format!("{}\n", posix::stop(2)));
        assert_eq!(text("oidc-exchange", 2), format!("{}\n", posix::stop(2)));
    }

    #[test]
    fn the_handler_form_leaves_a_status() {
        assert!(
            text("oidc-exchange aws --on-error status", 5)
                .ends_with(&format!("AWS_ACCOUNT_ID;\n{}\n", posix::status(5)))
        );
    }

    #[test]
    fn fish_is_told_in_its_own_words() {
        let said = text("oidc-exchange aws --format fish", 4);
        assert!(said.starts_with("while set -e AWS_ACCESS_KEY_ID; end;\nwhile set -e "), "{said}");
        assert!(said.ends_with("set -e AWS_ACCOUNT_ID; end;\nreturn 4;\n"), "{said}");
        assert_eq!(text("oidc-exchange aws --format=fish", 4), said);
        assert!(text("oidc-exchange aws --on-error=status --format fish", 5).contains("return 5; end;"));
    }

    #[test]
    fn a_format_that_there_is_not_stops_both_kinds_of_shells() {
        let said = text("oidc-exchange aws --format fsh", 2);
        assert!(
            said.starts_with("string length -q x 2>/dev/null && eval 'while set -e AWS_ACCESS_KEY_ID; end; "),
            "{said}"
        );
        assert!(said.ends_with(&format!("AWS_ACCOUNT_ID; {}';\n", posix::stop(2))), "{said}");
        assert!(text("oidc-exchange aws --format fsh --on-error status", 2).ends_with("\nsh -c 'exit 2'\n"));
    }

    #[test]
    fn arguments_of_export_are_some_that_it_refuses() {
        assert_eq!(text("oidc-exchange aws --format env-no-export", 4), "-=\n=\n");
        assert_eq!(text("oidc-exchange aws --format=env-no-export --on-error status", 4), "");
        assert_eq!(text("oidc-exchange aws --format env-no-export --output x", 4), "");
    }

    #[test]
    fn the_names_are_those_that_success_would_have_set() {
        assert!(text("oidc-exchange aws --env-prefix STAGING_", 4).starts_with("unset STAGING_AWS_ACCESS_KEY_ID "));
        assert!(text("oidc-exchange aws --env-prefix=B", 4).starts_with("unset BAWS_ACCESS_KEY_ID "));
        assert_eq!(text("oidc-exchange aws --env-prefix $(x)", 2), format!("{}\n", posix::stop(2)));
        assert!(text("oidc-exchange aws --refreshable", 4).contains(" AWS_WEB_IDENTITY_TOKEN_FILE;"));
    }

    #[test]
    fn nothing_is_said_to_what_is_not_a_shell() {
        for line in [
            "oidc-exchange aws --on-error none",
            "oidc-exchange aws --on-error=none",
            "oidc-exchange aws --format json",
            "oidc-exchange aws --format process",
            "oidc-exchange vault A=secret/a#b --format raw",
            "oidc-exchange aws --profile ci",
            "oidc-exchange aws --output x",
            "oidc-exchange aws -- make --format env",
            "oidc-exchange explain aws --trust-policy",
            "oidc-exchange setup vault --role token",
            "oidc-exchange token --verify",
            "oidc-exchange completions csh",
            "oidc-exchange man --nonsense",
        ] {
            assert_eq!(text(line, 2), "", "{line}");
        }
    }
}
