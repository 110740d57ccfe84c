//! `setup aws`: its output is run unchanged, and allows exactly the stated jobs.

use std::os::unix::fs::symlink;

use sandbox::{Issuer, Job};
use serde_json::{Value, json};

use super::explain::{MAIN, ORG, explain, of_org};
use super::ministack::{administrator, assume};
use crate::support::recorder::Recorder;
use crate::support::shells::Shell;
use crate::support::{Program, expect, oidc_exchange, peers, shells};

const ROLE: &str = "arn:aws:iam::123456789012:role/ci/deploy";

/// `setup aws` with these options, in a job of the organization.
fn setup<'s>(options: &[&str], job: Job) -> Program<'s> {
    let program = oidc_exchange(["setup", "aws", "--role-arn", ROLE]).args(options);
    program.token(&Issuer::start().unwrap().token(&of_org(job)))
}

/// The output of `--format json` for such a job.
fn document(options: &[&str], job: Job) -> Value {
    let output = setup(options, job).args(["--format", "json"]).run();
    output.exits(0).stderr_is(expect![""]);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn trust_policy(document: &Value) -> &Value {
    &document["documents"]["CreateRole"]["AssumeRolePolicyDocument"]
}

#[test]
fn a_jobs_own_token_says_whom_to_let_in() {
    let output = setup(&[], Job::branch("main")).run();
    output.exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch, tags, pull requests, other projects and other organizations
        # beware: the new role has no permissions yet: attach the policies that its jobs need
        # beware: a debug session of such a job has the same `sub`: the role allows it as well

        # the provider, once for the account
        aws iam get-open-id-connect-provider \
          --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com >/dev/null 2>&1 ||
          aws iam create-open-id-connect-provider \
            --cli-input-json '{"Url":"https://acme.semaphoreci.com","ClientIDList":["https://acme.semaphoreci.com"]}'

        # the token's audience, if the provider existed without it
        aws iam get-open-id-connect-provider \
          --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com \
          --query 'ClientIDList[?@=='\''https://acme.semaphoreci.com'\'']' --output text | grep -q . >/dev/null 2>&1 ||
          aws iam add-client-id-to-open-id-connect-provider \
            --cli-input-json '{"OpenIDConnectProviderArn":"arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com","ClientID":"https://acme.semaphoreci.com"}'

        # the role; if it exists, this replaces its trust policy
        trust='{
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Federated": "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com"
              },
              "Action": "sts:AssumeRoleWithWebIdentity",
              "Condition": {
                "StringEquals": {
                  "acme.semaphoreci.com:aud": "https://acme.semaphoreci.com",
                  "acme.semaphoreci.com:sub": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main"
                }
              }
            }
          ]
        }'
        if aws iam get-role \
          --role-name deploy >/dev/null 2>&1; then
          aws iam update-assume-role-policy \
            --role-name deploy \
            --policy-document "$trust"
        else
          aws iam create-role \
            --role-name deploy \
            --path /ci/ \
            --assume-role-policy-document "$trust"
        fi
    "#]]);
}

#[test]
fn with_session_tags_debug_sessions_are_kept_out() {
    let output = setup(&[], Job::tag("v1.0.0").aws_tags(true)).run();
    output.exits(0).stdout_reads(expect![[r#"
        # allows: jobs for the tag v1.0.0 of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com, only in pipelines
        # denies: every other tag, branches, pull requests, debug sessions, other projects and other organizations
        # beware: the new role has no permissions yet: attach the policies that its jobs need

        # the provider, once for the account
        aws iam get-open-id-connect-provider \
          --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com >/dev/null 2>&1 ||
          aws iam create-open-id-connect-provider \
            --cli-input-json '{"Url":"https://acme.semaphoreci.com","ClientIDList":["https://acme.semaphoreci.com"]}'

        # the token's audience, if the provider existed without it
        aws iam get-open-id-connect-provider \
          --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com \
          --query 'ClientIDList[?@=='\''https://acme.semaphoreci.com'\'']' --output text | grep -q . >/dev/null 2>&1 ||
          aws iam add-client-id-to-open-id-connect-provider \
            --cli-input-json '{"OpenIDConnectProviderArn":"arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com","ClientID":"https://acme.semaphoreci.com"}'

        # the role; if it exists, this replaces its trust policy
        trust='{
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Federated": "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com"
              },
              "Action": [
                "sts:AssumeRoleWithWebIdentity",
                "sts:TagSession"
              ],
              "Condition": {
                "StringEquals": {
                  "acme.semaphoreci.com:aud": "https://acme.semaphoreci.com",
                  "acme.semaphoreci.com:sub": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:tag:ref:refs/tags/v1.0.0",
                  "aws:RequestTag/job_type": "pipeline_job"
                }
              }
            }
          ]
        }'
        if aws iam get-role \
          --role-name deploy >/dev/null 2>&1; then
          aws iam update-assume-role-policy \
            --role-name deploy \
            --policy-document "$trust"
        else
          aws iam create-role \
            --role-name deploy \
            --path /ci/ \
            --assume-role-policy-document "$trust"
        fi
    "#]]);
    // An organization may leave the claim out of its tags.
    let tags = json!({ "principal_tags": { "prj_id": ["p"] } });
    let document = document(&[], Job::branch("main").claim("https://aws.amazon.com/tags", tags));
    let policy = trust_policy(&document).to_string();
    assert!(policy.contains("sts:TagSession") && !policy.contains("job_type"), "{policy}");
    assert!(document["beware"].to_string().contains("debug session"));
}

#[test]
fn options_are_enough_without_a_token() {
    let options = ["--issuer", ORG, "--project-id", Job::PROJECT_ID, "--repo", "web", "--branch", "release/*"];
    let run = |format: &str| {
        let program = oidc_exchange(["setup", "aws", "--format", format]).args(options).env("AWS_ROLE_ARN", ROLE);
        program.run()
    };
    run("cli").exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        # allows: jobs for the branches release/* of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch, tags, pull requests, other projects and other organizations
        # beware: the new role has no permissions yet: attach the policies that its jobs need
        # beware: anyone who may push a ref with such a name is allowed
        # beware: a debug session of such a job has the same `sub`: the role allows it as well
        # beware: if the organization uses session tags for AWS, every job is refused until the role also allows sts:TagSession: run this in a job, since its token shows it

        # the provider, once for the account
        aws iam get-open-id-connect-provider \
          --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com >/dev/null 2>&1 ||
          aws iam create-open-id-connect-provider \
            --cli-input-json '{"Url":"https://acme.semaphoreci.com","ClientIDList":["https://acme.semaphoreci.com"]}'

        # the token's audience, if the provider existed without it
        aws iam get-open-id-connect-provider \
          --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com \
          --query 'ClientIDList[?@=='\''https://acme.semaphoreci.com'\'']' --output text | grep -q . >/dev/null 2>&1 ||
          aws iam add-client-id-to-open-id-connect-provider \
            --cli-input-json '{"OpenIDConnectProviderArn":"arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com","ClientID":"https://acme.semaphoreci.com"}'

        # the role; if it exists, this replaces its trust policy
        trust='{
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Federated": "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com"
              },
              "Action": "sts:AssumeRoleWithWebIdentity",
              "Condition": {
                "StringEquals": {
                  "acme.semaphoreci.com:aud": "https://acme.semaphoreci.com"
                },
                "StringLike": {
                  "acme.semaphoreci.com:sub": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/release/*"
                }
              }
            }
          ]
        }'
        if aws iam get-role \
          --role-name deploy >/dev/null 2>&1; then
          aws iam update-assume-role-policy \
            --role-name deploy \
            --policy-document "$trust"
        else
          aws iam create-role \
            --role-name deploy \
            --path /ci/ \
            --assume-role-policy-document "$trust"
        fi
    "#]]);
    run("json").exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        {
          "lets_in": "jobs for the branches release/* of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com",
          "keeps_out": "every other branch, tags, pull requests, other projects and other organizations",
          "beware": [
            "the new role has no permissions yet: attach the policies that its jobs need",
            "anyone who may push a ref with such a name is allowed",
            "a debug session of such a job has the same `sub`: the role allows it as well",
            "if the organization uses session tags for AWS, every job is refused until the role also allows sts:TagSession: run this in a job, since its token shows it",
            "AssumeRolePolicyDocument is an object, to be read; the API expects a text: jq '.documents.CreateRole | .AssumeRolePolicyDocument |= tojson'"
          ],
          "documents": {
            "CreateOpenIDConnectProvider": {
              "Url": "https://acme.semaphoreci.com",
              "ClientIDList": [
                "https://acme.semaphoreci.com"
              ]
            },
            "CreateRole": {
              "RoleName": "deploy",
              "Path": "/ci/",
              "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                  {
                    "Effect": "Allow",
                    "Principal": {
                      "Federated": "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com"
                    },
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                      "StringEquals": {
                        "acme.semaphoreci.com:aud": "https://acme.semaphoreci.com"
                      },
                      "StringLike": {
                        "acme.semaphoreci.com:sub": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/release/*"
                      }
                    }
                  }
                ]
              }
            }
          }
        }
    "#]]);
}

#[test]
fn pull_requests_are_let_in_by_a_pattern_alone() {
    let document = document(&["--pull-requests"], Job::branch("main"));
    let sub = MAIN.replace("branch:ref:refs/heads/main", "pull-request:ref:*");
    let conditions = &trust_policy(&document)["Statement"][0]["Condition"];
    assert_eq!(conditions["StringLike"], json!({ "acme.semaphoreci.com:sub": sub }));
    assert_eq!(conditions["StringEquals"], json!({ "acme.semaphoreci.com:aud": ORG }));
    assert!(document["beware"].to_string().contains("from a fork too"));
}

/// git allows such a name for a branch; IAM would treat it as a variable.
#[test]
fn a_name_that_looks_like_a_variable_is_none() {
    let odd = "${aws-username}";
    let document = document(&[], Job::branch(odd));
    assert!(trust_policy(&document).to_string().contains("refs/heads/${$}{aws-username}"));
    explain(trust_policy(&document), Job::branch(odd)).run().exits(0);
}

#[test]
fn without_a_role_there_is_no_account() {
    let output = oidc_exchange(["setup", "aws"]).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: no role was given: its ARN names the account that needs the provider

        hint: name the role to create with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN
    "#]]);
    let output = oidc_exchange(["setup", "aws", "--role-arn", "deploy"]).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --role-arn: `deploy` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]]);
    let output = oidc_exchange(["setup", "aws", "--role-arn", ROLE]).run();
    output.exits(3).stdout_is("");
}

/// `explain` accepts the output of `setup`, and reports the jobs for which it was made.
#[test]
fn explain_agrees_with_setup() {
    let other = "00000000-0000-4000-8000-000000000001";
    let main = || Job::branch("main");
    let all = |tags: bool| {
        let out = [
            Job::branch("other"),
            Job::branch("mai"),
            Job::branch("main2"),
            Job::tag("main"),
            Job::pull_request(7, "main"),
            Job::pull_request(7, "main").reference("refs/pull/7/merge"),
            Job::project_debug(),
            main().project_id(other),
            main().repo("web2"),
            main().org("acme2"),
        ];
        let document = document(&[], main().aws_tags(tags));
        let accepted = |job: Job| {
            let output = explain(&document, job.aws_tags(tags)).args(["--role-arn", ROLE]).run();
            assert!(!output.stdout().contains("lint:"), "{}", output.describe());
            output.code == Some(0)
        };
        assert!(accepted(main()));
        assert_eq!(out.into_iter().map(accepted).collect::<Vec<_>>(), [false; 10]);
        // It has the same `sub`, and only session tags show the difference.
        assert_eq!(accepted(Job::debug_of(&main())), !tags);
        // Only the policy, as a user may extract it.
        explain(trust_policy(&document), main().aws_tags(tags)).run().exits(0);
        explain(&document["documents"]["CreateRole"], Job::tag("x").aws_tags(tags)).run().exits(4);
    };
    all(false);
    all(true);
    let release = document(&["--branch", "release/*"], main());
    explain(&release, Job::branch("release/1")).run().exits(0);
    explain(&release, Job::branch("release")).run().exits(4);
    explain(&release, Job::tag("release/1")).run().exits(4);
}

#[test]
fn nothing_is_sent() {
    let recorder = Recorder::start();
    let address = recorder.url();
    let program = setup(&[], Job::branch("main")).env("AWS_ENDPOINT_URL", &address);
    program.env("HTTPS_PROXY", &address).env("ALL_PROXY", &address).run().exits(0);
    assert!(recorder.seen().is_empty());
}

/// The text is run unchanged, with the real AWS CLI, in an empty account and again. MiniStack then enforces it.
#[test]
fn what_is_printed_is_run_again_and_enforced() {
    let (server, issuer) = (peers::ministack(), Issuer::start().unwrap());
    let role = "arn:aws:iam::000000000000:role/ci/setup-cli";
    let run = |job: Job| {
        let token = issuer.token(&job);
        let text = oidc_exchange(["setup", "aws", "--role-arn", role]).token(&token).run().exits(0).stdout();
        let program = shells::posix().remove(0).with(["-eu", "-c", &text]);
        symlink(peers::aws().program("aws"), program.scratch().path().join("bin/aws")).unwrap();
        let output = administrator(&server, program).run();
        output.exits(0).stderr_is(expect![""]);
        output.stdout()
    };
    // The second role of an account uses the existing provider. The first role, made for another branch, is corrected.
    let first = run(Job::branch("other"));
    assert!(first.contains(role) && first.contains(":oidc-provider/"), "{first}");
    assert_eq!(run(Job::branch("main")), "");
    assert_eq!(run(Job::branch("main")), "");
    enforced(&server, &issuer, role);
}

/// No emulator adds an audience to a provider, so the test checks the calls of `aws`.
#[test]
fn an_audience_that_a_provider_lacks_is_added() {
    let text = setup(&[], Job::branch("main")).run().exits(0).stdout();
    for (audiences, added) in [("", true), (ORG, false)] {
        let program = shells::posix().remove(0).with(["-eu", "-c", &text]);
        let aws = format!(
            "#!/bin/sh\ncase $* in *--query*) echo '{audiences}' | sed '/^$/d' ;; \
             iam\\ add-client*) printf '%s\\n' \"$*\" ;; esac\n"
        );
        program.scratch().script("bin/aws", &aws);
        let output = program.run();
        output.exits(0).stderr_is(expect![""]);
        let expected = format!(
            "iam add-client-id-to-open-id-connect-provider --cli-input-json {{\"OpenIDConnectProviderArn\":\
             \"arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com\",\"ClientID\":\"{ORG}\"}}\n"
        );
        assert_eq!(output.stdout(), if added { expected } else { String::new() });
    }
}

#[test]
fn every_shell_reads_the_same_in_it() {
    let text = setup(&[], Job::branch("it's-${HOME}-`x`")).run().exits(0).stdout();
    let read = |shell: Shell| {
        let program = shell.with(["-eu", "-c", &text]);
        program.scratch().script("bin/aws", "#!/bin/sh\ncase $2 in get-*) exit 1 ;; esac\nprintf '<%s>\\n' \"$@\"\n");
        let output = program.run();
        output.exits(0).stderr_is(expect![""]);
        output.stdout()
    };
    let all: Vec<String> = shells::posix().into_iter().map(read).collect();
    assert!(all[0].contains("<create-role>") && all[0].contains("refs/heads/it's-${$}{HOME}-`x`\""), "{}", all[0]);
    assert!(all.iter().all(|one| *one == all[0]));
}

/// The same from the JSON, as its own `beware` describes.
#[test]
fn the_json_is_applied_as_it_says() {
    let (server, cli) = (peers::ministack(), peers::aws().program("aws"));
    let Some(shell) = shells::find("jq", "jq", &[]).and(shells::posix().into_iter().next()) else { return };
    let (issuer, role) = (Issuer::start().unwrap(), "arn:aws:iam::000000000000:role/setup-json");
    let program = oidc_exchange(["setup", "aws", "--format", "json", "--role-arn", role]);
    let printed = program.token(&issuer.token(&Job::branch("main"))).run();
    let document: Value = serde_json::from_slice(&printed.exits(0).stdout).unwrap();
    let beware = document["beware"].as_array().unwrap();
    let filter = beware.iter().find_map(|one| Some(one.as_str().unwrap().split_once("jq ")?.1)).unwrap();
    let script = format!(
        "aws iam create-open-id-connect-provider --cli-input-json \"$(jq .documents.CreateOpenIDConnectProvider setup.json)\"\n\
         aws iam create-role --cli-input-json \"$(jq {filter} setup.json)\""
    );
    let program = shell.with(["-eu", "-c", &script]);
    program.scratch().write("setup.json", &printed.stdout);
    symlink(&cli, program.scratch().path().join("bin/aws")).unwrap();
    administrator(&server, program).run().exits(0);
    enforced(&server, &issuer, role);
}

/// Only the branch `main` is allowed.
fn enforced(server: &peers::Server, issuer: &Issuer, role: &str) {
    assume(server, issuer, role, &Job::branch("main"), &["--verify", "-v"]).exits(0);
    for job in [
        Job::branch("other"),
        Job::branch("main/x"),
        Job::tag("main"),
        Job::pull_request(7, "main"),
        Job::branch("main").project_id("00000000-0000-4000-8000-000000000001"),
        Job::branch("main").audience("sts.amazonaws.com"),
    ] {
        assume(server, issuer, role, &job, &[]).exits(4);
    }
}
