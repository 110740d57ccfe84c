//! Properties that hold for every entry of the table of clouds.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use oidc_exchange::cli::Cli;
use oidc_exchange::cloud::About;
use oidc_exchange::clouds;
use sandbox::{CLIENT, DEPLOY_ROLE, Job, Sandbox, TENANT};
use serde_json::Value;

use crate::faults::steps::STEPS;
use crate::support::{Output, Program, oidc_exchange};

const GCP: &str = "--provider projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore \
                   --service-account deploy@sandbox-project.iam.gserviceaccount.com";
const VAULT: &str = "--role ci";
const SECRET: &str = "A=secret/production/db#password";

/// Arguments of each cloud that succeed in the sandbox. Each sets different credentials.
fn lines(command: &str) -> Vec<String> {
    let all = |start: &str, options: &[&str]| options.iter().map(|option| format!("{start} {option}")).collect();
    match command {
        "aws" => all(&format!("--role-arn {DEPLOY_ROLE}"), &["", "--refreshable", "--env-prefix STAGING_"]),
        "gcp" => all(
            GCP,
            &[
                "",
                "--access-token",
                "--no-credentials-file --access-token",
                "--id-token-audience https://run.test",
                "--id-token-audience https://run.test --id-token-env MINE",
            ],
        ),
        "azure" => all(&format!("--tenant-id {TENANT} --client-id {CLIENT}"), &["", "--access-token-env MINE"]),
        "vault" => {
            all(VAULT, &["", SECRET, &format!("{SECRET} --export-token"), "A=secret/production/db?file#password"])
        }
        _ => Vec::new(),
    }
}

fn program<'s>(command: &str, line: &str, sandbox: &'s Sandbox) -> Program<'s> {
    let program = oidc_exchange([command]).args(line.split_whitespace()).beside(sandbox);
    match command {
        "gcp" => program
            .args(["--sts-endpoint", &sandbox.google.sts.url()])
            .args(["--iamcredentials-endpoint", &sandbox.google.iam.url()]),
        _ => program,
    }
}

/// The variables whose value is or contains a secret, or is the path of a file with one.
fn credentials(output: &Output) -> BTreeSet<String> {
    let variables: serde_json::Map<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    let holds = |value: &str| {
        output.holds_secret(value.as_bytes()) || std::fs::read(value).is_ok_and(|bytes| output.holds_secret(&bytes))
    };
    variables.iter().filter(|(_, value)| holds(value.as_str().unwrap())).map(|(name, _)| name.clone()).collect()
}

/// The variables that a failure, or `clean`, removes.
fn removed(output: &Output) -> BTreeSet<String> {
    let stdout = output.stdout();
    let lines = stdout.lines().filter_map(|line| line.strip_prefix("unset ").and_then(|names| names.strip_suffix(';')));
    lines.flat_map(|names| names.split(' ')).map(str::to_owned).collect()
}

#[test]
fn a_failure_removes_every_credential_that_a_success_sets() {
    for about in clouds::ALL {
        for line in lines(about.command) {
            let sandbox = Sandbox::start().unwrap();
            let line = format!("{line} ");
            let output = program(about.command, &line, &sandbox)
                .args(["--format", "json"])
                .job_of(&sandbox, &Job::branch("main"))
                .hands_over()
                .run();
            output.exits(0);
            let set = credentials(&output);
            assert!(!set.is_empty(), "{} {line}: no credential\n", about.command);
            let failed = program(about.command, &line, &sandbox).env("VAULT_ADDR", sandbox.vault.url()).run();
            failed.exits(3);
            let left: Vec<&String> = set.iter().filter(|name| !removed(&failed).contains(*name)).collect();
            assert!(left.is_empty(), "{} {line}: a failure leaves {left:?}", about.command);
        }
    }
}

#[test]
fn clean_removes_every_credential_that_a_success_sets() {
    for about in clouds::ALL {
        for line in lines(about.command) {
            let sandbox = Sandbox::start().unwrap();
            let output = program(about.command, &line, &sandbox)
                .args(["--format", "json"])
                .job_of(&sandbox, &Job::branch("main"))
                .env("SEMAPHORE_JOB_ID", "job-1")
                .hands_over()
                .run();
            output.exits(0);
            let set = credentials(&output);
            assert!(!set.is_empty(), "{} {line}: no credential\n", about.command);
            let clean = oidc_exchange(["clean"]).beside(&sandbox).within(output.scratch);
            let clean = clean.env("SEMAPHORE_JOB_ID", "job-1").run();
            clean.exits(0);
            let left: Vec<&String> = set.iter().filter(|name| !removed(&clean).contains(*name)).collect();
            assert!(left.is_empty(), "{} {line}: `clean` leaves {left:?}", about.command);
            assert!(!clean.scratch.home().join(".oidc-exchange/job-1").exists(), "{} {line}", about.command);
        }
    }
}

/// Places in which a cloud of the table is not supported.
fn forgotten(about: &About) -> Vec<&'static str> {
    let mut parser = Cli::command();
    parser.build();
    let below = |name: &str| parser.find_subcommand(name).and_then(|command| command.find_subcommand(about.command));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let starts = format!("{}: ", about.command);
    let places = [
        (parser.find_subcommand(about.command).is_some(), "the command line"),
        (below("explain").is_some(), "explain"),
        (below("setup").is_some(), "setup"),
        (readme.contains(&format!("oidc-exchange {} ", about.command)), "README.md"),
        (!lines(about.command).is_empty(), "the command lines of this test"),
        (STEPS.iter().any(|step| step.title().starts_with(&starts)), "the faults at every step"),
    ];
    places.into_iter().filter(|(served, _)| !served).map(|(_, place)| place).collect()
}

#[test]
fn every_cloud_is_served_everywhere() {
    for about in clouds::ALL {
        assert_eq!(forgotten(about), [""; 0], "{}", about.name);
    }
}

/// A cloud that has an entry, and nothing else.
#[test]
fn a_cloud_that_is_an_entry_alone_is_missed_everywhere_else() {
    let made_up = About { name: "Moon", command: "moon", ..*clouds::ALL[0] };
    assert_eq!(
        forgotten(&made_up),
        [
            "the command line",
            "explain",
            "setup",
            "README.md",
            "the command lines of this test",
            "the faults at every step"
        ]
    );
}
