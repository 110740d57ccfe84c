//! `--format fish` in a real fish.

use sandbox::{Job, Sandbox};

use super::deploy;
use crate::support::shells::{self, Shell};
use crate::support::{Program, expect};

const EVAL: &str =
    "eval (oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format fish | string collect)";

fn fish() -> Option<Shell> {
    shells::find("fish", "fish", &[])
}

fn script<'s>(shell: &Shell, text: &str) -> Program<'s> {
    shell.with(["--no-config", "-c", text])
}

#[test]
fn values_come_through_whole_and_stale_ones_go() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    let text = format!(
        "set -gx AWS_PROFILE other; set -gx AWS_SECURITY_TOKEN stale\n{EVAL}\n\
         for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ACCOUNT_ID; env | string match \"$name=*\"; end\n\
         set -q AWS_PROFILE; or set -q AWS_SECURITY_TOKEN; or echo gone"
    );
    let output = script(&fish, &text).job(&sandbox).run();
    let issued = &sandbox.aws.issued()[0];
    output.exits(0).stderr_is(expect![[""]]).stdout_is(&format!(
        "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nAWS_SESSION_TOKEN={}\nAWS_ACCOUNT_ID=123456789012\ngone\n",
        issued.access_key_id, issued.secret_access_key, issued.session_token
    ));
}

/// Like in a POSIX shell, for `eval …; or handler`.
#[test]
fn success_leaves_the_status_of_success() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    let text = format!("{EVAL}; or echo handler\necho status $status\n{EVAL}");
    script(&fish, &text).job(&sandbox).run().exits(0).stdout_is("status 0\n");
}

#[test]
fn clean_makes_it_forget() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    let text = format!(
        "{EVAL}; set -q AWS_SESSION_TOKEN; and echo there\n\
         eval (oidc-exchange clean --format fish | string collect)\n\
         set -q AWS_SESSION_TOKEN; or echo gone"
    );
    let output = script(&fish, &text).job(&sandbox).run();
    output.exits(0).stdout_is("there\ngone\n").stderr_is(expect![[""]]);
}

const BARE: &str = "oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy";

/// fish shows the text that it cannot parse, so it must not get the credentials in the form of POSIX shells.
#[test]
fn without_the_format_it_gets_no_credentials() {
    let Some(fish) = fish() else { return };
    for line in [format!("eval ({BARE})"), format!("eval \"$({BARE})\""), "eval (oidc-exchange clean)".into()] {
        let sandbox = Sandbox::start().unwrap();
        let output = script(&fish, &format!("{line}; echo reached")).job(&sandbox).run();
        output.exits(2).stdout_is("").stderr_is(expect![[r#"
            error: this prints text for POSIX shells, which fish cannot read

            hint: add --format fish
        "#]]);
        assert!(sandbox.aws.requests().is_empty());
    }
    let sandbox = Sandbox::start().unwrap();
    let output = script(&fish, "eval (oidc-exchange aws --rolearn x); echo reached").job(&sandbox).run();
    assert!(output.exits(2).stdout_is("").stderr().starts_with("error: unexpected argument '--rolearn' found\n"));
    // A POSIX shell that fish starts, a file, and a format that is named.
    for line in [
        format!("sh -c 'eval \"$({BARE})\"; echo $AWS_ACCOUNT_ID'"),
        format!("{BARE} >file; sh -c '. ./file; echo $AWS_ACCOUNT_ID'; rm file"),
        format!("{BARE} --format env | sh -c 'eval \"$(cat)\"; echo $AWS_ACCOUNT_ID'"),
    ] {
        let sandbox = Sandbox::start().unwrap();
        script(&fish, &line).job(&sandbox).run().exits(0).stdout_is("123456789012\n");
    }
}

#[test]
fn a_failure_stops_the_script_with_its_code() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    let refused = |text: &str| script(&fish, text).job_of(&sandbox, &Job::branch("other")).run();
    refused(&format!("echo before\n{EVAL}\necho after")).exits(4).stdout_is("before\n");
    let wrong = EVAL.replace("--role-arn", "--role-arm");
    refused(&format!("echo before\n{wrong}\necho after")).exits(2).stdout_is("before\n");
    let function = format!("function f; {EVAL}; echo after; end; f; echo status $status");
    refused(&function).exits(0).stdout_is("status 4\n");
    let handled = format!(
        "set -gx AWS_SESSION_TOKEN stale\n{}; or echo handler $status\nset -q AWS_SESSION_TOKEN; or echo gone",
        EVAL.replace("--format", "--on-error status --format")
    );
    refused(&handled).exits(0).stdout_is("handler 4\ngone\n");
}

/// `set -e` removes a variable only from the innermost scope.
#[test]
fn a_failure_leaves_no_stale_credential_in_any_scope() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    for eval in [EVAL.to_owned(), EVAL.replace("--format", "--on-error status --format")] {
        let text = format!(
            "set -gx AWS_SESSION_TOKEN global\nfunction f; set -l AWS_SESSION_TOKEN local; begin; \
             set -l AWS_SESSION_TOKEN innermost; {eval}; end; set -q AWS_SESSION_TOKEN; and echo local; end\n\
             f\nset -q AWS_SESSION_TOKEN; and echo global\necho done"
        );
        let output = script(&fish, &text).job_of(&sandbox, &Job::branch("other")).run();
        output.exits(0).stdout_is("done\n");
    }
}

/// A misspelt format or option: the program cannot detect the shell.
#[test]
fn a_misspelt_format_stops_it_too() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    for wrong in ["--format fsh", "--format=Fish", "--format ''"] {
        let eval = EVAL.replace("--format fish", wrong);
        let text = format!("set -gx AWS_ACCESS_KEY_ID STALE\necho before\n{eval}\necho AFTER $AWS_ACCESS_KEY_ID");
        script(&fish, &text).job(&sandbox).run().exits(2).stdout_is("before\n");
        let text = format!(
            "set -gx AWS_ACCESS_KEY_ID STALE\n{}; or echo handler $status $AWS_ACCESS_KEY_ID",
            eval.replace("--format", "--on-error status --format")
        );
        script(&fish, &text).job(&sandbox).run().exits(0).stdout_is("handler 2\n");
        let command = format!("oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy {wrong}");
        for shell in shells::posix() {
            let text = format!("AWS_ACCESS_KEY_ID=STALE; echo before; eval \"$({command})\"; echo AFTER");
            shell.runs(&text).job(&sandbox).run().exits(2).stdout_is("before\n");
            let text = format!(
                "AWS_ACCESS_KEY_ID=STALE; eval \"$({command} --on-error status)\" || echo \"handler $? ${{AWS_ACCESS_KEY_ID-}}\""
            );
            shell.runs(&text).job(&sandbox).run().exits(0).stdout_is("handler 2 \n");
        }
    }
}

#[test]
fn the_prompt_lives_on_after_a_failure() {
    let Some(fish) = fish() else { return };
    let sandbox = Sandbox::start().unwrap();
    let typed = format!("{EVAL}\necho still here $status\nexit 7\n");
    let program = fish.with(["--no-config", "-i"]).env("TERM", "dumb").job_of(&sandbox, &Job::branch("other"));
    let output = program.on_a_terminal().stdin(typed).run();
    assert!(output.exits(7).stdout().contains("still here 4"), "{}", output.describe());
}

#[test]
fn nothing_of_fish_is_in_what_json_or_a_file_gets() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--format", "fish", "--output", "x.fish"]).job_of(&sandbox, &Job::branch("other")).run();
    output.exits(4).stdout_is("");
    assert!(!output.scratch.path().join("x.fish").exists());
}
