//! Options that cannot be meant: exit 2, the caller is stopped, and nothing is sent.

use expect_test::Expect;
use sandbox::{Job, Sandbox};

use super::deploy;
use crate::support::{Program, expect, oidc_exchange, stop, stopped};

/// Runs it in a job, to a usage error.
#[track_caller]
fn wrong(program: Program<'_>, message: Expect) {
    let sandbox = Sandbox::start().unwrap();
    let program = sandbox.env().iter().fold(program, |program, (name, value)| program.env_default(name, value));
    let token = sandbox.issuer.token(&Job::branch("main"));
    program.token(&token).run().exits(2).stdout_is(&stopped(2)).stderr_is(message);
    assert!(sandbox.aws.requests().is_empty() && sandbox.issuer.requests().is_empty());
}

#[track_caller]
fn wrong_options(options: &[&str], message: Expect) {
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
        error: no role was named

        hint: name it with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN
    "#]],
    );
    wrong(
        oidc_exchange(["aws"]).env("AWS_ROLE_ARN", ""),
        expect![[r#"
        error: no role was named

        hint: name it with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN
    "#]],
    );
}

#[test]
fn a_role_that_is_none() {
    wrong_role(
        "deploy",
        expect![[r#"
        error: --role-arn: `deploy` is not a role's ARN: a name alone does not say in which account the role is

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "",
        expect![[r#"
        error: --role-arn: `` is not a role's ARN: a name alone does not say in which account the role is

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:sts::123456789012:assumed-role/deploy/me",
        expect![[r#"
        error: --role-arn: `arn:aws:sts::123456789012:assumed-role/deploy/me` is not a role's ARN: it names a session of a role, not the role

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::12345:role/deploy",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::12345:role/deploy` is not a role's ARN: the account is 12 digits

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::123456789012:user/deploy",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::123456789012:user/deploy` is not a role's ARN: it is of another kind

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::123456789012:role/ci/",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::123456789012:role/ci/` is not a role's ARN: after `role/` comes a name of at most 64 letters, digits and +=,.@_-, with or without a path before it

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong_role(
        "arn:aws:iam::123456789012:role/deploy ",
        expect![[r#"
        error: --role-arn: `arn:aws:iam::123456789012:role/deploy ` is not a role's ARN: it has blanks, control or non-ASCII characters

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong(
        oidc_exchange(["aws"]).env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role"),
        expect![[r#"
        error: AWS_ROLE_ARN: `arn:aws:iam::123456789012:role` is not a role's ARN: it is of another kind

        hint: it reads arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
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

        hint: it has 2 to 64 letters, digits and +=,.@_- (no blank, no slash, no colon)
    "#]],
    );
    wrong_options(
        &["--role-session-name", "x"],
        expect![[r#"
        error: --role-session-name: `x` is not a role session name

        hint: it has 2 to 64 letters, digits and +=,.@_- (no blank, no slash, no colon)
    "#]],
    );
    wrong(
        deploy(&[]).env("AWS_ROLE_SESSION_NAME", "a/b"),
        expect![[r#"
        error: AWS_ROLE_SESSION_NAME: `a/b` is not a role session name

        hint: it has 2 to 64 letters, digits and +=,.@_- (no blank, no slash, no colon)
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
        error: invalid value 'an hour' for '--duration <DURATION>': expected number at 0; it reads like 90s, 15m or 1h

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["--duration", "99999999999999999999999"],
        expect![[r#"
        error: invalid value '99999999999999999999999' for '--duration <DURATION>': number is too large or cannot be represented without a lack of precision (values below 1ns are not supported); it reads like 90s, 15m or 1h

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["--duration=-1h"],
        expect![[r#"
        error: invalid value '-1h' for '--duration <DURATION>': expected number at 0; it reads like 90s, 15m or 1h

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

        hint: it reads like eu-central-1
    "#]],
    );
    wrong_options(
        &["--sts-region", "evil.example/"],
        expect![[r#"
        error: --sts-region: `evil.example/` is not a region's name

        hint: it reads like eu-central-1
    "#]],
    );
    wrong(
        deploy(&[]).env("AWS_REGION", "eu_central_1"),
        expect![[r#"
        error: AWS_REGION: `eu_central_1` is not a region's name

        hint: it reads like eu-central-1
    "#]],
    );
    wrong(
        deploy(&[]).env("AWS_DEFAULT_REGION", "-"),
        expect![[r#"
        error: AWS_DEFAULT_REGION: `-` is not a region's name

        hint: it reads like eu-central-1
    "#]],
    );
}

#[test]
fn a_session_policy_that_is_none() {
    wrong_options(
        &["--policy", "{\"Version\": 1,}"],
        expect![[r#"
        error: --policy: not JSON: trailing comma at line 1 column 15

        hint: IAM takes no comments and no trailing commas
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
        error: --policy: 2056 characters, even without blanks; STS takes at most 2048

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

        hint: it reads arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
    wrong_options(
        &["--policy-arn", "arn:aws:iam::999999999999:policy/narrow"],
        expect![[r#"
        error: --policy-arn: `arn:aws:iam::999999999999:policy/narrow` is not a managed policy's ARN: it is neither AWS's own nor of the role's account

        hint: it reads arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
    wrong_options(
        &["--policy-arn", "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"],
        expect![[r#"
        error: --policy-arn: `arn:aws-cn:iam::aws:policy/ReadOnlyAccess` is not a managed policy's ARN: it is in another partition than the role

        hint: it reads arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
    let eleven: Vec<String> = (0..11).map(|n| format!("--policy-arn=arn:aws:iam::aws:policy/P{n}")).collect();
    wrong(
        deploy(&[]).args(eleven),
        expect![[r#"
        error: --policy-arn: 11 were given; STS takes at most 10
    "#]],
    );
}

#[test]
fn an_endpoint_that_is_none() {
    wrong(
        deploy(&[]).env("AWS_ENDPOINT_URL_STS", "sts.eu-central-1.amazonaws.com"),
        expect![[r#"
        error: AWS_ENDPOINT_URL_STS is not an https address

        hint: it reads like https://sts.eu-central-1.amazonaws.com
    "#]],
    );
    wrong(
        deploy(&[]).env("AWS_ENDPOINT_URL_STS", "").env("AWS_ENDPOINT_URL", "ftp://x"),
        expect![[r#"
        error: AWS_ENDPOINT_URL is not an https address

        hint: it reads like https://sts.eu-central-1.amazonaws.com
    "#]],
    );
}

#[test]
fn a_timeout_without_time() {
    wrong_options(
        &["--timeout", "0"],
        expect![[r#"
        error: --timeout: no time at all is left for the exchange
    "#]],
    );
    wrong_options(
        &["--timeout", "soon"],
        expect![[r#"
        error: invalid value 'soon' for '--timeout <DURATION>': expected number at 0; it reads like 90s, 15m or 1h

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn certificates_that_are_not_there() {
    wrong_options(
        &["--ca-file", "absent.pem"],
        expect![[r#"
        error: --ca-file: cannot read absent.pem: No such file or directory (os error 2)
    "#]],
    );
    let program = deploy(&["--ca-file", "empty.pem"]);
    program.scratch().write("empty.pem", "");
    wrong(
        program,
        expect![[r#"
        error: --ca-file: empty.pem holds no PEM certificate
    "#]],
    );
}

#[test]
fn a_host_for_plain_http_that_is_more_than_a_host() {
    wrong_options(
        &["--allow-http", "http://vault:8200"],
        expect![[r#"
        error: --allow-http: `http://vault:8200` is not a host's name or address

        hint: it takes the host alone, without http:// and without a port
    "#]],
    );
    wrong_options(
        &["--allow-http", "vault:8200"],
        expect![[r#"
        error: --allow-http: `vault:8200` is not a host's name or address

        hint: it takes the host alone, without http:// and without a port
    "#]],
    );
    wrong_options(
        &["--allow-http", "*"],
        expect![[r#"
        error: --allow-http: `*` is not a host's name or address

        hint: it takes the host alone, without http:// and without a port
    "#]],
    );
}

#[test]
fn a_proxy_that_is_none() {
    let program = deploy(&[]).env("HTTPS_PROXY", "ftp://me:a-password-of-mine@proxy:1");
    wrong(
        program.secret("the proxy's password", "a-password-of-mine"),
        expect![[r#"
        error: HTTPS_PROXY is not the address of a proxy

        hint: it reads http://host:port, https://host:port, socks5://host:port or socks5h://host:port
    "#]],
    );
}

#[test]
fn options_that_do_not_go_together() {
    wrong_options(
        &["--token-env", "A", "--token-file", "b"],
        expect![[r#"
        error: the argument '--token-env <NAME>' cannot be used with '--token-file <PATH>'

        Usage: oidc-exchange aws --role-arn <ARN> --token-env <NAME> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["-v", "-q"],
        expect![[r#"
        error: the argument '--verbose...' cannot be used with '--quiet'

        Usage: oidc-exchange aws --role-arn <ARN> --verbose... [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["--pass-token"],
        expect![[r#"
        error: the following required arguments were not provided:
          <COMMAND>...

        Usage: oidc-exchange aws --role-arn <ARN> --pass-token -- <COMMAND>...

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn words_that_are_not_known() {
    wrong_options(
        &["--role", "x"],
        expect![[r#"
        error: unexpected argument '--role' found

          tip: a similar argument exists: '--role-arn'
          tip: to pass '--role' as a value, use '-- --role'

        Usage: oidc-exchange aws --role-arn <ARN> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["--format", "yaml"],
        expect![[r#"
            error: invalid value 'yaml' for '--format <FORMAT>'
              [possible values: env, env-no-export, fish, json, source, process]

            For more information, try '--help'.
        "#]],
    );
    wrong_options(
        &["--on-error", "cry"],
        expect![[r#"
        error: invalid value 'cry' for '--on-error <WHAT>'
          [possible values: stop, status, none]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["extra"],
        expect![[r#"
        error: unexpected argument 'extra' found

        Usage: oidc-exchange aws [OPTIONS] [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["--region"],
        expect![[r#"
        error: a value is required for '--region <REGION>' but none was supplied

        For more information, try '--help'.
    "#]],
    );
}

/// Not known as an exchange, so nothing is known of its credentials: the caller is stopped all the same.
#[test]
fn no_such_command() {
    let asw = oidc_exchange(["asw", "--role-arn", "x"]).run();
    asw.exits(2).stdout_is(&stop(2)).stderr_is(expect![[r#"
        error: unrecognized subcommand 'asw'

        Usage: oidc-exchange <COMMAND>

        For more information, try '--help'.
    "#]]);
    oidc_exchange(["--frobnicate"]).run().exits(2).stdout_is(&stop(2));
    let nothing = oidc_exchange([""; 0]).run();
    nothing.exits(2).stdout_is(&stop(2));
    assert!(nothing.stderr().contains("Usage: oidc-exchange <COMMAND>"));
}

/// A reader of data must not find shell text in it.
#[test]
fn what_is_not_for_a_shell_is_left_empty() {
    let sandbox = Sandbox::start().unwrap();
    for options in [
        &["--format", "json"][..],
        &["--format=env-no-export"],
        &["--output", "file"],
        &["--on-error", "none"],
        &["--", "true"],
    ] {
        let program = oidc_exchange(["aws", "--role-arn", "deploy"]).args(options).job(&sandbox);
        program.run().exits(2).stdout_is("");
    }
}

#[test]
fn combinations_that_mean_nothing_with_a_command_or_without_a_shell() {
    let sandbox = Sandbox::start().unwrap();
    let cases = [
        (
            &["--format", "json", "--on-error", "stop"][..],
            expect![[r#"
            error: --on-error is for the formats that a shell evaluates
        "#]],
        ),
        (
            &["--format", "json", "--", "true"],
            expect![[r#"
            error: the argument '--format <FORMAT>' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --format <FORMAT> [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--output", "x", "--", "true"],
            expect![[r#"
            error: the argument '--output <PATH>' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --output <PATH> [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--on-error", "stop", "--", "true"],
            expect![[r#"
            error: the argument '--on-error <WHAT>' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --on-error <WHAT> [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--print-secrets", "--", "true"],
            expect![[r#"
            error: the argument '--print-secrets' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --print-secrets [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--"],
            expect![[r#"
            error: no COMMAND stands after `--`
        "#]],
        ),
    ];
    for (options, message) in cases {
        deploy(options).job(&sandbox).run().exits(2).stdout_is("").stderr_is(message);
    }
    assert!(sandbox.aws.requests().is_empty());
}

#[test]
fn help_and_version_are_no_mistakes() {
    let version = oidc_exchange(["--version"]).run();
    version.exits(0).stdout_is(concat!("oidc-exchange ", env!("CARGO_PKG_VERSION"), "\n")).stderr_is(expect![""]);
    let help = oidc_exchange(["aws", "--help"]).run();
    help.exits(0).stderr_is(expect![""]);
    assert!(help.stdout().contains("--role-arn <ARN>") && help.stdout().contains("AWS_ROLE_ARN"));
}
