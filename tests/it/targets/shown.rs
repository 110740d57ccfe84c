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
        error: oidc-exchange.toml:3:5: target a: --role-arn: `deploy` is not a role's ARN: a name alone does not say in which account the role is

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
        error: oidc-exchange.toml:6:5: target b: --duration: a session lasts from 15m to 12h

        hint: the role's own maximum, an hour unless it was raised, holds as well
        error: oidc-exchange.toml:9:5: target c: the argument '--profile <NAME>' cannot be used with '--env-prefix <PREFIX>'
        error: oidc-exchange.toml:11:9: target d: the following required arguments were not provided: --provider <NAME>
    "#]]);
    run_of(&["--check", "deploy", "release"], &sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: AWS_ACCESS_KEY_ID is for the target deploy and for the target release
    "#]]);
    run_of(&["--check", "deploy", "--", "true"], &sandbox).run().exits(2);
    run_of(&["--list", "deploy"], &sandbox).run().exits(2);
}
