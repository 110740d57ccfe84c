//! What the README says to type does what it says.

use std::env;
use std::path::Path;
use std::process::{Command, Output};

use sandbox::Sandbox;

use crate::support::{Program, shells};

const README: &str = include_str!("../../README.md");

/// The indented lines that start like this.
fn typed(start: &str) -> Vec<&'static str> {
    README.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with(start)).collect()
}

/// Five variables of the credentials, three of the sandbox's own; then a refusal, after which there is no `env`; a file
/// of Google's kind; a secret of Vault's; and a rule that does not let this job in.
const ENDS: [(i32, &str, &str); 5] = [
    (0, "8\n", ""),
    (4, "", "error: AWS STS refused the token\n"),
    (0, "1\n", ""),
    (0, "27 characters\n", ""),
    (0, "refused: no statement lets this token assume the role\n", ""),
];

/// The sandbox gives its command two empty files in place of the machine's own.
const CARGO: &str = "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'run -p sandbox --' ] && shift 4 || exit 101\n\
                     export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null\nexec \"$@\"\n";

/// As they are written, but that `cargo run -p sandbox` is a sandbox that is running here.
#[test]
fn the_sandbox_commands() {
    let commands = typed("cargo run -p sandbox -- sh -c");
    assert_eq!(commands.len(), ENDS.len());
    let sandbox = Sandbox::start().unwrap();
    for (command, (code, stdout, stderr)) in commands.iter().zip(ENDS) {
        let program = Program::new("/bin/sh", ["-c", command]).job(&sandbox);
        program.scratch().script("bin/cargo", CARGO);
        let output = program.run();
        output.exits(code).stdout_is(stdout);
        assert!(output.stderr().starts_with(stderr), "{}", output.describe());
    }
}

/// As they are written, in a target directory as new as a fresh clone's. It builds everything once more, for minutes:
/// in CI alone.
#[test]
fn the_sandbox_commands_in_a_fresh_clone() {
    if env::var_os("CI").is_none_or(|ci| ci != "true") {
        return eprintln!("skipped: the README's commands in a fresh clone, outside CI");
    }
    for (command, (code, stdout, stderr)) in typed("cargo run -p sandbox -- sh -c").iter().zip(ENDS) {
        let output = run_as_written(command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout), (Some(code), stdout.as_bytes().to_vec()), "{said}");
        assert!(said.contains(stderr), "{said}");
    }
}

fn run_as_written(line: &str) -> Output {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("readme");
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Neither what cargo says to its tests, nor an AWS environment of the machine's own.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || (text.starts_with("CARGO_") && text != "CARGO_HOME") {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TARGET_DIR", own).env("CARGO_NET_OFFLINE", "true").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.output().unwrap()
}

/// The job on the first screen, item by item as the agent runs them, with a stand-in for the AWS CLI.
#[test]
fn the_job() {
    let sandbox = Sandbox::start().unwrap();
    let items = README.lines().skip_while(|line| line.trim() != "commands:").skip(1);
    let items: Vec<&str> = items.map_while(|line| line.trim().strip_prefix("- ")).collect();
    assert_eq!(items.len(), 3);
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    let item =
        |program: &Program<'_>, n: usize| program.scratch().write(&format!("item-{n}"), format!("{}\n", items[n]));
    let program = bash.runs("for n in 0 1 2; do source ./item-$n || exit; done").job(&sandbox);
    for n in 0..items.len() {
        item(&program, n);
    }
    program.scratch().script("bin/aws", "#!/bin/sh\necho \"aws $* as ${AWS_ACCESS_KEY_ID%????????????????}\"\n");
    let said = format!("oidc-exchange {}\naws s3 sync build s3://my-bucket as ASIA\n", env!("CARGO_PKG_VERSION"));
    program.run().exits(0).stdout_is(&said);
}
