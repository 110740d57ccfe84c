//! The token endpoint: exchanges a client assertion for an access token.

use serde_json::{Value, json};

use super::refusal::{self, assertion, error, missing, no_match};
use super::{FederatedCredential, Room};
use crate::clock::now;
use crate::jwt::{SignatureError, Token};
use crate::random;
use crate::server::{Request, Response};
use crate::sync::lock;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LIFE: u32 = 3599;
/// All container registries.
const REGISTRIES: &str = "https://containerregistry.azure.net";
/// The resources of the tenant: <https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc>.
const RESOURCES: [&str; 9] = [
    "https://management.azure.com",
    "https://management.core.windows.net/",
    "https://management.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
    "https://vault.azure.net",
    "https://storage.azure.com",
    "https://graph.microsoft.com",
    REGISTRIES,
    "6dae42f8-4368-4678-94ff-3960e28e3630",
];

pub(super) async fn token(room: &Room, tenant: &str, request: &Request) -> Result<Response, Response> {
    let required = |name: &str| request.field(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name));
    if required("grant_type")? != "client_credentials" {
        return Err(error(400, "unsupported_grant_type", 70_003, "The app requested an unsupported grant type."));
    }
    let client = required("client_id")?;
    let scope = required("scope")?;
    let typed = request.field("client_assertion_type") == Some(ASSERTION_TYPE);
    let given = request.field("client_assertion").filter(|given| typed && !given.is_empty());
    let given = given.ok_or_else(|| {
        let words = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        assertion(7_000_218, words)
    })?;
    let (credentials, roots) = application(room, tenant, client)?;
    let resource = scope.strip_suffix("/.default").ok_or_else(|| refusal::scope(scope))?;
    if !RESOURCES.contains(&resource) {
        return Err(refusal::no_resource(resource, tenant));
    }
    // Entra's own message for a text that is not a JWT is not known.
    let token = Token::take_apart(given).ok_or_else(|| assertion(50_027, "JWT token is invalid or malformed."))?;
    matching(&token, client, &credentials)?;
    check_times(&token)?;
    let issuer = token.text("iss").unwrap_or_default();
    room.keys.check_signature(&token, issuer, &[], &roots).await.map_err(|wrong| match wrong {
        SignatureError::NoKey => assertion(90_061, "Request to External OIDC endpoint failed."),
        SignatureError::Algorithm | SignatureError::Signature => {
            assertion(700_027, "Client assertion contains an invalid signature. [Reason - The key was not found.]")
        }
    })?;
    let access_token = ["eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9".to_owned(), letters(900), letters(340)].join(".");
    let mut state = lock(&room.state);
    state.issued.push(access_token.clone());
    if resource.starts_with("https://management.") {
        state.managing.push(access_token.clone());
    }
    if resource == REGISTRIES {
        state.pulling.push((access_token.clone(), tenant.to_owned()));
    }
    drop(state);
    let answer = json!({
        "token_type": "Bearer",
        "expires_in": LIFE,
        "ext_expires_in": LIFE,
        "access_token": access_token,
    });
    Ok(Response::json(200, &answer))
}

fn letters(length: usize) -> String {
    random::base64(length).replace('/', "_").replace('+', "-").replace('=', "")
}

fn application(room: &Room, tenant: &str, client: &str) -> Result<(Vec<FederatedCredential>, Vec<String>), Response> {
    let state = lock(&room.state);
    if !state.applications.keys().any(|(known, _)| known == tenant) {
        return Err(refusal::no_tenant(tenant));
    }
    let found = state.applications.get(&(tenant.to_owned(), client.to_owned()));
    let credentials = found.ok_or_else(|| refusal::no_application(client, tenant))?.clone();
    Ok((credentials, state.roots.clone()))
}

/// Issuer, audience and subject must equal those of one credential. The refusal names the first value that no
/// credential has.
fn matching(token: &Token, client: &str, credentials: &[FederatedCredential]) -> Result<(), Response> {
    if credentials.is_empty() {
        let words = format!("The client '{client}'(deploy) has no configured federated identity credentials.");
        return Err(assertion(70_025, &words));
    }
    let issuer = token.text("iss").unwrap_or_default();
    let found: Vec<_> = credentials.iter().filter(|one| one.issuer == issuer).collect();
    if found.is_empty() {
        return Err(no_match(700_211, "issuer", issuer));
    }
    let audiences = token.audiences().unwrap_or_default();
    let found: Vec<_> = found.into_iter().filter(|one| audiences.contains(&one.audience.as_str())).collect();
    if found.is_empty() {
        return Err(no_match(700_212, "audience", &audiences.join(", ")));
    }
    let subject = token.text("sub").unwrap_or_default();
    if found.iter().any(|one| one.subject == subject) {
        return Ok(());
    }
    if found.iter().any(|one| one.subject.eq_ignore_ascii_case(subject)) {
        let words = format!(
            "No matching federated identity record found for presented assertion subject '{subject}'. The subject matches \
             only case-insensitively."
        );
        return Err(assertion(7_002_138, &words));
    }
    Err(no_match(700_213, "subject", subject))
}

/// No tolerance is documented.
fn check_times(token: &Token) -> Result<(), Response> {
    let time = |claim: &str| token.claims.get(claim).and_then(Value::as_i64);
    let begun = ["nbf", "iat"].into_iter().filter_map(time).all(|at| at <= now());
    if begun && time("exp").is_some_and(|at| at > now()) {
        return Ok(());
    }
    let shown = |claim: &str| time(claim).map_or_else(|| "unknown".into(), |at| at.to_string());
    let words = format!(
        "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of \
         assertion {}.",
        now(),
        shown("nbf"),
        shown("exp")
    );
    Err(assertion(700_024, &words))
}
