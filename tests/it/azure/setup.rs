//! `setup azure`: the commands for an application or a managed identity.

use sandbox::{CLIENT, Job, Sandbox, TENANT};
use serde_json::Value;

use super::deploy;
use crate::support::{Program, expect, oidc_exchange};

const PROJECT: [&str; 8] = [
    "--issuer",
    "https://acme.semaphoreci.com",
    "--project-id",
    "936a5312-a3b8-4921-8b3f-2cec8baac574",
    "--repo",
    "web",
    "--branch",
    "main",
];

fn setup(words: &[&str]) -> Program<'static> {
    oidc_exchange(["setup", "azure"]).args(words).args(PROJECT)
}

#[test]
fn for_an_application() {
    setup(&[
        "--client-id",
        CLIENT,
        "--assign-role",
        "Reader",
        "--on",
        "/subscriptions/11112222-bbbb-3333-cccc-4444dddd5555",
    ])
    .run()
    .exits(0)
    .stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch and tag, pull requests, and other projects
        # beware: a debug session of such a job has the same subject and is allowed too: Entra compares no other claim
        # beware: an application or managed identity has 20 federated credentials at most

        # the application's service principal
        az ad sp show --id 00001111-aaaa-2222-bbbb-3333cccc4444 >/dev/null 2>&1 ||
          az ad sp create --id 00001111-aaaa-2222-bbbb-3333cccc4444

        # the federated credential; if it exists, this replaces its rule
        credential='{"name":"semaphore-web-main-219af880","issuer":"https://acme.semaphoreci.com","subject":"org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main","audiences":["https://acme.semaphoreci.com"]}'
        if az ad app federated-credential show --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
          --federated-credential-id semaphore-web-main-219af880 >/dev/null 2>&1; then
          az ad app federated-credential update --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
            --federated-credential-id semaphore-web-main-219af880 \
            --parameters "$credential"
        else
          az ad app federated-credential create --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
            --parameters "$credential"
        fi

        # what it may do; this changes nothing if it is assigned
        az role assignment create --assignee-object-id "$(az ad sp show --id 00001111-aaaa-2222-bbbb-3333cccc4444 --query id --output tsv)" \
          --assignee-principal-type ServicePrincipal \
          --role Reader \
          --scope /subscriptions/11112222-bbbb-3333-cccc-4444dddd5555
    "#]]);
}

#[test]
fn for_a_managed_identity() {
    setup(&[
        "--identity",
        "ci deploy",
        "--resource-group",
        "ci",
        "--assign-role",
        "Key Vault Secrets User",
        "--on",
        "/subscriptions/S",
    ])
    .run()
    .exits(0)
    .stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch and tag, pull requests, and other projects
        # beware: a debug session of such a job has the same subject and is allowed too: Entra compares no other claim
        # beware: an application or managed identity has 20 federated credentials at most

        # the managed identity
        az identity show --name 'ci deploy' \
          --resource-group ci >/dev/null 2>&1 ||
          az identity create --name 'ci deploy' \
            --resource-group ci

        # its federated credential; if it exists, this replaces it
        az identity federated-credential create --name semaphore-web-main-219af880 \
          --identity-name 'ci deploy' \
          --resource-group ci \
          --issuer https://acme.semaphoreci.com \
          --subject org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main \
          --audiences https://acme.semaphoreci.com

        # what it may do; this changes nothing if it is assigned
        az role assignment create --assignee-object-id "$(az identity show --name 'ci deploy' --resource-group ci --query principalId --output tsv)" \
          --assignee-principal-type ServicePrincipal \
          --role 'Key Vault Secrets User' \
          --scope /subscriptions/S

        # its client ID, for --client-id
        az identity show --name 'ci deploy' \
          --resource-group ci \
          --query clientId \
          --output tsv
    "#]]);
}

#[test]
fn without_a_role_it_says_that_nothing_is_granted() {
    let output = oidc_exchange(["setup", "azure"]).args(PROJECT).env("AZURE_CLIENT_ID", CLIENT).run();
    output.exits(0).stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch and tag, pull requests, and other projects
        # beware: a debug session of such a job has the same subject and is allowed too: Entra compares no other claim
        # beware: nothing is granted yet: add --assign-role ROLE --on SCOPE, or assign a role yourself; without one, no subscription is visible
        # beware: an application or managed identity has 20 federated credentials at most

        # the application's service principal
        az ad sp show --id 00001111-aaaa-2222-bbbb-3333cccc4444 >/dev/null 2>&1 ||
          az ad sp create --id 00001111-aaaa-2222-bbbb-3333cccc4444

        # the federated credential; if it exists, this replaces its rule
        credential='{"name":"semaphore-web-main-219af880","issuer":"https://acme.semaphoreci.com","subject":"org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main","audiences":["https://acme.semaphoreci.com"]}'
        if az ad app federated-credential show --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
          --federated-credential-id semaphore-web-main-219af880 >/dev/null 2>&1; then
          az ad app federated-credential update --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
            --federated-credential-id semaphore-web-main-219af880 \
            --parameters "$credential"
        else
          az ad app federated-credential create --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
            --parameters "$credential"
        fi
    "#]]);
}

#[test]
fn what_no_credential_can_allow_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let refused =
        |words: &[&str]| oidc_exchange(["setup", "azure", "--client-id", CLIENT]).args(words).job(&sandbox).run();
    refused(&["--pull-requests"]).exits(2).stderr_is(expect![[r#"
        error: Entra cannot allow pull-request jobs: their subject changes with every push

        hint: allow a branch with --branch NAME, or a tag with --tag NAME
    "#]]);
    refused(&["--branch", "release/*"]).exits(2).stderr_is(expect![[r#"
        error: Entra cannot allow the branches release/*: a federated credential supports no wildcards

        hint: name one branch or one tag; an application has 20 federated credentials at most
    "#]]);
    let job = Job::pull_request(1, "x");
    oidc_exchange(["setup", "azure", "--client-id", CLIENT]).job_of(&sandbox, &job).run().exits(2).stderr_is(expect![
        [r#"
            error: Entra cannot allow pull-request jobs: their subject changes with every push

            hint: allow a branch with --branch NAME, or a tag with --tag NAME
        "#]
    ]);
    oidc_exchange(["setup", "azure"]).args(PROJECT).run().exits(2).stderr_is(expect![[r#"
        error: neither an application nor a managed identity was named

        hint: name an application with --client-id ID
        hint: or a managed identity, which may not exist yet, with --identity NAME --resource-group NAME
    "#]]);
}

/// Names contain only letters, digits, - and _. Different refs still get different names.
#[test]
fn each_ref_has_a_name_of_its_own() {
    let sandbox = Sandbox::start().unwrap();
    let mut names = Vec::new();
    let long = "x".repeat(250);
    for branch in ["a/b", "a-b", "a.b", "Ä", long.as_str()] {
        let options = ["setup", "azure", "--client-id", CLIENT, "--format", "json", "--branch", branch];
        let output = oidc_exchange(options).job(&sandbox).run();
        let found: Value = serde_json::from_str(&output.exits(0).stdout()).unwrap();
        let name = found["documents"]["federatedIdentityCredential"]["name"].as_str().unwrap().to_owned();
        let good = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(good && (3..=120).contains(&name.len()), "{name}");
        assert!(!names.contains(&name), "{name} twice");
        names.push(name);
    }
}

/// Its objects allow the job, and deny another branch.
#[test]
fn what_it_creates_allows_this_ref_and_no_other() {
    let sandbox = Sandbox::start().unwrap();
    let output = oidc_exchange(["setup", "azure", "--client-id", CLIENT, "--format", "json"]).job(&sandbox).run();
    let found: Value = serde_json::from_str(&output.exits(0).stdout()).unwrap();
    let credential = &found["documents"]["federatedIdentityCredential"];
    let text = |name: &str| credential[name].as_str().unwrap().to_owned();
    sandbox.azure.create_application(TENANT, CLIENT);
    let audience = credential["audiences"][0].as_str().unwrap();
    sandbox.azure.add_credential(TENANT, CLIENT, &text("issuer"), &text("subject"), audience);
    deploy(&sandbox, &[]).run().exits(0);
    for job in [Job::branch("next"), Job::tag("v1"), Job::pull_request(1, "main"), Job::branch("main").repo("other")] {
        deploy(&sandbox, &[]).job_of(&sandbox, &job).run().exits(4);
    }
}
