//! Standard error in the pipe of standard output, so that the caller evaluates the messages too.

use sandbox::server::Fault;
use sandbox::{DEPLOY_ROLE, Sandbox};

use crate::support::shells;

/// Texts that a server could put into its message.
const HOSTILE: &str =
    "$(touch ran) `touch ran`; touch ran\n' touch ran \" {a,b} * ? [a] \\ ) done fi } ü | touch ran & touch ran";

fn refusal() -> Fault {
    let message = HOSTILE.replace('&', "&amp;");
    let body =
        format!("<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>");
    Fault::Status { status: 403, headers: Vec::new(), body }
}

#[test]
fn a_failure_stops_the_caller_and_runs_no_word_of_a_message() {
    let sandbox = Sandbox::start().unwrap();
    let call = format!("oidc-exchange aws --role-arn {DEPLOY_ROLE}");
    for shell in shells::posix() {
        for options in ["", " -vv", " --nonsense $'a\\n'", " --format source", " -v --env-prefix P_"] {
            for eval in ["eval \"$(CALL 2>&1)\"", "eval $(CALL 2>&1)", "eval \"`CALL 2>&1`\""] {
                sandbox.aws.script([refusal()]);
                let eval = eval.replace("CALL", &format!("{call}{options}"));
                let script = format!("export AWS_SECRET_ACCESS_KEY=stale\n{eval}\necho AFTER\n");
                let output = shell.runs(&script).job(&sandbox).run();
                let code = if options.contains("nonsense") { 2 } else { 4 };
                assert_eq!((output.code, output.stdout().as_str()), (Some(code), ""), "{eval}: {}", output.describe());
                assert!(!output.scratch.path().join("ran").exists(), "{eval} in {}", shell.name);
                sandbox.aws.script([]);
            }
        }
    }
}

#[test]
fn a_status_remains() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        sandbox.aws.script([refusal()]);
        let script = format!(
            "eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE} --on-error status 2>&1)\" || echo \"status $?\"\n"
        );
        let output = shell.runs(&script).job(&sandbox).run();
        assert_eq!(output.stdout(), "status 4\n", "{}: {}", shell.name, output.describe());
    }
}

#[test]
fn a_success_sets_the_variables_beside_its_messages() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let script = format!(
            "eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE} -vv 2>&1)\" && echo \"${{#AWS_ACCESS_KEY_ID}} $?\"\n"
        );
        let output = shell.runs(&script).job(&sandbox).run();
        assert_eq!(output.exits(0).stdout(), "20 0\n", "{}: {}", shell.name, output.describe());
    }
}

#[test]
fn fish() {
    let sandbox = Sandbox::start().unwrap();
    let Some(fish) = shells::find("fish", "fish", &[]) else { return };
    let call = format!("oidc-exchange aws --role-arn {DEPLOY_ROLE} --format fish -v 2>&1");
    // `eval` ends the script, and `source` returns the status.
    for (eval, code, stdout) in
        [(format!("eval ({call} | string collect)"), 4, ""), (format!("{call} | source"), 0, "status 4\n")]
    {
        let stale = "set -gx AWS_SECRET_ACCESS_KEY stale";
        let script = format!("{stale}\n{eval}; and string length $AWS_ACCESS_KEY_ID\n");
        let output = fish.runs(&script).job(&sandbox).run();
        assert_eq!(output.exits(0).stdout(), "20\n", "{eval}: {}", output.describe());
        sandbox.aws.script([refusal()]);
        let script = format!("{stale}\n{eval}; or echo status $status $AWS_SECRET_ACCESS_KEY\n");
        let output = fish.runs(&script).job(&sandbox).run();
        assert_eq!((output.code, output.stdout().as_str()), (Some(code), stdout), "{eval}: {}", output.describe());
        assert!(!output.scratch.path().join("ran").exists(), "{eval}");
    }
}

/// A log, a terminal and a file of values get the messages as they are.
#[test]
fn only_what_a_shell_evaluates() {
    let sandbox = Sandbox::start().unwrap();
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    for options in ["--format json", "--format process", "-- true"] {
        sandbox.aws.script([refusal()]);
        let script = format!("oidc-exchange aws --role-arn {DEPLOY_ROLE} {options} 2>&1 | cat");
        let output = bash.runs(&script).job(&sandbox).run();
        assert!(output.stdout().contains("error: AWS STS "), "{options}: {}", output.describe());
        assert!(!output.stdout().contains(": 'error"), "{options}: {}", output.describe());
    }
    let output = bash.runs("oidc-exchange token --nonsense 2>&1 | cat").job(&sandbox).run();
    assert!(output.stdout().starts_with("error: "), "{}", output.describe());
}
