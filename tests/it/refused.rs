//! A refusal in a job's log is short: what was refused, what the provider said of what, and at most two hints.

use sandbox::{
    CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, Fault, Job, PROVIDER, RELEASE_ACCOUNT, RELEASE_ROLE, Sandbox, TENANT,
};

use crate::support::{Output, oidc_exchange};

#[track_caller]
fn is_short(output: &Output, most: usize) {
    let report = output.exits(4).stderr();
    let hints: Vec<&str> = report.lines().filter(|line| line.starts_with("hint: ")).collect();
    assert!(hints.len() <= 2, "{report}");
    for hint in hints {
        assert!(hint.chars().count() <= 160 + "hint: ".len(), "{}: {hint}", hint.chars().count());
    }
    assert!(report.len() <= most, "{} bytes\n{report}", report.len());
    let subjects = report.matches(":ref_type:").count();
    assert!(subjects <= 1, "the subject is there {subjects} times\n{report}");
}

#[test]
fn the_common_ones() {
    let sandbox = Sandbox::start().unwrap();
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    // A pull request's subject has 45 bytes more; Google and Entra answer in longer words.
    for (job, more) in [(Job::branch("other"), 0), (Job::tag("v1"), 0), (Job::pull_request(7, "topic"), 100)] {
        is_short(&oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).job_of(&sandbox, &job).run(), 500 + more);
        is_short(
            &oidc_exchange(["aws", "--role-arn", RELEASE_ROLE]).job_of(&sandbox, &Job::branch("main")).run(),
            500 + more,
        );
        let foreign = job.clone().claim("org_id", "another");
        let gcp = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT];
        is_short(&oidc_exchange(gcp).args(endpoints).job_of(&sandbox, &foreign).run(), 670 + more);
        let release = ["gcp", "--provider", PROVIDER, "--service-account", RELEASE_ACCOUNT];
        is_short(&oidc_exchange(release).args(endpoints).job_of(&sandbox, &Job::branch("main")).run(), 670 + more);
        let azure = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
        is_short(&oidc_exchange(azure).job_of(&sandbox, &job).run(), 950);
        let message = "error validating claims: claim \"ref\" does not match any associated bound claim values";
        let body = serde_json::json!({ "errors": [message] }).to_string();
        sandbox.vault.script([Fault::Status { status: 400, headers: Vec::new(), body }]);
        is_short(&oidc_exchange(["vault", "--role", "ci"]).job_of(&sandbox, &job).run(), 500 + more);
    }
}

#[test]
fn all_hints_are_there_on_demand() {
    let sandbox = Sandbox::start().unwrap();
    let line = ["aws", "--role-arn", DEPLOY_ROLE, "-v"];
    let output = oidc_exchange(line).job_of(&sandbox, &Job::branch("other")).run();
    assert!(output.exits(4).stderr().matches("hint: ").count() > 2, "{}", output.describe());
}
