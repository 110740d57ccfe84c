//! `--format process`: the `credential_process` answer, and the number of calls to STS.

use std::time::Duration;

use sandbox::{Fault, Job, Sandbox};
use serde_json::json;

use super::chain::admits;
use super::deploy;
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect};
use crate::support::{peers, shells};

fn process<'s>(options: &[&str]) -> Program<'s> {
    deploy(&["--format", "process"]).args(options)
}

fn job() -> Job {
    Job::branch("main").with_id("job-1")
}

/// The same job's token, because each new one is different.
fn token(sandbox: &Sandbox) -> String {
    sandbox.issuer.token(&job())
}

/// Another call of the same job, in the directory of `before`.
fn again(sandbox: &Sandbox, token: &str, before: Output, options: &[&str]) -> Output {
    process(options).within(before.scratch).job_of(sandbox, &job()).token(token).run()
}

fn calls(sandbox: &Sandbox) -> usize {
    sandbox.aws.requests().len()
}

#[test]
fn the_answer_is_the_contracts() {
    let sandbox = Sandbox::start().unwrap();
    let output = process(&[]).job_of(&sandbox, &job()).run();
    let issued = &sandbox.aws.issued()[0];
    output.exits(0).stderr_is(expect![[""]]).stdout_is(&format!(
        "{{\n  \"Version\": 1,\n  \"AccessKeyId\": \"{}\",\n  \"SecretAccessKey\": \"{}\",\n  \"SessionToken\": \"{}\",\n  \
         \"Expiration\": \"{}\",\n  \"AccountId\": \"123456789012\"\n}}\n",
        issued.access_key_id,
        issued.secret_access_key,
        issued.session_token,
        humantime::format_rfc3339_seconds(issued.expiration)
    ));
    let kept = output.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
    let kept = kept.expect("a cache");
    let expected = format!("{}\n{}", humantime::format_rfc3339_seconds(issued.expiration), output.stdout());
    assert_eq!((mode(&kept), std::fs::read_to_string(&kept).unwrap()), (0o600, expected));
    let name = kept.file_name().unwrap().to_str().unwrap();
    assert_eq!(name.len(), "aws-.cache".len() + 43, "a digest, and nothing else, is in the name: {name}");
}

#[test]
fn the_same_question_is_asked_once() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let first = process(&[]).job_of(&sandbox, &job()).token(&token).run();
    let printed = first.stdout.clone();
    let second = again(&sandbox, &token, first, &[]);
    assert!(second.exits(0).stdout == printed && calls(&sandbox) == 1);
    let third =
        again(&sandbox, &token, second, &["--timeout", "10s", "--region", "eu-west-1", "--sts-region", "us-east-1"]);
    assert!(third.exits(0).stdout == printed && calls(&sandbox) == 1, "what does not change the answer does not count");
}

#[test]
fn whatever_changes_the_answer_is_another_question() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let mut last = process(&[]).job_of(&sandbox, &job()).token(&token).run();
    let questions: [&[&str]; 7] = [
        &["--role-session-name", "another"],
        &["--duration", "20m"],
        &["--policy", r#"{"Version":"2012-10-17"}"#],
        &["--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
        &["--sts-region", "eu-north-1"],
        &["--allowed-account-id", "123456789012"],
        &["--verify"],
    ];
    for question in questions {
        let before = sandbox.aws.issued().len();
        last = again(&sandbox, &token, last, question);
        last.exits(0);
        assert_eq!(sandbox.aws.issued().len(), before + 1, "{question:?}");
    }
    let before = calls(&sandbox);
    last = again(&sandbox, &sandbox.issuer.token(&job().claim("jti", "another")), last, &[]);
    last.exits(0);
    assert_eq!(calls(&sandbox), before + 1, "another token");
    let other = Sandbox::start().unwrap();
    again(&other, &token, last, &[]).exits(4);
    assert_eq!(calls(&other), 1, "another endpoint");
}

/// A tag's key may be any word. It is not confused with an option that contains the same word.
#[test]
fn a_tag_is_no_other_option() {
    const HUB: &str = "arn:aws:iam::123456789012:role/hub";
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    sandbox.aws.create_role(HUB, &admits(sandbox::DEPLOY_ROLE, &json!("sts:*"), &json!({}))).unwrap();
    let chain = ["--chain-role-arn", HUB];
    let tagged = process(&chain).args(["--session-tag", "account=123456789012"]);
    let tagged = tagged.job_of(&sandbox, &job()).token(&token).run();
    tagged.exits(0);
    let before = calls(&sandbox);
    let guarded = [&chain[..], &["--allowed-account-id", "123456789012"]].concat();
    again(&sandbox, &token, tagged, &guarded).exits(0);
    assert_eq!(calls(&sandbox), before + 2, "another question");
}

/// The cached answer, with another expiry.
fn age(output: &Output, left: Duration) {
    let kept =
        output.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache")).unwrap();
    let text = std::fs::read_to_string(&kept).unwrap();
    let end = humantime::format_rfc3339_seconds(std::time::SystemTime::now() + left);
    std::fs::write(kept, format!("{end}\n{}", text.split_once('\n').unwrap().1)).unwrap();
}

#[test]
fn credentials_are_renewed_fifteen_minutes_early() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let first = process(&[]).job_of(&sandbox, &job()).token(&token).run();
    age(&first, Duration::from_secs(910));
    let second = again(&sandbox, &token, first, &[]);
    assert_eq!(calls(&sandbox), 1);
    age(&second, Duration::from_secs(890));
    let third = again(&sandbox, &token, second, &[]);
    assert!(calls(&sandbox) == 2 && third.stdout().contains(&sandbox.aws.issued()[1].session_token));
    let fourth = again(&sandbox, &token, third, &[]);
    assert_eq!((fourth.code, calls(&sandbox)), (Some(0), 2));
}

/// A session of 15 minutes cannot be renewed 15 minutes before its end.
#[test]
fn short_sessions_are_renewed_in_proportion() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let short = ["--duration", "15m"];
    let first = process(&short).job_of(&sandbox, &job()).token(&token).run();
    age(&first, Duration::from_secs(235));
    let second = again(&sandbox, &token, first, &short);
    assert_eq!(calls(&sandbox), 1);
    age(&second, Duration::from_secs(215));
    again(&sandbox, &token, second, &short).exits(0);
    assert_eq!(calls(&sandbox), 2);
}

#[test]
fn an_outage_is_outlived_while_the_credentials_live() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let first = process(&[]).job_of(&sandbox, &job()).token(&token).run();
    age(&first, Duration::from_secs(200));
    sandbox.aws.always(Some(Fault::status(503)));
    let second = again(&sandbox, &token, first, &["--timeout", "4s"]);
    second.exits(0).stderr_is(expect![[r#"
        warning: AWS STS: status 503, without an error code of STS; trying again for up to T s
        warning: AWS STS: status 503, without an error code of STS; the earlier credentials are still valid
    "#]]);
    age(&second, Duration::ZERO);
    again(&sandbox, &token, second, &["--timeout", "4s"]).exits(5).stdout_is("");
}

#[test]
fn a_refusal_is_not_papered_over() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let first = process(&[]).job_of(&sandbox, &job()).token(&token).run();
    age(&first, Duration::from_secs(200));
    sandbox.aws.delete_role(sandbox::DEPLOY_ROLE);
    let output = again(&sandbox, &token, first, &[]);
    output.exits(4).stdout_is("");
    assert!(output.stderr().starts_with("error: AWS STS refused the token\n"));
}

#[test]
fn what_is_no_answer_is_asked_again() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let mut last = process(&[]).job_of(&sandbox, &job()).token(&token).run();
    for broken in [
        "",
        "{}",
        "2040-01-01T00:00:00Z",
        "2040-01-01T00:00:00Z\n",
        "2040-01-01T00:00:00Z\n{",
        "2040-01-01T00:00:00Z\n[1]",
        "2040-01-01T00:00:00Z\n{\"Version\": 1, \"AccessKeyId\": \"x\", \"Expiration\": \"2040-01-01T00:00:00Z\"}",
    ] {
        let before = calls(&sandbox);
        let kept = last.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
        std::fs::write(kept.unwrap(), broken).unwrap();
        last = again(&sandbox, &token, last, &[]);
        last.exits(0);
        assert_eq!(calls(&sandbox), before + 1, "{broken}");
    }
}

#[test]
fn a_crowd_asks_once() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox);
    let scratch = Scratch::new();
    let place = scratch.path().join("private");
    // Slow enough that all of them start before the answer arrives.
    sandbox.aws.script([Fault::Delay(Duration::from_millis(700))]);
    let start = || process(&[]).job_of(&sandbox, &job()).token(&token).env("OIDC_EXCHANGE_DIR", &place).spawn();
    let running: Vec<_> = (0..12).map(|_| start()).collect();
    let outputs: Vec<_> = running.into_iter().map(|one| one.wait()).collect();
    assert!(outputs.iter().all(|one| one.code == Some(0) && one.stdout == outputs[0].stdout));
    assert_eq!(calls(&sandbox), 1);
    let left = scratch.files().into_iter().filter(|file| file.extension().is_some_and(|end| end == "lock"));
    assert_eq!(left.count(), 0, "no lock is left");
}

#[test]
fn without_a_place_to_keep_them_every_call_asks() {
    let sandbox = Sandbox::start().unwrap();
    let output = process(&[]).job(&sandbox).env_remove("SEMAPHORE_JOB_ID").run();
    output.exits(0).stderr_is(expect![[r#"
        warning: neither SEMAPHORE_JOB_ID nor OIDC_EXCHANGE_DIR names a directory to keep credentials in: every call asks AWS STS
    "#]]);
    assert!(output.scratch.files().is_empty());
}

#[test]
fn a_failure_says_nothing_on_standard_output() {
    let sandbox = Sandbox::start().unwrap();
    process(&[]).job_of(&sandbox, &Job::branch("other")).run().exits(4).stdout_is("");
    process(&["--refreshable"]).job(&sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --format process prints keys for one tool: neither --refreshable nor --env-prefix

        hint: for a profile that renews its credentials, use --profile NAME --refreshable
    "#]]);
    process(&["--on-error", "stop"]).job(&sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --on-error is for the formats that a shell evaluates
    "#]]);
    assert_eq!(calls(&sandbox), 1);
}

/// Many commands of the real AWS CLI, one call of STS.
#[test]
fn the_aws_cli_costs_one_call_for_many_commands() {
    let sandbox = Sandbox::start().unwrap();
    let aws = peers::aws().program("aws");
    let shell = shells::posix().remove(0);
    let caller = format!(
        "for n in 1 2 3; do '{}' sts get-caller-identity --profile ci --query Arn --output text; done",
        aws.display()
    );
    let program = shell.runs(&caller).job_of(&sandbox, &job()).env("AWS_DEFAULT_REGION", "eu-west-1");
    program.scratch().write(
        "home/.aws/config",
        "[profile ci]\ncredential_process = oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format process\n",
    );
    let arn = "arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1\n";
    program.run().exits(0).stdout_is(&arn.repeat(3));
    let asked = |action: &str| sandbox.aws.requests().iter().filter(|one| one.field("Action") == Some(action)).count();
    assert_eq!((asked("AssumeRoleWithWebIdentity"), asked("GetCallerIdentity")), (1, 3));
}
