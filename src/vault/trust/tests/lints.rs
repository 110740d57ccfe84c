//! Tests of findings that do not depend on the token.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn lints(role_says: &Value, expected: &[&str]) {
    let explanation = judge(role_says, &json!({}));
    assert_eq!(explanation.lints, expected);
    // They depend on the role only.
    for other in [
        json!({ "ref": "refs/heads/feature", "branch": "feature", "prj_id": "00000000-0000-0000-0000-000000000001", "repo": "api" }),
        json!({ "ref_type": "pull-request", "ref": "refs/semaphoreci/5c84", "pr": "1", "pr_branch": "x" }),
        json!({ "job_type": "debug_job", "wf_id": "", "ppl_id": "" }),
    ] {
        let sub = format!(
            "org:acme:project:{}:repo:web:ref_type:{}:ref:{}",
            other["prj_id"].as_str().unwrap_or(ID),
            other["ref_type"].as_str().unwrap_or("branch"),
            other["ref"].as_str().unwrap_or("refs/heads/main")
        );
        let other = over(other, &json!({ "sub": sub }));
        assert_eq!(judge(role_says, &other).lints, expected, "{other}");
    }
}

const PULL_REQUESTS: &str = "pull requests are allowed, including those from forks; bind ref_type to branch and ref to refs/heads/… to deny them";

const PULL_REQUESTS_INTO: &str = "pull requests are allowed, including those from forks: in their jobs `branch` is the branch that they ask to be merged into; bind ref_type to branch and ref to refs/heads/… to deny them";

const DEBUG: &str =
    "debug sessions are allowed (`sem debug job`, `sem debug project`); bind job_type to pipeline_job to deny them";
const DEBUG_JOB: &str = "debug sessions are allowed (`sem debug job`); bind job_type to pipeline_job to deny them";

const ANY_PROJECT: &str = "jobs of every project of the organization are allowed; bind prj_id to deny them";

const NAMESAKES: &str =
    "jobs of every project of the organization whose repository has this name are allowed; bind prj_id to deny them";

#[test]
fn whom_a_role_lets_in_besides() {
    let bound = |claims: Value| json!({ "bound_claims": claims });
    let repo = "every login fails without repo; an organization that selects its tokens' claims must include org and prj (in its own installation also repo and pr_branch)";
    lints(&bound(json!({ "repo": "web", "branch": "main" })), &[PULL_REQUESTS_INTO, DEBUG, NAMESAKES, repo]);
    lints(&bound(json!({ "prj_id": ID, "branch": "main" })), &[PULL_REQUESTS_INTO, DEBUG]);
    lints(&bound(json!({ "prj_id": ID })), &[PULL_REQUESTS, DEBUG]);
    lints(&bound(json!({ "prj_id": ID, "branch": "main", "ref_type": "branch" })), &[DEBUG_JOB]);
    lints(&bound(json!({ "prj_id": ID, "ref": "refs/heads/main" })), &[DEBUG_JOB]);
    lints(&bound(json!({ "prj_id": ID, "ref": "refs/heads/main", "job_type": "pipeline_job" })), &[]);
    lints(&bound(json!({ "prj_id": ID, "ref": "refs/heads/main", "wf_id": "1be8" })), &[]);
    lints(&bound(json!({ "prj_id": ID, "job_type": "pipeline_job" })), &[PULL_REQUESTS]);
    lints(&bound(json!({ "ref": "refs/heads/main", "job_type": "pipeline_job" })), &[ANY_PROJECT]);
    lints(&bound(json!({ "prj_id": [ID, "1"], "ref_type": ["branch", "tag"], "job_type": "pipeline_job" })), &[]);
    lints(&bound(json!({ "prj_id": ID, "pr": "", "job_type": "pipeline_job" })), &[]);
    lints(&json!({ "bound_claims": {} }), &[PULL_REQUESTS, DEBUG, ANY_PROJECT]);
    lints(&json!({ "bound_claims": {}, "bound_subject": token()["sub"] }), &[DEBUG_JOB]);
    let glob = |claims: Value| json!({ "bound_claims": claims, "bound_claims_type": "glob" });
    lints(&glob(json!({ "prj_id": ID, "ref": "refs/*", "job_type": "pipeline_job" })), &[PULL_REQUESTS]);
    lints(
        &glob(json!({ "prj_id": ID, "ref": "refs/heads/*", "job_type": "*_job" })),
        &[DEBUG_JOB, "job_type is bound to *_job, and x/y_job is allowed too: `*` matches any text, including slashes"],
    );
}

/// A role that requires only `sub` is evaluated with the organization and project of a job.
#[test]
fn a_bound_subject_pattern_is_asked_too() {
    let glob = |sub: String| json!({ "bound_claims": { "sub": sub, "job_type": "pipeline_job" }, "bound_claims_type": "glob" });
    let lints = |sub: String| judge(&glob(sub), &json!({})).lints;
    assert_eq!(lints(format!("org:acme:project:{ID}:*")), [PULL_REQUESTS]);
    assert_eq!(lints("org:acme:*".into()), [PULL_REQUESTS, ANY_PROJECT]);
    assert_eq!(lints(format!("org:acme:project:{ID}:repo:web:ref_type:branch:ref:refs/heads/*")), [""; 0]);
    assert_eq!(
        lints("org:acme:project:*:repo:web:ref_type:branch:ref:refs/heads/main".into()),
        [
            NAMESAKES,
            "sub is bound to org:acme:project:*:repo:web:ref_type:branch:ref:refs/heads/main, and org:acme:project:x/y:repo:web:ref_type:branch:ref:refs/heads/main is allowed too: `*` matches any text, including slashes",
        ]
    );
}

#[test]
fn stars_that_are_not_what_they_seem() {
    let role = |kind: &str, reference: &str| {
        json!({ "bound_claims_type": kind, "bound_claims": { "prj_id": ID,
        "ref_type": "branch", "ref": reference, "job_type": "pipeline_job" } })
    };
    let lints = |kind: &str, reference: &str| judge(&role(kind, reference), &json!({})).lints;
    assert_eq!(lints("glob", "refs/heads/*"), [""; 0]);
    assert_eq!(
        lints("glob", "refs/heads/main*"),
        [
            "ref is bound to refs/heads/main*, and refs/heads/mainx/y is allowed too: `*` matches any text, including slashes"
        ]
    );
    assert_eq!(
        lints("glob", "refs/heads/*/stable"),
        [
            "ref is bound to refs/heads/*/stable, and refs/heads/x/y/stable is allowed too: `*` matches any text, including slashes"
        ]
    );
    assert_eq!(lints("glob", "*"), ["ref is bound to *, which every text is, an empty one too"]);
    assert_eq!(
        lints("string", "refs/heads/*"),
        ["ref is bound to refs/heads/*; `*` matches only itself there, since bound_claims_type is string"]
    );
}

#[test]
fn what_the_login_gives() {
    let lints = |role_says: Value| judge(&role_says, &json!({})).lints;
    assert_eq!(
        lints(json!({ "user_claim": "job_id" })),
        ["user_claim is job_id: every job makes a new entity on the server"]
    );
    assert_eq!(
        lints(json!({ "user_claim": "jti" })),
        ["user_claim is jti: every job makes a new entity on the server"]
    );
    assert_eq!(
        lints(json!({ "user_claim": "wf_id" })),
        [
            "user_claim is wf_id, which is empty in debug sessions: their logins fail",
            "user_claim is wf_id: every workflow makes a new entity on the server",
        ]
    );
    assert_eq!(
        lints(json!({ "user_claim": "org" })),
        [
            "every login fails without org; an organization that selects its tokens' claims must include org and prj (in its own installation also repo and pr_branch)"
        ]
    );
    assert_eq!(
        lints(json!({ "token_policies": [] })),
        ["the role has no token_policies: unless the entity or its groups have some, the token may read no secret"]
    );
    assert_eq!(
        lints(json!({ "token_ttl": 0 })),
        ["token_ttl is not set: the token is valid for the server's default, 32 days unless it was changed"]
    );
    assert_eq!(lints(json!({ "token_ttl": 0, "token_period": 900 })), [""; 0]);
    assert_eq!(
        lints(json!({ "token_ttl": 90_000 })),
        ["the token is valid for 25 hours, and the job's own token for 24"]
    );
    assert_eq!(
        lints(json!({ "token_num_uses": 1 })),
        ["token_num_uses is 1: each path that is read is a use, and so is revoking the token at the end"]
    );
    assert_eq!(
        lints(json!({ "token_no_default_policy": true })),
        ["token_no_default_policy: without the default policy the token can be neither renewed nor revoked by the job"]
    );
    assert_eq!(
        lints(json!({ "token_type": "batch" })),
        ["token_type is batch: the token can be neither renewed nor revoked"]
    );
    assert_eq!(
        lints(json!({ "policies": ["a"], "ttl": 300, "max_ttl": 600, "period": 1, "num_uses": 0, "bound_cidrs": [] })),
        [
            "policies is an old name of token_policies",
            "ttl is an old name of token_ttl",
            "max_ttl is an old name of token_max_ttl",
            "period is an old name of token_period",
            "num_uses is an old name of token_num_uses",
            "bound_cidrs is an old name of token_bound_cidrs",
        ]
    );
}
