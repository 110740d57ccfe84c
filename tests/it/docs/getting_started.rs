//! docs/getting-started.md: its steps, with their output, in the sandbox.

use regex_lite::Regex;
use sandbox::{Job, Sandbox};

use super::blocks::{Block, blocks, of};
use super::pipelines;
use crate::support::{Output, Program};

const PAGE: &str = include_str!("../../../docs/getting-started.md");
const README: &str = include_str!("../../../README.md");
const ISSUER: &str = "https://acme.semaphoreci.com";

/// With words in place of key ids, request ids and times.
pub(super) fn without_what_changes(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, word) in [
        (r"ASIA[A-Z2-7]{16}", "ASIA…"),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "TIME"),
        (r"request [0-9a-f-]{36}", "request ID"),
        (r"refs/semaphoreci/[0-9a-f]{40}", "refs/semaphoreci/ID"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, word).into_owned();
    }
    text
}

/// The page's command that starts like this, in a job of that kind.
fn run(start: &str, job: &Job, sandbox: &Sandbox) -> Output {
    let found: Vec<Block> = blocks(PAGE).into_iter().filter(|block| block.text.starts_with(start)).collect();
    let [block] = &found[..] else { panic!("{start}: {} blocks", found.len()) };
    Program::new("/bin/sh", ["-c", &block.text]).job_of(sandbox, job).run()
}

/// The page's block of output that starts like this.
fn shown(start: &str) -> String {
    let found: Vec<Block> = blocks(PAGE).into_iter().filter(|block| block.text.starts_with(start)).collect();
    let [block] = &found[..] else { panic!("{start}: {} blocks", found.len()) };
    without_what_changes(&block.text)
}

#[test]
fn each_step_prints_what_the_page_shows() {
    let sandbox = Sandbox::start().unwrap();
    let main = Job::branch("main");
    let printed = |text: &str| without_what_changes(&text.replace(&sandbox.issuer.url(), ISSUER));

    let version = run("oidc-exchange --version", &main, &sandbox);
    version.exits(0).stdout_is(&format!("oidc-exchange {}\n", env!("CARGO_PKG_VERSION")));
    let token = run("oidc-exchange token", &main, &sandbox);
    assert!(printed(&token.exits(0).stdout()).starts_with(&shown("job ")), "{}", token.describe());
    let setup = run("oidc-exchange setup aws", &main, &sandbox);
    let first = shown("# allows");
    assert!(printed(&setup.exits(0).stdout()).starts_with(&first), "{}", setup.describe());
    assert!(without_what_changes(README).contains(&format!("```\n{first}```\n")));

    let eval = "eval \"$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)\"";
    assert!(PAGE.contains(eval));
    let [echo] = &blocks(PAGE).into_iter().filter(|block| block.text.starts_with("echo ")).collect::<Vec<_>>()[..]
    else {
        panic!("one line to add")
    };
    let script = format!("{eval}\n{}", echo.text);
    let output = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).hands_over().run();
    assert_eq!(printed(&output.exits(0).stdout()), shown("ASIA"));
    let pull = Program::new("/bin/sh", ["-c", &script]).job_of(&sandbox, &Job::pull_request(7, "x")).run();
    pull.exits(4).stdout_is("");
    assert_eq!(printed(&pull.stderr()), shown("error: "));
}

/// The jobs, as the agent runs them.
#[test]
fn the_jobs() {
    let sandbox = Sandbox::start().unwrap();
    let [pipeline] = &of(PAGE, "yaml")[..] else { panic!("one pipeline") };
    let version = format!("oidc-exchange {}\n", env!("CARGO_PKG_VERSION"));
    let ends = [
        ("AWS", "aws s3 sync build s3://my-bucket"),
        ("Google Cloud", "gcloud storage rsync build gs://my-bucket"),
        ("Azure", "terraform apply -auto-approve"),
        ("Vault", "migrate "),
    ];
    let jobs = pipelines::jobs(&pipelines::read(pipeline));
    assert_eq!(jobs.len(), ends.len());
    for ((name, job), (expected, end)) in jobs.iter().zip(ends) {
        assert_eq!(name, expected);
        job.run(&sandbox, &Job::branch("main")).exits(0).stdout_is(&format!("{version}{end}\nstatus 0\n"));
        job.run(&sandbox, &Job::pull_request(7, "x")).exits(0).stdout_is(&format!("{version}status 4\n"));
    }
}

/// A block that no test runs has a reason.
#[test]
fn every_block_is_run_or_shown() {
    let known = [
        "oidc-exchange --version",
        "oidc-exchange token",
        "job ",
        "oidc-exchange setup",
        "# allows",
        "# .semaphore/",
        "echo ",
        "ASIA",
        "error: ",
    ];
    for block in blocks(PAGE) {
        assert!(known.iter().any(|start| block.text.starts_with(start)), "run this block in a test: {}", block.text);
    }
}
