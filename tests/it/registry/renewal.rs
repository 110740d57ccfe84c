//! Passwords that are about to expire.

use std::time::Duration;

use sandbox::{Fault, Sandbox};

use super::{HOST, answer, helper, register};
use crate::support::expect;

#[test]
fn a_password_is_renewed_shortly_before_it_expires() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.set_lifetime(Duration::from_mins(4));
    let output = register(&sandbox, &[HOST]).run();
    output.exits(0);
    sandbox.ecr.set_lifetime(Duration::from_hours(12));
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST));
    assert_eq!((sandbox.aws.requests().len(), sandbox.ecr.requests().len()), (2, 2));
}

#[test]
fn two_calls_at_once_make_one_exchange() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.set_lifetime(Duration::from_mins(4));
    let output = register(&sandbox, &[HOST]).run();
    sandbox.ecr.set_lifetime(Duration::from_hours(12));
    sandbox.ecr.script([Fault::Delay(Duration::from_millis(500))]);
    let script =
        format!("for i in 1 2 3 4 5 6; do printf %s {HOST} | docker-credential-oidc-exchange get & done; wait");
    let shell = crate::support::shells::find("dash", "dash", &[]).unwrap();
    let program = shell.runs(&script).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").within(output.scratch);
    let output = program.run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST).repeat(6)).stderr_is(expect![[""]]);
    assert_eq!((sandbox.aws.requests().len(), sandbox.ecr.requests().len()), (2, 2));
}

#[test]
fn a_password_that_still_lives_serves_while_the_cloud_is_down() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.set_lifetime(Duration::from_mins(4));
    let output = register(&sandbox, &[HOST]).run();
    let refused = "http://127.0.0.1:9";
    let output = helper(&sandbox, "get", HOST, output.scratch).env("AWS_ENDPOINT_URL_STS", refused);
    let output = output.patient(Duration::from_mins(2)).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST));
    assert!(output.stderr().contains("the earlier password is still valid"), "{}", output.stderr());
}

#[test]
fn a_refusal_is_told_to_whoever_shows_it() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.set_lifetime(Duration::from_secs(1));
    let output = register(&sandbox, &[HOST]).run();
    std::thread::sleep(Duration::from_secs(2));
    sandbox.ecr.deny(sandbox::DEPLOY_ROLE);
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(1).stdout_reads(expect![[r#"
        oidc-exchange: Amazon ECR refused to give a password: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action (request ID)
    "#]]).stderr_is(expect![[r#"
        error: Amazon ECR refused to give a password
          said       AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform:  … thorizationToken action (request ID)
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: allow ecr:GetAuthorizationToken on the resource * in the role's policies (and in --policy and --policy-arn)
    "#]]);
    // A renewal also needs the job's token.
    let output = helper(&sandbox, "get", HOST, output.scratch).env_remove("SEMAPHORE_OIDC_TOKEN").run();
    output.exits(1).stdout_reads(expect![[r#"
        oidc-exchange: no subject token: SEMAPHORE_OIDC_TOKEN is not set
    "#]]).stderr_is(expect![[r#"
        error: no subject token: SEMAPHORE_OIDC_TOKEN is not set
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: this looks like a Semaphore job, but it was given no token: is OpenID Connect part of the organization's plan? (Community Edition has none)
        hint: a pipeline's own `env_vars` or secrets may have overridden it
    "#]]);
}

/// A renewal repeats the first request, for any later values of the variables.
#[test]
fn a_renewal_asks_for_the_same() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.set_lifetime(Duration::from_mins(4));
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let program =
        register(&sandbox, &[HOST]).args(["--policy", policy, "--duration", "30m", "--role-session-name", "a-b"]);
    let token = program.scratch().write("token", sandbox.issuer.token(&sandbox::Job::branch("main")));
    let output = program.args(["--token-file", "token"]).run();
    output.exits(0);
    let env = [
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other"),
        ("AWS_ROLE_SESSION_NAME", "other"),
        ("AWS_REGION", "us-west-2"),
    ];
    let program = env
        .into_iter()
        .fold(helper(&sandbox, "get", HOST, output.scratch), |program, (name, value)| program.env(name, value));
    let output = program.env_remove("SEMAPHORE_OIDC_TOKEN").run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST));
    assert!(token.exists());
    let form = |index: usize| {
        let mut form = sandbox.aws.requests()[index].form.clone();
        form.sort();
        form
    };
    assert_eq!(
        form(0).iter().filter(|(name, _)| name != "WebIdentityToken").collect::<Vec<_>>(),
        form(1).iter().filter(|(name, _)| name != "WebIdentityToken").collect::<Vec<_>>()
    );
    assert_eq!(sandbox.aws.requests()[1].field("Policy"), Some(policy));
}
