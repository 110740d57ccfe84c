//! Compares `explain gcp` with the exchange itself: the same provider, policy, token and result.

use std::collections::BTreeMap;

use sandbox::{Job, Sandbox};
use serde_json::{Value, json};

use super::{explain, sandbox_provider};
use crate::support::oidc_exchange;

const NAME: &str = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";
const POOL: &str = "iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/semaphore";
const ACCOUNT: &str = "deploy@my-project.iam.gserviceaccount.com";
const OTHER: &str = "00000000-0000-0000-0000-000000000000";

/// The title of a failed check, and the text of the exchange's refusal, in STS's order.
const REFUSALS: [(&str, &str); 8] = [
    ("the provider is switched off", "invalid_target"),
    ("the token's issuer is not the provider's", "The issuer in ID Token"),
    ("the token's audience is not an allowed one", "The audience in ID Token"),
    ("the token's times are not good", "is stale to sign-in"),
    ("the token has no `sub`", "The ID Token has no subject."),
    ("the attribute mapping", "invalid_request"),
    ("the attribute condition", "unauthorized_client"),
    ("no binding allows it to act as the service account", "iam.serviceAccounts.getAccessToken"),
];

fn jobs() -> Vec<(&'static str, Job)> {
    let long = "release/production-eu-west-1-canary-and-a-very-long-name-that-goes-on";
    vec![
        ("main", Job::branch("main")),
        ("release", Job::branch("release/1.x")),
        ("long", Job::branch(long)),
        ("tag", Job::tag("v1.2.3")),
        ("pull request", Job::pull_request(7, "it's")),
        ("debug", Job::debug_of(&Job::branch("main"))),
        ("project debug", Job::project_debug()),
        ("another project", Job::branch("main").project_id(OTHER)),
        ("filtered", Job::branch("main").without("ref_type").without("job_type")),
        ("no sub", Job::branch("main").without("sub")),
        ("audiences", Job::branch("main").audience(json!(["x", "https://other.test"]))),
    ]
}

/// Provider (mapping, condition, and other differences) and the bound member.
fn rules(issuer: &str) -> Vec<(Value, Value)> {
    let provider = |mapping: Value, condition: &str| {
        json!({
            "name": NAME, "state": "ACTIVE", "attributeMapping": mapping, "attributeCondition": condition,
            "oidc": { "issuerUri": issuer, "allowedAudiences": [issuer] },
        })
    };
    let with = |mut provider: Value, name: &str, value: Value| {
        provider[name] = value;
        provider
    };
    let bound = |member: String| json!({ "etag": "x", "bindings": [{ "role": "roles/iam.workloadIdentityUser", "members": [member] }] });
    let everybody = || bound(format!("principalSet://{POOL}/*"));
    let set = |who: &str| bound(format!("principalSet://{POOL}/{who}"));
    let sub127 = || json!({ "google.subject": "assertion.sub127" });
    let id = Job::PROJECT_ID;
    vec![
        (provider(sub127(), ""), everybody()),
        (provider(sub127(), &format!("assertion.prj_id == '{id}' && assertion.ref == 'refs/heads/main'")), everybody()),
        (provider(json!({ "google.subject": "assertion.sub" }), "assertion.branch == 'main'"), everybody()),
        (
            provider(
                sub127(),
                "assertion.ref_type == 'branch' && assertion.job_type == 'pipeline_job' || assertion.ref.matches('^refs/tags/v[0-9.]+$')",
            ),
            everybody(),
        ),
        (
            provider(
                json!({ "google.subject": "assertion.prj_id + '::' + assertion.job_type", "attribute.ref": "assertion.ref", "google.groups": "assertion.ref.split('/')" }),
                "'heads' in google.groups && attribute.ref.startsWith('refs/heads/')",
            ),
            set("attribute.ref/refs/heads/main"),
        ),
        (
            provider(
                json!({ "google.subject": "assertion.repo", "google.groups": "assertion.ref.split('/')" }),
                "true",
            ),
            set("group/release"),
        ),
        (
            provider(
                json!({ "google.subject": "assertion.sub.extract('project:{p}:') + ':' + assertion.ref.extract('heads/{b}')" }),
                "!(assertion.pr != '') && assertion.exp > 0",
            ),
            bound(format!("principal://{POOL}/subject/{id}:main")),
        ),
        (
            provider(
                json!({ "google.subject": "\"semaphore::web::main\"" }),
                "google.subject == 'semaphore::web::main'",
            ),
            everybody(),
        ),
        (provider(sub127(), "assertion.actor == 'me' || assertion.tag != '' || assertion.gone == 'x'"), everybody()),
        (provider(sub127(), "has(assertion.ref_type) ? assertion.ref_type == 'tag' : false"), everybody()),
        (provider(json!({ "google.subject": "assertion.pr" }), ""), everybody()),
        (with(provider(sub127(), ""), "disabled", true.into()), everybody()),
        (with(provider(sub127(), ""), "oidc", json!({ "issuerUri": issuer })), everybody()),
        (
            with(
                provider(sub127(), ""),
                "oidc",
                json!({ "issuerUri": format!("{issuer}/"), "allowedAudiences": [issuer] }),
            ),
            everybody(),
        ),
        (
            with(
                provider(sub127(), ""),
                "oidc",
                json!({ "issuerUri": issuer, "allowedAudiences": ["https://other.test", "y"] }),
            ),
            everybody(),
        ),
        (provider(sub127(), ""), bound("MEMBER_ID".into())),
        (provider(sub127(), ""), bound(format!("principalSet://{POOL}/subject/x"))),
        (
            provider(sub127(), ""),
            json!({ "bindings": [
                { "role": "roles/iam.serviceAccountUser", "members": [format!("principalSet://{POOL}/*")] },
                { "role": "roles/iam.serviceAccountTokenCreator", "members": [format!("principalSet://{}/*", POOL.replace("semaphore", "another"))] },
            ] }),
        ),
    ]
}

#[test]
fn it_says_what_the_exchange_does() {
    let (mut accepted, mut refused) = (0, BTreeMap::<&str, usize>::new());
    for index in 0..rules("").len() {
        // One sandbox each, because every run is searched for everything that its sandbox has issued.
        let sandbox = Sandbox::start().unwrap();
        let (provider, policy) = rules(&sandbox.issuer.url()).swap_remove(index);
        sandbox_provider(&sandbox, &provider, Some((ACCOUNT, &policy)));
        for (what, job) in jobs() {
            let said = explain(&provider, Some(&policy)).args(["--format", "json"]).job_of(&sandbox, &job).run();
            let explanation: Value = serde_json::from_slice(&said.stdout).unwrap();
            let exchange = oidc_exchange(["gcp", "--provider", NAME, "--service-account", ACCOUNT])
                .args([
                    "--sts-endpoint",
                    &sandbox.google.sts.url(),
                    "--iamcredentials-endpoint",
                    &sandbox.google.iam.url(),
                ])
                .job_of(&sandbox, &job)
                .run();
            let case = || format!("{what}: {provider}\n{}{}", said.describe(), exchange.describe());
            assert_eq!(said.code, exchange.code, "{}", case());
            if said.code == Some(0) {
                assert_eq!(explanation["verdict"], "accepted", "{}", case());
                accepted += 1;
                continue;
            }
            assert_eq!(explanation["verdict"], "refused", "{}", case());
            let checks = explanation["checks"].as_array().unwrap();
            let first = checks.iter().find(|check| check["result"] == "fails").unwrap();
            let (title, says) =
                REFUSALS.iter().find(|(title, _)| first["check"] == *title).unwrap_or_else(|| panic!("{}", case()));
            assert!(exchange.stderr().contains(says), "{}", case());
            *refused.entry(title).or_default() += 1;
        }
    }
    let all = accepted + refused.values().sum::<usize>();
    eprintln!("{all} compared: {accepted} accepted, refused {refused:?}");
    assert!(all >= 60 && accepted >= 20 && refused.len() == REFUSALS.len() - 1, "{all} {accepted} {refused:?}");
}

/// An expired token is not exchanged, but `explain` evaluates it anyway.
#[test]
fn an_old_token_is_told_so() {
    let sandbox = Sandbox::start().unwrap();
    let (provider, policy) = rules(&sandbox.issuer.url()).remove(0);
    sandbox_provider(&sandbox, &provider, Some((ACCOUNT, &policy)));
    let now = sandbox::now();
    for (issued, expires, code) in [
        (now, now + 60, 0),
        (now - 90_000, now - 3_600, 4),
        (now - 90_000, now + 3_600, 4),
        (now + 600, now + 3_600, 4),
        (now - 100, now - 30, 0),
        (now - 100, now - 90, 4),
    ] {
        let job = Job::branch("main").issued_at(issued).expires_at(expires);
        let said = explain(&provider, Some(&policy)).job_of(&sandbox, &job).run();
        said.exits(code);
        if expires > now - 60 {
            // If the token has less than a second left, the server reports another error.
            let (expected, timeout) = if expires <= now { (5, "2s") } else { (code, "40s") };
            let exchange = oidc_exchange(["gcp", "--provider", NAME, "--service-account", ACCOUNT])
                .args(["--timeout", timeout])
                .args([
                    "--sts-endpoint",
                    &sandbox.google.sts.url(),
                    "--iamcredentials-endpoint",
                    &sandbox.google.iam.url(),
                ])
                .job_of(&sandbox, &job)
                .run();
            exchange.exits(expected);
        }
    }
}
