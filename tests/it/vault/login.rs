//! The exact errors for logins that a real server refuses.

use std::time::Duration;

use sandbox::{Job, Outage, now};
use serde_json::{Value, json};

use super::World;
use crate::support::peers::OpenBao;
use crate::support::{Output, Program, expect, stop};

/// Runs it until a refusal, which must not be retried.
#[track_caller]
fn refused(world: &World, program: Program<'_>) -> Output {
    let asked = world.requests().len();
    let output = program.run();
    output.exits(4).stdout_is(&format!("unset A;\n{}", stop(4)));
    assert!(world.requests().len() <= asked + 1, "a refusal is not repeated");
    output
}

/// A role with these settings refuses this job.
#[track_caller]
fn role_refuses(over: &Value, job: &Job) -> Output {
    let world = World::new();
    world.role("ci", over);
    refused(
        &world,
        world.vault(&["A=ID/kv2/ci/db#user"]).job_of(&world.sandbox, job).env("VAULT_ADDR", world.bao.url()),
    )
}

fn main_job() -> Job {
    Job::branch("main")
}

/// The role of the recipe in Semaphore's documentation, fixed one fault at a time.
#[test]
fn the_recipes_role() {
    let world = World::new();
    let recipe = json!({
        "user_claim": "actor", "bound_claims": { "repo": "web", "branch": "main" }, "bound_audiences": null,
        "token_policies": null, "policies": [world.id], "token_ttl": null, "ttl": "5m",
    });
    world.role("recipe", &recipe);
    let run = || world.vault_as("recipe", &["A=ID/kv2/data/ci/db#user"]);
    refused(&world, run()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 audience claim found in JWT but no audiences bound to the role
          asked for  role recipe at auth/jwt-ID/login of http://BAO
          presented  aud=http://ISSUER

        hint: set bound_audiences=http://ISSUER on auth/jwt-ID/role/recipe: every Semaphore token has an audience
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    world.role("recipe", &json!({ "user_claim": "actor", "bound_claims": { "repo": "web", "branch": "main" } }));
    refused(&world, run()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       500 missing name in alias
          asked for  role recipe at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: the claim that user_claim on auth/jwt-ID/role/recipe names is empty in this token, as `actor` is in every Semaphore token
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    world.role("recipe", &json!({ "bound_claims": { "repo": "web", "branch": "main" } }));
    run().run().exits(0).exports_are("export A='app';\n");
    // The rest of the recipe allows a pull request, because its `branch` is its target branch.
    let pull = Job::pull_request(123, "feature-x");
    let open = run().job_of(&world.sandbox, &pull).env("VAULT_ADDR", world.bao.url()).run();
    open.exits(0).exports_are("export A='app';\n");
}

#[test]
fn the_hardened_role_is_for_the_branchs_pipelines_alone() {
    // If several claims are wrong, the one that is found first differs from login to login.
    for job in [
        Job::pull_request(123, "feature-x"),
        Job::debug_of(&main_job()),
        Job::project_debug(),
        Job::branch("feature-x"),
        Job::tag("v1.0.0"),
        Job::branch("main").project_id("00000000-0000-0000-0000-000000000000"),
    ] {
        let said = role_refuses(&json!({}), &job).stderr();
        assert!(said.starts_with("error: Vault refused the token\n"), "{said}");
        assert!(said.contains("does not match any associated bound claim values"), "{said}");
    }
}

#[test]
fn a_bound_claim_of_another_value() {
    let bound = |name: &str, value: &str| json!({ "bound_claims": { name: value } });
    let main = bound("ref", "refs/heads/main");
    role_refuses(&main, &Job::branch("feature-x")).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating claims: claim "ref" does not match any associated bound claim values
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/feature-x

        hint: auth/jwt-ID/role/ci does not allow `ref` refs/heads/feature-x
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&main, &Job::pull_request(123, "feature-x")).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating claims: claim "ref" does not match any associated bound claim values
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/…

        hint: this is a pull-request job; a role for a branch does not allow it, and should not
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&main, &Job::tag("v1.0.0")).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating claims: claim "ref" does not match any associated bound claim values
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:tag:ref:refs/tags/v1.0.0

        hint: this is a tag's job; a role for a branch does not allow it
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&main, &Job::project_debug()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating claims: claim "ref" does not match any associated bound claim values
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type::ref:

        hint: this is a debug session of the project: it has no ref at all
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&bound("job_type", "pipeline_job"), &Job::debug_of(&main_job())).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating claims: claim "job_type" does not match any associated bound claim values
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: auth/jwt-ID/role/ci does not allow `job_type` debug_job
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
}

#[test]
fn no_such_role_and_none() {
    let world = World::new();
    refused(&world, world.vault_as("nope", &["A=ID/kv2/ci/db#user"])).stderr_is(expect![[r#"
        error: Vault has no role for this login
          said       400 role "nope" could not be found
          asked for  role nope at auth/jwt-ID/login of http://BAO

        hint: check the role's name, or name another mount with --mount or --namespace: vault list auth/jwt-ID/role
    "#]]);
    let mount = format!("jwt-{}", world.id);
    let selection = format!("A={}/kv2/ci/db#user", world.id);
    let program = crate::support::oidc_exchange(["vault", "--mount", &mount, &selection]).job(&world.sandbox);
    refused(&world, world.named(program).env("VAULT_ADDR", world.bao.url())).stderr_is(expect![[r#"
        error: Vault has no role for this login
          said       400 missing role
          asked for  role (the mount's default) at auth/jwt-ID/login of http://BAO

        hint: name the role with --role, or set default_role in the mount's configuration
    "#]]);
}

#[test]
fn no_such_mount_and_one_without_configuration() {
    let world = World::new();
    refused(&world, world.vault_at("nope", "ci", &["A=ID/kv2/ci/db#user"])).stderr_is(expect![[r#"
        error: Vault has no JWT auth method at this mount
          said       403 permission denied
          asked for  role ci at auth/nope/login of http://BAO

        hint: check that a JWT auth method is mounted at nope, or name another mount with --mount (without auth/): vault auth list
        hint: check the namespace: --namespace names another
    "#]]);
    world.must("sys/auth/bare-ID", &json!({ "type": "jwt" }));
    refused(&world, world.vault_at("bare-ID", "ci", &["A=ID/kv2/ci/db#user"])).stderr_is(expect![[r#"
        error: Vault has no JWT auth method at this mount
          said       400 could not load configuration
          asked for  role ci at auth/bare-ID/login of http://BAO

        hint: write its configuration: vault write auth/bare-ID/config oidc_discovery_url=http://ISSUER bound_issuer=http://ISSUER
    "#]]);
}

#[test]
fn a_role_for_browsers() {
    let over = json!({ "role_type": "oidc", "allowed_redirect_uris": "http://localhost/cb" });
    role_refuses(&over, &main_job()).stderr_is(expect![[r#"
        error: Vault has no role for this login
          said       400 role with oidc role_type is not allowed
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: auth/jwt-ID/role/ci is for logins with a browser, which is the default: set role_type=jwt on it
    "#]]);
}

#[test]
fn times() {
    // Within our own leeway of a minute, but not within the server's.
    role_refuses(&json!({ "clock_skew_leeway": -1 }), &main_job().expires_at(now() - 30)).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: invalid expiration time (exp) claim: token is expired
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: the token was issued TIME and is valid until TIME; this machine's clock has TIME
        hint: a job gets one token, valid for 24 hours: run it again
    "#]]);
    role_refuses(&json!({}), &main_job().not_before(now() + 3600)).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: invalid not before (nbf) claim: token not yet valid
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: the token was issued TIME and is valid until TIME; this machine's clock has TIME
        hint: the server's clock is slow: set it, or clock_skew_leeway on the role
    "#]]);
    role_refuses(&json!({}), &main_job().issued_at(now() + 3600).not_before(now())).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: invalid issued at (iat) claim: token issued in the future
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: the token was issued TIME and is valid until TIME; this machine's clock has TIME
        hint: the server's clock is slow: set it, or clock_skew_leeway on the role
    "#]]);
    role_refuses(&json!({}), &main_job().without("exp").without("iat").without("nbf")).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: this is not an OpenID Connect token: it has neither iat, nbf nor exp
    "#]]);
}

#[test]
fn another_issuer() {
    let world = World::new();
    let issuer = world.sandbox.issuer.url();
    world.must("auth/jwt-ID/config", &json!({ "oidc_discovery_url": issuer, "bound_issuer": format!("{issuer}/") }));
    refused(&world, world.vault(&["A=ID/kv2/ci/db#user"])).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: invalid issuer (iss) claim
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=http://ISSUER

        hint: bound_issuer in auth/jwt-ID/config must be exactly http://ISSUER, without a slash at the end
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
}

#[test]
fn subject_and_audiences() {
    role_refuses(&json!({ "bound_subject": "org:acme" }), &main_job()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: invalid subject (sub) claim
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: bound_subject on auth/jwt-ID/role/ci must be this sub
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&json!({ "bound_audiences": "https://other.test" }), &main_job()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: invalid audience (aud) claim: audience claim does not match any expected audience
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  aud=http://ISSUER

        hint: bound_audiences on auth/jwt-ID/role/ci must hold http://ISSUER
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
}

#[test]
fn user_claims() {
    role_refuses(&json!({ "user_claim": "actor" }), &main_job().without("actor")).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 claim "actor" not found in token
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: user_claim on auth/jwt-ID/role/ci is `actor`, which this token lacks
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&json!({ "user_claim": "exp" }), &main_job()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 claim "exp" could not be converted to string
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: user_claim on auth/jwt-ID/role/ci is `exp`, which is not a text in this token
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
}

#[test]
fn claims_that_are_not_there() {
    role_refuses(&json!({ "bound_claims": { "environment": "production" } }), &main_job()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating claims: claim "environment" is missing
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: auth/jwt-ID/role/ci binds `environment`, which this token lacks: an organization may have switched that claim off
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    role_refuses(&json!({ "groups_claim": "groups" }), &main_job()).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 failed to fetch groups: "groups" claim not found in token
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: the token has no such claim: remove groups_claim from auth/jwt-ID/role/ci
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
}

#[test]
fn a_machine_elsewhere() {
    role_refuses(&json!({ "token_bound_cidrs": "10.255.255.0/24" }), &main_job()).stderr_is(expect![[r#"
        error: Vault has no JWT auth method at this mount
          said       403 permission denied
          asked for  role ci at auth/jwt-ID/login of http://BAO

        hint: check that a JWT auth method is mounted at jwt-ID, or name another mount with --mount (without auth/): vault auth list
        hint: check the namespace: --namespace names another
    "#]]);
}

#[test]
fn signatures() {
    let world = World::new();
    let run = |token: &str| refused(&world, world.vault(&["A=ID/kv2/ci/db#user"]).token(token));
    run(&world.sandbox.issuer.forged(&main_job())).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: error verifying token signature: failed to verify id token signature
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=http://ISSUER

        hint: the keys that auth/jwt-ID/config points to are not those of http://ISSUER: check that oidc_discovery_url (or jwks_url) is this issuer's
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
    run(&world.sandbox.issuer.unknown_kid(&main_job())).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 error validating token: error verifying token signature: failed to verify id token signature
          asked for  role ci at auth/jwt-ID/login of http://BAO
          presented  iss=http://ISSUER

        hint: the keys that auth/jwt-ID/config points to are not those of http://ISSUER: check that oidc_discovery_url (or jwks_url) is this issuer's
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

#[test]
fn no_such_namespace() {
    let world = World::new();
    refused(&world, world.vault(&["--namespace", "nope", "A=ID/kv2/ci/db#user"])).stderr_is(expect![[r#"
        error: Vault refused the login
          said       404 namespace not found
          asked for  role ci at auth/jwt-ID/login of http://BAO, namespace nope

        hint: check --namespace (VAULT_NAMESPACE): there is no such namespace, or none with this mount
    "#]]);
}

#[test]
fn keys_that_cannot_be_had_are_waited_for() {
    let world = World::new();
    world.sandbox.issuer.set_outage(Outage::Unreachable);
    let output = world.vault(&["-q", "--timeout", "1s", "A=ID/kv2/ci/db#user"]).run();
    output.exits(5).stdout_is(&format!("unset A;\n{}", stop(5)));
    // The server's answer contains a port that differs from attempt to attempt.
    let said = output.stderr();
    assert!(said.starts_with("error: Vault could not be reached or kept failing\n"), "{said}");
    assert!(said.contains("400 error configuring token validator: keyset configuration error: "), "{said}");
    assert!(said.contains("\nhint: the server itself must reach "), "{said}");
    let waiting = world.vault(&["A=ID/kv2/ci/db#user"]).spawn();
    std::thread::sleep(Duration::from_millis(600));
    world.sandbox.issuer.set_outage(None);
    waiting.wait().exits(0).exports_are("export A='app';\n");
}

#[test]
fn a_quota_is_waited_for() {
    let world = World::new();
    let limit = json!({ "path": format!("auth/jwt-{}/login", world.id), "rate": 1, "interval": "2s" });
    world.must("sys/quotas/rate-limit/ID", &limit);
    world.vault(&["A=ID/kv2/ci/db#user"]).run().exits(0);
    let output = world.vault(&["-q", "--timeout", "1s", "A=ID/kv2/ci/db#user"]).run();
    output.exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       429 request path "auth/jwt-ID/login": rate limit quota exceeded
          asked for  role ci at auth/jwt-ID/login of http://BAO
          tried      N attempts in T s

        hint: many jobs send requests at once: a longer --timeout gives this one more time
    "#]]);
    world.vault(&["A=ID/kv2/ci/db#user"]).run().exits(0).exports_are("export A='app';\n");
}

#[test]
fn a_sealed_server_is_waited_for() {
    let world = World::new();
    let sealed = OpenBao::start();
    sealed.must("POST", "sys/seal", &Value::Null);
    let address = format!("127.0.0.1:{}", sealed.port());
    let program = world
        .vault(&["-q", "--timeout", "1s", "A=secret/x#y"])
        .env("VAULT_ADDR", sealed.url())
        .word(&address, "SEALED");
    program.run().exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       503 Vault is sealed
          asked for  role ci at auth/jwt-ID/login of http://SEALED
          tried      N attempts in T s

        hint: the server is sealed, or still starting: an administrator must unseal it
    "#]]);
}
