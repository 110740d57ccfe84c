//! Invalid options are refused before anything is sent; missing ones are read from the environment.

use sandbox::{CLIENT, Sandbox, TENANT};

use super::{deploy, stopped};
use crate::support::{Program, expect, oidc_exchange};

/// Exit 2, nothing sent, and this on standard error.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "it is written in place")]
fn misunderstood(sandbox: &Sandbox, program: Program<'_>, expected: expect_test::Expect) {
    program.run().exits(2).stdout_is(&stopped(2)).stderr_is(expected);
    assert!(sandbox.azure.requests().is_empty());
}

#[test]
fn tenant_and_client_are_named_by_options_or_variables() {
    let sandbox = Sandbox::start().unwrap();
    for [tenant, client] in [["AZURE_TENANT_ID", "AZURE_CLIENT_ID"], ["ARM_TENANT_ID", "ARM_CLIENT_ID"]] {
        oidc_exchange(["azure"]).job(&sandbox).env(tenant, TENANT).env(client, CLIENT).run().exits(0);
    }
    let other = "00000000-0000-0000-0000-000000000000";
    deploy(&sandbox, &[]).env("AZURE_TENANT_ID", other).env("ARM_CLIENT_ID", other).run().exits(0);
}

#[test]
fn without_a_tenant_or_a_client() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        oidc_exchange(["azure"]).job(&sandbox),
        expect![[r#"
        error: no tenant was named

        hint: name it with --tenant-id ID, or with the variable AZURE_TENANT_ID or ARM_TENANT_ID
    "#]],
    );
    misunderstood(
        &sandbox,
        oidc_exchange(["azure", "--tenant-id", TENANT]).job(&sandbox),
        expect![[r#"
        error: no application was named

        hint: name it with --client-id ID, or with the variable AZURE_CLIENT_ID or ARM_CLIENT_ID
        hint: for a managed identity, use its client ID
    "#]],
    );
}

#[test]
fn names_that_are_none() {
    let sandbox = Sandbox::start().unwrap();
    let azure = |words: &[&str]| oidc_exchange(["azure"]).args(words).job(&sandbox);
    misunderstood(
        &sandbox,
        azure(&["--tenant-id", "common", "--client-id", CLIENT]),
        expect![[r#"
        error: --tenant-id: `common` is not a tenant's ID

        hint: write the directory (tenant) ID, a GUID, or a domain of the tenant
        hint: az account show --query tenantId --output tsv prints it
    "#]],
    );
    misunderstood(
        &sandbox,
        azure(&["--tenant-id", TENANT]).env("AZURE_CLIENT_ID", "deploy"),
        expect![[r#"
        error: AZURE_CLIENT_ID: `deploy` is not a client ID, which is a GUID

        hint: for an application: az ad app list --display-name NAME --query '[].appId' --output tsv
        hint: for a managed identity: az identity show --resource-group GROUP --name NAME --query clientId --output tsv
    "#]],
    );
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--subscription-id", "Production"]),
        expect![[r#"
        error: --subscription-id: `Production` is not a subscription's ID, which is a GUID

        hint: az account list --query '[].{name:name, id:id}' --output table prints names and IDs
    "#]],
    );
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--scope", "https://vault.azure.net"]),
        expect![[r#"
        error: --scope: `https://vault.azure.net` is not RESOURCE/.default

        hint: an application can only ask for RESOURCE/.default, for example https://vault.azure.net/.default
    "#]],
    );
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--scope", "https://vault.azure.net/.default https://storage.azure.com/.default"]),
        expect![[r#"
            error: --scope: an access token has one scope, and this is several

            hint: run one exchange for each resource
        "#]],
    );
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--authority-host", "AzureGermanCloud"]),
        expect![[r#"
        error: --authority-host: this is neither a cloud's name nor an address

        hint: write AzureCloud, AzureUSGovernment, AzureChinaCloud, or an address like https://login.microsoftonline.us
    "#]],
    );
}

#[test]
fn a_variable_with_a_meaning_takes_no_access_token() {
    let sandbox = Sandbox::start().unwrap();
    for name in ["AZURE_FEDERATED_TOKEN_FILE", "ARM_CLIENT_SECRET", "PATH", "a-b"] {
        let output = deploy(&sandbox, &["--access-token-env", name]).run();
        let said = "error: --access-token-env requires the name of a variable that has no other meaning here\n";
        assert!(output.exits(2).stderr().starts_with(said), "{name}: {}", output.describe());
    }
    for (name, what) in [
        ("_oidc_intact", "a variable that oidc-exchange manages"),
        ("PPID", "a variable that every shell manages"),
        ("path", "a variable that zsh manages"),
        ("BASH_ENV", "a variable whose value shells run"),
        ("PS1", "a variable whose value shells run"),
    ] {
        let output = deploy(&sandbox, &["--access-token-env", name]).run();
        let said = format!("error: --access-token-env: {name} is {what}\n\nhint: choose another name\n");
        assert_eq!(output.exits(2).stderr(), said, "{name}");
    }
    assert!(sandbox.azure.requests().is_empty());
}

#[test]
fn a_wait_that_the_bound_would_cut_short() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--wait-for-iam", "5m"]),
        expect![[r#"
        error: --wait-for-iam: --timeout would end the wait before its time

        hint: give the whole exchange more time: --timeout 6m
    "#]],
    );
}
