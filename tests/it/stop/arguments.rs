//! The lines of `env-no-export` after a failure: for `export` and `env`, for the readers of a file, and for a shell
//! that runs them by mistake.

use std::process::Command;

use sandbox::Sandbox;

use super::{CALLERS, aws};
use crate::support::output::stopped_as_arguments;
use crate::support::shells;

fn lines() -> String {
    format!("{} --format env-no-export", aws())
}

#[test]
fn stop_a_shell_that_runs_them() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        // With `-e` the shell ends at the first line, which is not a command, with its status.
        for caller in CALLERS.iter().filter(|caller| !caller.options.iter().any(|option| option.contains('e'))) {
            let output = caller.program(&shell, &lines()).beside(&sandbox).env("SEMAPHORE_OIDC_TOKEN", "").run();
            caller.check(&shell, &output, 3, "nothing");
        }
        let script = format!("set -e; eval \"$({})\"; echo AFTER", lines());
        let output = shell.runs(&script).beside(&sandbox).env("SEMAPHORE_OIDC_TOKEN", "").run();
        assert!(output.code != Some(0) && output.stdout().is_empty(), "{}", output.describe());
    }
    let Some(fish) = shells::find("fish", "fish", &[]) else { return };
    let script = format!("eval ({} | string collect); echo AFTER", lines());
    let output = fish.with(["--no-config", "-c", &script]).beside(&sandbox).env("SEMAPHORE_OIDC_TOKEN", "").run();
    output.exits(3).stdout_is("");
}

#[test]
fn fail_as_arguments() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        for on_error in ["stop", "status"] {
            for script in [
                "export $(LINES) || { echo failed; exit 9; }; echo AFTER",
                "env $(LINES) echo AFTER || { echo failed; exit 9; }",
                "set -e; export $(LINES); echo AFTER",
            ] {
                let script = script.replace("LINES", &format!("{} --on-error {on_error}", lines()));
                let output = shell.runs(&script).beside(&sandbox).env("SEMAPHORE_OIDC_TOKEN", "").run();
                // Some shells end at a name that `export` refuses.
                let ended = output.code.is_some_and(|code| code > 0) && ["", "failed\n"].contains(&&*output.stdout());
                assert!(ended, "{script} in {}: {}", shell.name, output.describe());
            }
        }
    }
}

/// The readers refuse the file before they do anything.
#[test]
fn are_no_file_of_variables() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("env");
    std::fs::write(&file, stopped_as_arguments(4)).unwrap();
    let file = file.to_str().unwrap();
    for words in [
        &["docker", "run", "--rm", "--env-file", file, "scratch"][..],
        &["podman", "run", "--rm", "--env-file", file, "--rootfs", directory.path().to_str().unwrap(), "true"],
        &["kubectl", "create", "secret", "generic", "x", "--dry-run=client", "--from-env-file", file],
    ] {
        let Ok(output) = Command::new(words[0]).args(&words[1..]).env("HOME", directory.path()).output() else {
            eprintln!("skipped: {} is not installed", words[0]);
            continue;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let why =
            ["no variable name on line", "invalid variable", "invalid environment variable", "is not a valid key name"];
        assert!(!output.status.success() && why.iter().any(|why| said.contains(why)), "{words:?}: {said}");
    }
}
