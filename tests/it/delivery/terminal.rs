//! A terminal keeps what it shows, and a CI's log for ever.

use sandbox::{Job, Sandbox};

use crate::aws::deploy;
use crate::support::expect;

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
