//! Answers of Microsoft Entra.

use sandbox::{CLIENT, Fault, Sandbox, TENANT};
use serde_json::json;

use super::Runs;
use crate::support::oidc_exchange;

const ANSWERS: [(u64, &str, &str); 16] = [
    (
        700_016,
        "unauthorized_client",
        "Application with identifier '00001111-aaaa-2222-bbbb-3333cccc4444' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    (7_000_112, "unauthorized_client", "Application '00001111-aaaa-2222-bbbb-3333cccc4444'(deploy) is disabled."),
    (
        90_002,
        "invalid_request",
        "Tenant '72f988bf-86f1-41af-91ab-2d7cd011db48' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    ),
    (900_382, "invalid_client", "Confidential Client is not supported in Cross Cloud request."),
    (
        70_025,
        "invalid_client",
        "The client '00001111-aaaa-2222-bbbb-3333cccc4444'(deploy) has no configured federated identity credentials.",
    ),
    (
        70_021,
        "invalid_request",
        "No matching federated identity record found for presented assertion. Assertion Issuer: 'https://acme.semaphoreci.com'. Assertion Subject: 'org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main'. Assertion Audience: 'https://acme.semaphoreci.com'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
    ),
    (
        700_211,
        "invalid_client",
        "No matching federated identity record found for presented assertion issuer 'https://acme.semaphoreci.com'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    ),
    (
        700_212,
        "invalid_client",
        "No matching federated identity record found for presented assertion audience 'https://acme.semaphoreci.com'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    ),
    (700_222, "invalid_request", "AAD-issued tokens may not be used for federated identity flows."),
    (700_223, "invalid_client", "Workload Identity Federation is disallowed by policy."),
    (
        700_024,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: 2026-01-09T02:02:12.0000000Z, assertion valid from 2026-01-07T02:02:12.0000000Z, expiry time of assertion 2026-01-08T02:02:12.0000000Z. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials.",
    ),
    (700_027, "invalid_client", "Client assertion contains an invalid signature. [Reason - The key was not found.]"),
    (
        500_011,
        "invalid_resource",
        "The resource principal named https://vault.azur.net was not found in the tenant named 72f988bf-86f1-41af-91ab-2d7cd011db47. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
    ),
    (
        70_011,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope https://vault.azure.net is not valid.",
    ),
    (
        53_003,
        "access_denied",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    (
        7_000_229,
        "unauthorized_client",
        "The client application 00001111-aaaa-2222-bbbb-3333cccc4444 is missing service principal in the tenant 72f988bf-86f1-41af-91ab-2d7cd011db47.",
    ),
];

#[test]
fn of_entra() {
    let mut runs =
        Runs::with_longer(&[("AADSTS7000229", "the cause is not known, so everything that may help is shown")]);
    let sandbox = Sandbox::start().unwrap();
    let line = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
    let fault = |number: u64, error: &str, text: &str| {
        let trace = "255d1aef-8c98-452f-ac51-23d051240864";
        let time = "2026-01-09 02:02:12Z";
        let text = text.replace("https://acme.semaphoreci.com", &sandbox.issuer.url());
        let description = format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace} Timestamp: {time}");
        let body = json!({ "error": error, "error_description": description, "error_codes": [number],
            "timestamp": time, "trace_id": trace, "correlation_id": trace });
        Fault::Status { status: 401, headers: Vec::new(), body: body.to_string() }
    };
    for (number, error, text) in ANSWERS {
        sandbox.azure.script([fault(number, error, text)]);
        runs.add(&format!("AADSTS{number}"), 4, &oidc_exchange(line).job(&sandbox).run());
    }
    for (number, error, text) in [
        (90_061, "invalid_client", "Request to External OIDC endpoint failed."),
        (90_033, "temporarily_unavailable", "A transient error has occurred. Please try again."),
        (90_055, "invalid_request", "Server terminated the request due to the number of requests exceeding the limit."),
    ] {
        sandbox.azure.always(fault(number, error, text));
        runs.add(&format!("AADSTS{number}"), 5, &oidc_exchange(line).args(["--timeout", "1s"]).job(&sandbox).run());
    }
    runs.are_short(19);
}
