//! `setup gcp`: its output, its acceptance by gcloud and Google, and the jobs that it allows.

use std::fs;
use std::sync::Arc;

use sandbox::{Job, Sandbox, Server};
use serde_json::{Value, json};

use super::discovery::{document, method};
use super::docs::{Administration, sent};
use super::gcloud::{found, quiet};
use super::{explain, sandbox_provider};
use crate::support::{Program, expect, oidc_exchange, shells};

const NAME: &str = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";
const ACCOUNT: &str = "deploy@my-project.iam.gserviceaccount.com";
const OTHER: &str = "00000000-0000-0000-0000-000000000000";
/// Every character that a branch's name may contain and a shell or CEL could interpret.
const ODD: &str = "it's-\"$(touch${IFS}pwned)\"`touch${IFS}pwned`;&|<x>#{y}!,=%日";

fn setup<'s>(more: &[&str]) -> Program<'s> {
    oidc_exchange(["setup", "gcp", "--provider", NAME]).args(more)
}

fn documents(program: Program<'_>) -> Value {
    let output = program.args(["--format", "json"]).run();
    let printed: Value = serde_json::from_slice(&output.exits(0).stdout).unwrap();
    printed["documents"].clone()
}

fn acme(job: Job) -> Job {
    let issuer = "https://acme.semaphoreci.com";
    job.claim("iss", issuer).claim("aud", issuer)
}

#[test]
fn for_a_branch() {
    let sandbox = Sandbox::start().unwrap();
    let program = setup(&["--service-account", ACCOUNT]).job_of(&sandbox, &acme(Job::branch("main")));
    program.run().exits(0).stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com, who may act as deploy@my-project.iam.gserviceaccount.com
        # denies: other branches, tags, pull requests, debug sessions, and every other project of the organization
        # beware: anyone who attaches to a running job (`sem attach`) can use its token; no claim shows this
        # beware: every provider of a pool names the same principals: let this pool have no provider that others can change

        # the services; this changes nothing if they are enabled
        gcloud services enable \
          iam.googleapis.com sts.googleapis.com iamcredentials.googleapis.com \
          --project=123456

        # the pool
        gcloud iam workload-identity-pools describe \
          projects/123456/locations/global/workloadIdentityPools/semaphore >/dev/null 2>&1 ||
          gcloud iam workload-identity-pools create \
            projects/123456/locations/global/workloadIdentityPools/semaphore

        # the provider: the issuer, and which of its tokens are allowed; if it exists, this replaces its rule
        condition='assertion.prj_id == "936a5312-a3b8-4921-8b3f-2cec8baac574" && assertion.job_type == "pipeline_job" && assertion.ref_type == "branch" && assertion.ref == "refs/heads/main"'
        if gcloud iam workload-identity-pools providers describe \
          projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore >/dev/null 2>&1; then
          gcloud iam workload-identity-pools providers update-oidc \
            projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore \
            --issuer-uri=https://acme.semaphoreci.com --allowed-audiences=https://acme.semaphoreci.com \
            --attribute-mapping 'google.subject=assertion.prj_id + "::" + assertion.job_type + "::" + assertion.ref,attribute.prj_id=assertion.prj_id,attribute.job_type=assertion.job_type,attribute.ref_type=assertion.ref_type,attribute.ref=assertion.ref' \
            --attribute-condition "$condition"
        else
          gcloud iam workload-identity-pools providers create-oidc \
            projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore \
            --issuer-uri=https://acme.semaphoreci.com --allowed-audiences=https://acme.semaphoreci.com \
            --attribute-mapping 'google.subject=assertion.prj_id + "::" + assertion.job_type + "::" + assertion.ref,attribute.prj_id=assertion.prj_id,attribute.job_type=assertion.job_type,attribute.ref_type=assertion.ref_type,attribute.ref=assertion.ref' \
            --attribute-condition "$condition"
        fi

        # who may act as the service account
        gcloud iam service-accounts add-iam-policy-binding \
          deploy@my-project.iam.gserviceaccount.com \
          --project=my-project \
          --role=roles/iam.workloadIdentityUser \
          --member=principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/subject/936a5312-a3b8-4921-8b3f-2cec8baac574::pipeline_job::refs/heads/main \
          --condition=None
    "#]]);
}

#[test]
fn for_branches_of_a_pattern_and_no_service_account() {
    let options = ["--issuer", "https://acme.semaphoreci.com", "--project-id", Job::PROJECT_ID, "--repo", "web"];
    setup(&options).args(["--branch", "release/*-rc*x"]).run().exits(0).stdout_reads(expect![[r#"
        # allows: jobs for the branches release/*-rc*x of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: other branches, tags, pull requests, debug sessions, and every other project of the organization
        # beware: anyone who may push a branch or tag with such a name is allowed
        # beware: anyone who attaches to a running job (`sem attach`) can use its token; no claim shows this
        # beware: every provider of a pool names the same principals: let this pool have no provider that others can change
        # beware: nothing is granted yet: give a role on what the job needs to principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/attribute.gate/936a5312-a3b8-4921-8b3f-2cec8baac574::pipeline_job::branch

        # the services; this changes nothing if they are enabled
        gcloud services enable \
          iam.googleapis.com sts.googleapis.com iamcredentials.googleapis.com \
          --project=123456

        # the pool
        gcloud iam workload-identity-pools describe \
          projects/123456/locations/global/workloadIdentityPools/semaphore >/dev/null 2>&1 ||
          gcloud iam workload-identity-pools create \
            projects/123456/locations/global/workloadIdentityPools/semaphore

        # the provider: the issuer, and which of its tokens are allowed; if it exists, this replaces its rule
        condition='assertion.prj_id == "936a5312-a3b8-4921-8b3f-2cec8baac574" && assertion.job_type == "pipeline_job" && assertion.ref_type == "branch" && assertion.ref.matches("^refs/heads/release/.*-rc.*x$")'
        if gcloud iam workload-identity-pools providers describe \
          projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore >/dev/null 2>&1; then
          gcloud iam workload-identity-pools providers update-oidc \
            projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore \
            --issuer-uri=https://acme.semaphoreci.com --allowed-audiences=https://acme.semaphoreci.com \
            --attribute-mapping 'google.subject=assertion.prj_id + "::" + assertion.job_id,attribute.prj_id=assertion.prj_id,attribute.job_type=assertion.job_type,attribute.ref_type=assertion.ref_type,attribute.ref=assertion.ref,attribute.gate=assertion.prj_id + "::" + assertion.job_type + "::" + assertion.ref_type' \
            --attribute-condition "$condition"
        else
          gcloud iam workload-identity-pools providers create-oidc \
            projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore \
            --issuer-uri=https://acme.semaphoreci.com --allowed-audiences=https://acme.semaphoreci.com \
            --attribute-mapping 'google.subject=assertion.prj_id + "::" + assertion.job_id,attribute.prj_id=assertion.prj_id,attribute.job_type=assertion.job_type,attribute.ref_type=assertion.ref_type,attribute.ref=assertion.ref,attribute.gate=assertion.prj_id + "::" + assertion.job_type + "::" + assertion.ref_type' \
            --attribute-condition "$condition"
        fi
    "#]]);
}

#[test]
fn for_pull_requests() {
    let sandbox = Sandbox::start().unwrap();
    let program =
        setup(&["--service-account", ACCOUNT, "--format", "json"]).job_of(&sandbox, &acme(Job::pull_request(7, "x")));
    program.run().exits(0).stdout_reads(expect![[r#"
        {
          "lets_in": "jobs for pull requests (including those from forks) of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com, who may act as deploy@my-project.iam.gserviceaccount.com",
          "keeps_out": "branches, tags, debug sessions, and every other project of the organization",
          "beware": [
            "a pull request from a fork is allowed too, and what it runs is its author's",
            "anyone who attaches to a running job (`sem attach`) can use its token; no claim shows this",
            "every provider of a pool names the same principals: let this pool have no provider that others can change"
          ],
          "documents": {
            "WorkloadIdentityPool": {
              "name": "projects/123456/locations/global/workloadIdentityPools/semaphore"
            },
            "WorkloadIdentityPoolProvider": {
              "name": "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore",
              "attributeMapping": {
                "google.subject": "assertion.prj_id + \"::\" + assertion.job_id",
                "attribute.prj_id": "assertion.prj_id",
                "attribute.job_type": "assertion.job_type",
                "attribute.ref_type": "assertion.ref_type",
                "attribute.ref": "assertion.ref",
                "attribute.gate": "assertion.prj_id + \"::\" + assertion.job_type + \"::\" + assertion.ref_type"
              },
              "attributeCondition": "assertion.prj_id == \"936a5312-a3b8-4921-8b3f-2cec8baac574\" && assertion.job_type == \"pipeline_job\" && assertion.ref_type == \"pull-request\"",
              "oidc": {
                "issuerUri": "https://acme.semaphoreci.com",
                "allowedAudiences": [
                  "https://acme.semaphoreci.com"
                ]
              }
            },
            "Binding": {
              "role": "roles/iam.workloadIdentityUser",
              "members": [
                "principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/attribute.gate/936a5312-a3b8-4921-8b3f-2cec8baac574::pipeline_job::pull-request"
              ]
            }
          }
        }
    "#]]);
}

#[test]
fn a_name_that_google_makes_none_of_is_refused() {
    let ask = |provider: &str, more: &[&str]| {
        let options = ["setup", "gcp", "--provider", provider, "--issuer", "https://acme.semaphoreci.com"];
        let program = oidc_exchange(options).args(["--project-id", Job::PROJECT_ID, "--repo", "web"]).args(more);
        let output = program.run();
        output.exits(2).stdout_is("");
        output.stderr()
    };
    let main = ["--branch", "main"];
    let all = [
        ask(&NAME.replace("123456", "my-project"), &main),
        ask(&NAME.replace("Pools/semaphore", "Pools/gcp-ci"), &main),
        ask(&NAME.replace("providers/semaphore", "providers/abc"), &main),
        ask(NAME, &["--branch", "main", "--service-account", "deploy"]),
        ask(NAME, &["--branch", "a b"]),
        ask(NAME, &["--branch", &"x".repeat(4_000)]),
    ];
    expect![[r#"
        error: --provider: `projects/my-project/locations/global/workloadIdentityPools/semaphore/providers/semaphore` is not a provider's name: use the project number, not the project id

        hint: find the number: gcloud projects describe my-project --format='value(projectNumber)'
        error: --provider: Google makes no pool called `gcp-ci`

        hint: an id has 4 to 32 characters and does not begin with gcp-
        error: --provider: Google makes no provider called `abc`

        hint: an id has 4 to 32 characters and does not begin with gcp-
        error: --service-account: `deploy` is not a service account's e-mail address: it is only a name, without a project

        hint: write it as NAME@PROJECT.iam.gserviceaccount.com; gcloud iam service-accounts list shows them
        error: --branch: no branch or tag is called `a b`: it holds a space or one of `~^:?[\`
        error: the condition would have more than the 4096 characters that Google accepts
    "#]].assert_eq(&all.concat().replace(&"x".repeat(4_000), "xxx…"));
}

/// The allowed job, from options or the token, and jobs that must be denied.
fn admissions() -> Vec<(Vec<&'static str>, Job, Vec<Job>)> {
    let with = |more: Vec<&'static str>, job: Job, others: Vec<Job>| {
        let mut out = vec![
            Job::debug_of(&job),
            job.clone().project_id(OTHER),
            Job::project_debug(),
            Job::branch("another"),
            Job::tag("another"),
            job.clone().claim("ref_type", "BRANCH"),
        ];
        out.extend(others);
        (more, job, out)
    };
    let pull_request = || Job::pull_request(7, "main");
    vec![
        with(vec![], Job::branch("main"), vec![pull_request(), Job::branch("mainly"), Job::tag("main")]),
        with(vec![], Job::branch(ODD), vec![pull_request(), Job::branch(&ODD[1..])]),
        with(vec![], Job::branch(Box::leak(("long/".repeat(40) + "x").into_boxed_str())), vec![pull_request()]),
        with(
            vec!["--branch", "release/*"],
            Job::branch("release/1/x"),
            vec![pull_request(), Job::branch("release"), Job::tag("release/1")],
        ),
        with(
            vec!["--branch", "*/it's*stable"],
            Job::branch("a/it's-b-stable"),
            vec![pull_request(), Job::branch("a/its-stable")],
        ),
        with(
            vec!["--branch", "v1.*.x"],
            Job::branch("v1.2.x"),
            vec![pull_request(), Job::branch("v1.x"), Job::branch("v112.x")],
        ),
        with(vec![], Job::tag("v1.0.0"), vec![pull_request(), Job::branch("v1.0.0"), Job::tag("v1.0.1")]),
        with(vec!["--tag", "v*"], Job::tag("v2"), vec![pull_request(), Job::branch("v2"), Job::tag("x2")]),
        with(vec!["--pull-requests"], pull_request(), vec![Job::branch("main"), Job::tag("v1")]),
    ]
}

/// `explain` with its output, and the sandbox's own exchange: only the intended job is allowed.
#[test]
fn whom_it_lets_in() {
    for (more, job, others) in admissions() {
        let sandbox = Sandbox::start().unwrap();
        let documents = documents(setup(&more).args(["--service-account", ACCOUNT]).job_of(&sandbox, &job));
        let provider = &documents["WorkloadIdentityPoolProvider"];
        let policy = json!({ "bindings": [documents["Binding"]] });
        sandbox_provider(&sandbox, provider, Some((ACCOUNT, &policy)));
        let exchange = |job: &Job| {
            oidc_exchange(["gcp", "--provider", NAME, "--service-account", ACCOUNT])
                .args([
                    "--sts-endpoint",
                    &sandbox.google.sts.url(),
                    "--iamcredentials-endpoint",
                    &sandbox.google.iam.url(),
                ])
                .job_of(&sandbox, job)
                .run()
        };
        let said = explain(provider, Some(&policy)).job_of(&sandbox, &job).run();
        assert_eq!(said.code, Some(0), "{more:?} {job:?}\n{}", said.describe());
        let lints: Vec<String> =
            said.stdout().lines().filter(|line| line.starts_with("lint:")).map(str::to_owned).collect();
        let expected = usize::from(more == ["--pull-requests"]);
        assert!(lints.len() == expected, "{lints:?}");
        assert_eq!(exchange(&job).code, Some(0), "{job:?}");
        for other in others {
            let said = explain(provider, Some(&policy)).job_of(&sandbox, &other).run();
            assert_eq!(said.code, Some(4), "{more:?} {other:?}\n{}", said.describe());
            assert_eq!(exchange(&other).code, Some(4), "{other:?}");
        }
    }
}

/// Every argument stays one argument, in every shell, for any name of the branch.
#[test]
fn a_shell_gives_gcloud_what_was_meant() {
    let sandbox = Sandbox::start().unwrap();
    let job = acme(Job::branch(ODD));
    let text = setup(&["--service-account", ACCOUNT]).job_of(&sandbox, &job).run().exits(0).stdout();
    let documents = documents(setup(&["--service-account", ACCOUNT]).job_of(&sandbox, &job));
    let provider = &documents["WorkloadIdentityPoolProvider"];
    let mapping = provider["attributeMapping"].as_object().unwrap();
    for shell in shells::posix() {
        let program = shell.with(["setup.sh"]);
        program.scratch().write("setup.sh", &text);
        program.scratch().script(
            "bin/gcloud",
            "#!/bin/sh\nfor word; do [ \"$word\" != describe ] || exit 1; done\n\
             for word; do printf '%s\\0' \"$word\"; done >>calls; printf '\\n\\0' >>calls\n",
        );
        let output = program.run();
        output.exits(0).stdout_is("");
        let calls = fs::read_to_string(output.scratch.path().join("calls")).unwrap();
        let calls: Vec<Vec<&str>> = calls
            .split("\n\0")
            .filter(|call| !call.is_empty())
            .map(|call| call.split_terminator('\0').collect())
            .collect();
        let (pool, issuer) = (NAME.split_once("/providers").unwrap().0, "https://acme.semaphoreci.com");
        assert_eq!(calls.len(), 4, "{}", shell.name);
        assert_eq!(calls[1], ["iam", "workload-identity-pools", "create", pool]);
        let create = &calls[2];
        assert_eq!(create[..5], ["iam", "workload-identity-pools", "providers", "create-oidc", NAME]);
        let options =
            [&format!("--issuer-uri={issuer}"), &format!("--allowed-audiences={issuer}"), "--attribute-mapping"];
        assert_eq!(create[5..8], options);
        // As gcloud reads it: parts between commas, a key up to the first equals sign.
        let parts: Vec<(&str, &str)> = create[8].split(',').map(|part| part.split_once('=').unwrap()).collect();
        assert_eq!(parts.len(), mapping.len());
        assert!(parts.iter().all(|(key, value)| mapping[*key] == *value), "{parts:?}");
        assert_eq!(create[9..], ["--attribute-condition", provider["attributeCondition"].as_str().unwrap()]);
        let member = documents["Binding"]["members"][0].as_str().unwrap();
        let expected = [
            &["iam", "service-accounts", "add-iam-policy-binding", ACCOUNT, "--project=my-project"][..],
            &["--role=roles/iam.workloadIdentityUser", &format!("--member={member}"), "--condition=None"],
        ];
        assert_eq!(calls[3], expected.concat());
        assert!(!output.scratch.path().join("pwned").exists());
    }
}

/// Google's own description of the service has every name, with its type. Only settable members are sent.
#[test]
fn the_documents_are_as_iam_describes_them() {
    fn fits(body: &Value, schema: &str, iam: &Value) {
        for (name, value) in body.as_object().unwrap() {
            let property = &iam["schemas"][schema]["properties"][name];
            assert!(property.is_object() && property["readOnly"] != true, "{schema} has no `{name}` to set");
            match (property["$ref"].as_str(), property["type"].as_str()) {
                (Some(schema), _) => fits(value, schema, iam),
                (None, Some("string")) => assert!(value.is_string(), "{name}"),
                (None, Some("array")) => assert!(value.as_array().unwrap().iter().all(Value::is_string), "{name}"),
                (None, Some("object")) => assert!(value.as_object().unwrap().values().all(Value::is_string), "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    let (iam, sandbox) = (document("iam.v1"), Sandbox::start().unwrap());
    for (more, job, _) in admissions() {
        let documents = documents(setup(&more).args(["--service-account", ACCOUNT]).job_of(&sandbox, &job));
        let documents = documents.as_object().unwrap();
        assert_eq!(
            documents.keys().collect::<Vec<_>>(),
            ["Binding", "WorkloadIdentityPool", "WorkloadIdentityPoolProvider"]
        );
        for (schema, body) in documents {
            fits(body, schema, &iam);
        }
    }
    let id = "iam.projects.locations.workloadIdentityPools.providers";
    let names = &method(&iam, &format!("{id}.get")).unwrap()["parameters"]["name"]["pattern"];
    assert!(regex_lite::Regex::new(names.as_str().unwrap()).unwrap().is_match(NAME));
    assert_eq!(method(&iam, &format!("{id}.create")).unwrap()["request"]["$ref"], "WorkloadIdentityPoolProvider");
}

/// The commands make gcloud send the same requests as in the documents.
#[test]
fn gcloud_takes_the_commands() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    for (more, job, _) in admissions().into_iter().take(4) {
        let job = acme(job);
        let ask = || setup(&more).args(["--service-account", ACCOUNT]).job_of(&sandbox, &job);
        let text = ask().run().exits(0).stdout();
        let documents = documents(ask());
        let google = Server::start(None, |_| Arc::new(Administration::default())).unwrap();
        let script = format!("set -eu\ngcloud() {{ '{}' \"$@\"; }}\n{text}", gcloud.display());
        let run = || {
            let program =
                quiet(Program::new("/bin/sh", ["setup.sh"])).env("CLOUDSDK_AUTH_ACCESS_TOKEN", "administrator");
            program.scratch().write("setup.sh", &script);
            let apis = ["IAM", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE"];
            let program = apis.iter().fold(program, |program, api| {
                program.env(&format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), format!("{}/", google.url()))
            });
            program.run().exits(0);
        };
        run();
        let requests = google.requests();
        let pools = "projects/123456/locations/global/workloadIdentityPools";
        let created = |path: &str| {
            let request = requests.iter().find(|request| request.method == "POST" && request.path.ends_with(path));
            request.unwrap_or_else(|| panic!("no POST {path}")).query.clone()
        };
        assert!(created(&format!("/v1/{pools}")).contains("workloadIdentityPoolId=semaphore"));
        assert!(created(&format!("{pools}/semaphore/providers")).contains("workloadIdentityPoolProviderId=semaphore"));
        let mut expected = documents["WorkloadIdentityPoolProvider"].clone();
        expected.as_object_mut().unwrap().remove("name");
        // gcloud also sends defaults.
        expected["disabled"] = false.into();
        assert_eq!(sent(&requests, "POST", &format!("{pools}/semaphore/providers")), expected);
        let policy = &sent(&requests, "POST", &format!("{ACCOUNT}:setIamPolicy"))["policy"];
        assert_eq!(policy["bindings"], json!([documents["Binding"]]));
        if more.is_empty() {
            // Once more, on the existing objects: nothing is created twice, and the rule is the same.
            run();
            let again = &google.requests()[requests.len()..];
            let made = again.iter().filter(|request| request.method == "POST" && request.path.contains("Pools"));
            assert_eq!(made.count(), 0);
            let mut rule = sent(again, "PATCH", &format!("{pools}/semaphore/providers/semaphore"));
            rule.as_object_mut().unwrap().remove("name");
            assert_eq!(rule, expected);
            let policy = &sent(again, "POST", &format!("{ACCOUNT}:setIamPolicy"))["policy"];
            assert_eq!(policy["bindings"], json!([documents["Binding"]]));
        }
    }
}
