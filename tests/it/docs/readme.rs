//! The commands in README and docs/sandbox.md do what these pages state.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use sandbox::{DEPLOY_ROLE, Sandbox};
use serde_json::json;

use super::blocks::{Block, blocks, of};
use super::getting_started::without_what_changes;
use crate::aws::chain::admits;
use crate::support::{Program, shells};

const README: &str = include_str!("../../../README.md");
const INDEX: &str = include_str!("../../../docs/index.md");
const START: &str = include_str!("../../../docs/getting-started.md");
const SANDBOX: &str = include_str!("../../../docs/sandbox.md");

/// The sandbox's command lines of a page.
fn typed(page: &'static str) -> Vec<&'static str> {
    let indented = page.lines().filter_map(|line| line.strip_prefix("    "));
    indented.filter(|line| line.starts_with("cargo run -p sandbox -- sh -c")).collect()
}

/// A key's id and its end; a refusal, after which there is no `echo`; a file of Google's kind; one for Azure; a secret
/// of Vault's; and a rule that denies this job.
const ENDS: [(i32, &str, &str); 6] = [
    (0, "ASIA… expires TIME\n", ""),
    (4, "", "error: AWS STS refused the token\n"),
    (0, "1\n", ""),
    (0, "1\n", ""),
    (0, "27 characters\n", ""),
    (0, "refused: no statement allows this token to assume the role\n", ""),
];

/// The sandbox gives its command two empty configuration files, and its own script for the program.
const CARGO: &str = "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'run -p sandbox --' ] && shift 4 || exit 101\n\
                     export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null\n\
                     export SANDBOX_PROGRAM=\"$(command -v oidc-exchange)\" PATH=\"${0%/cargo}/sandbox:$PATH\"\nexec \"$@\"\n";
const ON_PATH: &str = include_str!("../../../sandbox/src/on_path.sh");

/// They run as they are written, except that `cargo run -p sandbox` uses a running sandbox.
#[test]
fn the_sandbox_commands() {
    let commands = typed(SANDBOX);
    assert_eq!(commands.len(), ENDS.len());
    assert_eq!(typed(README), commands[..2]);
    let sandbox = Sandbox::start().unwrap();
    for (command, (code, stdout, stderr)) in commands.iter().zip(ENDS) {
        let program = Program::new("/bin/sh", ["-c", command]).job(&sandbox);
        program.scratch().script("bin/cargo", CARGO);
        program.scratch().script("bin/sandbox/oidc-exchange", ON_PATH);
        let output = program.run();
        assert_eq!(without_what_changes(&output.exits(code).stdout()), stdout);
        assert!(output.stderr().starts_with(stderr), "{}", output.describe());
    }
    for page in [README, SANDBOX] {
        assert!(without_what_changes(page).contains(&format!("```\n{}```\n", ENDS[0].1)));
    }
}

/// They run as they are written, in a target directory without this workspace's packages, like a new clone's. This
/// builds both programs again, for minutes, so it runs only in CI.
#[test]
fn the_sandbox_commands_in_a_fresh_clone() {
    if env::var_os("CI").is_none_or(|ci| ci != "true") {
        return eprintln!("skipped: the README's commands in a fresh clone, outside CI");
    }
    // An earlier run's has libraries of that time.
    if target().exists() {
        fs::remove_dir_all(target()).unwrap();
    }
    copy_dependencies(&target().with_file_name("debug"), &target().join("debug"));
    for (command, (code, stdout, stderr)) in typed(SANDBOX).iter().zip(ENDS) {
        let output = run_as_written(command);
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = without_what_changes(&String::from_utf8_lossy(&output.stdout));
        assert_eq!((output.status.code(), printed.as_str()), (Some(code), stdout), "{said}");
        assert!(said.contains(stderr), "{said}");
        // A library with other features than in the tests would be compiled again, here and by everyone who runs both.
        let compiled: BTreeSet<&str> =
            said.lines().filter_map(|line| line.trim_start().strip_prefix("Compiling ")?.split(' ').next()).collect();
        assert!(compiled.is_subset(&BTreeSet::from(["oidc-exchange", "sandbox"])), "{compiled:?}");
    }
}

/// The target directory of the new clone.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("readme")
}

fn run_as_written(line: &str) -> Output {
    let own = target();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Without cargo's variables for tests, and without an AWS environment of the machine.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let for_tests = text == "OUT_DIR" || (text.starts_with("CARGO_") && text != "CARGO_HOME");
        if text.starts_with("AWS_") || for_tests {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TARGET_DIR", own).env("CARGO_NET_OFFLINE", "true").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.output().unwrap()
}

/// Copies the compiled libraries of the tests, without this workspace's packages.
///
/// cargo uses those with the version, features and profile of a new clone, and compiles the others.
fn copy_dependencies(from: &Path, to: &Path) {
    // The fingerprints last: without one, cargo does not use a file.
    for part in ["deps", "build", ".fingerprint"] {
        fs::create_dir_all(to.join(part)).unwrap();
        let entries = fs::read_dir(from.join(part)).unwrap().map(Result::unwrap);
        let paths: Vec<PathBuf> =
            entries.filter(|entry| !is_ours(&entry.file_name())).map(|entry| entry.path()).collect();
        for some in paths.chunks(500) {
            // With the times, which cargo compares.
            let status = Command::new("cp").arg("-pR").args(some).arg(to.join(part)).status().unwrap();
            assert!(status.success(), "cp: {status}");
        }
    }
}

/// Whether this file or directory of cargo's belongs to a package of this workspace.
fn is_ours(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let name = name.strip_prefix("lib").unwrap_or(&name);
    ["oidc", "sandbox", "it-", "https_sts"].iter().any(|ours| name.starts_with(ours))
}

/// One line for each cloud, as each is in the pipeline of docs/getting-started.md, which runs.
#[test]
fn the_line_of_each_cloud() {
    let pipeline = START.replace("\\\n                ", "");
    let lines = lines(README, "eval \"$(oidc-exchange aws");
    assert_eq!(lines.len(), 4);
    for line in lines {
        assert!(pipeline.contains(&line), "{line}");
    }
}

/// A line of a block, with values in place of the page's placeholders.
fn filled_in(line: &str) -> String {
    line.replace("ARN2", "arn:aws:iam::210987654321:role/target")
        .replace("ARN", "arn:aws:iam::123456789012:role/deploy")
        .replace("--external-id ID", "--external-id shared")
        .replace("--allowed-account-id ID", "--allowed-account-id 123456789012")
        .replace("--profile NAME", "--profile ci")
        .replace("--eks-cluster NAME", "--eks-cluster production")
        .replace("-- COMMAND", "-- true")
}

/// The lines of the page's block that begins like this.
fn lines(page: &str, start: &str) -> Vec<String> {
    let found: Vec<Block> = blocks(page).into_iter().filter(|block| block.text.starts_with(start)).collect();
    assert_eq!(found.len(), 1, "{start}");
    found[0].text.lines().map(filled_in).collect()
}

#[test]
fn every_line_for_aws() {
    let sandbox = Sandbox::start().unwrap();
    let shared = json!({ "StringEquals": { "sts:ExternalId": "shared" } });
    let target = admits(DEPLOY_ROLE, &json!("sts:*"), &shared);
    sandbox.aws.create_role("arn:aws:iam::210987654321:role/target", &target).unwrap();
    let lines = lines(INDEX, "oidc-exchange aws --role-arn ARN -- terraform apply");
    assert_eq!(lines.len(), 9);
    for line in lines {
        let program = if line.contains("in fish") {
            let Some(fish) = shells::find("fish", "fish", &[]) else { continue };
            fish.with(["--no-config", "-c", &line])
        } else {
            Program::new("/bin/sh", ["-c", &line])
        };
        let program = program.job(&sandbox).hands_over();
        program.scratch().script("bin/terraform", "#!/bin/sh\n: \"${AWS_SESSION_TOKEN:?}\"\n");
        program.scratch().write("narrow.json", r#"{ "Version": "2012-10-17", "Statement": [] }"#);
        program.run().exits(0);
    }
}

/// Each cloud's rule is the one that `setup` prints.
#[test]
fn every_line_when_it_is_refused() {
    const RULES: &str = "oidc-exchange setup aws --role-arn arn:aws:iam::123456789012:role/deploy --format json >role.json
        oidc-exchange setup vault --role ci --format json >role-config.json
        cp role-config.json config.json
        oidc-exchange setup gcp --provider projects/123456/locations/global/workloadIdentityPools/pool/providers/provider \
          --service-account deploy@my-project.iam.gserviceaccount.com --format json >provider.json
        oidc-exchange setup azure --client-id 00001111-aaaa-2222-bbbb-3333cccc4444 --format json >credentials.json
        printf '{ \"bindings\": [] }' >policy.json\n";
    let sandbox = Sandbox::start().unwrap();
    let lines = lines(README, "oidc-exchange explain aws");
    assert_eq!(lines.len(), 4);
    for (index, line) in lines.iter().enumerate() {
        // For Vault, `setup` prints the role in one document with the method's configuration.
        let line = line.replace("--role-config role.json", "--role-config role-config.json");
        let output = Program::new("/bin/sh", ["-c", &format!("{RULES}{line}")]).job(&sandbox).run();
        // Nobody may act as the service account of an empty policy.
        assert_eq!(output.code, Some(if index == 1 { 4 } else { 0 }), "{line}: {}", output.describe());
    }
}

/// The targets on the first page, and the line that uses them.
#[test]
fn the_targets() {
    let sandbox = Sandbox::start().unwrap();
    let [file] = &of(README, "toml")[..] else { panic!("one file") };
    let [line] = &lines(README, "eval \"$(oidc-exchange use")[..] else { panic!("one line") };
    let script = format!("{line}\necho \"${{AWS_SESSION_TOKEN:+aws}} ${{#DB_PASSWORD}}\"");
    let program = Program::new("/bin/sh", ["-c", &script]).job(&sandbox);
    program.scratch().write("oidc-exchange.toml", file);
    program.run().exits(0).stdout_is("aws 27\n");
}

#[test]
fn the_first_page_is_short() {
    assert!(README.lines().count() <= 140);
}

/// The size on the first page is the one that a release may not exceed.
#[test]
fn the_size_is_the_limit() {
    let limit = include_str!("../../../release/build.sh").lines().find(|line| line.starts_with("SIZE_LIMIT="));
    assert_eq!(limit, Some("SIZE_LIMIT=${SIZE_LIMIT:-6000000}"));
    assert!(README.contains("**One static binary**, under 6 MB."));
}

/// A block that no test runs has a reason.
#[test]
fn every_block_is_run_or_has_a_reason() {
    let run = [
        "eval \"$(oidc-exchange aws",
        "ASIA",
        "sandbox: AWS, Google Cloud", // sandbox/tests/it/binary.rs
        "cargo run -p sandbox -- sh -c",
        "oidc-exchange aws --role-arn ARN",
        "oidc-exchange explain aws",
        "version = 1\n",
        "eval \"$(oidc-exchange use deploy secrets)\"\n",
        "refused: no statement allows this token to assume arn:", // pictures.rs
        "# allows: jobs for the branch main",                     // getting_started.rs
        "refused: no statement allows this token to assume the role",
    ];
    let reasons = [
        ("sh install.sh   ", "tests/install/ builds from a checkout, and from a release that it serves on loopback"),
        ("oidc-exchange setup aws --role-arn arn", "getting_started.rs runs it"),
        ("cargo test --workspace\n", "it is what runs this"),
    ];
    let all = || [README, INDEX, SANDBOX].into_iter().flat_map(blocks);
    for block in all() {
        let known =
            run.iter().chain(reasons.iter().map(|(start, _)| start)).filter(|start| block.text.starts_with(**start));
        assert_eq!(known.count(), 1, "run this block in a test, or say why not: {}", block.text);
    }
    for start in run.iter().chain(reasons.iter().map(|(start, _)| start)) {
        assert!(all().any(|block| block.text.starts_with(start)), "{start}");
    }
}
