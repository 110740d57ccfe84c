//! IAM Credentials: issues a service account's tokens to callers that may impersonate it.

use std::time::Duration;

use serde_json::{Value, json};

use super::refusal::{
    api, invalid_argument, no_permission, not_found, scope_insufficient, service_disabled, unauthenticated,
};
use super::state::{Account, Caller, State};
use super::{CLOUD_PLATFORM, Room};
use crate::clock::now;
use crate::random;
use crate::server::{Request, Response};
use crate::sync::lock;

const IAM_SCOPE: &str = "https://www.googleapis.com/auth/iam";
const USER: &str = "roles/iam.workloadIdentityUser";
const TOKEN_CREATOR: &str = "roles/iam.serviceAccountTokenCreator";
const OPEN_ID_TOKEN_CREATOR: &str = "roles/iam.serviceAccountOpenIdTokenCreator";
const ONE_HOUR: u64 = 60 * 60;

/// The caller of `Authorization: Bearer …`, if the token is valid.
pub(super) fn bearer(state: &State, request: &Request) -> Result<Caller, Response> {
    let token = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    token.and_then(|token| state.bearer(token)).ok_or_else(unauthenticated)
}

pub(super) fn generate(room: &Room, request: &Request) -> Result<Response, Response> {
    let named = request.path.strip_prefix("/v1/projects/-/serviceAccounts/").and_then(|rest| rest.rsplit_once(':'));
    let (name, verb) = named.ok_or_else(not_found)?;
    let mut state = lock(&room.state);
    let caller = bearer(&state, request)?;
    if state.api_disabled {
        return Err(service_disabled("123456"));
    }
    if !caller.scope().split(' ').any(|scope| matches!(scope, IAM_SCOPE | CLOUD_PLATFORM)) {
        return Err(scope_insufficient());
    }
    let asked: Value = serde_json::from_slice(&request.body).map_err(|_| invalid_argument("Invalid JSON payload."))?;
    match verb {
        "generateAccessToken" => {
            let denied = || no_permission("iam.serviceAccounts.getAccessToken");
            let roles = [USER, TOKEN_CREATOR];
            let (email, account) = reach(&state, caller, name, &asked, &roles)?.ok_or_else(denied)?;
            access_token(&mut state, &email, &account, &asked)
        }
        "generateIdToken" => {
            let denied = || no_permission("iam.serviceAccounts.getOpenIdToken");
            let roles = [USER, TOKEN_CREATOR, OPEN_ID_TOKEN_CREATOR];
            let (email, account) = reach(&state, caller, name, &asked, &roles)?.ok_or_else(denied)?;
            id_token(&mut state, &email, &account, &asked)
        }
        _ => Err(not_found()),
    }
}

/// The account, if the caller may impersonate it, directly or through delegates.
fn reach(
    state: &State,
    caller: Caller,
    name: &str,
    asked: &Value,
    roles: &[&str],
) -> Result<Option<(String, Account)>, Response> {
    let argument = || invalid_argument("Request contains an invalid argument.");
    let mut caller = caller;
    let mut allowed = roles;
    for delegate in asked["delegates"].as_array().into_iter().flatten() {
        let delegate = delegate.as_str().and_then(|delegate| delegate.strip_prefix("projects/-/serviceAccounts/"));
        let delegate = delegate.ok_or_else(argument)?;
        let Some((email, account)) = state.account(delegate) else { return Ok(None) };
        if !account.admits(&caller, roles) {
            return Ok(None);
        }
        caller = Caller::delegate(email);
        allowed = &[TOKEN_CREATOR];
    }
    Ok(state.account(name).filter(|(_, account)| account.admits(&caller, allowed)))
}

fn access_token(state: &mut State, email: &str, account: &Account, asked: &Value) -> Result<Response, Response> {
    let scopes: Option<Vec<&str>> = asked["scope"].as_array().and_then(|list| list.iter().map(Value::as_str).collect());
    let scopes = scopes.filter(|scopes| !scopes.is_empty() && scopes.iter().all(|scope| is_scope(scope)));
    let scopes = scopes.ok_or_else(|| invalid_argument("Request contains an invalid argument."))?;
    let scope = if scopes == [""] { CLOUD_PLATFORM.to_owned() } else { scopes.join(" ") };
    let lifetime = match asked.get("lifetime").map(Value::as_str) {
        None => ONE_HOUR,
        Some(text) => text
            .and_then(|text| text.strip_suffix('s')?.parse().ok())
            .ok_or_else(|| invalid_argument("Invalid value at 'lifetime'."))?,
    };
    if lifetime == 0 {
        return Err(invalid_argument("Lifetime of access token must be larger then zero."));
    }
    if lifetime > ONE_HOUR && !account.long_lived {
        return Err(invalid_argument(
            "The access token can not have lifetimes of more than 1 hour. Use the Org Policy Constraint \
             constraints/iam.allowServiceAccountCredentialLifetimeExtension to allow up to 12 hours.",
        ));
    }
    let token = format!("ya29.c.{}", random::base64(700).replace(['/', '+'], "_"));
    let issued = state.issue(token, email, scope, Duration::from_secs(lifetime));
    let expires = humantime::format_rfc3339_seconds(issued.expires).to_string();
    Ok(Response::json(200, &json!({ "accessToken": issued.token, "expireTime": expires })))
}

fn is_scope(scope: &str) -> bool {
    scope.is_empty() || scope.starts_with("https://www.googleapis.com/auth/") || scope == "openid"
}

fn id_token(state: &mut State, email: &str, account: &Account, asked: &Value) -> Result<Response, Response> {
    let audience = asked["audience"].as_str().filter(|audience| !audience.is_empty());
    let audience = audience.ok_or_else(|| invalid_argument("Request contains an invalid argument."))?;
    let mut claims = json!({
        "iss": "https://accounts.google.com", "aud": audience, "azp": account.id, "sub": account.id,
        "iat": now(), "exp": now() + 3600,
    });
    if asked["includeEmail"] == true {
        claims["email"] = email.into();
        claims["email_verified"] = true.into();
    }
    let Value::Object(claims) = claims else {
        return Err(api(500, "INTERNAL", "Internal error encountered.", None));
    };
    let token = crate::issuer::sign(&claims);
    let issued = state.issue(token, email, String::new(), Duration::from_secs(ONE_HOUR));
    Ok(Response::json(200, &json!({ "token": issued.token })))
}
