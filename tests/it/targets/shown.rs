//! `--list` and `--check`, which send nothing.

use sandbox::Sandbox;

use super::{file, run_of, with};
use crate::support::{expect, oidc_exchange};

#[test]
fn the_list_has_each_target_and_its_cloud() {
    let program = oidc_exchange(["use", "--list"]);
    program.scratch().write(".semaphore/oidc-exchange.toml", file());
    program
        .run()
        .exits(0)
        .stdout_reads(expect![[r#"
        deploy aws
        staging aws
        gov aws
        release aws
        web gcp
        terraform azure
        secrets vault
        all-secrets vault
        token vault
    "#]])
        .stderr_is(expect![""]);
}

#[test]
fn a_check_needs_no_token() {
    let program = oidc_exchange(["use", "--check"]).env("VAULT_ADDR", "https://vault.test");
    program.scratch().write("oidc-exchange.toml", file());
    program
        .run()
        .exits(0)
        .stdout_reads(expect![[r#"
        oidc-exchange.toml: 9 targets checked, no error
        not in one run: AWS_ACCESS_KEY_ID is for the target deploy and for the target release
    "#]])
        .stderr_is(expect![""]);
    let program = oidc_exchange(["use", "--check", "deploy", "web"]);
    program.scratch().write("oidc-exchange.toml", file());
    program
        .run()
        .exits(0)
        .stdout_reads(expect![[r#"
        oidc-exchange.toml: 2 targets checked, no error
    "#]])
        .stderr_is(expect![""]);
}

#[test]
fn a_check_reports_every_error() {
    let sandbox = Sandbox::start().unwrap();
    let file = r#"version = 1
[target.a]
aws.role-arn = "deploy"
[target.b]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"
aws.duration = "5m"
[target.c]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"
aws.profile = "x"
aws.env-prefix = "X_"
[target.d.gcp]
project = "x"
"#;
    with(&["--check"], file, &sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: oidc-exchange.toml:3:5: target a: --role-arn: `deploy` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
        error: oidc-exchange.toml:6:5: target b: --duration: a session lasts from 15m to 12h

        hint: the role's own maximum, an hour unless it was raised, holds as well
        error: oidc-exchange.toml:9:5: target c: the argument '--profile <NAME>' cannot be used with '--env-prefix <PREFIX>'
        error: oidc-exchange.toml:11:9: target d: gcp.provider is missing, and another key needs it
    "#]]);
    run_of(&["--check", "deploy", "release"], &sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: AWS_ACCESS_KEY_ID is for the target deploy and for the target release
    "#]]);
    run_of(&["--check", "deploy", "--", "true"], &sandbox).run().exits(2);
    run_of(&["--list", "deploy"], &sandbox).run().exits(2);
}

/// Targets that can be read and can never succeed.
#[test]
fn a_check_finds_what_can_never_succeed() {
    let sandbox = Sandbox::start().unwrap();
    let file = r#"version = 1
[target.account]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"
aws.allowed-account-id = ["210987654321"]
[target.chain]
aws.role-arn = "arn:aws:iam::123456789012:role/ci"
aws.chain-role-arn = ["arn:aws:iam::999999999999:role/deploy"]
aws.allowed-account-id = ["123456789012"]
[target.gov]
aws.role-arn = "arn:aws-us-gov:iam::123456789012:role/deploy"
aws.region = "eu-central-1"
aws.env-prefix = "GOV_"
[target.china]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"
aws.sts-region = "cn-north-1"
aws.env-prefix = "CHINA_"
[target.moon]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"
aws.region = "moon-east-1"
aws.env-prefix = "MOON_"
"#;
    with(&["--check"], file, &sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: oidc-exchange.toml:4:5: target account: the credentials would be for account 123456789012, which is not in --allowed-account-id

        hint: correct the role's ARN or aws.allowed-account-id
        error: oidc-exchange.toml:8:5: target chain: the credentials would be for account 999999999999, which is not in --allowed-account-id

        hint: correct the role's ARN or aws.allowed-account-id
        error: oidc-exchange.toml:11:5: target gov: --region: eu-central-1 is a region of the partition aws, and the role is in aws-us-gov

        hint: name a region of the role's partition
        error: oidc-exchange.toml:15:5: target china: --sts-region: cn-north-1 is a region of the partition aws-cn, and the role is in aws

        hint: name a region of the role's partition
    "#]]);
    // A region that only a variable names is not the file's.
    with(&["--check", "moon"], file, &sandbox).env("AWS_REGION", "cn-north-1").run().exits(0);
    let file = "version = 1
[target.x]
vault.addr = 'http://vault.test'
[target.y]
aws.rolearn = 'x'
";
    with(&["--check"], file, &sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: oidc-exchange.toml:5:5: target y: aws.rolearn is not a key

        hint: write role-arn, if that is meant
    "#]]);
    let file = "version = 1
[target.x]
vault.addr = 'http://vault.test'
[target.y]
vault.secrets = ['PATH=secret/a#b']
";
    with(&["--check"], file, &sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: oidc-exchange.toml:3:7: target x: vault.addr: it is not an https address
        error: oidc-exchange.toml:5:7: target y: vault.secrets: PATH is read by a shell, which a targets file must not steer
    "#]]);
    // Two secrets, and an ID token and a secret, in one variable.
    let file = format!(
        "version = 1
[target.a]
vault.role = 'ci'
vault.secrets = ['SERVICE_ID=secret/a#b']
[target.b]
vault.role = 'other'
vault.secrets = ['SERVICE_ID=secret/a#c']
[target.c.gcp]
provider = '{}'
service-account = 'a@b.iam.gserviceaccount.com'
id-token-audience = 'x'
id-token-env = 'SERVICE_ID'
",
        sandbox::PROVIDER
    );
    with(&["--check"], &file, &sandbox).run().exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        oidc-exchange.toml: 3 targets checked, no error
        not in one run: SERVICE_ID is for the targets a, b and c
    "#]]);
    assert_eq!(super::requests(&sandbox), 0);
}
