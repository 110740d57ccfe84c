//! A refusal in a job's log is short: the title, the provider's answer, and at most two hints.

use sandbox::{
    CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, Fault, Job, PROVIDER, RELEASE_ACCOUNT, RELEASE_ROLE, Sandbox, TENANT,
};

use crate::support::{Output, oidc_exchange};

#[track_caller]
fn is_short(output: &Output, most: usize) {
    let report = output.exits(4).stderr();
    let hints: Vec<&str> = report.lines().filter(|line| line.starts_with("hint: ")).collect();
    assert!(hints.len() <= 2, "{report}");
    for hint in hints.iter().filter(|hint| !hint.contains(": gcloud ")) {
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
    // A pull request's subject has 45 bytes more.
    for (job, more) in [(Job::branch("other"), 0), (Job::tag("v1"), 0), (Job::pull_request(7, "topic"), 100)] {
        is_short(&oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).job_of(&sandbox, &job).run(), 500 + more);
        is_short(
            &oidc_exchange(["aws", "--role-arn", RELEASE_ROLE]).job_of(&sandbox, &Job::branch("main")).run(),
            500 + more,
        );
        let foreign = job.clone().claim("org_id", "another");
        let gcp = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT];
        is_short(&oidc_exchange(gcp).args(endpoints).job_of(&sandbox, &foreign).run(), 500 + more);
        let release = ["gcp", "--provider", PROVIDER, "--service-account", RELEASE_ACCOUNT];
        is_short(&oidc_exchange(release).args(endpoints).job_of(&sandbox, &Job::branch("main")).run(), 500 + more);
        let azure = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
        is_short(&oidc_exchange(azure).job_of(&sandbox, &job).run(), 500 + more);
        let message = "error validating claims: claim \"ref\" does not match any associated bound claim values";
        let body = serde_json::json!({ "errors": [message] }).to_string();
        sandbox.vault.script([Fault::Status { status: 400, headers: Vec::new(), body }]);
        is_short(&oidc_exchange(["vault", "--role", "ci"]).job_of(&sandbox, &job).run(), 500 + more);
    }
}

/// The next most common refusals: a missing or disabled object, another issuer or audience.
#[test]
fn those_of_google() {
    let refused = |change: &dyn Fn(&Sandbox)| {
        let sandbox = Sandbox::start().unwrap();
        change(&sandbox);
        let line = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT];
        let (sts, iam) = (sandbox.google.sts.url(), sandbox.google.iam.url());
        let endpoints = ["--sts-endpoint", &sts, "--iamcredentials-endpoint", &iam];
        is_short(&oidc_exchange(line).args(endpoints).job(&sandbox).run(), 500);
    };
    let mapping = [("google.subject", "assertion.sub127")];
    refused(&|sandbox| sandbox.google.delete_provider(PROVIDER));
    refused(&|sandbox| sandbox.google.enable_api(false));
    refused(&|sandbox| sandbox.google.create_provider(PROVIDER, &sandbox.issuer.url(), &[], &mapping, None).unwrap());
    refused(&|sandbox| {
        let issuer = sandbox.issuer.url();
        sandbox.google.create_provider(PROVIDER, &format!("{issuer}/"), &[&issuer], &mapping, None).unwrap();
    });
}

#[test]
fn those_of_entra() {
    let refused = |issuer: &dyn Fn(&str) -> String, subject: &str, audience: &dyn Fn(&str) -> String| {
        let sandbox = Sandbox::start().unwrap();
        let url = sandbox.issuer.url();
        sandbox.azure.create_application(TENANT, CLIENT);
        sandbox.azure.add_credential(TENANT, CLIENT, &issuer(&url), subject, &audience(&url));
        let line = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
        is_short(&oidc_exchange(line).job(&sandbox).run(), 500);
    };
    let subject = Job::branch("main").subject();
    refused(&|url| format!("{url}/"), &subject, &str::to_owned);
    refused(&str::to_owned, &subject, &|_| "api://AzureADTokenExchange".into());
    refused(&str::to_owned, &subject.replace("web", "Web"), &str::to_owned);
    let sandbox = Sandbox::start().unwrap();
    let other = ["azure", "--tenant-id", TENANT, "--client-id", "99999999-aaaa-2222-bbbb-3333cccc4444"];
    is_short(&oidc_exchange(other).job(&sandbox).run(), 500);
    let nowhere = ["azure", "--tenant-id", "contoso.onmicrosoft.com", "--client-id", CLIENT];
    is_short(&oidc_exchange(nowhere).job(&sandbox).run(), 500);
    sandbox.azure.create_application(TENANT, CLIENT);
    let line = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
    is_short(&oidc_exchange(line).job(&sandbox).run(), 500);
}

/// The shortened text is printed completely, too.
#[test]
fn the_whole_answer_is_there_on_demand() {
    let sandbox = Sandbox::start().unwrap();
    let line = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
    let advice = "Check your federated identity credential";
    let job = Job::branch("other");
    let output = oidc_exchange(line).job_of(&sandbox, &job).run();
    assert!(!output.exits(4).stderr().contains(advice), "{}", output.describe());
    let output = oidc_exchange(line).arg("-v").job_of(&sandbox, &job).run();
    let whole = output.exits(4).stderr().lines().find(|line| line.contains(advice)).unwrap_or_default().to_owned();
    assert!(
        whole.starts_with("oidc-exchange: Microsoft Entra: invalid_client: AADSTS700213: "),
        "{}",
        output.describe()
    );
}

#[test]
fn all_hints_are_there_on_demand() {
    let sandbox = Sandbox::start().unwrap();
    let line = ["aws", "--role-arn", DEPLOY_ROLE, "-v"];
    let output = oidc_exchange(line).job_of(&sandbox, &Job::branch("other")).run();
    assert!(output.exits(4).stderr().matches("hint: ").count() > 2, "{}", output.describe());
}
