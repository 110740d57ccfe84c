//! The Security Token Service: exchanges a token of a provider's issuer for a federated token.

use serde_json::{Value, json};

use super::cel::Mapped;
use super::refusal::{
    invalid_grant, invalid_request, no_such_provider, not_a_provider, sts as refuse, unauthenticated,
};
use super::state::Provider;
use super::{Room, refusal};
use crate::clock::now;
use crate::jwt::{SignatureError, Token};
use crate::server::{Request, Response};
use crate::sync::lock;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const SUBJECT_TOKEN_TYPES: [&str; 2] =
    ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
const SKEW: i64 = 60;
const ONE_DAY: i64 = 24 * 60 * 60;
const ONE_HOUR: i64 = 60 * 60;
const LONGEST_SUBJECT: usize = 127;

/// A field, in the form's spelling or in JSON's.
fn field(request: &Request, name: &str) -> Option<String> {
    if let Some(value) = request.field(name) {
        return Some(value.to_owned());
    }
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let mut camel = String::new();
    for (index, word) in name.split('_').enumerate() {
        let mut letters = word.chars();
        let first = letters.next().map(|first| if index == 0 { first } else { first.to_ascii_uppercase() });
        camel.extend(first);
        camel.push_str(letters.as_str());
    }
    body[camel].as_str().map(str::to_owned)
}

pub(super) async fn token(room: &Room, request: &Request) -> Result<Response, Response> {
    let required = |name: &str| {
        let missing = || invalid_request(&format!("Request is missing required parameter: {name}"));
        field(request, name).filter(|value| !value.is_empty()).ok_or_else(missing)
    };
    // The reference forbids this header. Google's own message is not known.
    if request.header("authorization").is_some() {
        return Err(refuse(401, "invalid_client", "An Authorization header is not for this call."));
    }
    if required("grant_type")? != GRANT_TYPE {
        return Err(refuse(400, "unsupported_grant_type", "Invalid grant type."));
    }
    if required("requested_token_type")? != ACCESS_TOKEN {
        return Err(invalid_request("Invalid value for \"requested_token_type\"."));
    }
    if !SUBJECT_TOKEN_TYPES.contains(&required("subject_token_type")?.as_str()) {
        return Err(invalid_request("Invalid value for \"subject_token_type\"."));
    }
    let audience = required("audience")?;
    let scope = required("scope")?;
    let name = audience.strip_prefix("//iam.googleapis.com/").filter(|name| is_provider(name));
    let name = name.ok_or_else(not_a_provider)?;
    let (provider, roots) = {
        let state = lock(&room.state);
        let provider = state.provider(name).filter(|provider| !provider.disabled);
        (provider.ok_or_else(no_such_provider)?, state.roots.clone())
    };
    // Google's own message for a text that is not a JWT is not known.
    let token = Token::take_apart(&required("subject_token")?);
    let token = token.ok_or_else(|| invalid_request("The subject token is not a JWT."))?;
    check(&token, name, &provider)?;
    let checked = room.keys.check_signature(&token, &provider.issuer, &[], &roots).await;
    checked.map_err(|error| match error {
        SignatureError::NoKey => invalid_grant("Error connecting to the given credential's issuer."),
        SignatureError::Algorithm | SignatureError::Signature => {
            invalid_grant("Unable to verify the ID Token signature.")
        }
    })?;
    let mapped = map(&token, &provider)?;
    let left = token.claims["exp"].as_i64().unwrap_or_default() - now();
    let mut answer = json!({ "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer" });
    // Measured: a token with two seconds left is exchanged without a lifetime; one with less is refused.
    if left <= 1 {
        return Err(refusal::api(500, "INTERNAL", "Internal error encountered.", None));
    }
    if left > 2 {
        answer["expires_in"] = left.min(ONE_HOUR).into();
    }
    let pool = name.split("/providers/").next().unwrap_or_default();
    answer["access_token"] = lock(&room.state).federate(pool, mapped, &scope, left.clamp(0, ONE_HOUR)).into();
    Ok(Response::json(200, &answer))
}

fn is_provider(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    matches!(parts[..], ["projects", number, "locations", "global", "workloadIdentityPools", pool, "providers", id]
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !pool.is_empty() && !id.is_empty())
}

fn check(token: &Token, name: &str, provider: &Provider) -> Result<(), Response> {
    let issuer = token.text("iss").unwrap_or_default();
    if issuer != provider.issuer {
        return Err(invalid_grant(&format!(
            "The issuer in ID Token {issuer} does not match the expected one(s) in config: {}.",
            provider.issuer
        )));
    }
    let named = token.audiences().unwrap_or_default();
    let full = format!("//iam.googleapis.com/{name}");
    let default = [format!("https:{full}"), full];
    let allowed = if provider.audiences.is_empty() { &default[..] } else { &provider.audiences };
    if !named.iter().any(|audience| allowed.iter().any(|one| one == audience)) {
        return Err(invalid_grant(&format!(
            "The audience in ID Token [{}] does not match the expected audience.",
            named.join(", ")
        )));
    }
    let time = |claim: &str| token.claims.get(claim).and_then(Value::as_i64);
    let fresh = time("exp")
        .zip(time("iat"))
        .is_some_and(|(expires, issued)| expires + SKEW > now() && issued - SKEW < now() && now() - issued <= ONE_DAY);
    if fresh {
        // The reference requires it. Google's own message without it is not known.
        return token.text("sub").map(|_| ()).ok_or_else(|| invalid_grant("The ID Token has no subject."));
    }
    let since = time("iat").map_or_else(|| "unknown".into(), |issued| issued.to_string());
    Err(invalid_grant(&format!("ID Token issued at {since} is stale to sign-in.")))
}

fn map(token: &Token, provider: &Provider) -> Result<Mapped, Response> {
    // Google's own message is not known, as for an empty subject.
    let odd = |rule: &str, why: &str| invalid_request(&format!("The attribute {rule} cannot be evaluated: {why}"));
    let mapped = provider.rules.map(&token.claims).map_err(|why| odd("mapping", &why))?;
    if mapped.subject.is_empty() {
        return Err(invalid_request("The mapped google.subject is empty."));
    }
    if mapped.subject.len() > LONGEST_SUBJECT {
        return Err(invalid_request(&format!(
            "The size of mapped attribute google.subject exceeds the {LONGEST_SUBJECT} bytes limit. Either modify your \
             attribute mapping or the incoming assertion to produce a mapped attribute that is less than \
             {LONGEST_SUBJECT} bytes."
        )));
    }
    if !provider.rules.admits(&token.claims, &mapped).map_err(|why| odd("condition", &why))? {
        let rejected = "The given credential is rejected by the attribute condition.";
        return Err(refuse(400, "unauthorized_client", rejected));
    }
    Ok(mapped)
}

/// The owner of a federated token, for gcloud without a service account.
pub(super) fn introspect(room: &Room, request: &Request) -> Result<Response, Response> {
    let token = field(request, "token").unwrap_or_default();
    let state = lock(&room.state);
    let known = state.federated(&token).ok_or_else(unauthenticated)?;
    Ok(Response::json(
        200,
        &json!({
            "active": true,
            "iss": "https://sts.googleapis.com/",
            "username": format!("principal://iam.googleapis.com/{}/subject/{}", known.pool, known.mapped.subject),
            "scope": known.scope,
        }),
    ))
}
