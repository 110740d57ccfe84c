//! `setup vault`: its output is run unchanged, and allows exactly the stated jobs.

use sandbox::{Job, Sandbox};
use serde_json::{Value, json};

use super::World;
use super::world::PASSWORD;
use crate::support::{Program, expect, oidc_exchange, shells};

const OPTIONS: [&str; 6] = [
    "--issuer",
    "https://acme.semaphoreci.com",
    "--project-id",
    "936a5312-a3b8-4921-8b3f-2cec8baac574",
    "--repo",
    "web",
];

/// `setup vault` without a job.
fn setup<'s>(arguments: &[&str]) -> Program<'s> {
    oidc_exchange(["setup", "vault", "--role", "ci"]).args(OPTIONS).args(arguments)
}

#[test]
fn for_the_jobs_own_branch() {
    let sandbox = Sandbox::start().unwrap();
    let program = oidc_exchange(["setup", "vault", "--role", "ci", "--secret", "secret/production/db"]).job(&sandbox);
    program.run().exits(0).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of http://ISSUER
        # denies: every other branch and tag, pull requests, debug sessions (job_type), other projects
        # beware: auth/jwt/config is written as a whole: if the method is already in use, read it first; for another issuer, use another --mount
        # beware: a token is valid for 15 minutes, or for an hour if it is renewed: set token_max_ttl for longer jobs
        # beware: a secret has both spellings, with data/ for KV version 2 and without it for version 1; kv2: or kv1: before its path leaves one; for a mount of several segments, write data/ after the mount
        # beware: with OpenBao, write `bao` for `vault`

        # the auth method
        vault read sys/auth/jwt >/dev/null 2>&1 ||
          vault auth enable jwt

        # the issuer whose tokens it accepts
        vault write auth/jwt/config - <<'END'
        {
          "bound_issuer": "http://ISSUER",
          "oidc_discovery_url": "http://ISSUER"
        }
        END

        # what its tokens may read
        vault policy write jwt-ci - <<'END'
        path "secret/data/production/db" { capabilities = ["read"] }
        path "secret/production/db" { capabilities = ["read"] }
        END

        # who gets one
        vault write auth/jwt/role/ci - <<'END'
        {
          "bound_audiences": [
            "http://ISSUER"
          ],
          "bound_claims": {
            "job_type": "pipeline_job",
            "prj_id": "936a5312-a3b8-4921-8b3f-2cec8baac574",
            "ref": "refs/heads/main",
            "ref_type": "branch"
          },
          "bound_claims_type": "string",
          "claim_mappings": {
            "job_id": "job_id",
            "ref": "ref",
            "repo_slug": "repo_slug",
            "wf_id": "wf_id"
          },
          "role_type": "jwt",
          "token_max_ttl": "1h",
          "token_policies": [
            "jwt-ci"
          ],
          "token_ttl": "15m",
          "user_claim": "prj_id"
        }
        END
    "#]]);
    assert!(sandbox.issuer.requests().is_empty() && sandbox.vault.requests().is_empty());
}

#[test]
fn for_branches_by_a_pattern_at_another_mount() {
    let arguments =
        ["--branch", "release/*", "--mount", "ci/semaphore", "--secret", "kv2:team/ci/*", "--secret", "kv1:old/ci"];
    setup(&arguments).run().exits(0).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        # allows: jobs for the branches release/* of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch and tag, pull requests, debug sessions (job_type), other projects
        # beware: auth/ci/semaphore/config is written as a whole: if the method is already in use, read it first; for another issuer, use another --mount
        # beware: a token is valid for 15 minutes, or for an hour if it is renewed: set token_max_ttl for longer jobs
        # beware: `*` matches any text, including slashes: anyone who may push a ref with such a name is allowed
        # beware: `*` at the end of a secret's path matches all paths that begin so, now or later
        # beware: with HashiCorp Vault, write `vault` for `bao`

        # the auth method
        bao read sys/auth/ci/semaphore >/dev/null 2>&1 ||
          bao auth enable -path=ci/semaphore jwt

        # the issuer whose tokens it accepts
        bao write auth/ci/semaphore/config - <<'END'
        {
          "bound_issuer": "https://acme.semaphoreci.com",
          "oidc_discovery_url": "https://acme.semaphoreci.com"
        }
        END

        # what its tokens may read
        bao policy write ci-semaphore-ci - <<'END'
        path "team/data/ci/*" { capabilities = ["read"] }
        path "old/ci" { capabilities = ["read"] }
        END

        # who gets one
        bao write auth/ci/semaphore/role/ci - <<'END'
        {
          "bound_audiences": [
            "https://acme.semaphoreci.com"
          ],
          "bound_claims": {
            "job_type": "pipeline_job",
            "prj_id": "936a5312-a3b8-4921-8b3f-2cec8baac574",
            "ref": "refs/heads/release/*",
            "ref_type": "branch"
          },
          "bound_claims_type": "glob",
          "claim_mappings": {
            "job_id": "job_id",
            "ref": "ref",
            "repo_slug": "repo_slug",
            "wf_id": "wf_id"
          },
          "role_type": "jwt",
          "token_max_ttl": "1h",
          "token_policies": [
            "ci-semaphore-ci"
          ],
          "token_ttl": "15m",
          "user_claim": "prj_id"
        }
        END
    "#]]);
}

#[test]
fn for_pull_requests_and_without_a_secret() {
    setup(&["--pull-requests"]).run().exits(0).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        # allows: jobs for pull requests (including those from forks) of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: branches, tags, debug sessions (job_type), other projects
        # beware: auth/jwt/config is written as a whole: if the method is already in use, read it first; for another issuer, use another --mount
        # beware: a token is valid for 15 minutes, or for an hour if it is renewed: set token_max_ttl for longer jobs
        # beware: anyone who may open a pull request, from a fork too, can run any code with these secrets
        # beware: no secret is named: the role gives no policy, and its tokens may read no secret
        # beware: with HashiCorp Vault, write `vault` for `bao`

        # the auth method
        bao read sys/auth/jwt >/dev/null 2>&1 ||
          bao auth enable jwt

        # the issuer whose tokens it accepts
        bao write auth/jwt/config - <<'END'
        {
          "bound_issuer": "https://acme.semaphoreci.com",
          "oidc_discovery_url": "https://acme.semaphoreci.com"
        }
        END

        # who gets one
        bao write auth/jwt/role/ci - <<'END'
        {
          "bound_audiences": [
            "https://acme.semaphoreci.com"
          ],
          "bound_claims": {
            "job_type": "pipeline_job",
            "prj_id": "936a5312-a3b8-4921-8b3f-2cec8baac574",
            "ref_type": "pull-request"
          },
          "bound_claims_type": "string",
          "claim_mappings": {
            "job_id": "job_id",
            "ref": "ref",
            "repo_slug": "repo_slug",
            "wf_id": "wf_id"
          },
          "role_type": "jwt",
          "token_max_ttl": "1h",
          "token_ttl": "15m",
          "user_claim": "prj_id"
        }
        END
    "#]]);
}

#[test]
fn for_a_program() {
    let arguments = ["--tag", "v1.0.0", "--secret", "secret/data/production/db", "--format", "json"];
    setup(&arguments).run().exits(0).stderr_is(expect![[""]]).stdout_reads(expect![[r#"
        {
          "lets_in": "jobs for the tag v1.0.0 of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com",
          "keeps_out": "every other branch and tag, pull requests, debug sessions (job_type), other projects",
          "beware": [
            "auth/jwt/config is written as a whole: if the method is already in use, read it first; for another issuer, use another --mount",
            "a token is valid for 15 minutes, or for an hour if it is renewed: set token_max_ttl for longer jobs",
            "with HashiCorp Vault, write `vault` for `bao`"
          ],
          "documents": {
            "sys/auth/jwt": {
              "type": "jwt"
            },
            "auth/jwt/config": {
              "bound_issuer": "https://acme.semaphoreci.com",
              "oidc_discovery_url": "https://acme.semaphoreci.com"
            },
            "sys/policies/acl/jwt-ci": {
              "policy": "path \"secret/data/production/db\" { capabilities = [\"read\"] }\n"
            },
            "auth/jwt/role/ci": {
              "bound_audiences": [
                "https://acme.semaphoreci.com"
              ],
              "bound_claims": {
                "job_type": "pipeline_job",
                "prj_id": "936a5312-a3b8-4921-8b3f-2cec8baac574",
                "ref": "refs/tags/v1.0.0",
                "ref_type": "tag"
              },
              "bound_claims_type": "string",
              "claim_mappings": {
                "job_id": "job_id",
                "ref": "ref",
                "repo_slug": "repo_slug",
                "wf_id": "wf_id"
              },
              "role_type": "jwt",
              "token_max_ttl": "1h",
              "token_policies": [
                "jwt-ci"
              ],
              "token_ttl": "15m",
              "user_claim": "prj_id"
            }
          }
        }
    "#]]);
}

#[test]
fn what_cannot_be_meant() {
    let wrong = |arguments: &[&str]| {
        let program = oidc_exchange(["setup", "vault", "--branch", "main"]).args(OPTIONS).args(arguments);
        let output = program.run();
        output.exits(2).stdout_is("");
        output
    };
    wrong(&[]).stderr_is(expect![[r#"
        error: the following required arguments were not provided:
          --role <NAME>

        Usage: oidc-exchange setup vault --branch <NAME> --issuer <URL> --project-id <UUID> --repo <NAME> --role <NAME>

        For more information, try '--help'.
    "#]]);
    wrong(&["--role", "my role"]).stderr_is(expect![[r#"
        error: --role: no role is called `my role`

        hint: use only letters, digits, `_`, `-` and `.`, and one of the first three at both ends
    "#]]);
    wrong(&["--role", "ci", "--mount", "auth/jwt"]).stderr_is(expect![[r#"
        error: --mount: write the mount without auth/ before it
    "#]]);
    wrong(&["--role", "ci", "--secret", "secret/a/*/b"]).stderr_is(expect![[r#"
        error: --secret: `secret/a/*/b` cannot be written in a policy: `*` is a wildcard only at the end, and `+` matches any segment
    "#]]);
    wrong(&["--role", "ci", "--secret", "secret/{{identity.entity.id}}"]).stderr_is(expect![[r#"
        error: --secret: `secret/{{identity.entity.id}}` cannot be written in a policy: it holds a quote, a backslash, `${` or `{{`
    "#]]);
    wrong(&["--role", "ci", "--secret", "secret"]).stderr_is(expect![[r#"
        error: --secret: `secret` cannot be written in a policy: it names a mount and no secret in it

        hint: write it like secret/production/db
    "#]]);
    wrong(&["--role", "ci", "--secret", "secret/a#b"]).stderr_is(expect![[r#"
        error: --secret: `secret/a#b` is not a path: it holds `?` or `#`, which end a path
    "#]]);
}

/// Runs the shell text as it is, with the real `bao` on PATH.
#[track_caller]
fn apply(world: &World, script: &str) {
    let program = Program::new("/bin/sh", ["-ec", script]).env("BAO_ADDR", world.bao.url()).env("BAO_TOKEN", "root");
    for name in ["bao", "vault"] {
        std::os::unix::fs::symlink(world.bao.program(), program.scratch().path().join("bin").join(name)).unwrap();
    }
    program.run().exits(0).stderr_is(expect![[""]]);
}

/// A KV engine of each version, with a secret that may be read and one that may not.
fn secrets(world: &World) {
    world.must("sys/mounts/two-ID", &json!({ "type": "kv", "options": { "version": "2" } }));
    world.must("sys/mounts/one-ID", &json!({ "type": "kv" }));
    for name in ["db", "other"] {
        world.must(&format!("two-ID/data/{name}"), &json!({ "data": { "password": PASSWORD } }));
        world.must(&format!("one-ID/{name}"), &json!({ "password": PASSWORD }));
    }
}

/// Another job that logs in and reads.
fn reads<'w>(world: &'w World, job: &Job, secret: &str) -> Program<'w> {
    let words = ["vault", "--role", "made", "--mount", &format!("ci-{}", world.id), &format!("A={secret}#password")]
        .map(|word| word.replace("ID", &world.id));
    world.named(oidc_exchange(words).job_of(&world.sandbox, job)).env("VAULT_ADDR", world.bao.url())
}

/// `setup vault` in this job, for the mount `ci-ID` and both engines' secrets.
fn made(world: &World, job: &Job, arguments: &[&str]) -> String {
    let words =
        ["setup", "vault", "--role", "made", "--mount", "ci-ID", "--secret", "two-ID/db", "--secret", "one-ID/db"];
    let program = oidc_exchange(words.map(|word| word.replace("ID", &world.id))).args(arguments);
    let output = world.named(program.job_of(&world.sandbox, job)).run();
    output.exits(0).stderr_is(expect![[""]]);
    output.stdout()
}

/// The result of `explain` for the present role.
#[track_caller]
fn explained(world: &World, job: &Job) -> Value {
    let read = |path: &str| world.bao.must("GET", &format!("auth/ci-{}/{path}", world.id), &Value::Null).to_string();
    let words = ["explain", "vault", "--format", "json", "--role-config", "role.json", "--mount-config", "mount.json"];
    let program = oidc_exchange(words).job_of(&world.sandbox, job);
    program.scratch().write("role.json", read("role/made"));
    program.scratch().write("mount.json", read("config"));
    serde_json::from_str(&program.run().stdout()).unwrap()
}

/// `explain` and the server allow `welcome`, and none of `others`.
#[track_caller]
fn is_for(world: &World, welcome: &[Job], others: &[Job]) {
    for job in welcome {
        assert_eq!(explained(world, job)["verdict"], "accepted", "{job:?}");
        for secret in ["two-ID/db", "two-ID/data/db", "one-ID/db"] {
            reads(world, job, secret).run().exits(0).exports_are(&format!("export A='{PASSWORD}';\n"));
        }
        for secret in ["two-ID/other", "one-ID/other"] {
            reads(world, job, secret).run().exits(4);
        }
    }
    for job in others {
        assert_eq!(explained(world, job)["verdict"], "refused", "{job:?}");
        let output = reads(world, job, "two-ID/db").run();
        output.exits(4);
        let said = output.stderr();
        assert!(said.contains("does not match any associated bound claim values"), "{said}");
    }
}

fn elsewhere(job: Job) -> Job {
    job.project_id("00000000-0000-0000-0000-000000000000")
}

#[test]
fn a_branchs_role_is_for_its_pipelines() {
    let world = World::new();
    secrets(&world);
    let main = Job::branch("main");
    apply(&world, &made(&world, &main, &[]));
    let others = [
        Job::branch("feature"),
        Job::branch("main2"),
        Job::tag("main"),
        Job::pull_request(7, "feature"),
        Job::debug_of(&main),
        Job::project_debug(),
        elsewhere(Job::branch("main")),
    ];
    is_for(&world, std::slice::from_ref(&main), &others);
    assert_eq!(explained(&world, &main)["lints"], json!([]));
    // Once more, on the existing objects.
    apply(&world, &made(&world, &main, &[]));
    is_for(&world, &[main], &[Job::branch("feature")]);
}

#[test]
fn a_patterns_role_is_for_what_fits_it() {
    let world = World::new();
    secrets(&world);
    apply(&world, &made(&world, &Job::branch("main"), &["--branch", "release/*"]));
    let others = [
        Job::branch("main"),
        Job::branch("release"),
        Job::branch("x/release/1"),
        Job::tag("release/1"),
        Job::pull_request(7, "release/1"),
        Job::debug_of(&Job::branch("release/1")),
        Job::project_debug(),
        elsewhere(Job::branch("release/1")),
    ];
    is_for(&world, &[Job::branch("release/1"), Job::branch("release/a/b")], &others);
    assert_eq!(explained(&world, &Job::branch("release/1"))["lints"], json!([]));
}

#[test]
fn a_tags_role_and_a_pull_requests() {
    let world = World::new();
    secrets(&world);
    let tag = Job::tag("v1.0.0");
    apply(&world, &made(&world, &tag, &[]));
    let pull = Job::pull_request(7, "feature");
    is_for(
        &world,
        std::slice::from_ref(&tag),
        &[Job::tag("v1.0.1"), Job::branch("v1.0.0"), pull.clone(), Job::debug_of(&tag)],
    );

    let world = World::new();
    secrets(&world);
    apply(&world, &made(&world, &pull, &[]));
    let another = Job::pull_request(8, "x").reference("refs/pull/8/merge");
    let others = [Job::branch("main"), tag, Job::debug_of(&pull), Job::project_debug(), elsewhere(pull.clone())];
    is_for(&world, &[pull, another], &others);
}

/// The same in the API's form.
#[test]
fn the_documents_make_the_same_role() {
    let world = World::new();
    secrets(&world);
    let main = Job::branch("main");
    let printed: Value = serde_json::from_str(&made(&world, &main, &["--format", "json"])).unwrap();
    let documents = printed["documents"].as_object().unwrap();
    // A method that does not exist cannot be configured.
    let (first, rest): (Vec<_>, Vec<_>) = documents.iter().partition(|(path, _)| path.starts_with("sys/auth/"));
    assert_eq!((first.len(), rest.len()), (1, 3));
    for (path, body) in first.into_iter().chain(rest) {
        world.bao.must("POST", path, body);
    }
    is_for(&world, &[main], &[Job::branch("feature"), Job::pull_request(7, "feature")]);
    // A role that does not exist yet is explained, too.
    let role = &documents[&format!("auth/ci-{}/role/made", world.id)];
    let program = oidc_exchange(["explain", "vault", "--role-config", "-"]).job(&world.sandbox);
    program.stdin(role.to_string()).run().exits(0).stderr_is(expect![[""]]);
}

/// Git allows characters in a branch's name that shells would interpret.
#[test]
fn whatever_a_branch_is_called_every_shell_hands_it_on() {
    for branch in
        ["it's", "$(touch${IFS}made)", "`touch${IFS}made`", "a\"b", "a;b&c|d", "$HOME", "{{x}}", "日本", "END", "!x"]
    {
        let words = ["--branch", branch, "--secret", "secret/it's $(x)"];
        let script = setup(&words).run().exits(0).stdout();
        let printed = setup(&words).args(["--format", "json"]).run().exits(0).stdout();
        let documents = serde_json::from_str::<Value>(&printed).unwrap()["documents"].clone();
        for shell in shells::posix() {
            let program = shell.runs(&script);
            program.scratch().script("bin/bao", "#!/bin/sh\n[ \"$3\" = - ] && exec cat >\"$(basename \"$2\")\"\n[ \"$1\" = policy ] && exec cat >policy\n[ \"$*\" = 'auth enable jwt' ]\n");
            let output = program.run();
            output.exits(0).stderr_is(expect![[""]]);
            let read = |name: &str| std::fs::read_to_string(output.scratch.path().join(name)).unwrap();
            let role: Value = serde_json::from_str(&read("ci")).unwrap();
            assert_eq!(role, documents["auth/jwt/role/ci"], "{} {branch}", shell.name);
            assert_eq!(role["bound_claims"]["ref"], format!("refs/heads/{branch}"));
            assert_eq!(documents["sys/policies/acl/jwt-ci"]["policy"], read("policy"));
            assert!(!output.scratch.path().join("made").exists());
        }
    }
}
