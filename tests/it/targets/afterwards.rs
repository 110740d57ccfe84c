//! Renewals while a COMMAND runs, and the clean-up at the end.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sandbox::{DEPLOY_ROLE, Fault, Sandbox};
use serde_json::json;

use super::{file, run_of, with};
use crate::support::running::Running;
use crate::support::{Program, expect, oidc_exchange};
use crate::vault::World;

/// A run with AWS, a private file, and three logins to a real OpenBao, two of which share a token.
fn of_world<'s>(world: &'s World, names: &[&str], command: &[&str]) -> Program<'s> {
    let mount = format!("jwt-{}", world.id);
    let file = format!(
        "version = 1
[target.deploy]
aws.role-arn = '{DEPLOY_ROLE}'
aws.refreshable = true
aws.region = 'eu-central-1'
[target.one.vault]
role = 'ci'
mount = '{mount}'
secrets = ['ONE={id}/kv2/ci/db#user']
export-token = true
[target.two.vault]
role = 'two'
mount = '{mount}'
secrets = ['SERIAL=POST:{id}/pki/issue/web{{\"common_name\":\"ci.example.com\"}}#serial_number']
",
        id = world.id
    );
    let program = oidc_exchange(["use"]).args(names).arg("--").args(command).job(&world.sandbox);
    program.scratch().write("oidc-exchange.toml", file);
    world.named(program).env("VAULT_ADDR", world.bao.url())
}

fn await_that(what: &str, mut it_is: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !it_is() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

const WAITS: &str =
    "printf %s \"$SERIAL\" >serial.new && mv serial.new serial && test -f \"$AWS_WEB_IDENTITY_TOKEN_FILE\" &&
    printf %s \"$AWS_WEB_IDENTITY_TOKEN_FILE\" >token-file && while ! test -e go; do sleep 0.2; done; exit 7";

fn world() -> World {
    let world = World::with_pki();
    for role in ["ci", "two"] {
        world.role(role, &json!({ "token_ttl": "15s" }));
    }
    world
}

/// Both tokens are renewed before their 15 seconds are over.
fn await_renewals(world: &World) {
    await_that("both tokens live on", || {
        let tokens = world.tokens();
        let renewed = tokens.iter().filter(|token| token["last_renewal_time"].as_i64().unwrap_or_default() > 0);
        renewed.count() == 2
    });
}

fn nothing_remains(world: &World, running: Running<'_>, code: i32) {
    let serial = fs::read_to_string(running.scratch().path().join("serial")).unwrap();
    let output = running.wait();
    output.exits(code).stdout_is("").stderr_is(expect![""]);
    assert!(world.tokens().is_empty(), "tokens are revoked");
    // The server revokes the leases of a revoked token later.
    await_that("leases are revoked", || world.is_revoked(&serial));
    let token_file = fs::read_to_string(output.scratch.path().join("token-file")).unwrap();
    assert!(!fs::exists(token_file).unwrap(), "the private file is gone");
    let left: Vec<_> =
        output.scratch.files().into_iter().filter(|path| path.starts_with(output.scratch.home())).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn every_targets_token_is_renewed_while_a_command_runs_and_revoked_after_it() {
    let world = world();
    let running = of_world(&world, &["deploy", "one", "two"], &["sh", "-c", WAITS]).spawn();
    running.await_file("token-file");
    await_renewals(&world);
    let serial = fs::read_to_string(running.scratch().path().join("serial")).unwrap();
    assert!(!world.is_revoked(&serial));
    running.scratch().write("go", "");
    nothing_remains(&world, running, 7);
}

#[test]
fn a_signal_ends_the_command_and_every_targets_token() {
    let world = world();
    let running = of_world(&world, &["one", "deploy", "two"], &["sh", "-c", WAITS]).spawn();
    running.await_file("token-file");
    assert_eq!(world.tokens().len(), 2);
    running.signal(Signal::TERM);
    nothing_remains(&world, running, 143);
}

/// One target is refused, and the token of the other one cannot be revoked: both are reported.
#[test]
fn a_revocation_that_fails_is_reported_beside_the_failure() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.script([Fault::Delay(Duration::ZERO)]);
    sandbox.vault.always(Fault::aws_error(403, "Forbidden", "permission denied"));
    let output = run_of(&["token", "release"], &sandbox).run();
    output.exits(4).stderr_is(expect![[r#"
        warning: the client token was not revoked, and expires within 900 s: Vault: 403
        error: target release: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/release
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
    assert_eq!(sandbox.vault.issued().len(), 1);
}

#[test]
fn a_role_that_was_made_a_moment_ago_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let missing = "No OpenIDConnect provider found in your account for https://x";
    sandbox.aws.script([Fault::aws_error(400, "InvalidIdentityToken", missing)]);
    let file = file() + &format!("[target.new]\naws.role-arn = '{DEPLOY_ROLE}'\naws.wait-for-iam = '20s'\n");
    let output = with(&["new", "secrets"], &file, &sandbox).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: AWS STS: InvalidIdentityToken: No OpenIDConnect provider fou…; trying again for up to T s
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 2);
    // The run's own timeout is longer.
    with(&["new", "--timeout", "20s"], &file, &sandbox).run().exits(2).stderr_is(expect![[r#"
        error: oidc-exchange.toml:37:5: target new: --wait-for-iam: --timeout would end the wait before its time

        hint: give the whole exchange more time: --timeout 1m20s
    "#]]);
}

#[test]
fn clean_undoes_what_the_targets_left() {
    let sandbox = Sandbox::start().unwrap();
    let run = |names: &[&str]| run_of(names, &sandbox).env("SEMAPHORE_JOB_ID", "job-1").run();
    let output = run(&["staging", "gov", "web", "terraform", "secrets", "token"]);
    output.exits(0);
    assert!(sandbox.vault.issued().iter().all(|token| sandbox.vault.is_good(token)));
    let program = oidc_exchange(["clean"]).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").within(output.scratch);
    let output = program.run();
    let text = output.exits(0).stdout();
    for name in ["AWS_ACCESS_KEY_ID", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_FEDERATED_TOKEN_FILE", "VAULT_TOKEN"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(sandbox.vault.issued().iter().all(|token| !sandbox.vault.is_good(token)));
    let credentials = fs::read_to_string(output.scratch.home().join(".aws/credentials")).unwrap_or_default();
    assert!(!credentials.contains("[gov]"));
    assert!(!fs::exists(output.scratch.home().join(".oidc-exchange/job-1")).unwrap());
}
