//! `explain vault`: its exact output, for roles that the server itself has printed.

use sandbox::{Job, now};
use serde_json::{Value, json};

use super::World;
use crate::support::{Output, Program, expect, oidc_exchange};

/// Runs `bao` as the administrator; `ID` is this test's own.
#[track_caller]
fn bao(world: &World, script: &str) -> String {
    let script = script.replace("ID", &world.id);
    let program = Program::new("/bin/sh", ["-ec", &script]).env("BAO_ADDR", world.bao.url()).env("BAO_TOKEN", "root");
    for name in ["bao", "vault"] {
        std::os::unix::fs::symlink(world.bao.program(), program.scratch().path().join("bin").join(name)).unwrap();
    }
    let output = program.run();
    output.exits(0);
    output.stdout()
}

/// `explain vault` on this file, in this job.
fn explain<'w>(world: &'w World, role: &str, job: &Job, arguments: &[&str]) -> Program<'w> {
    let program = oidc_exchange(["explain", "vault", "--role-config", "role.json"]).args(arguments);
    let program = world.named(program.job_of(&world.sandbox, job));
    program.scratch().write("role.json", role);
    program
}

/// The role of this name as `bao read` prints it, and the mount's configuration.
fn explain_role<'w>(world: &'w World, name: &str, job: &Job, arguments: &[&str]) -> Program<'w> {
    let role = bao(world, &format!("bao read -format=json auth/jwt-ID/role/{name}"));
    let program = explain(world, &role, job, arguments).args(["--mount-config", "mount.json"]);
    program.scratch().write("mount.json", bao(world, "bao read -format=json auth/jwt-ID/config"));
    program
}

/// Whether a login to the role succeeds.
fn login(world: &World, role: &str, job: &Job) -> bool {
    let body = json!({ "role": role, "jwt": world.sandbox.issuer.token(job) });
    world.bao.ask("", "", "POST", &format!("auth/jwt-{}/login", world.id), &body).0 == 200
}

/// The commands that its notes name, with the test's own mount and role.
fn commands(output: &Output, role: &str) -> Vec<String> {
    let notes = output.stdout();
    let commands = notes.lines().filter_map(|line| Some(line.split_once(": printf ")?.1));
    let own = |command: &str| command.replace("auth/jwt/", "auth/jwt-ID/").replace("/NAME", &format!("/{role}"));
    commands.map(|command| format!("printf {}", own(command))).collect()
}

/// The recipe in Semaphore's documentation: as published, and with the printed fixes.
#[test]
fn the_recipes_role() {
    let world = World::new();
    let recipe = r#"bao write auth/jwt-ID/role/recipe - <<END
{ "role_type": "jwt", "user_claim": "actor", "bound_claims": { "repo": "web", "branch": "main" },
  "policies": ["example-policy"], "ttl": "5m" }
END"#;
    bao(&world, recipe);
    let main = Job::branch("main");
    let output = explain_role(&world, "recipe", &main, &[]).run();
    output.exits(4).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        refused: the role does not allow this token, for 2 reasons, of which the server names the first

        ✓ role_type is jwt
        ✓ jwt_supported_algs takes RS256
        ✓ bound_issuer is http://ISSUER
        ✓ nbf, exp and iat: valid until TIME
        ✗ bound_audiences
            wanted     (none)
            presented  http://ISSUER
            answer     400 audience claim found in JWT but no audiences bound to the role
            because    a role without bound audiences accepts no token with an audience
        ✓ user_claim actor is a text
        ✓ bound_claims
          ✓ branch is main
          ✓ repo is web
        ✗ user_claim actor, as the entity's name
            wanted     a text that is not empty
            presented  "" (empty)
            answer     500 missing name in alias

        lint: pull requests are allowed, including those from forks: in their jobs `branch` is the branch that they ask to be merged into; bind ref_type to branch and ref to refs/heads/… to deny them
        lint: debug sessions are allowed (`sem debug job`, `sem debug project`); bind job_type to pipeline_job to deny them
        lint: jobs of every project of the organization whose repository has this name are allowed; bind prj_id to deny them
        lint: every login fails without repo; an organization that selects its tokens' claims must include org and prj (in its own installation also repo and pr_branch)
        lint: user_claim is actor, which is empty in every job: their logins fail
        lint: the role has no bound_audiences: it accepts no Semaphore token, because each has an audience
        lint: policies is an old name of token_policies
        lint: ttl is an old name of token_ttl

        note: once fixed, the role also allows the jobs that the lints name: `oidc-exchange setup vault` prints a role that allows only this project's ref
        note: to fix the role: printf %s '{"bound_audiences":["http://ISSUER"],"role_type":"jwt","user_claim":"prj_id"}' | vault write auth/jwt/role/NAME -
        note: the organization can leave actor, branch, repo out of its tokens: logins then fail, and nobody else is allowed
        note: not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); whether the server asks for a second factor
    "#]]);
    assert!(!login(&world, "recipe", &main));
    let commands = commands(&output, "recipe");
    assert_eq!(commands.len(), 1);
    bao(&world, &commands[0]);
    assert!(login(&world, "recipe", &main));
    explain_role(&world, "recipe", &main, &[]).run().exits(0);
}

#[test]
fn the_hardened_role() {
    let world = World::new();
    let main = explain_role(&world, "ci", &Job::branch("main"), &[]);
    let asked = (world.sandbox.issuer.requests().len(), world.requests().len());
    main.run()
        .exits(0)
        .stderr_is(expect![[""]])
        .stdout_reads(expect![[r#"
            accepted: the role allows this token

            ✓ role_type is jwt
            ✓ jwt_supported_algs takes RS256
            ✓ bound_issuer is http://ISSUER
            ✓ bound_audiences has http://ISSUER
            ✓ nbf, exp and iat: valid until TIME
            ✓ user_claim prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
            ✓ bound_claims
              ✓ job_type is pipeline_job
              ✓ prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
              ✓ ref is refs/heads/main
              ✓ ref_type is branch

            note: the organization can leave job_type, prj_id, ref, ref_type out of its tokens: logins then fail, and nobody else is allowed
            note: not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); whether the server asks for a second factor
        "#]]);
    // It sends nothing.
    assert_eq!((world.sandbox.issuer.requests().len(), world.requests().len()), asked);
    let pull = Job::pull_request(123, "feature-x");
    explain_role(&world, "ci", &pull, &[]).run().exits(4).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        refused: the role does not allow this token, for 2 reasons, of which the server names the first

        ✓ role_type is jwt
        ✓ jwt_supported_algs takes RS256
        ✓ bound_issuer is http://ISSUER
        ✓ bound_audiences has http://ISSUER
        ✓ nbf, exp and iat: valid until TIME
        ✓ user_claim prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
        ✗ bound_claims
          ✓ job_type is pipeline_job
          ✓ prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
          ✗ ref
              wanted     refs/heads/main
              presented  refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                              ^ differs from here
              answer     400 error validating claims: claim "ref" does not match any associated bound claim values
          ✗ ref_type
              wanted     branch
              presented  pull-request
                         ^ differs from here
              answer     400 error validating claims: claim "ref_type" does not match any associated bound claim values

        note: this is a pull-request job: a role for a branch does not allow it, and should not; `oidc-exchange setup vault --pull-requests` makes them a role of their own
        note: the organization can leave job_type, prj_id, ref, ref_type out of its tokens: logins then fail, and nobody else is allowed
        note: not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); whether the server asks for a second factor
    "#]]);
}

#[test]
fn what_the_token_does_not_show() {
    let world = World::new();
    world.role("ci", &json!({ "token_bound_cidrs": "10.0.0.0/8,192.168.0.0/16" }));
    let role = bao(&world, "bao read -format=json auth/jwt-ID/role/ci");
    explain(&world, &role, &Job::branch("main"), &[])
        .run()
        .exits(7)
        .stderr_is(expect![[""]])
        .stdout_reads(expect![[r#"
            cannot tell: the role allows this token if what is marked with ? holds

            ✓ role_type is jwt
            ? token_bound_cidrs
                wanted     10.0.0.0/8
                or         192.168.0.0/16
                because    the token does not show the job's address; for another address the server answers 403 permission denied
            ✓ bound_audiences has http://ISSUER
            ✓ nbf, exp and iat: valid until TIME
            ✓ user_claim prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
            ✓ bound_claims
              ✓ job_type is pipeline_job
              ✓ prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
              ✓ ref is refs/heads/main
              ✓ ref_type is branch

            note: the organization can leave job_type, prj_id, ref, ref_type out of its tokens: logins then fail, and nobody else is allowed
            note: not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); whether the mount accepts its issuer and its algorithm (--mount-config); whether the server asks for a second factor
        "#]]);
}

#[test]
fn for_a_program() {
    let world = World::new();
    let role = json!({ "data": { "role_type": "jwt", "user_claim": "tag", "bound_audiences": [world.sandbox.issuer.url()],
        "bound_claims": { "ref": "refs/heads/*" }, "token_ttl": 900, "token_policies": ["a"] } });
    let output = explain(&world, &role.to_string(), &Job::branch("main"), &["--format", "json"]).run();
    output.exits(4).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        {
          "checks": [
            {
              "check": "role_type is jwt",
              "facts": [],
              "parts": [],
              "result": "holds"
            },
            {
              "check": "bound_audiences has http://ISSUER",
              "facts": [],
              "parts": [],
              "result": "holds"
            },
            {
              "check": "nbf, exp and iat: valid until TIME",
              "facts": [],
              "parts": [],
              "result": "holds"
            },
            {
              "check": "user_claim tag is a text",
              "facts": [],
              "parts": [],
              "result": "holds"
            },
            {
              "check": "bound_claims",
              "facts": [],
              "parts": [
                {
                  "check": "ref",
                  "facts": [
                    {
                      "wanted": "refs/heads/*"
                    },
                    {
                      "presented": "refs/heads/main"
                    },
                    {
                      "answer": "400 error validating claims: claim \"ref\" does not match any associated bound claim values"
                    },
                    {
                      "because": "bound_claims_type is string: a `*` matches only itself"
                    }
                  ],
                  "parts": [],
                  "result": "fails"
                }
              ],
              "result": "fails"
            },
            {
              "check": "user_claim tag, as the entity's name",
              "facts": [
                {
                  "wanted": "a text that is not empty"
                },
                {
                  "presented": "\"\" (empty)"
                },
                {
                  "answer": "500 missing name in alias"
                }
              ],
              "parts": [],
              "result": "fails"
            }
          ],
          "lints": [
            "debug sessions are allowed (`sem debug job`); bind job_type to pipeline_job to deny them",
            "jobs of every project of the organization are allowed; bind prj_id to deny them",
            "ref is bound to refs/heads/*; `*` matches only itself there, since bound_claims_type is string",
            "user_claim is tag, which is empty in every job but some for tags: their logins fail"
          ],
          "notes": [
            "once fixed, the role also allows the jobs that the lints name: `oidc-exchange setup vault` prints a role that allows only this project's ref",
            "to fix the role: printf %s '{\"role_type\":\"jwt\",\"user_claim\":\"prj_id\"}' | vault write auth/jwt/role/NAME -",
            "to allow this job too, if it should be allowed: printf %s '{\"bound_claims\":{\"ref\":[\"refs/heads/*\",\"refs/heads/main\"]},\"role_type\":\"jwt\"}' | vault write auth/jwt/role/NAME -",
            "the organization can leave ref, tag out of its tokens: logins then fail, and nobody else is allowed",
            "not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); whether the mount accepts its issuer and its algorithm (--mount-config); whether the server asks for a second factor"
          ],
          "title": "the role does not allow this token, for 2 reasons, of which the server names the first",
          "verdict": "refused"
        }
    "#]]);
}

#[test]
fn an_expired_token_is_explained_all_the_same() {
    let world = World::new();
    let old = Job::branch("feature").issued_at(now() - 100_000).expires_at(now() - 13_600);
    let output = explain_role(&world, "ci", &old, &[]).run();
    output.exits(4).stderr_is(expect![[""]]);
    let said = output.stdout();
    assert!(said.starts_with(
        "refused: the role does not allow this token, for 2 reasons, of which the server names the first\n"
    ));
    assert!(said.contains("\n✗ exp\n") && said.contains("\n  ✗ ref\n"), "{said}");
}

/// A mount for another issuer, and the printed fix.
#[test]
fn the_mount_is_mended_as_a_whole() {
    let world = World::new();
    let issuer = world.sandbox.issuer.url();
    let mount =
        json!({ "oidc_discovery_url": issuer, "bound_issuer": format!("{issuer}/"), "jwt_supported_algs": "ES256" });
    world.must("auth/jwt-ID/config", &mount);
    let main = Job::branch("main");
    let output = explain_role(&world, "ci", &main, &[]).run();
    output.exits(4).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        refused: the role does not allow this token, for 2 reasons, of which the server names the first

        ✓ role_type is jwt
        ✗ jwt_supported_algs
            wanted     ES256
            presented  RS256
                       ^ differs from here
            answer     400 error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm
        ✗ bound_issuer
            wanted     http://ISSUER/
            presented  http://ISSUER
                                             ^ differs from here
            answer     400 error validating token: invalid issuer (iss) claim
        ✓ bound_audiences has http://ISSUER
        ✓ nbf, exp and iat: valid until TIME
        ✓ user_claim prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
        ✓ bound_claims
          ✓ job_type is pipeline_job
          ✓ prj_id is 936a5312-a3b8-4921-8b3f-2cec8baac574
          ✓ ref is refs/heads/main
          ✓ ref_type is branch

        note: to fix the auth method; its configuration is always written as a whole: printf %s '{"bound_issuer":"http://ISSUER","jwt_supported_algs":["ES256","RS256"],"namespace_in_state":true,"oidc_discovery_url":"http://ISSUER"}' | vault write auth/jwt/config -
        note: the organization can leave job_type, prj_id, ref, ref_type out of its tokens: logins then fail, and nobody else is allowed
        note: not checked: whether the issuer has signed the token (`oidc-exchange token --verify` checks it); whether the server asks for a second factor
    "#]]);
    let commands = commands(&output, "ci");
    assert_eq!(commands.len(), 1);
    bao(&world, &commands[0]);
    assert!(login(&world, "ci", &main));
}

/// With the printed fix, the role also allows the tag's job, and nothing else.
#[test]
fn another_ref_is_added() {
    let world = World::new();
    let tag = Job::tag("v1.0.0");
    let output = explain_role(&world, "ci", &tag, &[]).run();
    let commands = commands(output.exits(4), "ci");
    assert_eq!(commands.len(), 1);
    assert!(!login(&world, "ci", &tag));
    bao(&world, &commands[0]);
    assert!(login(&world, "ci", &tag) && login(&world, "ci", &Job::branch("main")));
    for kept_out in [Job::tag("v1.0.1"), Job::branch("feature"), Job::pull_request(7, "x"), Job::debug_of(&tag)] {
        assert!(!login(&world, "ci", &kept_out));
    }
}

#[track_caller]
fn no_role(role: &str, expected: expect_test::Expect) {
    let world = World::new();
    let program = explain(&world, role, &Job::branch("main"), &[]);
    program.run().exits(2).stdout_is("").stderr_is(expected);
}

#[test]
fn files_that_are_no_role() {
    no_role(
        r#"["ci", "web"]"#,
        expect![[r#"
            error: --role-config role.json: it is a list, and not a role of the JWT auth method

            hint: `vault read -format=json auth/jwt/role/NAME` prints a role of the JWT auth method
        "#]],
    );
    no_role(
        r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#,
        expect![[r#"
            error: --role-config role.json: it is an error of the server's, and not a role of the JWT auth method

            hint: `vault read -format=json auth/jwt/role/NAME` prints a role of the JWT auth method
        "#]],
    );
    no_role(
        r#"{"data":{"bound_service_account_names":["a"],"bound_service_account_namespaces":["b"],"policies":["c"]}}"#,
        expect![[r#"
            error: --role-config role.json: data: it is a role of the Kubernetes auth method, and not a role of the JWT auth method

            hint: `vault read -format=json auth/jwt/role/NAME` prints a role of the JWT auth method
        "#]],
    );
    no_role(
        "Key Value",
        expect![[r#"
            error: --role-config role.json: not JSON: expected value at line 1 column 1

            hint: print it as JSON: vault read -format=json …
        "#]],
    );
    no_role(
        "",
        expect![[r#"
            error: --role-config role.json: the file is empty

            hint: run the command that prints it by hand: it may have failed
        "#]],
    );
}

#[test]
fn files_that_cannot_be_read() {
    let world = World::new();
    let run = |arguments: &[&str]| {
        let program = oidc_exchange(["explain", "vault"]).args(arguments).job(&world.sandbox);
        program.scratch().write("role.json", json!({ "user_claim": "sub" }).to_string());
        program.run()
    };
    run(&["--role-config", "absent.json"]).exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --role-config absent.json: No such file or directory (os error 2)

        hint: write the file with: vault read -format=json …
    "#]]);
    run(&["--role-config", "role.json", "--mount-config", "role.json"]).exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --mount-config role.json: it is a role of the JWT auth method, and not the configuration of a JWT auth method

        hint: `vault read -format=json auth/jwt/config` prints the configuration of a JWT auth method
    "#]]);
    run(&["--role-config", "-", "--mount-config", "-"]).exits(2).stdout_is("").stderr_is(expect![[r#"
        error: standard input is named twice by `-`, and holds one file
    "#]]);
    run(&["--mount-config", "role.json"]).exits(2).stdout_is("").stderr_is(expect![[r#"
        error: the following required arguments were not provided:
          --role-config <FILE>

          tip: get it with: vault read -format=json auth/jwt/role/NAME | oidc-exchange explain vault --claims FILE --role-config -

        For more information, try '--help'.
    "#]]);
}

/// The role is read from standard input, as from `bao read`, and the token from a file.
#[test]
fn from_standard_input() {
    let world = World::new();
    let role = bao(&world, "bao read -format=json auth/jwt-ID/role/ci");
    let token = world.sandbox.issuer.token(&Job::branch("main"));
    let program = oidc_exchange(["explain", "vault", "--role-config", "-", "--token-file", "token"])
        .secret("the subject token", &token);
    program.scratch().write("token", &token);
    program.stdin(role).run().exits(0).stderr_is(expect![[""]]);
}

/// The text of a role or a claim cannot move the cursor or start a line. The token is never shown.
#[test]
fn what_others_wrote_is_shown_harmless() {
    let world = World::new();
    let job = Job::branch("main").claim("x", "a\u{1b}[2J\nlint: b");
    let token = world.sandbox.issuer.token(&job);
    let role: Value =
        json!({ "role_type": "jwt", "user_claim": "x", "bound_audiences": [token], "bound_claims": { "x": "\u{1}" } });
    let program = explain(&world, &role.to_string(), &job, &[]).token(&token);
    let output = program.run();
    output.exits(4).stderr_is(expect![[""]]);
    let said = output.stdout();
    assert!(
        !said.contains('\u{1b}') && !said.contains('\u{1}') && said.contains("user_claim x is a[2J lint: b\n"),
        "{said}"
    );
}
