//! Help texts: narrow, without colours, and with a suggestion for a misspelt word.

use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use super::commands;
use crate::support::{expect, oidc_exchange};

#[test]
fn no_line_has_100_columns() {
    for (path, _) in commands() {
        for (option, columns) in [("-h", "30"), ("-h", "500"), ("--help", "80"), ("--help", "500"), ("--help", "")] {
            let output = oidc_exchange(&path).arg(option).env("COLUMNS", columns).run();
            output.exits(0).stderr_is(expect![[""]]);
            let text = output.stdout();
            assert!(text.contains("Usage: oidc-exchange"), "{path:?} {option}");
            let long = text.lines().find(|line| line.chars().count() >= 100);
            assert_eq!(long, None, "{path:?} {option} at {columns} columns");
        }
    }
}

/// A terminal has a width, but this one (Python's) has none.
#[test]
fn nor_on_a_terminal() {
    let output = oidc_exchange(["vault", "--help"]).env("COLUMNS", "300").on_a_terminal().run();
    output.exits(0);
    assert!(output.stdout().lines().all(|line| line.chars().count() < 100), "{}", output.stdout());
}

/// The examples can be copied: on 80 columns they are not wrapped.
#[test]
fn examples_keep_their_lines() {
    for (path, command) in commands() {
        let Some(examples) = command.get_after_long_help() else { continue };
        let output = oidc_exchange(&path).arg("--help").env("COLUMNS", "84").run();
        assert!(output.stdout().ends_with(&format!("{examples}\n")), "{path:?}: {}", output.stdout());
    }
}

/// Also without colours if they are requested, because a CI's log shows them as noise.
#[test]
fn there_is_never_a_colour() {
    let sandbox = Sandbox::start().unwrap();
    let refused = ["aws", "-vv", "--role-arn", DEPLOY_ROLE, "--print-secrets"];
    let lines: [&[&str]; 7] = [
        &["--help"],
        &["aws", "-h"],
        &["vault", "--help"],
        &["nonsense"],
        &["aws", "--role-anr", "x"],
        &["aws", "--format", "xml"],
        &refused,
    ];
    for line in lines {
        for asked in [&[][..], &[("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "1")], &[("NO_COLOR", "1")]] {
            let variables = asked.iter().map(|(name, value)| ((*name).to_owned(), *value));
            let program = oidc_exchange(line).job_of(&sandbox, &Job::branch("other")).env("TERM", "xterm-256color");
            let output = program.envs(variables).on_a_terminal().run();
            assert!(!output.stdout.is_empty(), "{line:?} says something");
            assert!(!output.stdout.contains(&0x1b), "{line:?}: {}", output.describe());
        }
    }
}

#[test]
fn a_misspelt_word_is_guessed() {
    for (line, guess) in [
        (&["awz"][..], "a similar subcommand exists: 'aws'"),
        (&["explain", "valut"], "a similar subcommand exists: 'vault'"),
        (&["setup", "valt"], "a similar subcommand exists: 'vault'"),
        (&["aws", "--role-anr", "x"], "a similar argument exists: '--role-arn'"),
        (&["vault", "--secret-file", "x"], "a similar argument exists: '--secrets-file'"),
        (&["explain", "aws", "--trust-polcy", "x"], "a similar argument exists: '--trust-policy'"),
        (&["gcp", "--format", "jsno"], "a similar value exists: 'json'"),
        (&["completions", "bsah"], "a similar value exists: 'bash'"),
    ] {
        let output = oidc_exchange(line).run();
        output.exits(2);
        assert!(output.stderr().contains(guess), "{line:?}: {}", output.stderr());
    }
}

/// The suggested option is not one that the command requires.
#[test]
fn the_usage_line_after_a_misspelt_option_is_the_commands() {
    for (line, usage) in [
        (&["aws", "--role-anr", "x"][..], "aws [OPTIONS] [-- <COMMAND>...]"),
        (&["vault", "--secret-file", "x"], "vault [OPTIONS] [SECRET]... [-- <COMMAND>...]"),
        (&["explain", "gcp", "--iam-polcy", "x"], "explain gcp [OPTIONS] --provider-config <FILE>"),
        (&["setup", "aws", "--brnch", "x"], "setup aws [OPTIONS]"),
    ] {
        let said = oidc_exchange(line).run().exits(2).stderr();
        assert!(said.contains(&format!("\nUsage: oidc-exchange {usage}\n")), "{said}");
    }
}
