//! `explain gcp`: its exact output.

use sandbox::{Job, Sandbox};
use serde_json::{Value, json};

use super::explain;
use crate::support::recorder::Recorder;
use crate::support::{Output, expect, oidc_exchange};

const NAME: &str = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";
const POOL: &str = "iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore";
const ISSUER: &str = "https://acme.semaphoreci.com";
const CONDITION: &str = "assertion.prj_id == '936a5312-a3b8-4921-8b3f-2cec8baac574' && assertion.job_type == 'pipeline_job' && (assertion.ref == 'refs/heads/main' || assertion.ref.startsWith('refs/tags/'))";

fn provider() -> Value {
    json!({
        "name": NAME,
        "state": "ACTIVE",
        "oidc": { "issuerUri": ISSUER, "allowedAudiences": [ISSUER] },
        "attributeMapping": { "google.subject": "assertion.prj_id + '::' + assertion.ref", "attribute.ref": "assertion.ref" },
        "attributeCondition": CONDITION,
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut provider = provider();
    provider[name] = value.into();
    provider
}

fn mapping(subject: &str) -> Value {
    json!({ "google.subject": subject })
}

fn bound(members: &[&str]) -> Value {
    json!({ "bindings": [{ "role": "roles/iam.workloadIdentityUser", "members": members }], "etag": "BwX=", "version": 1 })
}

/// A token of the organization in the files.
fn acme(job: Job) -> Job {
    job.claim("iss", ISSUER).claim("aud", ISSUER)
}

#[track_caller]
fn ask(provider: &Value, policy: Option<&Value>, job: Job) -> Output {
    let sandbox = Sandbox::start().unwrap();
    let output = explain(provider, policy).job_of(&sandbox, &acme(job)).run();
    let asked = [sandbox.google.sts.requests(), sandbox.google.iam.requests(), sandbox.issuer.requests()].concat();
    assert!(asked.is_empty() && output.stderr.is_empty(), "{}", output.describe());
    output
}

/// Never refused for unknown functions: a type has a value, or the result is unknown.
#[test]
fn the_name_of_a_type_is_no_refusal() {
    for (condition, code) in [
        ("type(assertion.ref) == string", 0),
        ("type(assertion.ref) in [string, list]", 0),
        ("type(assertion.ref) == int", 4),
        ("type(assertion.exp) == int", 7),
        ("type(assertion.ref) != bytes", 7),
        ("type(assertion.ref) != google.protobuf.Timestamp", 7),
        ("sets.contains(['a'], [assertion.ref])", 7),
        ("dyn(assertion.ref) == 'refs/heads/main'", 7),
    ] {
        let output = ask(&with("attributeCondition", condition), None, Job::branch("main"));
        // Without a policy, the members of the service account are not checked.
        output.exits(code);
        assert!(!output.stdout().contains("there is no variable"), "{}", output.stdout());
    }
    let mapped =
        ask(&with("attributeMapping", mapping("string(google.protobuf.Timestamp)")), None, Job::branch("main"));
    mapped.exits(7);
}

#[test]
fn one_that_is_let_in() {
    let member = format!("principalSet://{POOL}/attribute.ref/refs/heads/main");
    let policy = bound(&[&member, "user:somebody@example.com"]);
    ask(&provider(), Some(&policy), Job::branch("main")).exits(0).stdout_reads(expect![[r#"
        accepted: the provider allows this token, and it may act as the service account

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✓ the token's audience is an allowed one
        ✓ the token's times are good
        ✓ the attribute mapping
          ✓ google.subject = assertion.prj_id + '::' + assertion.ref
              becomes    936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/main
          ✓ attribute.ref = assertion.ref
              becomes    refs/heads/main
        ✓ the attribute condition
          ✓ assertion.prj_id == '936a5312-a3b8-4921-8b3f-2cec8baac574'
          ✓ assertion.job_type == 'pipeline_job'
          ✓ one of
            ✓ assertion.ref == 'refs/heads/main'
        ✓ a binding allows it to act as the service account
            besides    1 member that is no workload identity
          ✓ roles/iam.workloadIdentityUser
            ✓ principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/attribute.ref/refs/heads/main

        note: the organization can switch off `job_type`, `prj_id`, `ref`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
    "#]]);
}

#[test]
fn a_pull_request_that_the_condition_keeps_out() {
    ask(&provider(), None, Job::pull_request(7, "feature-x")).exits(4).stdout_reads(expect![[r#"
        refused: the provider does not allow this token

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✓ the token's audience is an allowed one
        ✓ the token's times are good
        ✓ the attribute mapping
          ✓ google.subject = assertion.prj_id + '::' + assertion.ref
              becomes    936a5312-a3b8-4921-8b3f-2cec8baac574::refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
          ✓ attribute.ref = assertion.ref
              becomes    refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
        ✗ the attribute condition
            answer     unauthorized_client: The given credential is rejected by the attribute condition.
          ✓ assertion.prj_id == '936a5312-a3b8-4921-8b3f-2cec8baac574'
          ✓ assertion.job_type == 'pipeline_job'
          ✗ one of
            ✗ assertion.ref == 'refs/heads/main'
                wanted     refs/heads/main
                presented  refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                                ^ differs from here
            ✗ assertion.ref.startsWith('refs/tags/')
                wanted     refs/tags/*
                presented  refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                                ^ differs from here

        note: this is a pull-request job: its `branch` is the target, its `ref` is not refs/heads/…
        note: the organization can switch off `job_type`, `prj_id`, `ref`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
        note: whether it may act as a service account is in the account's own policy: --iam-policy
    "#]]);
}

#[test]
fn an_audience_that_was_forgotten() {
    let provider = with("oidc", json!({ "issuerUri": ISSUER }));
    ask(&provider, None, Job::branch("main")).exits(4).stdout_reads(expect![[r#"
        refused: the provider does not allow this token

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✗ the token's audience is not an allowed one
            because    `oidc.allowedAudiences` is empty, so that the provider's own name is asked for
            wanted     //iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore
            or         https://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore
            presented  https://acme.semaphoreci.com
                               ^ differs from here
            answer     invalid_grant: The audience in ID Token […] does not match the expected audience.
        ✓ the token's times are good
        ✓ the attribute mapping
          ✓ google.subject = assertion.prj_id + '::' + assertion.ref
              becomes    936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/main
          ✓ attribute.ref = assertion.ref
              becomes    refs/heads/main
        ✓ the attribute condition
          ✓ assertion.prj_id == '936a5312-a3b8-4921-8b3f-2cec8baac574'
          ✓ assertion.job_type == 'pipeline_job'
          ✓ one of
            ✓ assertion.ref == 'refs/heads/main'

        note: a job cannot ask for another audience; allow it: gcloud iam workload-identity-pools providers update-oidc projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore --allowed-audiences='https://acme.semaphoreci.com'
        note: the organization can switch off `job_type`, `prj_id`, `ref`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
        note: whether it may act as a service account is in the account's own policy: --iam-policy
    "#]]);
}

#[test]
fn a_subject_that_is_too_long() {
    let mut provider = with("attributeMapping", mapping("assertion.sub"));
    provider["attributeCondition"] = "assertion.ref_type == 'pull-request'".into();
    ask(&provider, None, Job::pull_request(7, "feature-x")).exits(4).stdout_reads(expect![[r#"
        refused: the provider does not allow this token

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✓ the token's audience is an allowed one
        ✓ the token's times are good
        ✗ the attribute mapping
          ✗ google.subject = assertion.sub
              because    it has 146 bytes, and Google accepts 127
              becomes    org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
              answer     invalid_request: The size of mapped attribute google.subject exceeds the 127 bytes limit. …
        ✓ the attribute condition
          ✓ assertion.ref_type == 'pull-request'

        lint: google.subject is `sub`, which has 146 bytes here and 146 in a pull request's token, and Google accepts 127: `sub127`, or prj_id with ref, is shorter

        note: the organization can switch off `ref_type`, `sub`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
        note: whether it may act as a service account is in the account's own policy: --iam-policy
    "#]]);
}

/// Semaphore's own recipe, with its quotes fixed.
#[test]
fn a_constant_subject_lets_everybody_in() {
    let mut provider = with("attributeMapping", mapping("'semaphore::web::main'"));
    provider["attributeCondition"] = "'semaphore::web::main' == google.subject".into();
    let policy = bound(&[&format!("principal://{POOL}/subject/semaphore::web::main")]);
    let job = Job::pull_request(7, "feature-x").project_id("00000000-0000-0000-0000-000000000000");
    ask(&provider, Some(&policy), job).exits(0).stdout_reads(expect![[r#"
        accepted: the provider allows this token, and it may act as the service account

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✓ the token's audience is an allowed one
        ✓ the token's times are good
        ✓ the attribute mapping
          ✓ google.subject = 'semaphore::web::main'
              becomes    semaphore::web::main
        ✓ the attribute condition
          ✓ 'semaphore::web::main' == google.subject
        ✓ a binding allows it to act as the service account
          ✓ roles/iam.workloadIdentityUser
            ✓ principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/subject/semaphore::web::main

        lint: google.subject is the same for every token: each job of the organization, of every project, branch and pull request, is the same principal
        lint: the condition compares only constants (`'semaphore::web::main' == google.subject`): it is true of every token of the issuer, and excludes nobody
        lint: it allows pull requests, and Semaphore gives a token to those from forks too
        lint: it allows debug sessions (`sem debug job`), since their `sub` is that of the job they debug: compare `job_type` with pipeline_job

        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
    "#]]);
}

/// The recipe as published.
#[test]
fn what_cannot_be_read_is_said() {
    let mut provider = with("attributeMapping", mapping("semaphore::web::main"));
    provider["attributeCondition"] =
        "assertion.ref.upperAscii() == 'REFS/HEADS/MAIN' && assertion.job_type == 'pipeline_job'".into();
    let policy = bound(&[&format!("principal://{POOL}/subject/semaphore::web::main")]);
    ask(&provider, Some(&policy), Job::branch("main")).exits(7).stdout_reads(expect![[r#"
        cannot tell: whether the provider allows this token is not known here

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✓ the token's audience is an allowed one
        ✓ the token's times are good
        ? the attribute mapping
          ? google.subject = semaphore::web::main
              because    at character 10, `::web::main`, this is not CEL
        ? the attribute condition
          ? assertion.ref.upperAscii() == 'REFS/HEADS/MAIN'
              because    at character 1, `assertion.ref.upperAscii…`, this program does not evaluate `upperAscii`
          ✓ assertion.job_type == 'pipeline_job'
        ? a binding allows it to act as the service account
          ? roles/iam.workloadIdentityUser
            ? principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/subject/semaphore::web::main
                because    what `google.subject` becomes is not known here

        note: the organization can switch off `job_type`, `ref`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
    "#]]);
    // This part is false, for any value of the rest.
    ask(&provider, Some(&policy), Job::debug_of(&Job::branch("main"))).exits(4);
}

#[test]
fn a_principal_that_nobody_bound() {
    let policy = bound(&[
        "MEMBER_ID",
        &format!("principal://{}/subject/x", POOL.replace("123456", "my-project")),
        &format!("principal://{POOL}/subject/936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/Main"),
        &format!("principalSet://{POOL}/attribute.branch/main"),
        &format!("principal://{POOL}/attribute.ref/refs/heads/main"),
        &format!("principalSet://{}/*", POOL.replace("semaphore", "semaphor")),
        "serviceAccount:other@my-project.iam.gserviceaccount.com",
    ]);
    ask(&provider(), Some(&policy), Job::branch("main")).exits(4).stdout_reads(expect![[r#"
        refused: the provider allows this token, but it may not act as the service account

        ✓ the provider is active
        ✓ the token's issuer is the provider's
        ✓ the token's audience is an allowed one
        ✓ the token's times are good
        ✓ the attribute mapping
          ✓ google.subject = assertion.prj_id + '::' + assertion.ref
              becomes    936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/main
          ✓ attribute.ref = assertion.ref
              becomes    refs/heads/main
        ✓ the attribute condition
          ✓ assertion.prj_id == '936a5312-a3b8-4921-8b3f-2cec8baac574'
          ✓ assertion.job_type == 'pipeline_job'
          ✓ one of
            ✓ assertion.ref == 'refs/heads/main'
        ✗ no binding allows it to act as the service account
            principal  principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/subject/936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/main
            answer     PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).
            besides    1 member that is no workload identity
          ✗ roles/iam.workloadIdentityUser
            ✗ MEMBER_ID
                because    it is a placeholder: a variable's name without its $, perhaps, or one that no shell replaced
            ✗ principal://iam.googleapis.com/projects/my-project/locations/global/workloadIdentityPools/semaphore/subject/x
                because    IAM identifies the pool's project by its number, not by its id
            ✗ principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/subject/936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/Main
                wanted     936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/Main
                presented  936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/main
                                                                            ^ differs from here
                because    capital letters count
            ✗ principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/attribute.branch/main
                because    the mapping makes no `attribute.branch`
            ✗ principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/attribute.ref/refs/heads/main
                because    a set is written principalSet://
            ✗ principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphor/*
                because    it is another pool
                wanted     semaphor
                presented  semaphore
                                   ^ differs from here

        note: a binding on the project, or above it, would count as well, and is not in this file
        note: oidc-exchange setup gcp prints the binding for this token
        note: the organization can switch off `job_type`, `prj_id`, `ref`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
    "#]]);
}

#[test]
fn every_fault_is_told_at_once() {
    let provider = json!({
        "name": NAME,
        "state": "ACTIVE",
        "disabled": true,
        "oidc": { "issuerUri": format!("{ISSUER}/"), "allowedAudiences": ["https://acme.example", "acme"] },
        "attributeMapping": {
            "google.subject": "assertion.user", "google.groups": "assertion.repo", "google.branch": "assertion.branch",
            "attribute.exp": "assertion.exp", "attribute.Ref": "assertion.ref",
        },
        "attributeCondition": "assertion.branch != 'main' && assertion.repo in ['api', 'docs'] && assertion.ref.endsWith('/stable')",
    });
    let policy = json!({ "bindings": [{
        "role": "roles/iam.serviceAccountUser", "members": [format!("principalSet://{POOL}/*")],
        "condition": { "title": "never", "expression": "1 > 2" },
    }] });
    let job = Job::branch("main").issued_at(1_786_313_600).expires_at(1_786_400_000);
    ask(&provider, Some(&policy), job).exits(4).stdout_reads(expect![[r#"
        refused: the provider does not allow this token

        ✗ the provider is switched off
            because    "disabled": true
            answer     invalid_target: The target service indicated by the "audience" parameters is invalid. …
        ✗ the token's issuer is not the provider's
            wanted     https://acme.semaphoreci.com/
            presented  https://acme.semaphoreci.com
                                                   ^ differs from here
            because    the slash at the end counts
            answer     invalid_grant: The issuer in ID Token … does not match the expected one(s) …
        ✗ the token's audience is not an allowed one
            wanted     https://acme.example
            or         acme
            presented  https://acme.semaphoreci.com
                                    ^ differs from here
            answer     invalid_grant: The audience in ID Token […] does not match the expected audience.
        ✗ the token's times are not good
            because    it was valid until TIME, and it is TIME; it was issued TIME, more than a day ago
            answer     invalid_grant: ID Token issued at … is stale to sign-in.
        ✗ the attribute mapping
          ✗ google.subject = assertion.user
              because    at character 1, `assertion.user`, the token has no claim `user`
          ✗ google.groups = assertion.repo
              because    it becomes a text (web), and must become a list of texts
          ✗ attribute.Ref = assertion.ref
              because    `attribute.Ref` is not a key that Google accepts
              answer     Invalid mapped attribute key …
          ✗ attribute.exp = assertion.exp
              because    it becomes a number (1786400000), and must become a text
          ✗ google.branch = assertion.branch
              because    `google.branch` is not a key that Google accepts
              answer     Invalid mapped attribute key …
        ✗ the attribute condition
            answer     unauthorized_client: The given credential is rejected by the attribute condition.
          ✗ assertion.branch != 'main'
              because    both are main
          ✗ assertion.repo in ['api', 'docs']
              wanted     api
              or         docs
              presented  web
                         ^ differs from here
          ✗ assertion.ref.endsWith('/stable')
              wanted     */stable
              presented  refs/heads/main
                                        ^ differs from here
        ✗ no binding allows it to act as the service account
            answer     PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).
          ✗ roles/iam.serviceAccountUser
            ✗ the role grants an access token
                because    iam.serviceAccounts.getAccessToken is not among its permissions
            ✗ its condition: 1 > 2
            ✓ principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore/*

        lint: `attribute.Ref` is not a key that Google accepts (google.subject, google.groups, attribute.NAME of a-z, 0-9 and _): write `attribute.ref`
        lint: `google.branch` is not a key that Google accepts (google.subject, google.groups, attribute.NAME of a-z, 0-9 and _): write `attribute.branch`
        lint: `repo` is not in the token in a Semaphore of one's own, unless switched on; without it every token is refused

        note: switch it on: gcloud iam workload-identity-pools providers update-oidc projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore --no-disabled
        note: if that is the issuer that is meant: gcloud iam workload-identity-pools providers update-oidc projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore --issuer-uri='https://acme.semaphoreci.com'
        note: a job cannot ask for another audience; allow it: gcloud iam workload-identity-pools providers update-oidc projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore --allowed-audiences='https://acme.semaphoreci.com'
        note: a binding on the project, or above it, would count as well, and is not in this file
        note: oidc-exchange setup gcp prints the binding for this token
        note: the organization can switch off `branch`, `ref`; every token is then refused
        note: whether the token is genuine was not looked at; oidc-exchange token --verify does
    "#]]);
}

#[test]
fn what_only_the_request_shows_is_not_guessed() {
    let member = format!("principalSet://{POOL}/*");
    let binding = |role: &str, condition: Option<&str>| {
        let mut binding = json!({ "role": role, "members": [member] });
        if let Some(condition) = condition {
            binding["condition"] = json!({ "title": "c", "expression": condition });
        }
        json!({ "bindings": [binding] })
    };
    let user = "roles/iam.workloadIdentityUser";
    for (policy, code) in [
        (binding(user, None), 0),
        (binding(user, Some("true")), 0),
        (binding(user, Some("'a' in ['b']")), 4),
        (binding(user, Some("request.time < timestamp('2027-01-01T00:00:00Z')")), 7),
        (binding("roles/iam.serviceAccountTokenCreator", None), 0),
        (binding("roles/iam.serviceAccountOpenIdTokenCreator", None), 4),
        (binding("projects/my-project/roles/deployer", None), 7),
        (binding("roles/owner", None), 7),
        (bound(&["allUsers"]), 0),
        (bound(&["allAuthenticatedUsers"]), 4),
        (bound(&[&format!("deleted:{member}?uid=1")]), 4),
        (bound(&["principalSet://cloudresourcemanager.googleapis.com/projects/123456"]), 7),
        (bound(&["principalSet://iam.googleapis.com/locations/global/workforcePools/staff/*"]), 4),
        (json!({ "etag": "ACAB" }), 4),
    ] {
        let output = ask(&provider(), Some(&policy), Job::branch("main"));
        assert_eq!(output.code, Some(code), "{policy}\n{}", output.describe());
    }
    let mut nameless = provider();
    nameless.as_object_mut().unwrap().remove("name");
    ask(&nameless, None, Job::branch("main")).exits(0);
    ask(&nameless, Some(&bound(&[&member])), Job::branch("main")).exits(7);
    nameless["oidc"]["allowedAudiences"] = json!([]);
    ask(&nameless, None, Job::branch("main")).exits(7);
}

#[test]
fn for_a_program_it_is_json() {
    let output = ask(&provider(), None, Job::branch("main"));
    assert_eq!(output.code, Some(0));
    let sandbox = Sandbox::start().unwrap();
    let json = explain(&provider(), None).args(["--format", "json"]).job_of(&sandbox, &acme(Job::branch("main"))).run();
    let explanation: Value = serde_json::from_slice(&json.exits(0).stdout).unwrap();
    assert_eq!(explanation["verdict"], "accepted");
    let checks = explanation["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 6);
    assert_eq!(checks[4]["parts"][0]["facts"][0]["becomes"], "936a5312-a3b8-4921-8b3f-2cec8baac574::refs/heads/main");
}

/// Each lint of a rule that is dangerous or has no effect, and a rule without lints.
#[test]
fn lints() {
    let lints = |provider: &Value, policy: Option<&Value>, job: Job| {
        let output = ask(provider, policy, job);
        let text = output.stdout();
        text.lines().filter_map(|line| line.strip_prefix("lint: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let main = || Job::branch("main");
    let gate = bound(&[&format!("principalSet://{POOL}/attribute.ref/refs/heads/main")]);
    assert_eq!(lints(&provider(), Some(&gate), main()), [""; 0]);
    assert_eq!(lints(&provider(), None, Job::pull_request(7, "x")), [""; 0]);

    let condition = |text: &str| with("attributeCondition", text);
    let subject = |text: &str| with("attributeMapping", mapping(text));
    let whole = bound(&[&format!("principalSet://{POOL}/*")]);
    let principal = bound(&[&format!("principal://{POOL}/subject/{}", Job::branch("main").short_subject())]);
    let id = "assertion.prj_id == '936a5312-a3b8-4921-8b3f-2cec8baac574'";
    for (provider, policy, expected) in [
        (condition("assertion.branch == 'main'"), None, "a pull request's `branch` is its target"),
        (condition("assertion.branch == 'main'"), None, "it allows pull requests"),
        // The target is another branch than the token's own.
        (
            condition("assertion.branch == 'production' || assertion.ref == 'refs/heads/main'"),
            None,
            "it allows pull requests",
        ),
        (condition("assertion.ref == 'refs/heads/main'"), None, "it allows debug sessions"),
        (condition("assertion.ref == 'refs/tags/v1'"), None, "it allows debug sessions"),
        (
            condition(&format!("{id} && true")),
            None,
            "a part of the condition compares only constants (`true`): it is true",
        ),
        (
            condition("'a' == 'b'"),
            None,
            "the condition compares only constants (`'a' == 'b'`): it is false of every token",
        ),
        (subject("'ci'"), None, "google.subject is the same for every token"),
        (with("attributeCondition", ""), Some(&whole), "there is no condition, and a binding is for the whole pool"),
        (with("attributeCondition", id), Some(&bound(&["allUsers"])), "a binding is for allUsers"),
        (
            with(
                "attributeMapping",
                json!({ "google.subject": "assertion.sub127", "google.branch": "assertion.branch" }),
            ),
            None,
            "write `attribute.branch`",
        ),
        (
            with(
                "attributeMapping",
                json!({ "google.subject": "assertion.sub127", "Attribute.A-B": "assertion.branch" }),
            ),
            None,
            "`Attribute.A-B` is not a key that Google accepts",
        ),
        (
            condition("assertion.sub127 == 'acme:936a5312-a3b8-4921-8b3f-2cec8baac574:web:br:heads/main'"),
            None,
            "`sub127` is shortened",
        ),
        (
            {
                let mut provider = subject("assertion.sub127");
                provider["attributeCondition"] = id.into();
                provider
            },
            Some(&principal),
            "`sub127` is shortened",
        ),
        (
            with("oidc", json!({ "issuerUri": ISSUER, "allowedAudiences": [ISSUER, "x".repeat(257)] })),
            None,
            "Google accepts at most 10 audiences",
        ),
        (condition("assertion.tag == ''"), None, "`assertion.tag` is empty"),
        (subject("assertion.prj_id + assertion.actor"), None, "`assertion.actor` is always empty"),
        (condition("assertion.prj == 'web'"), None, "`prj` is not in the token if an organization filters its claims"),
        (condition("assertion.repo == 'web'"), None, "`repo` is not in the token in a Semaphore of one's own"),
        (
            subject("assertion.sub"),
            None,
            "google.subject is `sub`, which has 98 bytes here and 146 in a pull request's token",
        ),
    ] {
        let found = lints(&provider, policy, main());
        assert!(found.iter().any(|lint| lint.contains(expected)), "{expected}: {found:?}\n{provider}");
    }
    // `sub127` that is only shown does not control access.
    let mut named = provider();
    named["attributeMapping"]["google.subject"] = "assertion.sub127".into();
    assert_eq!(lints(&named, Some(&gate), main()), [""; 0]);
    // Not Semaphore's token: its claims are not interpreted.
    let foreign = main().without("ref_type").without("job_type");
    assert_eq!(lints(&condition("assertion.ref == 'refs/heads/main'"), None, foreign), [""; 0]);
}

#[test]
fn a_file_that_is_something_else_says_where() {
    let sandbox = Sandbox::start().unwrap();
    let asked = |provider: &str, policy: Option<&str>| {
        let program = oidc_exchange(["explain", "gcp", "--provider-config", "provider.json"]);
        program.scratch().write("provider.json", provider);
        let program = match policy {
            Some(policy) => {
                program.scratch().write("policy.json", policy);
                program.args(["--iam-policy", "policy.json"])
            }
            None => program,
        };
        let output = program.job(&sandbox).run();
        output.exits(2).stdout_is("");
        output.stderr()
    };
    let oidc = |text: &str| format!(r#"{{"oidc": {{"issuerUri": "https://a.test"{text}}}}}"#);
    let mut all = String::new();
    for provider in [
        String::new(),
        "[]".into(),
        "7".into(),
        "{}".into(),
        r#"{"aws": {"accountId": "1"}}"#.into(),
        r#"{"oidc": {}}"#.into(),
        oidc(r#", "allowedAudiences": ["a", 7]"#),
        oidc(r#", "allowedAudiences": "a""#),
        oidc(r#"}, "attributeMapping": {"google.subject": ["x"]"#),
        oidc(r#"}, "attributeCondition": {"x": true"#),
        oidc(r#"}, "disabled": "yes", "x": {"#),
        oidc(r#"}, "name": "projects/my-project/locations/global/workloadIdentityPools/p-1/providers/p-2", "x": {"#),
        oidc(r#", "issuerUri": "https://b.test""#),
    ] {
        all += &asked(&provider, None);
    }
    let provider = oidc("");
    for policy in [
        "{}",
        "[]",
        r#"{"bindings": {}}"#,
        r#"{"bindings": [{"members": ["allUsers"]}]}"#,
        r#"{"bindings": [{"role": "a", "members": ["x", null]}]}"#,
        r#"{"bindings": [{"role": "a", "condition": {"title": "x"}}]}"#,
    ] {
        all += &asked(&provider, Some(policy));
    }
    expect![[r#"
        error: --provider-config provider.json: the file is empty

        hint: run the command that prints it by hand: it may have failed
        error: --provider-config provider.json: it is a list; one provider is asked for

        hint: it is what gcloud iam workload-identity-pools providers describe --format=json prints
        error: --provider-config provider.json: it is not an object

        hint: it is what gcloud iam workload-identity-pools providers describe --format=json prints
        error: --provider-config provider.json: oidc: it is not there

        hint: it is what gcloud iam workload-identity-pools providers describe --format=json prints
        error: --provider-config provider.json: it is not a provider for OpenID Connect, as a job's token needs it
        error: --provider-config provider.json: oidc.issuerUri: it is not there

        hint: it is what gcloud iam workload-identity-pools providers describe --format=json prints
        error: --provider-config provider.json: oidc.allowedAudiences[1]: it is not a text
        error: --provider-config provider.json: oidc.allowedAudiences: it is not a list
        error: --provider-config provider.json: attributeMapping["google.subject"]: it is not a text
        error: --provider-config provider.json: attributeCondition: it is not a text
        error: --provider-config provider.json: disabled: it is neither true nor false

        hint: it is what gcloud iam workload-identity-pools providers describe --format=json prints
        error: --provider-config provider.json: name: `projects/my-project/locations/global/workloadIdentityPools/p-1/providers/p-2` is not a provider's name: use the project number, not the project id

        hint: find the number: gcloud projects describe my-project --format='value(projectNumber)'
        error: --provider-config provider.json: `issuerUri` is there twice in one object, at line 1 column 52

        hint: remove one of the two: readers differ in which of them they take
        error: --iam-policy policy.json: it is not an IAM policy

        hint: it is what gcloud iam service-accounts get-iam-policy --format=json prints
        error: --iam-policy policy.json: it is not an IAM policy

        hint: it is what gcloud iam service-accounts get-iam-policy --format=json prints
        error: --iam-policy policy.json: bindings: it is not a list
        error: --iam-policy policy.json: bindings[0].role: it is not a text
        error: --iam-policy policy.json: bindings[0].members[1]: it is not a text
        error: --iam-policy policy.json: bindings[0].condition.expression: it is not a text
    "#]].assert_eq(&all);
}

/// No name is looked up, no proxy gets a request, and the harness finds no token in the output.
#[test]
fn nothing_is_sent() {
    let elsewhere = Recorder::start();
    let sandbox = Sandbox::start().unwrap();
    let output = explain(&provider(), None)
        .job_of(&sandbox, &acme(Job::branch("main")))
        .env("HTTPS_PROXY", elsewhere.url())
        .env("HTTP_PROXY", elsewhere.url())
        .run();
    output.exits(0);
    assert!(elsewhere.seen().is_empty());
    explain(&provider(), None).run().exits(3).stdout_is("");
}

/// A rule may contain a long claim in each of its lines.
#[test]
fn a_long_claim_is_shortened_in_every_line() {
    let mut mapping = serde_json::Map::from_iter([("google.subject".to_owned(), json!("assertion.prj_id"))]);
    mapping.extend((0..300).map(|number| (format!("attribute.a{number}"), json!("assertion.repo"))));
    let job = Job::branch("main").claim("repo", "r".repeat(20_000));
    let output = ask(&with("attributeMapping", Value::Object(mapping)), None, job);
    let shown = output.exits(4).stdout();
    let longest = shown.lines().map(str::len).max().unwrap_or_default();
    assert!(shown.contains("… (20000 characters)"), "{} bytes", shown.len());
    assert!(longest < 5_000 && shown.len() < 300 * 5_000, "{longest} bytes in a line, {} in all", shown.len());
}
