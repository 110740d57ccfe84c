//! No credentials are printed to a terminal, because a CI log stores them.

use std::time::Duration;

use sandbox::{Job, Sandbox};
use serde_json::json;

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

/// With standard output, standard error or both on a terminal that nobody reads. `stopped` is the effect of Ctrl-S:
/// nothing fits any more. `unread` accepts some kilobytes.
const STOPPED: &str = r#"
import pty, subprocess, sys, termios
reader, terminal = pty.openpty()
if "stopped" in sys.argv[1]:
    termios.tcflow(terminal, termios.TCOOFF)
on = {name: terminal for name in ("stdout", "stderr") if name in sys.argv[1]}
sys.exit(subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, **on).returncode)
"#;

const UNREAD: &str = "error: cannot write to standard output: nobody has read it in time\n";

fn on_a_stopped_terminal<'sandbox>(how: &str, words: &[&str], sandbox: &'sandbox Sandbox) -> Program<'sandbox> {
    let program = env!("CARGO_BIN_EXE_oidc-exchange");
    Program::new(python(), ["-I", "-c", STOPPED, how, program]).args(words).job(sandbox).hands_over()
}

#[test]
fn that_is_stopped_does_not_keep_the_run() {
    let sandbox = Sandbox::start().unwrap();
    let wrong = format!("--role-arn={}", "x".repeat(9000));
    let role = format!("--role-arn={}", sandbox::DEPLOY_ROLE);
    for (how, words, code) in [
        ("stopped stdout", &["aws", &role, "--print-secrets", "--timeout", "5s"][..], 6),
        ("stopped stdout stderr", &["aws", &role, "--print-secrets", "--timeout", "5s", "-v"], 6),
        ("stopped stdout", &["token", "--timeout", "5s"], 6),
        ("stopped stderr", &["aws", &wrong], 2),
        ("stopped stdout stderr", &["aws", &wrong, "--print-secrets"], 2),
    ] {
        let output = on_a_stopped_terminal(how, words, &sandbox).run();
        output.exits(code);
        // Without a timeout it would run forever. A busy machine needs some seconds for the rest.
        assert!(output.took < Duration::from_secs(30), "{words:?}: {:?}", output.took);
        if how == "stopped stdout" {
            assert_eq!(output.stderr(), UNREAD);
        }
    }
}

/// The write itself waits in the kernel once a part of the text is on the terminal.
#[test]
fn that_has_room_for_a_part_does_not_keep_the_run() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.write("production/large", json!({ "a": "0123456789abcdef".repeat(7500) }));
    let words = ["vault", "--role", "ci", "A=secret/production/large#a", "--print-secrets", "--timeout", "5s"];
    let output = on_a_stopped_terminal("unread stdout", &words, &sandbox).run();
    output.exits(6);
    assert_eq!(output.stderr(), UNREAD);
    assert!(output.took < Duration::from_secs(30), "{:?}", output.took);
    let asked = sandbox.vault.requests();
    assert!(
        asked.last().unwrap().path.ends_with("/revoke-self"),
        "nobody has all of it: {}",
        asked.last().unwrap().path
    );
}
