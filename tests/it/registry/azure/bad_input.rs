//! Invalid options: exit code 2, and nothing is sent.

use sandbox::REGISTRY;

use super::Cloud;
use crate::support::expect;

#[test]
fn a_host_is_exactly_a_registry_of_the_cloud() {
    let cloud = Cloud::new();
    let mut told = String::new();
    for host in [
        "",
        "https://contoso.azurecr.io",
        "contoso.azurecr.io/web:1",
        "*.azurecr.io",
        "contoso.azurecr.io:443",
        "Contoso.azurecr.io",
        "contoso",
        "azurecr.io",
        "contoso.azurecr.io.evil.example",
        "contoso.westeurope.data.azurecr.io",
        "mcr.microsoft.com",
        "https://gcr.io/project/web:1",
        "public.ecr.aws",
        "ghcr.io/acme/web",
        "registry.example.com",
        "0000:hunter2hunter2hunter2@contoso.azurecr.io",
    ] {
        let output = cloud.register(&[host]).secret("a password", "hunter2hunter2hunter2").run();
        output.exits(2);
        if !host.is_empty() {
            output.stdout_is("");
        }
        told.push_str(&output.told());
    }
    expect![[r#"
        error: --registry: `` is empty

        hint: write only the host's name: --registry contoso.azurecr.io
        error: --registry: `https://contoso.azurecr.io` has a scheme

        hint: write only the host's name: --registry contoso.azurecr.io
        error: --registry: `contoso.azurecr.io/web:1` has a path

        hint: write only the host's name: --registry contoso.azurecr.io
        error: --registry: `*.azurecr.io` has a wildcard, which Docker does not support

        hint: name each registry: --registry contoso.azurecr.io; the option may be repeated
        error: --registry: `contoso.azurecr.io:443` has a port, or the tag of an image

        hint: write only the host's name: --registry contoso.azurecr.io
        error: --registry: `Contoso.azurecr.io` has capital letters

        hint: write only the host's name: --registry contoso.azurecr.io
        error: --registry: `contoso` is not the name of an Azure registry

        hint: write it like contoso.azurecr.io: az acr show --name contoso --query loginServer --output tsv prints it
        error: --registry: `azurecr.io` is not the name of an Azure registry

        hint: write it like contoso.azurecr.io: az acr show --name contoso --query loginServer --output tsv prints it
        error: --registry: `contoso.azurecr.io.evil.example` is not the name of an Azure registry

        hint: write it like contoso.azurecr.io: az acr show --name contoso --query loginServer --output tsv prints it
        error: --registry: `contoso.westeurope.data.azurecr.io` is not the name of an Azure registry

        hint: write it like contoso.azurecr.io: az acr show --name contoso --query loginServer --output tsv prints it
        error: --registry: `mcr.microsoft.com` is not the name of an Azure registry

        hint: write it like contoso.azurecr.io: az acr show --name contoso --query loginServer --output tsv prints it
        error: --registry: `gcr.io` is a registry of Google

        hint: for this registry, use oidc-exchange gcp --registry gcr.io
        error: --registry: `public.ecr.aws` is a registry of AWS

        hint: for this registry, use oidc-exchange aws --registry public.ecr.aws
        error: --registry: `ghcr.io` is a registry of GitHub

        hint: oidc-exchange has no passwords for GitHub: use docker login
        error: --registry: `registry.example.com` is not the name of an Azure registry

        hint: write it like contoso.azurecr.io: az acr show --name contoso --query loginServer --output tsv prints it
        error: --registry: the value has a user name or a digest in it

        hint: write only the host's name: --registry contoso.azurecr.io
    "#]]
    .assert_eq(&told);
    assert_eq!((cloud.asked().len(), cloud.sandbox.azure.requests().len()), (0, 0));
    assert!(cloud.proxy.seen().is_empty());
}

#[test]
fn a_registry_of_another_cloud_is_refused() {
    let cloud = Cloud::new();
    let output = cloud.register(&[REGISTRY]).args(["--authority-host", "AzureChinaCloud"]).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --registry: `contoso.azurecr.io` is in the cloud AzureCloud, and --authority-host is that of AzureChinaCloud

        hint: name the registry's cloud: --authority-host AzureCloud
    "#]]);
    let output = cloud.register(&["contoso.azurecr.us"]).env("AZURE_AUTHORITY_HOST", "login.microsoftonline.com").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --registry: `contoso.azurecr.us` is in the cloud AzureUSGovernment, and --authority-host is that of AzureCloud

        hint: name the registry's cloud: --authority-host AzureUSGovernment
    "#]]);
    assert!(cloud.proxy.seen().is_empty());
}

#[test]
fn options_that_have_no_effect_are_refused() {
    let cloud = Cloud::new();
    for more in [
        vec!["--scope", "https://vault.azure.net/.default"],
        vec!["--access-token-env", "TOKEN"],
        vec!["--subscription-id", "11112222-bbbb-3333-cccc-4444dddd5555"],
        vec!["--az"],
    ] {
        let output = cloud.register(&[REGISTRY]).args(&more).run();
        output.exits(2).stdout_is("");
        let expected = format!("error: {} has no effect: with --registry, nothing is exported", more[0]);
        assert!(output.stderr().starts_with(&expected), "{}", output.stderr());
    }
    for more in [["--format", "env"], ["--format", "kubernetes"], ["--output", "x"], ["--on-error", "none"]] {
        let output = cloud.register(&[REGISTRY]).args(more).run();
        output.exits(2);
        assert!(output.stderr().contains("cannot be used with"), "{}", output.stderr());
    }
    assert_eq!((cloud.asked().len(), cloud.sandbox.azure.requests().len()), (0, 0));
}
