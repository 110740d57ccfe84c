//! What people type out of habit with other tools, and what it is here: one table for commands, options and values.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::Cli;

/// A habit.
struct Habit {
    /// Where it is typed: the command's words; several with `|` between; empty for every place.
    within: &'static str,
    /// The words, with a blank between.
    typed: &'static str,
    /// Whose words they are.
    whose: &'static str,
    /// What to write.
    here: &'static str,
}

const fn habit(within: &'static str, typed: &'static str, whose: &'static str, here: &'static str) -> Habit {
    Habit { within, typed, whose, here }
}

const AWS_ACTION: &str = "configure-aws-credentials";
const AWS_CLI: &str = "the AWS CLI";
const GOOGLE_ACTION: &str = "google-github-actions/auth";
const GCLOUD: &str = "gcloud";
const VAULT_ACTION: &str = "vault-action";
const VAULT_CLI: &str = "vault and bao";
const OTHERS: &str = "other tools";

/// Commands.
const COMMANDS: &[Habit] = &[
    habit("", "amazon sts iam assume-role assume-role-with-web-identity configure-aws-credentials", AWS_CLI, "`aws`"),
    habit("", "google gcloud workload-identity-federation create-cred-config", GCLOUD, "`gcp`"),
    habit("", "bao openbao hashicorp hcv kv read secret secrets", VAULT_CLI, "`vault`"),
    habit("", "login auth exchange get credentials assume", OTHERS, "`aws`, `gcp` or `vault`, by the cloud"),
    habit(
        "",
        "exec run env shell",
        "aws-vault and other tools",
        "`aws`, `gcp` or `vault`, with `-- COMMAND` at the end",
    ),
    habit("", "version", OTHERS, "`--version`"),
    habit("", "whoami jwt claims decode inspect show id-token", OTHERS, "`token`"),
    habit("", "verify validate", OTHERS, "`token --verify`"),
    habit("", "why debug doctor check diagnose simulate", OTHERS, "`explain aws`, `explain gcp` or `explain vault`"),
    habit("", "init create bootstrap configure terraform", OTHERS, "`setup aws`, `setup gcp` or `setup vault`"),
    habit("", "logout cleanup revoke unset destroy", OTHERS, "`clean`"),
    habit("", "completion autocomplete", OTHERS, "`completions`"),
    habit("", "manual docs", OTHERS, "`man`"),
    habit("explain|setup", "amazon sts iam", AWS_CLI, "`aws`"),
    habit("explain|setup", "google gcloud", GCLOUD, "`gcp`"),
    habit("explain|setup", "bao openbao hashicorp hcv", VAULT_CLI, "`vault`"),
];

/// Options, as [`kebab`] has them.
const OPTIONS: &[Habit] = &[
    habit("aws", "role-to-assume", AWS_ACTION, "`--role-arn`"),
    habit("aws", "arn role role-name", "aws-vault and other tools", "`--role-arn`, with the whole ARN"),
    habit("aws", "aws-region", AWS_ACTION, "`--region`"),
    habit("aws", "role-duration-seconds duration-seconds session-duration", AWS_ACTION, "`--duration`"),
    habit("aws", "session-name", OTHERS, "`--role-session-name`"),
    habit("aws", "inline-session-policy", AWS_ACTION, "`--policy`"),
    habit("aws", "managed-session-policies policy-arns", AWS_ACTION, "`--policy-arn`, once for each"),
    habit("aws", "allowed-account-ids expected-account-id", AWS_ACTION, "`--allowed-account-id`"),
    habit("aws", "role-chaining", AWS_ACTION, "`--chain-role-arn`, with the next role"),
    habit("aws", "role-external-id", AWS_ACTION, "`--external-id`, beside `--chain-role-arn`"),
    habit("aws", "tags", AWS_CLI, "`--session-tag`, beside `--chain-role-arn`"),
    habit("aws", "endpoint-url", AWS_CLI, "the variable AWS_ENDPOINT_URL_STS"),
    habit("aws", "profile-name", OTHERS, "`--profile`"),
    habit("gcp", "workload-identity-provider", GOOGLE_ACTION, "`--provider`"),
    habit("gcp", "service-account-email impersonate-service-account account", GCLOUD, "`--service-account`"),
    habit("gcp", "project-id", GOOGLE_ACTION, "`--project`"),
    habit(
        "gcp",
        "access-token-lifetime token-lifetime service-account-token-lifetime-seconds duration",
        GOOGLE_ACTION,
        "`--lifetime`",
    ),
    habit("gcp", "access-token-scopes scopes", GOOGLE_ACTION, "`--scope`, once for each"),
    habit("gcp", "delegates", GOOGLE_ACTION, "`--delegate`, once for each"),
    habit("gcp", "token-format", GOOGLE_ACTION, "`--access-token` or `--id-token-audience`"),
    habit("gcp", "audience audiences", GCLOUD, "`--id-token-audience`, for an ID token; the job's token has its own"),
    habit("gcp", "id-token-include-email", GOOGLE_ACTION, "`--include-email`"),
    habit("gcp", "universe", GOOGLE_ACTION, "`--universe-domain`"),
    habit("gcp", "output-file create-credentials-file", GCLOUD, "`--credentials-file`"),
    habit("vault", "address url vault-addr", VAULT_CLI, "`--addr`"),
    habit("vault", "path auth-path jwt-path mount-path", VAULT_ACTION, "`--mount`, of the JWT auth method"),
    habit("vault", "ns", VAULT_CLI, "`--namespace`"),
    habit("vault", "field", VAULT_CLI, "a part of the secret's argument: NAME=path#field"),
    habit("vault", "secret secrets", VAULT_ACTION, "an argument, NAME=path#field, or a line of `--secrets-file`"),
    habit("vault", "kv-version", VAULT_ACTION, "not needed: the server tells it; kv1: or kv2: before the path says it"),
    habit("vault", "jwt jwt-token", VAULT_CLI, "`--token-env`, with the name of the variable that holds the token"),
    habit("vault", "ca-cert cacert ca-certificate", VAULT_CLI, "`--ca-file`"),
    habit("vault", "tls-skip-verify insecure", VAULT_CLI, "not to be had: `--ca-file` trusts the server's own CA"),
    habit("vault", "method", VAULT_ACTION, "not needed: the method is jwt; `--mount` names where it is mounted"),
    habit("aws|gcp|vault", "shell", OTHERS, "`--format`: env for POSIX shells, fish for fish"),
    habit("aws|gcp|vault", "export output-format", OTHERS, "`--format`"),
    habit("aws|gcp|vault", "json", OTHERS, "`--format json`"),
    habit("aws|gcp|vault", "env-file dotenv", OTHERS, "`--format env-no-export` or `--format dotenv`, with `--output`"),
    habit("aws|gcp|vault", "o", OTHERS, "`--output` for a file's path, `--format` for the form"),
    habit("aws|gcp|vault|token|explain|setup", "f", OTHERS, "`--format`"),
    habit("token|explain", "output o json", AWS_CLI, "`--format json`"),
    habit("setup", "output o json", AWS_CLI, "`--format json`, or `>` and the file's name"),
    habit(
        "aws|gcp|vault|token|explain|setup",
        "web-identity-token-file token-path credential-source-file oidc-token-file id-token-file",
        AWS_CLI,
        "`--token-file`",
    ),
    habit(
        "aws|gcp|vault|token|explain|setup",
        "web-identity-token oidc-token id-token subject-token",
        AWS_CLI,
        "`--token-env`, with the name of the variable that holds the token",
    ),
    habit("aws|gcp|vault|token", "ca-bundle cafile cacert", AWS_CLI, "`--ca-file`"),
    habit("aws|gcp|vault", "no-verify-ssl insecure", AWS_CLI, "not to be had: `--ca-file` trusts the server's own CA"),
    habit("", "debug log-level", OTHERS, "`-v`"),
    habit("", "silent", OTHERS, "`-q`"),
    habit("explain aws", "policy policy-document role-policy", OTHERS, "`--trust-policy`"),
    habit("explain gcp", "provider", OTHERS, "`--provider-config`, with the file that gcloud has printed"),
    habit("explain vault", "role", OTHERS, "`--role-config`, with the file that bao or vault has printed"),
    habit("setup aws", "role role-name role-to-assume", AWS_ACTION, "`--role-arn`, with the whole ARN"),
    habit("setup", "project", OTHERS, "`--project-id`, with the UUID of the Semaphore project"),
    habit("setup", "repository", OTHERS, "`--repo`, without the owner"),
    habit("setup", "organization", OTHERS, "`--org`"),
    habit("setup", "ref", OTHERS, "`--branch` or `--tag`"),
];

/// Values of `--format` and of `--on-error`.
const VALUES: &[Habit] = &[
    habit("--format", "sh bash zsh dash ksh posix shell export eval text", OTHERS, "`env`, which is the default"),
    habit("--format", "docker podman env-file envfile kubectl", OTHERS, "`env-no-export`"),
    habit("--format", "dot-env .env", OTHERS, "`dotenv`"),
    habit("--format", "credential-process credential_process", AWS_CLI, "`process`, of `aws`"),
    habit("--format", "yaml yml table toml", AWS_CLI, "`json`"),
    habit("--format", "value plain", GCLOUD, "`raw`, of `vault`, for one secret's value"),
    habit("--on-error", "exit fail abort", OTHERS, "`stop`, which is the default"),
    habit("--on-error", "continue ignore nothing", OTHERS, "`none`"),
];

/// What gets the document that `explain` evaluates.
const DOCUMENTS: &[(&str, &str)] = &[
    (
        "explain aws",
        "aws iam get-role --role-name NAME --output json | oidc-exchange explain aws --claims FILE --trust-policy -",
    ),
    (
        "explain gcp",
        "gcloud iam workload-identity-pools providers describe PROVIDER --format=json | oidc-exchange explain gcp --claims FILE --provider-config -",
    ),
    (
        "explain vault",
        "bao read -format=json auth/jwt/role/NAME | oidc-exchange explain vault --claims FILE --role-config -",
    ),
];

/// Words that other tools take for `--output`, where a form was meant and not a file.
const FORMS: &[&str] = &["json", "text", "yaml", "yaml-stream", "yml", "table", "csv", "off"];

/// Whether `word`, given to `--output`, is the name of a form and not of a file: the AWS CLI and others have it so.
#[must_use]
pub fn names_a_form(word: &str) -> bool {
    FORMS.contains(&word)
}

/// Puts what was meant into `error`, for a command line of these words.
pub fn advise(error: &mut clap::Error, words: &[String]) {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut program = Cli::command();
    program.build();
    let path = path(&program, words);
    let kind = error.kind();
    let tip = if kind == ErrorKind::UnknownArgument {
        text(ContextKind::InvalidArg).and_then(|typed| option(&program, &path, &whole(&typed, words)))
    } else if kind == ErrorKind::InvalidSubcommand {
        let guess = error.get(ContextKind::SuggestedSubcommand).is_some();
        text(ContextKind::InvalidSubcommand).and_then(|typed| command(&path, &typed, guess))
    } else if kind == ErrorKind::InvalidValue {
        text(ContextKind::InvalidArg).and_then(|option| {
            let option = option.split_whitespace().next()?.to_owned();
            let typed = text(ContextKind::InvalidValue)?;
            found(VALUES, &option, &typed, &typed)
        })
    } else if kind == ErrorKind::MissingRequiredArgument {
        let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
        DOCUMENTS
            .iter()
            .find(|(command, _)| *command == names.join(" "))
            .map(|(_, line)| format!("get it with: {line}"))
    } else {
        None
    };
    let Some(tip) = tip else { return };
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
        error.remove(kind);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
}

/// The commands that the words name, one below the other.
fn path<'c>(program: &'c Command, words: &[String]) -> Vec<&'c Command> {
    let mut path = vec![program];
    for word in words {
        if let Some(below) = path.last().and_then(|command| command.find_subcommand(word)) {
            path.push(below);
        }
    }
    path
}

/// `typed`, or the whole word that clap has read as several options of one letter: `-address=…` of Go's tools.
fn whole(typed: &str, words: &[String]) -> String {
    let mut letters = typed.strip_prefix('-').unwrap_or_default().chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return typed.to_owned() };
    let go =
        |word: &&String| word.starts_with('-') && !word.starts_with("--") && word.len() > 2 && word.contains(letter);
    words.iter().find(go).map_or_else(|| typed.to_owned(), |word| word.split('=').next().unwrap_or(word).to_owned())
}

/// `roleToAssume`, `role_to_assume` and `-role-to-assume` as `role-to-assume`.
fn kebab(typed: &str) -> String {
    let mut out = String::new();
    for c in typed.trim_start_matches('-').chars() {
        match c {
            '_' => out.push('-'),
            c if c.is_ascii_uppercase() => {
                if !out.is_empty() && !out.ends_with('-') {
                    out.push('-');
                }
                out.push(c.to_ascii_lowercase());
            }
            c => out.push(c),
        }
    }
    out
}

fn option(program: &Command, path: &[&Command], typed: &str) -> Option<String> {
    if !typed.starts_with('-') || typed == "--token" {
        return None;
    }
    let name = kebab(typed);
    let has = |command: &Command| command.get_arguments().any(|argument| argument.get_long() == Some(name.as_str()));
    if path.last().is_some_and(|command| has(command)) && typed != ["--", &name].concat() {
        return Some(format!("write `--{name}`"));
    }
    let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
    let ours = [names.join(" "), names.first().copied().unwrap_or_default().to_owned()];
    if let Some(tip) = ours.iter().find_map(|within| found(OPTIONS, within, &name, typed)) {
        return Some(tip);
    }
    let others: Vec<String> =
        lines(program).into_iter().filter(|(_, command)| has(command)).map(|(line, _)| line).collect();
    (!others.is_empty()).then(|| format!("`--{name}` is an option of {}", others.join(", ")))
}

/// Every command with its words: `explain aws`.
fn lines(program: &Command) -> Vec<(String, &Command)> {
    let mut all = Vec::new();
    for command in program.get_subcommands() {
        all.push((format!("`{}`", command.get_name()), command));
        let below = command.get_subcommands();
        all.extend(below.map(|below| (format!("`{} {}`", command.get_name(), below.get_name()), below)));
    }
    all
}

/// Without a better guess than clap's, if it has one.
fn command(path: &[&Command], typed: &str, clap_guesses: bool) -> Option<String> {
    let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
    if let Some(tip) = found(COMMANDS, &names.join(" "), typed, typed) {
        return Some(tip);
    }
    if clap_guesses {
        return None;
    }
    let shown: Vec<&str> = path.last()?.get_subcommands().map(Command::get_name).collect();
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.to_ascii_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    match shown.iter().find(|name| letters(name) == letters(typed)) {
        Some(name) => Some(format!("a similar subcommand exists: '{name}'")),
        None => Some(format!("the commands are {}", shown.join(", "))),
    }
}

/// The tip for `typed`, which is shown as it was written.
fn found(table: &[Habit], within: &str, typed: &str, written: &str) -> Option<String> {
    let fits = |habit: &&Habit| {
        let here = habit.within.is_empty() || habit.within.split('|').any(|one| one == within);
        here && habit.typed.split(' ').any(|word| word == typed)
    };
    table.iter().find(fits).map(|habit| format!("`{written}` of {} is {} here", habit.whose, habit.here))
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn has(command: &Command, option: &str) -> bool {
        let names = |argument: &Arg| {
            argument.get_long().is_some_and(|long| option == format!("--{long}"))
                || argument.get_short().is_some_and(|short| option == format!("-{short}"))
        };
        command.get_arguments().any(names)
    }

    /// What is advised is there, and what is typed is not: a row that has been overtaken would mislead.
    #[test]
    fn each_row_names_what_there_is() {
        let mut program = Cli::command();
        program.build();
        let all = lines(&program);
        for row in OPTIONS {
            let within = |line: &str| {
                let (line, mut all) = (line.trim_matches('`'), row.within.split('|'));
                row.within.is_empty() || all.any(|one| one == line || line.split(' ').next() == Some(one))
            };
            let leaf = |command: &Command| !command.has_subcommands();
            let commands: Vec<_> = all
                .iter()
                .filter(|(line, command)| within(line) && leaf(command) && has(command, "--verbose"))
                .collect();
            assert!(!commands.is_empty(), "{}: {}", row.within, row.typed);
            for (line, command) in commands {
                for typed in row.typed.split(' ') {
                    assert!(!has(command, &format!("--{typed}")), "{line} has --{typed}");
                }
                let named = row.here.split('`').filter_map(|word| word.split(' ').next());
                for option in named.filter(|word| word.starts_with('-')) {
                    assert!(has(command, option), "{line} has no {option}");
                }
            }
        }
        for row in COMMANDS {
            for typed in row.typed.split(' ') {
                assert!(program.find_subcommand(typed).is_none(), "{typed}");
            }
        }
    }

    #[test]
    fn other_spellings_are_one() {
        for typed in ["--roleToAssume", "--role_to_assume", "-role-to-assume", "--role-to-assume"] {
            assert_eq!(kebab(typed), "role-to-assume");
        }
        assert_eq!(whole("-a", &["vault".into(), "-address=https://v".into()]), "-address");
        assert_eq!(whole("-e", &["-verbose".into()]), "-verbose");
        assert_eq!(whole("--arn", &["--arn".into()]), "--arn");
    }
}
