//! A terminal keeps what it shows, and a CI's log for ever.

use std::time::Duration;

use sandbox::{Job, Sandbox};

use crate::aws::deploy;
use crate::support::terminal::python;
use crate::support::{Program, expect};

#[test]
fn credentials_are_not_for_a_terminal() {
    for format in ["env", "json", "env-no-export", "source"] {
        let sandbox = Sandbox::start().unwrap();
        let output = deploy(&["--format", format]).job(&sandbox).on_a_terminal().run();
        output.exits(2).stdout_reads(expect![[r#"
            error: standard output is a terminal, where credentials would stay in the log

            hint: put them into this shell: eval "$(oidc-exchange …)"
            hint: or run one command with them: oidc-exchange … -- COMMAND
        "#]]);
        assert!(sandbox.aws.requests().is_empty(), "nothing is asked for");
    }
}

#[test]
fn unless_they_are_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--print-secrets"]).job(&sandbox).on_a_terminal().run();
    output.exits(0);
    let issued = &sandbox.aws.issued()[0];
    assert!(output.stdout().contains(&format!("export AWS_SESSION_TOKEN='{}';", issued.session_token)));
}

/// A person reads the error; there is no shell to stop.
#[test]
fn a_failure_there_is_for_a_person() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--print-secrets"]).job_of(&sandbox, &Job::branch("other")).on_a_terminal().run();
    output.exits(4);
    assert!(output.stdout().starts_with("error: AWS STS refused the token") && !output.stdout().contains("unset "));
}

#[test]
fn a_file_and_a_command_are_no_terminal() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&["--output", "file"]).job(&sandbox).on_a_terminal().run().exits(0).stdout_is("");
    deploy(&["--", "echo", "done"]).job(&sandbox).on_a_terminal().run().exits(0).stdout_is("done\r\n");
}

/// With standard output (`1`), standard error (`2`) or both on a terminal that nobody reads: somebody has pressed Ctrl-S.
/// There is room left, and not enough for the text.
const STOPPED: &str = r##"
import os, pty, select, subprocess, sys
reader, terminal = pty.openpty()
os.set_blocking(terminal, False)
try:
    while True:
        os.write(terminal, b"#" * 64)
except BlockingIOError:
    pass
while not select.select([], [terminal], [], 0)[1]:
    os.read(reader, 64)
os.set_blocking(terminal, True)
on = {name: terminal for name in ("stdout", "stderr") if name in sys.argv[1]}
sys.exit(subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, **on).returncode)
"##;

#[test]
fn that_is_stopped_does_not_keep_the_run() {
    let sandbox = Sandbox::start().unwrap();
    let program = env!("CARGO_BIN_EXE_oidc-exchange");
    let wrong = format!("--role-arn={}", "x".repeat(9000));
    let role = format!("--role-arn={}", sandbox::DEPLOY_ROLE);
    for (on, words, code) in [
        ("stdout", &["aws", &role, "--print-secrets", "--timeout", "5s"][..], 6),
        ("stdout stderr", &["aws", &role, "--print-secrets", "--timeout", "5s", "-v"], 6),
        ("stdout", &["token", "--timeout", "5s"], 6),
        ("stderr", &["aws", &wrong], 2),
        ("stdout stderr", &["aws", &wrong, "--print-secrets"], 2),
    ] {
        let output =
            Program::new(python(), ["-I", "-c", STOPPED, on, program]).args(words).job(&sandbox).hands_over().run();
        output.exits(code);
        // Without a bound it would be there for ever; a busy machine takes some seconds for the rest.
        assert!(output.took < Duration::from_secs(30), "{words:?}: {:?}", output.took);
        if on == "stdout" {
            assert_eq!(output.stderr(), "error: cannot write to standard output: nobody has read it in time\n");
        }
    }
}
