//! Invalid options of `aws`: exit 2, the caller is stopped, and nothing is sent.

use expect_test::Expect;
use sandbox::{Job, Sandbox};

use super::deploy;
use crate::support::{Program, expect, oidc_exchange, stopped};

/// Runs it in a job, to a usage error.
#[track_caller]
pub(super) fn wrong(program: Program<'_>, message: Expect) {
    let sandbox = Sandbox::start().unwrap();
    let program = sandbox.env().iter().fold(program, |program, (name, value)| program.env_default(name, value));
    let token = sandbox.issuer.token(&Job::branch("main"));
    program.token(&token).run().exits(2).stdout_is(&stopped(2)).stderr_is(message);
    assert!(sandbox.aws.requests().is_empty() && sandbox.issuer.requests().is_empty());
}

#[track_caller]
pub(super) fn wrong_options(options: &[&str], message: Expect) {
    wrong(deploy(options), message);
}

#[track_caller]
fn wrong_role(role: &str, message: Expect) {
    wrong(oidc_exchange(["aws", "--role-arn", role]), message);
}

#[test]
fn no_role() {
    wrong(
        oidc_exchange(["aws"]),
        expect![[r#"
        error: no role was given

        hint: name it with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN
    "#]],
    );
    wrong(
        oidc_exchange(["aws"]).env("AWS_ROLE_ARN", ""),
        expect![[r#"
        error: no role was given

        hint: name it with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN
    "#]],
    );
}

#[test]
fn a_role_that_is_none() {
    wrong_role(
        "deploy",
        expect![[r#"
        error: --role-arn: `deploy` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "",
        expect![[r#"
        error: --role-arn: `` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:sts::123456789012:assumed-role/deploy/me",
        expect![[r#"
        error: --role-arn: `arn:aws:sts::123456789012:assumed-role/deploy/me` is not a role's ARN: it names a session of a role, not the role

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::12345:role/deploy",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::12345:role/deploy` is not a role's ARN: the account is 12 digits

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::123456789012:user/deploy",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::123456789012:user/deploy` is not a role's ARN: it is of another kind

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::123456789012:role/ci/",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::123456789012:role/ci/` is not a role's ARN: after `role/` comes a name of at most 64 letters, digits and +=,.@_-, with or without a path before it

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::123456789012:role/deploy ",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::123456789012:role/deploy ` is not a role's ARN: it has spaces, control or non-ASCII characters

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong(
        oidc_exchange(["aws"]).env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role"),
        expect![[r#"
        error: AWS_ROLE_ARN: `arn:aws:iam::123456789012:role` is not a role's ARN: it is of another kind

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
}

#[test]
fn a_partition_whose_region_is_unknown() {
    wrong_role(
        "arn:aws-moon:iam::123456789012:role/deploy",
        expect![[r#"
        error: no region is known for the partition `aws-moon`

        hint: name one with --region or AWS_REGION
    "#]],
    );
}

#[test]
fn a_session_name_that_is_none() {
    wrong_options(
        &["--role-session-name", "a b"],
        expect![[r#"
        error: --role-session-name: `a b` is not a role session name

        hint: it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)
    "#]],
    );
    wrong_options(
        &["--role-session-name", "x"],
        expect![[r#"
        error: --role-session-name: `x` is not a role session name

        hint: it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)
    "#]],
    );
    wrong(
        deploy(&[]).env("AWS_ROLE_SESSION_NAME", "a/b"),
        expect![[r#"
        error: AWS_ROLE_SESSION_NAME: `a/b` is not a role session name

        hint: it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)
    "#]],
    );
}

#[test]
fn a_duration_out_of_bounds_or_unreadable() {
    wrong_options(
        &["--duration", "14m"],
        expect![[r#"
        error: --duration: a session lasts from 15m to 12h

        hint: the role's own maximum, an hour unless it was raised, holds as well
    "#]],
    );
    wrong_options(
        &["--duration", "12h 1s"],
        expect![[r#"
        error: --duration: a session lasts from 15m to 12h

        hint: the role's own maximum, an hour unless it was raised, holds as well
    "#]],
    );
    wrong_options(
        &["--duration", "899"],
        expect![[r#"
        error: --duration: a session lasts from 15m to 12h

        hint: the role's own maximum, an hour unless it was raised, holds as well
    "#]],
    );
    wrong_options(
        &["--duration", "900500ms"],
        expect![[r#"
        error: --duration: a session lasts from 15m to 12h

        hint: the role's own maximum, an hour unless it was raised, holds as well
    "#]],
    );
    wrong_options(
        &["--duration", "an hour"],
        expect![[r#"
            error: invalid value 'an hour' for '--duration <DURATION>': it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m

            For more information, try '--help'.
        "#]],
    );
    wrong_options(
        &["--duration", "99999999999999999999999"],
        expect![[r#"
            error: invalid value '99999999999999999999999' for '--duration <DURATION>': it is longer than a year

            For more information, try '--help'.
        "#]],
    );
    wrong_options(
        &["--duration=-1h"],
        expect![[r#"
            error: invalid value '-1h' for '--duration <DURATION>': it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m

            For more information, try '--help'.
        "#]],
    );
}

#[test]
fn a_region_that_is_none() {
    wrong_options(
        &["--region", "EU Frankfurt"],
        expect![[r#"
        error: --region: `EU Frankfurt` is not a region's name

        hint: write it like eu-central-1
    "#]],
    );
    wrong_options(
        &["--sts-region", "evil.example/"],
        expect![[r#"
        error: --sts-region: `evil.example/` is not a region's name

        hint: write it like eu-central-1
    "#]],
    );
    for old in ["fips-us-east-1", "us-east-1-fips"] {
        wrong(
            deploy(&[]).env("AWS_REGION", old).word(old, "OLD"),
            expect![[r#"
            error: AWS_REGION: `OLD` is not a region's name

            hint: write us-east-1, and set AWS_USE_FIPS_ENDPOINT=true
        "#]],
        );
    }
    wrong(
        deploy(&[]).env("AWS_REGION", "eu_central_1"),
        expect![[r#"
        error: AWS_REGION: `eu_central_1` is not a region's name

        hint: write it like eu-central-1
    "#]],
    );
    wrong(
        deploy(&[]).env("AWS_DEFAULT_REGION", "-"),
        expect![[r#"
        error: AWS_DEFAULT_REGION: `-` is not a region's name

        hint: write it like eu-central-1
    "#]],
    );
}

#[test]
fn a_session_policy_that_is_none() {
    wrong_options(
        &["--policy", "{\"Version\": 1,}"],
        expect![[r#"
        error: --policy: not JSON: trailing comma at line 1 column 15

        hint: IAM accepts no comments and no trailing commas
    "#]],
    );
    wrong_options(
        &["--policy", "[]"],
        expect![[r#"
        error: --policy: a policy is a JSON object
    "#]],
    );
    wrong_options(
        &["--policy", "@absent.json"],
        expect![[r#"
        error: --policy: cannot read absent.json: No such file or directory (os error 2)
    "#]],
    );
    wrong_options(
        &["--policy", &format!("{{\"a\":\"{}\"}}", "x".repeat(2048))],
        expect![[r#"
        error: --policy: 2056 characters, even without spaces; STS accepts at most 2048

        hint: put it into a managed policy and name that with --policy-arn
    "#]],
    );
}

#[test]
fn a_managed_policy_out_of_reach() {
    wrong_options(
        &["--policy-arn", "ReadOnlyAccess"],
        expect![[r#"
        error: --policy-arn: `ReadOnlyAccess` is not a managed policy's ARN: it has 20 to 2048 characters

        hint: write it as arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
    wrong_options(
        &["--policy-arn", "arn:aws:iam::999999999999:policy/narrow"],
        expect![[r#"
        error: --policy-arn: `arn:aws:iam::999999999999:policy/narrow` is not a managed policy's ARN: it is neither AWS's own nor of the role's account

        hint: write it as arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
    wrong_options(
        &["--policy-arn", "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"],
        expect![[r#"
        error: --policy-arn: `arn:aws-cn:iam::aws:policy/ReadOnlyAccess` is not a managed policy's ARN: it is in another partition than the role

        hint: write it as arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
    let eleven: Vec<String> = (0..11).map(|n| format!("--policy-arn=arn:aws:iam::aws:policy/P{n}")).collect();
    wrong(
        deploy(&[]).args(eleven),
        expect![[r#"
        error: --policy-arn: 11 were given; STS accepts at most 10
    "#]],
    );
}

#[test]
fn an_endpoint_that_is_none() {
    wrong(
        deploy(&[]).env("AWS_ENDPOINT_URL_STS", "sts.eu-central-1.amazonaws.com"),
        expect![[r#"
        error: AWS_ENDPOINT_URL_STS is not an https address

        hint: write it like https://sts.eu-central-1.amazonaws.com
    "#]],
    );
    for text in ["https://sts.{region}.amazonaws.com", " https://sts.eu-central-1.amazonaws.com"] {
        wrong(
            deploy(&[]).env("AWS_ENDPOINT_URL_STS", text),
            expect![[r#"
            error: AWS_ENDPOINT_URL_STS is not an https address

            hint: write it like https://sts.eu-central-1.amazonaws.com
        "#]],
        );
    }
    for text in ["\"https://sts.example.com\"", "sts.example.com", "https://sts.{region}.amazonaws.com"] {
        let program = deploy(&[]).env("AWS_ENDPOINT_URL_STS", "").env("AWS_CONFIG_FILE", "config");
        program.scratch().write("config", format!("[default]\nendpoint_url = {text}\n"));
        wrong(
            program,
            expect![[r#"
            error: endpoint_url in the AWS configuration file is not an https address

            hint: write it like https://sts.eu-central-1.amazonaws.com
        "#]],
        );
    }
    wrong(
        deploy(&[]).env("AWS_ENDPOINT_URL_STS", "").env("AWS_ENDPOINT_URL", "ftp://x"),
        expect![[r#"
        error: AWS_ENDPOINT_URL is not an https address

        hint: write it like https://sts.eu-central-1.amazonaws.com
    "#]],
    );
}
