//! A registry's answers without a password.

use sandbox::{Fault, REGISTRY, Request};

use super::super::config;
use super::{BOTH, Cloud};
use crate::support::expect;

pub(super) fn answer(status: u16, body: &str) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.to_owned() }
}

pub(super) fn is_challenge(request: &Request) -> bool {
    request.path == "/v2/"
}

pub(super) fn is_exchange(request: &Request) -> bool {
    request.path == "/oauth2/exchange"
}

#[test]
fn a_client_without_a_role_is_told_what_it_needs() {
    let cloud = Cloud::new();
    cloud.sandbox.acr.deny();
    let output = cloud.register(&[REGISTRY]).run();
    output.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: Azure Container Registry refused to give a password
          said       UNAUTHORIZED: authentication required, visit https://aka.ms/acr/authorization for more information.
          asked for  the password of contoso.azurecr.io
          presented  an access token of 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: give the client the role AcrPull or AcrPush on this registry; a new role needs some minutes
        hint: check that --tenant-id is the tenant of the registry
    "#]]);
    assert!(output.stderr().len() <= 500, "{}", output.stderr().len());
    assert!(!config(&output.scratch).exists());
    assert_eq!(cloud.asked(), BOTH, "a refusal is not repeated");
}

/// Each is short, and has at most two hints.
#[test]
fn each_refusal_has_its_cause() {
    let cloud = Cloud::new();
    let firewall = r#"{"errors":[{"code":"DENIED","message":"client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}"#;
    let mut told = String::new();
    for (at, status, body, exit) in [
        (is_challenge as fn(&Request) -> bool, 403, firewall, 4),
        (is_challenge, 404, r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such registry"}]}"#, 4),
        (is_challenge, 200, "{}", 5),
        (is_challenge, 403, "<html>sign in</html>", 5),
        (is_challenge, 401, "", 5),
        (is_exchange, 403, firewall, 4),
        (is_exchange, 401, "", 4),
        (is_exchange, 401, "<html>sign in</html>", 5),
        (
            is_exchange,
            403,
            r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#,
            4,
        ),
        (is_exchange, 400, r#"{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}"#, 4),
        (is_exchange, 403, "<html>sign in</html>", 5),
        (is_exchange, 200, "<html>sign in</html>", 5),
    ] {
        cloud.sandbox.acr.aim(at, answer(status, body), 1);
        let output = cloud.register(&[REGISTRY]).run();
        output.exits(exit).stdout_is("");
        assert!(!config(&output.scratch).exists());
        let text = output.told();
        assert!(text.len() <= 500 && text.matches("\nhint: ").count() <= 2, "{text}");
        told.push_str(&text);
    }
    expect![[r#"
        error: Azure Container Registry refused to give a password
          said       DENIED: client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.
          asked for  the password of contoso.azurecr.io

        hint: the registry's firewall blocks this machine: allow its address, or run the job in the registry's network
        error: Azure Container Registry refused to give a password
          said       NAME_UNKNOWN: no such registry
          asked for  the password of contoso.azurecr.io
        error: Azure Container Registry could not be reached or kept failing
          said       the answer with status 200 cannot be used: it asks for no password
          asked for  the password of contoso.azurecr.io

        hint: was this Azure Container Registry? a proxy, a captive portal or a wrong --registry may have answered
        error: Azure Container Registry could not be reached or kept failing
          said       status 403, without an error code of a registry
          asked for  the password of contoso.azurecr.io

        hint: was this Azure Container Registry? a proxy, a captive portal or a wrong --registry may have answered
        error: Azure Container Registry could not be reached or kept failing
          said       the answer with status 401 cannot be used: it has no Bearer challenge with a realm
          asked for  the password of contoso.azurecr.io

        hint: was this Azure Container Registry? a proxy, a captive portal or a wrong --registry may have answered
        error: Azure Container Registry refused to give a password
          said       DENIED: client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.
          asked for  the password of contoso.azurecr.io
          presented  an access token of 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: the registry's firewall blocks this machine: allow its address, or run the job in the registry's network
        error: Azure Container Registry refused to give a password
          said       status 401, without an error code of a registry
          asked for  the password of contoso.azurecr.io
          presented  an access token of 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: give the client the role AcrPull or AcrPush on this registry; a new role needs some minutes
        hint: check that --tenant-id is the tenant of the registry
        error: Azure Container Registry could not be reached or kept failing
          said       status 401, without an error code of a registry
          asked for  the password of contoso.azurecr.io

        hint: was this Azure Container Registry? a proxy, a captive portal or a wrong --registry may have answered
        error: Azure Container Registry refused to give a password
          said       DENIED: requested access to the resource is denied
          asked for  the password of contoso.azurecr.io
          presented  an access token of 00001111-aaaa-2222-bbbb-3333cccc4444

        hint: give the client the role AcrPull or AcrPush on this registry; a new role needs some minutes
        hint: check that --tenant-id is the tenant of the registry
        error: Azure Container Registry refused to give a password
          said       UNSUPPORTED: The operation is unsupported.
          asked for  the password of contoso.azurecr.io
          presented  an access token of 00001111-aaaa-2222-bbbb-3333cccc4444
        error: Azure Container Registry could not be reached or kept failing
          said       status 403, without an error code of a registry
          asked for  the password of contoso.azurecr.io

        hint: was this Azure Container Registry? a proxy, a captive portal or a wrong --registry may have answered
        error: Azure Container Registry could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is not JSON
          asked for  the password of contoso.azurecr.io

        hint: was this Azure Container Registry? a proxy, a captive portal or a wrong --registry may have answered
    "#]].assert_eq(&told);
}

#[test]
fn what_heals_is_tried_again() {
    let cloud = Cloud::new();
    let throttled = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]}"#;
    for at in [is_challenge as fn(&Request) -> bool, is_exchange] {
        cloud.sandbox.acr.aim(at, answer(429, throttled), 1);
        cloud.sandbox.acr.aim(at, answer(503, ""), 1);
        cloud.sandbox.acr.aim(at, Fault::ResetBeforeHeaders, 1);
    }
    cloud.register(&[REGISTRY]).args(["--quiet"]).run().exits(0).stdout_is("");
    let expected = [[BOTH[0]; 4], [BOTH[1]; 4]].concat();
    assert_eq!(
        (cloud.sandbox.azure.requests().len(), cloud.asked()),
        (1, expected.iter().map(|it| (*it).to_owned()).collect())
    );
}

#[test]
fn a_registry_that_is_out_of_reach_is_named() {
    let cloud = Cloud::new();
    let output = cloud.register(&["other.azurecr.io"]).args(["--timeout", "3s", "--quiet"]).run();
    output.exits(5).stdout_is("");
    assert!(output.stderr().contains("  asked for  the password of other.azurecr.io\n"), "{}", output.stderr());
    assert!(cloud.asked().is_empty());
}
