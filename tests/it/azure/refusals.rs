//! The exact errors for Entra's refusals. None is retried.

use sandbox::{CLIENT, Job, Sandbox, TENANT, now};

use super::retries::error;
use super::{deploy, stopped};
use crate::support::{Output, Program, expect, oidc_exchange};

/// Runs it until a refusal, which must not be retried.
#[track_caller]
fn refused(sandbox: &Sandbox, program: Program<'_>) -> Output {
    let output = program.run();
    output.exits(4).stdout_is(&stopped(4));
    assert_eq!(sandbox.azure.requests().len(), 1, "a refusal is not repeated");
    assert!(!output.scratch.home().join(".oidc-exchange").exists(), "nothing is left");
    output
}

fn refused_job(job: &Job) -> Output {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, job))
}

/// The application has this federated credential in place of its own.
fn with_credential(issuer: impl Fn(&str) -> String, subject: &str, audience: impl Fn(&str) -> String) -> Output {
    let sandbox = Sandbox::start().unwrap();
    let url = sandbox.issuer.url();
    sandbox.azure.create_application(TENANT, CLIENT);
    sandbox.azure.add_credential(TENANT, CLIENT, &issuer(&url), subject, &audience(&url));
    refused(&sandbox, deploy(&sandbox, &[]))
}

/// Entra answers with this error.
fn entra_answers(code: &str, number: u64, words: &str) -> Output {
    let sandbox = Sandbox::start().unwrap();
    sandbox.azure.script([error(400, code, number, words)]);
    refused(&sandbox, deploy(&sandbox, &[]))
}

fn main() -> String {
    Job::branch("main").subject()
}

#[test]
fn an_application_that_is_not_there() {
    let sandbox = Sandbox::start().unwrap();
    let other = "99999999-aaaa-2222-bbbb-3333cccc4444";
    let program = oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", other]).job(&sandbox);
    refused(&sandbox, program).stderr_is(expect![[r#"
        error: Microsoft Entra cannot find the application
          said       AADSTS700016: Application with identifier '99999999-aaaa-2222-bbbb-3333cccc4444' was not found in the directory '72f988bf-86f1-41af-91ab-2d7cd011db47'. …
          asked for  client 99999999-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

        hint: find it: az ad sp show --id 99999999-aaaa-2222-bbbb-3333cccc4444
        hint: give its application (client) ID, not its object ID
    "#]]);
}

#[test]
fn a_tenant_that_is_not_there() {
    let sandbox = Sandbox::start().unwrap();
    let program =
        oidc_exchange(["azure", "--tenant-id", "contoso.onmicrosoft.com", "--client-id", CLIENT]).job(&sandbox);
    refused(&sandbox, program).stderr_is(expect![[r#"
        error: Microsoft Entra cannot find the tenant
          said       AADSTS90002: Tenant 'contoso.onmicrosoft.com' not found. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant contoso.onmicrosoft.com

        hint: print the tenant's ID with: az account show --query tenantId --output tsv
        hint: if the tenant is in a sovereign cloud, add --authority-host AzureUSGovernment or AzureChinaCloud
    "#]]);
}

#[test]
fn a_tenant_of_another_cloud() {
    entra_answers("invalid_request", 900_382, "Confidential Client is not supported in Cross Cloud request.")
        .stderr_is(expect![[r#"
            error: Microsoft Entra cannot find the tenant
              said       AADSTS900382: Confidential Client is not supported in Cross Cloud request.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

            hint: if the tenant is in a sovereign cloud, add --authority-host AzureUSGovernment or AzureChinaCloud
        "#]]);
}

#[test]
fn a_disabled_application() {
    entra_answers("unauthorized_client", 7_000_112, "Application 'deploy' is disabled.").stderr_is(expect![[r#"
        error: the application is disabled
          said       AADSTS7000112: Application 'deploy' is disabled.
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

        hint: enable it: az ad sp update --id 00001111-aaaa-2222-bbbb-3333cccc4444 --set accountEnabled=true
    "#]]);
}

#[test]
fn an_application_without_a_federated_credential() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.azure.create_application(TENANT, CLIENT);
    refused(&sandbox, deploy(&sandbox, &[])).stderr_is(expect![[r#"
        error: the application has no federated credential
          said       AADSTS70025: The client '00001111-aaaa-2222-bbbb-3333cccc4444'(deploy) has no configured federated identity credentials.
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: create it: oidc-exchange setup azure --client-id 00001111-aaaa-2222-bbbb-3333cccc4444
        hint: if you created it a moment ago, add --wait-for-iam 5m --timeout 6m
    "#]]);
}

#[test]
fn no_match_without_a_reason() {
    entra_answers("invalid_client", 70_021, "No matching federated identity record found for presented assertion.")
        .stderr_is(expect![[r#"
            error: Microsoft Entra refused the token
              said       AADSTS70021: No matching federated identity record found for presented assertion.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444
              presented  iss=aud=http://ISSUER
                         sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

            hint: give a credential exactly these values
            hint: find the cause: oidc-exchange explain azure --credentials credentials.json
        "#]]);
}

#[test]
fn another_issuer() {
    with_credential(|url| format!("{url}/"), &main(), str::to_owned).stderr_is(expect![[r#"
        error: Microsoft Entra refused the token
          said       AADSTS700211: No matching federated identity record found for presented assertion issuer 'http://ISSUER'. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: set the credential's issuer to exactly http://ISSUER: no slash at its end
        hint: find the cause: oidc-exchange explain azure --credentials credentials.json
    "#]]);
}

#[test]
fn the_audience_of_the_tutorials() {
    with_credential(str::to_owned, &main(), |_| "api://AzureADTokenExchange".into()).stderr_is(expect![[r#"
        error: Microsoft Entra refused the token
          said       AADSTS700212: No matching federated identity record found for presented assertion audience 'http://ISSUER'. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: set the credential's audience to http://ISSUER: a job's token has no other
        hint: find the cause: oidc-exchange explain azure --credentials credentials.json
    "#]]);
}

#[test]
fn another_branch() {
    refused_job(&Job::branch("feature/login")).stderr_is(expect![[r#"
        error: Microsoft Entra refused the token
          said       AADSTS700213: No matching federated identity record found for presented assertion subject 'org:acme:project:936a5312-a3b8-492 … ec8baac574:repo:web:ref_type:branch:ref:refs/heads/feature/login'. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: add a credential: oidc-exchange setup azure --client-id 00001111-aaaa-2222-bbbb-3333cccc4444
    "#]]);
}

#[test]
fn a_pull_request() {
    refused_job(&Job::pull_request(123, "feature-x")).stderr_is(expect![[r#"
        error: Microsoft Entra refused the token
          said       AADSTS700213: No matching federated identity record found for presented assertion subject 'org:acme:project:936a5312-a3b8-492 … st:ref:refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde'. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: this is a pull-request job: its subject changes with every push, so no credential can allow it
        hint: run this step on branches and tags only
    "#]]);
}

#[test]
fn a_subject_in_another_case() {
    with_credential(str::to_owned, &main().replace("web", "Web"), str::to_owned).stderr_is(expect![[r#"
        error: Microsoft Entra refused the token
          said       AADSTS7002138: No matching federated identity record found for presented assertion subject 'org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main'. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: write the credential's subject exactly like this: Entra compares the case of letters
    "#]]);
}

#[test]
fn a_token_of_entras_own() {
    entra_answers("invalid_client", 700_222, "AAD-issued tokens may not be used for federated identity flows.")
        .stderr_is(expect![[r#"
            error: Microsoft Entra refused the token
              said       AADSTS700222: AAD-issued tokens may not be used for federated identity flows.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47
              presented  iss=http://ISSUER

            hint: this is a token that Microsoft Entra issued: use the CI job's own token
        "#]]);
}

#[test]
fn a_tenant_without_federation() {
    entra_answers("invalid_client", 700_223, "Federated identity credentials are disabled for the tenant.").stderr_is(
        expect![[r#"
            error: Microsoft Entra refused the token
              said       AADSTS700223: Federated identity credentials are disabled for the tenant.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

            hint: a policy of the tenant disables federated credentials: ask the tenant's administrator to allow them
        "#]],
    );
}

#[test]
fn a_token_from_the_future() {
    let job = Job::branch("main").issued_at(now() + 3600).not_before(now() + 3600).expires_at(now() + 7200);
    let said = "AADSTS700024: Client assertion is not within its valid time range. …";
    assert!(refused_job(&job).stderr().contains(said));
}

#[test]
fn a_token_out_of_its_time() {
    entra_answers("invalid_client", 700_024, "Client assertion is not within its valid time range.").stderr_is(
        expect![[r#"
            error: Microsoft Entra refused the token
              said       AADSTS700024: Client assertion is not within its valid time range.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

            hint: the token was issued TIME, valid until TIME; this machine's clock shows TIME
            hint: a job cannot get another token: run the job again
        "#]],
    );
}

#[test]
fn a_forged_token() {
    let sandbox = Sandbox::start().unwrap();
    let forged = sandbox.issuer.forged(&Job::branch("main"));
    refused(&sandbox, deploy(&sandbox, &[]).token(&forged)).stderr_is(expect![[r#"
        error: Microsoft Entra refused the token
          said       AADSTS700027: Client assertion contains an invalid signature. [Reason - The key was not found.] (trace 255d1aef-8c98-452f-ac51-23d051240864)
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

        hint: check that this is the job's whole token; if the issuer has just changed its keys, run the job again in 15 minutes
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

#[test]
fn a_resource_that_is_not_there() {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, deploy(&sandbox, &["--scope", "https://vault.azur.net/.default"])).stderr_is(expect![[r#"
        error: Microsoft Entra refused the request
          said       AADSTS500011: The resource principal named https://vault.azur.net was not found in the tenant named 72f988bf-86f1-41af-91ab-2d7cd011db47. …
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47
                     scope https://vault.azur.net/.default

        hint: check the spelling of --scope
        hint: check that the tenant uses this service: an administrator must have added it to the tenant
    "#]]);
}

#[test]
fn a_scope_that_is_not_valid() {
    entra_answers("invalid_scope", 70_011, "The provided value for the input parameter 'scope' is not valid.")
        .stderr_is(expect![[r#"
            error: Microsoft Entra refused the request
              said       AADSTS70011: The provided value for the input parameter 'scope' is not valid.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

            hint: check --scope https://management.azure.com/.default: it must be RESOURCE/.default, for one resource
        "#]]);
}

#[test]
fn a_conditional_access_policy() {
    entra_answers("invalid_grant", 53_003, "Access has been blocked by Conditional Access policies.").stderr_is(
        expect![[r#"
            error: Microsoft Entra refused the request
              said       AADSTS53003: Access has been blocked by Conditional Access policies.
              asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

            hint: a Conditional Access policy blocks this application: ask the tenant's administrator to allow it
        "#]],
    );
}

#[test]
fn a_refusal_that_is_not_known() {
    entra_answers("invalid_request", 123_456, "Something else.").stderr_is(expect![[r#"
        error: Microsoft Entra refused the request
          said       invalid_request: AADSTS123456: Something else. (trace 255d1aef-8c98-452f-ac51-23d051240864, 2026-01-09 02:02:12Z)
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
    "#]]);
}

/// The issuer is private, or down: the call is retried, and reported at the timeout.
#[test]
fn an_issuer_that_entra_cannot_reach() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.issuer.set_outage(sandbox::Outage::Unreachable);
    let output = deploy(&sandbox, &["--timeout", "5s"]).run();
    output.exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        warning: Microsoft Entra: AADSTS90061: Request to External OIDC endpo…; trying again for up to T s
        error: Microsoft Entra could not be reached or kept failing
          said       AADSTS90061: Request to External OIDC endpoint failed.
          tried      N attempts in T s

        hint: Entra fetches the keys of http://ISSUER itself: they must be public
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

/// A captive portal, a proxy, a server that is not an authority.
#[test]
fn an_answer_of_something_else() {
    let sandbox = Sandbox::start().unwrap();
    let body = "<html>Sign in</html>".into();
    sandbox.azure.script([sandbox::Fault::Status { status: 403, headers: Vec::new(), body }]);
    deploy(&sandbox, &[]).run().exits(5).stderr_is(expect![[r#"
        error: Microsoft Entra could not be reached or kept failing
          said       status 403, without an error of Microsoft Entra's
          asked for  client 00001111-aaaa-2222-bbbb-3333cccc4444, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47

        hint: was this Microsoft Entra? a proxy, a captive portal or a wrong --authority-host may have answered
    "#]]);
}

/// A token that is expired by this machine's clock is not sent.
#[test]
fn a_token_that_is_over_is_not_sent() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").issued_at(now() - 90_000).expires_at(now() - 3600);
    deploy(&sandbox, &[]).job_of(&sandbox, &job).run().exits(3).stdout_is(&stopped(3));
    assert!(sandbox.azure.requests().is_empty());
}
